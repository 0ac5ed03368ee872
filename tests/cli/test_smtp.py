"""``elastx-mrs smtp`` against a real mail server with real TLS, and against what is none."""

import base64
import email
import email.policy
import json
import socket
import threading
import time
from collections.abc import Iterator

import pytest
from click.testing import CliRunner, Result

from elastx_mrs.cli.smtp import command
from elastx_mrs.smtp import session
from tests.cli.mail import ACCOUNT, DAY, NOW, PASSWORD, Authority, Handler, scripted, serve

LETTER = ["--from", "news@example.com", "--to", "me@receiver.example"]
ALL = ["connection", "no AUTH before TLS", "STARTTLS", "certificate", "AUTH"]


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch, authority: Authority) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.path))
    monkeypatch.setenv("ELASTX_MRS_SMTP_PASSWORD", PASSWORD)


@pytest.fixture
def handler() -> Handler:
    return Handler()


@pytest.fixture
def good(authority: Authority, handler: Handler) -> Iterator[int]:
    with serve(handler, authority.context("localhost")) as port:
        yield port


def run(port: int, *arguments: str) -> Result:
    result = CliRunner().invoke(command, ["--host", "localhost", "--port", str(port), *arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    for secret in (PASSWORD, PASSWORD[:7], base64.b64encode(PASSWORD.encode()).decode()):
        assert secret not in result.output
    assert all(character.isprintable() or character == "\n" for character in result.output)
    return result


def checks(port: int, *arguments: str) -> tuple[dict[str, dict[str, str]], int]:
    result = run(port, *arguments, "--format", "json")
    return {check["check"]: check for check in json.loads(result.stdout)["checks"]}, result.exit_code


def verdicts(found: dict[str, dict[str, str]]) -> list[str]:
    return [check["verdict"] for check in found.values()]


def test_a_good_server_passes_each_check(good: int, handler: Handler) -> None:
    found, code = checks(good)
    assert list(found) == ALL
    assert verdicts(found) == ["pass"] * 5
    assert "for localhost, by CN=authority of the tests, valid from" in found["certificate"]["seen"]
    assert "TLSv1.3" in found["certificate"]["seen"]
    assert found["AUTH"]["seen"] in ("AUTH LOGIN PLAIN", "AUTH PLAIN LOGIN")
    assert code == 0
    assert handler.events == []


def test_text_is_a_line_each_and_what_to_do(good: int) -> None:
    result = run(good, "--account", ACCOUNT)
    lines = result.stdout.splitlines()
    assert lines[0] == f"localhost:{good}"
    assert [line.split()[0] for line in lines[1:]] == ["pass"] * 6
    assert "login: PLAIN: 235" in lines[-1]
    assert result.exit_code == 0


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN"])
def test_a_login_in_tls_by_either_mechanism(authority: Authority, handler: Handler, mechanism: str) -> None:
    other = {"PLAIN": "LOGIN", "LOGIN": "PLAIN"}[mechanism]
    with serve(handler, authority.context("localhost"), auth_exclude_mechanism=[other]) as port:
        found, code = checks(port, "--account", ACCOUNT)
    assert found["login"]["verdict"] == "pass"
    assert handler.events == [f"AUTH {mechanism} in TLS"]
    assert code == 0


def test_a_wrong_password_is_tried_once(good: int, handler: Handler, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ELASTX_MRS_SMTP_PASSWORD", "something else")
    found, code = checks(good, "--account", ACCOUNT, *LETTER)
    assert found["login"]["verdict"] == "wrong"
    assert "535" in found["login"]["seen"]
    assert "account or password is wrong" in found["login"]["do"]
    assert found["test message"]["verdict"] == "unchecked"
    assert handler.events == ["AUTH PLAIN in TLS"]
    assert code == 1


@pytest.mark.parametrize(
    "told",
    [
        "no such password: hunter two",
        f"not {base64.b64encode(b'hunter two').decode()}",
        base64.b64encode(f"\0{ACCOUNT}\0hunter two".encode()).decode(),
    ],
    ids=["plain", "base64", "whole"],
)
def test_a_server_that_repeats_the_password_is_not_quoted(
    good: int, handler: Handler, monkeypatch: pytest.MonkeyPatch, told: str
) -> None:
    monkeypatch.setenv("ELASTX_MRS_SMTP_PASSWORD", "hunter two")
    handler.denied = f"535 {told}"
    for result in (run(good, "--account", ACCOUNT), run(good, "--account", ACCOUNT, "--format", "json")):
        assert "535 (its text repeats the login, and is not shown)" in result.stdout
        assert told not in result.output
        assert result.exit_code == 1


@pytest.mark.parametrize(
    ("names", "begin", "end", "seen", "cure"),
    [
        (["localhost"], NOW - 9 * DAY, NOW - 2 * DAY, "certificate has expired", "renewed"),
        (["localhost"], NOW + 2 * DAY, NOW + 9 * DAY, "certificate is not yet valid", "clocks"),
        (
            ["other.example"],
            NOW - DAY,
            NOW + DAY,
            "is not valid for 'localhost'",
            "the name that the certificate is for",
        ),
    ],
    ids=["expired", "not-yet-valid", "wrong-name"],
)
def test_a_certificate_that_is_wrong_ends_it(
    authority: Authority, handler: Handler, names: list[str], begin: object, end: object, seen: str, cure: str
) -> None:
    context = authority.context(*names, begin=begin, end=end)  # type: ignore[arg-type]
    with serve(handler, context) as port:
        found, code = checks(port, "--account", ACCOUNT)
    assert found["certificate"]["verdict"] == "wrong"
    assert seen in found["certificate"]["seen"]
    assert f"for {names[0]}, by CN=authority of the tests" in found["certificate"]["seen"]
    assert cure in found["certificate"]["do"]
    assert verdicts(found) == ["pass", "pass", "pass", "wrong", "unchecked", "unchecked"]
    assert handler.events == []
    assert code == 1


def test_an_authority_that_is_not_trusted(
    good: int, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(Authority(tmp_path_factory.mktemp("other")).path))
    found, code = checks(good, "--account", ACCOUNT)
    assert found["certificate"]["verdict"] == "wrong"
    assert "SSL_CERT_FILE" in found["certificate"]["do"]
    assert code == 1


def test_no_starttls_is_absent_and_nothing_secret_is_sent(handler: Handler) -> None:
    with serve(handler, None, auth_require_tls=False, auth_required=False) as port:
        found, code = checks(port, "--account", ACCOUNT, *LETTER)
    assert verdicts(found) == ["pass", "wrong", "absent", "unchecked", "unchecked", "unchecked", "unchecked"]
    assert handler.events == []
    assert code == 1


def test_auth_before_tls_is_wrong_and_the_rest_is_still_checked(authority: Authority, handler: Handler) -> None:
    with serve(handler, authority.context("localhost"), auth_require_tls=False) as port:
        found, code = checks(port, "--account", ACCOUNT)
    assert verdicts(found) == ["pass", "wrong", "pass", "pass", "pass", "pass"]
    assert "in the clear" in found["no AUTH before TLS"]["do"]
    assert handler.events == ["AUTH PLAIN in TLS"]
    assert code == 1


def test_no_auth_is_absent_where_there_is_an_account_only(authority: Authority, handler: Handler) -> None:
    with serve(handler, authority.context("localhost"), auth_exclude_mechanism=["PLAIN", "LOGIN"]) as port:
        found, code = checks(port, "--account", ACCOUNT)
        assert found["AUTH"]["verdict"] in ("absent", "wrong")
        assert code == 1


def test_the_test_message_says_what_it_is(good: int, handler: Handler) -> None:
    found, code = checks(good, "--account", ACCOUNT, *LETTER)
    assert found["test message"]["verdict"] == "pass"
    assert "queued as 4711" in found["test message"]["seen"]
    assert "elastx-mrs message FILE" in found["test message"]["do"]
    assert handler.events == ["AUTH PLAIN in TLS", "MAIL news@example.com", "RCPT me@receiver.example"]
    message = email.message_from_bytes(handler.letters[0], policy=email.policy.default)
    assert message["From"] == "news@example.com"
    assert message["To"] == "me@receiver.example"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Date"].datetime.tzinfo is not None
    assert message["Message-ID"].endswith("@example.com>")
    text = message.get_content()
    assert "This is a test message. elastx-mrs " in text
    assert f"localhost:{good}" in text
    assert "a user account of acme.example" in text
    assert ACCOUNT.encode() not in handler.letters[0]
    assert code == 0


def test_without_an_account_another_server_is_told_so(authority: Authority, handler: Handler) -> None:
    with serve(handler, authority.context("localhost")) as port:
        found, code = checks(port, "--from", "news@räksmörgås.example", "--to", "me@receiver.example")
    assert found["test message"]["verdict"] == "pass"
    assert handler.events[0] == "MAIL news@xn--rksmrgs-5wao1o.example"
    assert b"without a login" in handler.letters[0]
    assert code == 0


@pytest.mark.parametrize("verb", ["MAIL", "RCPT", "DATA"])
@pytest.mark.parametrize(("reply", "verdict", "code"), [("550 no", "wrong", 1), ("451 later", "unreachable", 2)])
def test_a_message_that_is_refused(good: int, handler: Handler, verb: str, reply: str, verdict: str, code: int) -> None:
    handler.refused[verb] = reply
    found, ended = checks(good, "--account", ACCOUNT, *LETTER)
    assert found["test message"]["verdict"] == verdict
    assert reply in found["test message"]["seen"]
    assert ended == code
    if verdict == "wrong":
        assert "example.com's challenge record" in found["test message"]["do"]


def free_port() -> int:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        port: int = held.getsockname()[1]
    return port


def test_a_server_that_is_not_there_could_not_be_asked() -> None:
    found, code = checks(free_port())
    assert verdicts(found) == ["unreachable"] + ["unchecked"] * 4
    assert "refused" in found["connection"]["seen"]
    assert code == 2


def test_a_name_that_is_not_there_could_not_be_asked() -> None:
    result = CliRunner().invoke(command, ["--host", "nowhere.invalid", "--timeout", "5"])
    assert "unreachable connection: no address of nowhere.invalid" in result.stdout
    assert result.exit_code == 2


@pytest.mark.parametrize(
    ("answers", "check", "verdict", "seen"),
    [
        ([b""], "connection", "unreachable", "said nothing in 0.5 s"),
        ([None], "connection", "unreachable", "hung up"),
        ([b"SSH-2.0-OpenSSH_9.9\r\n"], "connection", "unreachable", "no SMTP"),
        ([b"\x15\x03\x01\x00\x02\x02P\r\n"], "connection", "unreachable", "no SMTP"),
        ([b"554 go away \x1b[31m\r\n"], "connection", "wrong", "554 go away \\027[31m"),
        ([b"421 too busy\r\n"], "connection", "unreachable", "421 too busy"),
        ([b"220 x" * 20000 + b"\r\n"], "connection", "unreachable", "the connection failed"),
        ([b"220 hi\r\n", b"502 no\r\n"], "no AUTH before TLS", "wrong", "502 no"),
        ([b"220 hi\r\n", None], "no AUTH before TLS", "unreachable", "hung up"),
        ([b"220 hi\r\n", b"250-x\r\n250 STARTTLS\r\n", b"454 not now\r\n"], "STARTTLS", "unreachable", "454 not now"),
        ([b"220 hi\r\n", b"250-x\r\n250 STARTTLS\r\n", b"501 no\r\n"], "STARTTLS", "wrong", "501 no"),
        (
            [b"220 hi\r\n", b"250-x\r\n250 STARTTLS\r\n", b"220 go\r\n", b"rubbish" * 9],
            "certificate",
            "wrong",
            "no TLS",
        ),
        ([b"220 hi\r\n", b"250-x\r\n250 STARTTLS\r\n", b"220 go\r\n"], "certificate", "unreachable", "said nothing"),
    ],
    ids=[
        *("silent", "hangs-up", "ssh", "tls-alert", "refuses", "busy", "endless-line", "no-ehlo", "hangs-up-at-ehlo"),
        *("tls-not-now", "tls-refused", "no-tls", "silent-tls"),
    ],
)
def test_what_is_no_mail_server(answers: list[bytes | None], check: str, verdict: str, seen: str) -> None:
    with scripted(*answers) as (port, _):
        found, code = checks(port, "--timeout", "0.5")
    assert found[check]["verdict"] == verdict, found[check]
    assert seen in found[check]["seen"]
    assert code == (1 if verdict == "wrong" else 2)


def test_a_server_that_answers_octet_by_octet_is_left_in_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "ROUNDS", 2)
    began = time.monotonic()
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def drip() -> None:
            connection, _ = listening.accept()
            with connection:
                try:
                    while True:
                        connection.sendall(b"2")
                        time.sleep(0.1)
                except OSError:
                    pass

        thread = threading.Thread(target=drip)
        thread.start()
        found, code = checks(listening.getsockname()[1], "--timeout", "0.5")
        thread.join(10)
    assert found["connection"]["verdict"] == "unreachable"
    assert code == 2
    assert time.monotonic() - began < 10


def test_what_was_said_before_tls_is_forgotten(authority: Authority, handler: Handler) -> None:
    """RFC 3207 §4.2: an answer put in before TLS begins must not be taken for the server's."""
    with scripted(b"220 hi\r\n", b"250-x\r\n250-AUTH PLAIN\r\n250 STARTTLS\r\n", b"220 go\r\n250 AUTH PLAIN\r\n") as (
        port,
        _,
    ):
        found, _code = checks(port, "--timeout", "0.5", "--account", ACCOUNT)
    assert found["certificate"]["verdict"] in ("wrong", "unreachable")
    assert found["login"]["verdict"] == "unchecked"
