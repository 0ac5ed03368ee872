"""``elastx-mrs message``: signed with a private key, verified with dkimpy through real name servers (BIND)."""

import json
import os
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from elastx_mrs import limits
from elastx_mrs.cli.main import main
from tests import servers
from tests import signed as make
from tests.authority import Authority
from tests.cli.mail import ACCOUNT, PASSWORD, Handler, serve
from tests.cli.terminal import interrupted, start
from tests.lookup.fakes import Dns

KEY = make.key()
RECORDS = {
    "mail.example": ["A 192.0.2.1"],
    "elastx._domainkey.mail.example": [f"TXT {make.record(KEY)}"],
    "_dmarc.mail.example": ["TXT v=DMARC1; p=quarantine;"],
    "elastx._domainkey.aliased.example": ["CNAME elastx._domainkey.mail.example."],
    "_dmarc.aliased.example": ["TXT v=DMARC1; p=none; adkim=s"],
    "elastx._domainkey.revoked.example": ["TXT v=DKIM1; p="],
    "_dmarc.revoked.example": ["TXT v=DMARC1; p=reject;"],
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with servers.start("bind", tmp_path_factory.mktemp("bind"), Dns(RECORDS).zones()) as bind:
        yield bind.address


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ELASTX_MRS_NAMESERVERS", raising=False)


def run(server: str, octets: bytes, *arguments: str) -> Result:
    result = CliRunner().invoke(main, ["message", "-", "--nameserver", server, *arguments], input=octets)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert all(character.isprintable() or character == "\n" for character in result.output)
    return result


def good() -> bytes:
    return make.received(make.signed(make.message(), KEY))


def test_the_whole_chain_of_a_good_message(server: str) -> None:
    result = run(server, good())
    lines = result.stdout.splitlines()
    assert lines[0] == "From news@mail.example, Return-Path <news@mail.example>"
    assert lines[1] == "mx.receiver.example says: spf=pass"
    assert [line.split()[:2] for line in lines[2:5]] == [["pass", "SPF:"], ["pass", "DKIM:"], ["pass", "DMARC:"]]
    assert "claimed by the receiver, not checked now" in lines[2]
    assert "d=mail.example s=elastx is valid (rsa-sha256, 2048 bits, signs from, to," in lines[3]
    assert lines[3].endswith("verified now")
    assert "treat it as suspicious (p=quarantine)" in lines[4]
    assert lines[5:] == ["SPF, DKIM and DMARC pass"]
    assert result.exit_code == 0


def test_a_message_of_smtp_passes(
    server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    authority, handler = Authority(tmp_path_factory.mktemp("authority")), Handler()
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.path))
    monkeypatch.setenv("ELASTX_MRS_SMTP_PASSWORD", PASSWORD)
    with serve(handler, authority.context("localhost")) as port:
        options = ["--host", "localhost", "--port", str(port), "--login", ACCOUNT]
        letter = ["--from", "news@mail.example", "--to", "me@receiver.example"]
        sent = CliRunner().invoke(main, ["smtp", *options, *letter])
    assert sent.exit_code == 0, sent.output
    file = tmp_path / "received.eml"
    file.write_bytes(make.received(make.signed(handler.letters[0], KEY)))
    result = CliRunner().invoke(main, ["message", str(file), "--nameserver", server])
    assert "SPF, DKIM and DMARC pass" in result.stdout
    assert result.exit_code == 0


def test_a_key_behind_a_cname(server: str) -> None:
    octets = make.received(make.signed(make.message("a@aliased.example"), KEY, "aliased.example"), "spf=pass")
    found = json.loads(run(server, octets, "--format", "json").stdout)
    assert found["signatures"][0]["verdict"] == "pass"


@pytest.mark.parametrize(
    ("octets", "wrong", "says", "code"),
    [
        (lambda: good().replace(b"this is", b"that is"), "DKIM", "the body was changed after signing", 1),
        (lambda: make.received(make.message()), "DKIM", "the message is not signed", 1),
        (lambda: make.received(make.signed(make.message(), KEY, selector="other")), "DKIM", "there is no key at", 1),
        (
            lambda: make.received(make.signed(make.message("a@revoked.example"), KEY, "revoked.example")),
            *("DKIM, DMARC", "its key is revoked", 1),
        ),
        (
            lambda: make.received(
                make.signed(make.message("a@elsewhere.invalid"), KEY, "elsewhere.invalid"), "spf=pass"
            ),
            *("DKIM, DMARC", "answered REFUSED", 3),
        ),
        (lambda: good().replace(b"spf=pass", b"spf=softfail"), "SPF", "says softfail for mail.example", 1),
        (lambda: good().replace(b"spf=pass", b"spf=temperror"), "SPF", "says temperror for mail.example", 3),
    ],
    ids=["changed", "unsigned", "no-key", "revoked", "not-served", "softfail", "temperror"],
)
def test_failed_checks_are_named(server: str, octets: object, wrong: str, says: str, code: int) -> None:
    result = run(server, octets())  # type: ignore[operator]
    assert result.stdout.splitlines()[-1] == f"failed, or could not be checked: {wrong}"
    assert says in result.stdout
    assert result.exit_code == code


def test_an_unknown_result_is_not_a_success(server: str) -> None:
    result = run(server, make.signed(make.message(), KEY))
    assert "Return-Path none" in result.stdout
    assert result.stdout.splitlines()[-1] == "everything that could be checked passed; not checked: SPF"
    assert result.exit_code == 0


