"""A relay that refuses the test message: the stage, its words, and the cause that our own lookups find."""

import base64
import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest
from click.testing import CliRunner

from elastx_mrs import limits
from elastx_mrs.check import Check
from elastx_mrs.cli.main import main
from elastx_mrs.lab.session import open_lab
from elastx_mrs.service import ELASTX
from elastx_mrs.smtp.refusal import RefusedError
from elastx_mrs.smtp.refusal import refused as told
from elastx_mrs.smtp.session import Reply
from elastx_mrs.smtp.test_message import compose
from tests.authority import Authority
from tests.cli.mail import ACCOUNT, PASSWORD, Handler, serve
from tests.engine.stack import ROOT
from tests.smtp.relay import MOST_IN_A_SECOND, REFUSED, Lack, Relay, Stage
from tests.smtp.world import RECIPIENT, ZONES, checks, here, relaying, run

STAGES: dict[Stage, str] = {"MAIL": "at MAIL FROM", "RCPT": "at RCPT TO", "DATA": "after DATA"}
CAUSES: dict[str, tuple[Lack, str, str]] = {
    "unproved.example": ("challenge", "challenge", "absent"),
    "stranger.example": ("challenge", "challenge", "absent"),
    "nokey.example": ("DKIM", "dkim", "absent"),
    "revoked.example": ("DKIM", "dkim", "wrong"),
    "flat.example": ("SPF", "spf-relay", "warning"),
    "deep.example": ("SPF", "spf-relay", "warning"),
    "capitals.example": ("SPF", "spf-relay", "warning"),
    "nospf.example": ("SPF", "spf", "absent"),
}
"""By domain: what the relay misses, and the check that names it, with its verdict."""

NOT_BLAMED = "DNS has all that Elastx needs of good.example"
SUPPORT = "send this answer to Elastx Support (support@elastx.se)"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with open_lab(tmp_path_factory.mktemp("lab") / "lab", ZONES) as lab:
        yield lab.address


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch, authority: Authority, server: str) -> None:
    here(monkeypatch, authority, server)


def refused(relay: Relay, authority: Authority, domain: str = "good.example") -> tuple[dict[str, dict[str, Any]], int]:
    """The checks after a message, and the exit code."""
    with relaying(relay, authority) as port:
        found, code = checks(port, domain)
    assert [event for event in relay.events if event.startswith("MAIL")] == [f"MAIL news@{domain}"], "once"
    assert relay.relayed == []
    return found, code


@pytest.mark.parametrize("domain", CAUSES)
@pytest.mark.parametrize("stage", STAGES)
def test_each_cause_at_each_stage(authority: Authority, server: str, stage: Stage, domain: str) -> None:
    lack, name, verdict = CAUSES[domain]
    relay = Relay(server=server, stage=stage)
    found, code = refused(relay, authority, domain)
    assert relay.lacked == [[lack]], "the relay refused for this, and did not say so"

    message = found["test message"]
    assert (message["verdict"], message["seen"]) == ("wrong", f"refused {STAGES[stage]}: {REFUSED}")
    assert message["refusal"] == {
        "stage": STAGES[stage].removeprefix("at "),
        "code": 550,
        "text": REFUSED.removeprefix("550 "),
    }
    said = f"{name} below may be" if verdict == "warning" else f"{domain} lacks what Elastx needs: fix {name} below,"
    assert message["fix"].startswith(said)
    assert SUPPORT not in message["fix"]
    assert found[name]["verdict"] == verdict
    others = [check for check in found.values() if check["check"] not in ("test message", name)]
    dependent = {"spf-policy", "spf-tree", "spf-relay"} if name == "spf" else set()
    assert {one["check"] for one in others if one["verdict"] != "pass"} <= dependent
    assert code == 1


def test_the_challenge_of_another_account_is_named_as_such(authority: Authority, server: str) -> None:
    found, _ = refused(Relay(server=server), authority, "stranger.example")
    assert "'elastx-mrs=2c77290c4634fb34" in found["challenge"]["seen"]
    assert "'elastx-mrs=d96aab757c15c45f" in found["challenge"]["expected"], f"of {ACCOUNT}"