def test_each_signature_is_listed(server: str) -> None:
    octets = make.signed(make.signed(make.message(), KEY), KEY, "revoked.example")
    result = run(server, make.received(octets))
    assert "wrong: d=revoked.example s=elastx its key is revoked" in result.stdout
    assert "pass: d=mail.example s=elastx is valid" in result.stdout
    assert result.exit_code == 0


def test_json_has_all_of_it(server: str) -> None:
    found = json.loads(run(server, good(), "--format", "json").stdout)
    assert found["from"] == found["return_path"] == "news@mail.example"
    results = [{"method": "spf", "result": "pass", "smtp.mailfrom": "news@mail.example"}]
    assert found["claimed"] == {"by": "mx.receiver.example", "results": results}
    assert [(one["check"], one["verdict"]) for one in found["checks"]] == [
        ("SPF", "pass"),
        ("DKIM", "pass"),
        ("DMARC", "pass"),
    ]
    (one,) = found["signatures"]
    assert {key: one[key] for key in ("domain", "selector", "verdict", "aligned", "notices")} == {
        "domain": "mail.example",
        "selector": "elastx",
        "verdict": "pass",
        "aligned": True,
        "notices": [],
    }
    assert "from" in one["headers"]


def test_a_missing_server_is_unreachable() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as held:
        held.bind(("127.0.0.1", 0))
        port = held.getsockname()[1]
    result = run(f"127.0.0.1:{port}", good())
    assert "could not be queried" in result.stdout
    assert result.exit_code == 3


@pytest.mark.parametrize("format_", ["text", "json"])
def test_nothing_from_a_message_reaches_the_terminal_raw(server: str, format_: str) -> None:
    envelope = "Return-Path: <\x1b]0;x\x07@mail.example>\r\n"
    results = "Authentication-Results: \x1b[31mmx; spf=pass smtp.mailfrom=\x1b[2J\r\n"
    octets = make.signed(make.message("\x1b[31m <a\x1b[1m@mail.example>"), KEY)
    run(server, f"{envelope}{results}".encode() + octets, "--format", format_)


@pytest.mark.parametrize(
    ("octets", "says"),
    [
        (b"", "standard input: is empty"),
        (b"Hello\r\n\r\n", "standard input: is not a message"),
        (b"To: x\r\n\r\n", "standard input: has no From field"),
        (b"From: a@b.example\r\nFrom: a@b.example\r\n\r\n", "standard input: has 2 From fields"),
        (b"From: a@b.example\r\nTo: ", "standard input: ends before the empty line after its header"),
        (bytes(range(256)), "standard input: is "),
    ],
    ids=["empty", "text", "no-from", "two-from", "cut-off", "binary"],
)
def test_a_file_that_is_not_a_message_is_bad_input(server: str, octets: bytes, says: str) -> None:
    result = run(server, octets)
    assert says in result.stderr
    assert result.stdout == ""
    assert result.exit_code == 2


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "Missing argument 'FILE'"),
        (
            ["/nonexistent.eml"],
            "/nonexistent.eml: No such file or directory; name the file of a message, or - for standard input",
        ),
        (["/"], "/: Is a directory"),
        (["-", "--nameserver", "ns1.example.com"], "--nameserver: 'ns1.example.com' is not a server's address"),
        (["-", "--nothing"], "No such option"),
    ],
)
def test_bad_input(arguments: list[str], says: str) -> None:
    result = CliRunner().invoke(main, ["message", *arguments], input=good())
    assert says in " ".join(result.stderr.split())
    assert result.exit_code == 2


def test_without_dkimpy_the_extra_is_named(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "dkim", None)
    result = run(server, good())
    assert result.stderr == "Error: the package dkimpy is not installed; run: pip install 'elastx-mrs[message]'\n"
    assert result.exit_code == 2


def test_the_environment_names_servers(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ELASTX_MRS_NAMESERVERS", server)
    assert CliRunner().invoke(main, ["message", "-"], input=good()).exit_code == 0


def test_ctrl_c_while_a_message_is_typed(tmp_path: Path) -> None:
    """Its own end of the pipe is opened once the command reads it."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    process = start("message", str(pipe))
    with pipe.open("wb"):
        interrupted(process)


def test_ctrl_c_while_a_name_server_does_not_answer(tmp_path: Path) -> None:
    file = tmp_path / "received.eml"
    file.write_bytes(good())
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        silent.settimeout(30)
        process = start("message", str(file), "--nameserver", f"127.0.0.1:{silent.getsockname()[1]}")
        assert silent.recvfrom(4096)
        interrupted(process)


def test_help_tells_who_decides_each_check() -> None:
    text = " ".join(CliRunner().invoke(main, ["message", "--help"]).stdout.split())
    assert "elastx-mrs message - < received.eml" in text
    assert "The SPF result comes from the receiver" in text
    assert "The exit code is 1 if SPF, DKIM or DMARC failed, and 3 if a name server could not be queried" in text


def test_a_notice_of_a_signature_is_shown(server: str) -> None:
    result = run(server, make.received(make.signed(make.message(), KEY, length=True)))
    assert "notice: d=mail.example: signs only the first " in result.stdout


def test_a_file_that_is_too_large_is_refused_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MESSAGE", limits.MESSAGE._replace(most=len(good()) - 1))
    result = CliRunner().invoke(main, ["message", "-"], input=good())
    assert (result.exit_code, result.stdout) == (2, "")
    assert f"standard input: has more than {len(good()) - 1} octets; save the message as it was received" in (
        " ".join(result.stderr.split())
    )