def test_what_receivers_refuse_too_is_no_proof_of_the_relay_s_reason(authority: Authority, server: str) -> None:
    found, code = refused(Relay(server=server), authority, "nobody.example")
    assert found["test message"]["fix"] == "spf-policy, spf-relay below may be the reason"
    assert (found["spf-policy"]["verdict"], found["spf-relay"]["verdict"], code) == ("wrong", "warning", 1)


@pytest.mark.parametrize("name", ["delegation", "dnssec"])
def test_what_only_one_name_server_gets_wrong_is_no_proof_either(name: str) -> None:
    letter = compose("news@good.example", RECIPIENT, "here", ACCOUNT, "1")
    error = RefusedError(letter, "MAIL FROM", Reply(550, "no"))
    wrong = Check(name, "wrong", "all servers", "one differs", "fix it")
    found = told("test message", error, ACCOUNT, ELASTX, [wrong])
    assert found.cure == f"{name} below may be the reason"


def test_a_customer_who_signs_is_told_that_the_test_message_is_not_signed(authority: Authority, server: str) -> None:
    found, _ = refused(Relay(server=server), authority, "nokey.example")
    assert "note that the test message has no signature" in found["test message"]["fix"]


def test_everything_that_is_missing_is_named(authority: Authority, server: str) -> None:
    relay = Relay(server=server)
    found, code = refused(relay, authority, "nothing.example")
    assert relay.lacked == [["challenge", "DKIM", "SPF"]]
    assert "nothing.example lacks what Elastx needs: fix challenge, dkim, spf below" in found["test message"]["fix"]
    assert "looked up" not in found["test message"]["fix"], "what depends on them is no cause"
    assert code == 1


def test_people_see_the_relay_s_answer_and_then_what_is_missing(authority: Authority, server: str) -> None:
    """As docs/smtp.md shows it."""
    with relaying(Relay(server=server), authority) as port:
        result = run(port, "nokey.example")
    shown = result.stdout[result.stdout.index("wrong ") :].replace("nokey.example", "example.com")
    shown = shown.replace(server, "ns1.example.com (192.0.2.53)")
    page = (ROOT / "docs" / "smtp.md").read_text(encoding="utf-8")
    assert f"```text\n{shown}```\n" in page, shown
    assert result.exit_code == 1


@pytest.mark.parametrize("domain", ["good.example", "below.example"])
def test_what_the_relay_accepts_is_signed_and_relayed(authority: Authority, server: str, domain: str) -> None:
    relay = Relay(server=server)
    with relaying(relay, authority) as port:
        found, code = checks(port, domain)
    assert found["test message"]["verdict"] == "pass"
    assert found["test message"]["notices"] == ["Elastx recommends at most 10 messages a second"]
    assert list(found)[-1] == "test message"
    assert len(relay.relayed) == 1
    assert code == 0


def test_an_accepted_message_needs_no_dns(authority: Authority, server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ELASTX_MRS_NAMESERVERS", closed())
    with relaying(Relay(server=server), authority) as port:
        assert checks(port, "good.example")[1] == 0


@pytest.mark.parametrize(
    ("verb", "reply"),
    [
        ("MAIL", "552 5.3.4 Message size exceeds fixed limit"),
        ("RCPT", "550 5.1.1 <me@receiver.example>: Recipient address rejected: User unknown"),
        ("DATA", "554 5.7.1 Spam message rejected"),
        ("DATA", "550 5.7.1 SPF, DKIM or challenge, whatever this server blames"),
    ],
)
def test_a_refusal_for_another_reason_is_quoted_and_not_blamed_on_dns(
    authority: Authority, server: str, verb: str, reply: str
) -> None:
    found, code = refused(Relay(server=server, refused={verb: reply}), authority)
    message = found["test message"]
    assert message["verdict"] == "wrong"
    assert message["seen"].endswith(f": {reply}")
    assert NOT_BLAMED in message["fix"]
    assert SUPPORT in message["fix"]
    assert (f"check the address {RECIPIENT}" in message["fix"]) == (verb == "RCPT")
    assert {check["verdict"] for name, check in found.items() if name != "test message"} == {"pass"}
    assert code == 1


@pytest.mark.parametrize(
    ("verb", "reply"),
    [
        ("MAIL", "451 4.7.1 Try again later"),
        ("RCPT", "450 4.2.0 <me@receiver.example>: Recipient address rejected: Greylisted"),
        ("DATA", "452 4.3.1 Insufficient system storage"),
    ],
)
def test_a_temporary_refusal_is_quoted_and_not_blamed_on_dns(
    authority: Authority, server: str, verb: str, reply: str
) -> None:
    found, code = refused(Relay(server=server, refused={verb: reply}), authority)
    message = found["test message"]
    assert message["verdict"] == "unreachable"
    assert message["seen"].endswith(f": {reply}")
    assert message["fix"].startswith("the server reports a temporary error: try again later; ")
    assert f"{NOT_BLAMED}: if the error lasts, {SUPPORT}" in message["fix"]
    assert code == 3


def test_a_temporary_refusal_and_a_missing_record_are_both_named(authority: Authority, server: str) -> None:
    found, code = refused(Relay(server=server, refused={"RCPT": "450 4.7.1 later"}), authority, "nokey.example")
    message = found["test message"]
    assert message["verdict"] == "unreachable"
    assert message["fix"] == (
        "the server reports a temporary error: try again later; Elastx recommends at most 10 messages a second; "
        "nokey.example lacks what Elastx needs: fix dkim below, and try again; "
        "if you sign mail with a key of your own, note that the test message has no signature"
    )
    assert code == 1, "the record is missing whatever the relay says later"


def test_a_relay_that_repeats_the_password_is_not_quoted(authority: Authority, server: str) -> None:
    words = base64.b64encode(PASSWORD.encode()).decode()
    found, _ = refused(Relay(server=server, refused={"MAIL": f"550 {words}"}), authority)
    message = found["test message"]
    assert message["seen"] == "refused at MAIL FROM: 550 (hidden, because it repeats the login)"
    assert message["refusal"]["text"] == "(hidden, because it repeats the login)"


def test_a_server_that_hangs_up_after_its_refusal_is_still_quoted(authority: Authority, server: str) -> None:
    class Leaving(Relay):
        async def handle_MAIL(self, server: Any, *arguments: Any) -> str:  # noqa: N802 - aiosmtpd's name
            await super().handle_MAIL(server, *arguments)
            server._writer.write(b"421 4.3.2 Going down\r\n")
            await server._writer.drain()
            server.transport.close()
            return "250 never sent"

    found, code = refused(Leaving(server=server), authority)
    assert found["test message"]["seen"] == "refused at MAIL FROM: 421 4.3.2 Going down"
    assert code == 3


def test_the_words_of_a_hostile_relay_are_visible_and_bounded(authority: Authority, server: str) -> None:
    reply = "550 \x1b[31mred\x07 " + "x" * 400
    found, _ = refused(Relay(server=server, refused={"RCPT": reply}), authority)
    seen = found["test message"]["seen"]
    assert seen.startswith("refused at RCPT TO: 550 <U+001B>[31mred<U+0007> xxx")
    assert seen.endswith("x…")
    assert len(seen) < 240
    assert len(found["test message"]["refusal"]["text"]) == 200


def closed() -> str:
    """An address at which no name server answers."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as held:
        held.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{held.getsockname()[1]}"


def test_dns_that_cannot_be_queried_is_no_cause(
    authority: Authority, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ELASTX_MRS_NAMESERVERS", closed())
    found, code = refused(Relay(server=server), authority, "nokey.example")
    message = found["test message"]
    assert message["verdict"] == "wrong"
    assert "the records that Elastx needs could not all be looked up: see challenge, dkim, spf" in message["fix"]
    assert "lacks" not in message["fix"]
    assert SUPPORT not in message["fix"]
    assert found["dkim"]["verdict"] == "unreachable"
    assert code == 1


def test_an_option_names_the_name_servers(authority: Authority, server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ELASTX_MRS_NAMESERVERS", closed())
    with relaying(Relay(server=server), authority) as port:
        found, _ = checks(port, "nokey.example", "--nameserver", server)
    assert found["dkim"]["verdict"] == "absent"


def test_bad_name_servers_are_named_before_anything_is_sent(authority: Authority, server: str) -> None:
    relay = Relay(server=server)
    with relaying(relay, authority) as port:
        result = run(port, "good.example", "--nameserver", "nowhere")
    assert "--nameserver: " in result.stderr
    assert (result.exit_code, relay.events) == (2, [])


def test_the_lookups_end(authority: Authority, server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "RUN_SECONDS", limits.RUN_SECONDS._replace(most=1))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        monkeypatch.setenv("ELASTX_MRS_NAMESERVERS", f"127.0.0.1:{silent.getsockname()[1]}")
        began = time.monotonic()
        found, code = refused(Relay(server=server), authority, "nokey.example")
    assert time.monotonic() - began < 10
    assert "could not all be looked up" in found["test message"]["fix"]
    assert code == 1


@pytest.mark.parametrize("format_", ["text", "json"])
def test_an_interrupt_of_the_lookups_does_not_lose_the_answer(
    authority: Authority, server: str, monkeypatch: pytest.MonkeyPatch, format_: str
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("elastx_mrs.cli.smtp._look", interrupted)
    with relaying(Relay(server=server), authority) as port:
        result = run(port, "nokey.example", "--format", format_, "--quiet")
    assert f"refused at RCPT TO: {REFUSED}; looking up what Elastx needs in DNS …\n" in result.stderr
    assert result.exit_code == 130


def test_long_lookups_are_reported(authority: Authority, server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "QUIET", 0.0)
    with relaying(Relay(server=server), authority) as port:
        result = run(port, "nokey.example")
        assert "still querying name servers …\n" in result.stderr
        assert "still querying" not in run(port, "nokey.example", "--quiet").stderr


def test_another_server_s_refusal_says_nothing_about_the_relay_s_records(authority: Authority) -> None:
    handler = Handler(refused={"MAIL": "550 5.7.1 no"})
    with serve(handler, authority.context("localhost")) as port:
        found, code = checks(port, "nokey.example", "--host", "localhost")
    assert list(found)[-1] == "test message"
    assert found["test message"]["fix"] == "ask the server's operator whether this account may send as nokey.example"
    assert code == 1


def test_a_server_that_wants_a_login_is_asked_with_one(authority: Authority) -> None:
    letter = ["--from", "news@nokey.example", "--to", RECIPIENT]
    with serve(Handler(refused={"MAIL": "530 5.7.0 no"}), authority.context("localhost")) as port:
        result = CliRunner().invoke(main, ["smtp", "--host", "localhost", "--port", str(port), *letter])
    assert "refused at MAIL FROM: 530 5.7.0 no\n" in result.stdout
    assert "does this server accept mail from nokey.example without a login? If not, add --login\n" in result.stdout
    assert result.exit_code == 1


def test_a_rate_beyond_the_recommended_one_is_refused_and_the_command_keeps_to_it(
    authority: Authority, server: str
) -> None:
    """One run sends one message, and never repeats it. So only other programs can exceed the rate."""
    assert ELASTX.max_emails_per_second == MOST_IN_A_SECOND
    relay = Relay(server=server, clock=lambda: 0.0)
    with relaying(relay, authority) as port:
        for sent in range(1, MOST_IN_A_SECOND + 1):
            assert checks(port, "good.example")[1] == 0
            assert len(relay.relayed) == sent
        found, code = checks(port, "good.example")
    message = found["test message"]
    assert message["seen"] == "refused at MAIL FROM: 450 4.7.1 Too many messages"
    assert "Elastx recommends at most 10 messages a second" in message["fix"]
    assert NOT_BLAMED in message["fix"]
    assert len([event for event in relay.events if event.startswith("MAIL")]) == MOST_IN_A_SECOND + 1
    assert code == 3
