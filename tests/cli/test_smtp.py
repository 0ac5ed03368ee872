"""``elastx-mrs smtp`` against a real mail server with real TLS."""

import base64
import email
import email.policy
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from elastx_mrs.cli.main import main
from tests.authority import DAY, NOW, Authority, Fault, strict
from tests.cli.mail import ACCOUNT, PASSWORD, Handler, serve

LETTER = ["--from", "news@example.com", "--to", "me@receiver.example"]
ALL = ["connection", "no AUTH before TLS", "STARTTLS", "certificate", "AUTH"]


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
    result = CliRunner().invoke(main, ["smtp", "--host", "localhost", "--port", str(port), *arguments])
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


def test_text_has_a_line_for_each_check_and_the_fix(good: int) -> None:
    result = run(good, "--login", ACCOUNT)
    lines = result.stdout.splitlines()
    assert lines[0] == f"localhost:{good}"
    assert [line.split()[0] for line in lines[1:]] == ["pass"] * 6
    assert "login: PLAIN: 235" in lines[-1]
    assert result.exit_code == 0


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN"])
def test_a_login_in_tls_by_either_mechanism(authority: Authority, handler: Handler, mechanism: str) -> None:
    other = {"PLAIN": "LOGIN", "LOGIN": "PLAIN"}[mechanism]
    with serve(handler, authority.context("localhost"), auth_exclude_mechanism=[other]) as port:
        found, code = checks(port, "--login", ACCOUNT)
    assert found["login"]["verdict"] == "pass"
    assert handler.events == [f"AUTH {mechanism} in TLS"]
    assert code == 0


def test_a_wrong_password_is_tried_once(good: int, handler: Handler, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ELASTX_MRS_SMTP_PASSWORD", "something else")
    found, code = checks(good, "--login", ACCOUNT, *LETTER)
    assert found["login"]["verdict"] == "wrong"
    assert "535" in found["login"]["seen"]
    assert found["login"]["fix"] == "account or password is wrong: check both"  # nobody's support can help elsewhere
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
    for result in (run(good, "--login", ACCOUNT), run(good, "--login", ACCOUNT, "--format", "json")):
        assert "535 (hidden, because it repeats the login)" in result.stdout
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
def test_a_wrong_certificate_ends_the_session(
    authority: Authority, handler: Handler, names: list[str], begin: object, end: object, seen: str, cure: str
) -> None:
    context = authority.context(*names, begin=begin, end=end)  # type: ignore[arg-type]
    with serve(handler, context) as port:
        found, code = checks(port, "--login", ACCOUNT)
    assert found["certificate"]["verdict"] == "wrong"
    assert seen in found["certificate"]["seen"]
    assert f"for {names[0]}, by CN=authority of the tests" in found["certificate"]["seen"]
    assert cure in found["certificate"]["fix"]
    assert verdicts(found) == ["pass", "pass", "pass", "wrong", "unchecked", "unchecked"]
    assert handler.events == []
    assert code == 1


def test_an_authority_that_is_not_trusted(
    good: int, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(Authority(tmp_path_factory.mktemp("other")).path))
    found, code = checks(good, "--login", ACCOUNT)
    assert found["certificate"]["verdict"] == "wrong"
    assert "SSL_CERT_FILE" in found["certificate"]["fix"]
    assert code == 1


@pytest.mark.parametrize(
    ("fault", "seen", "lacks"),
    [
        (
            "no key usage",
            "CA cert does not include key usage",
            "the authority's certificate has no key usage extension",
        ),
        (
            "no subject key identifier",
            "Missing Subject Key Identifier",
            "the authority's certificate has no subject key identifier",
        ),
        (
            "basic constraints not critical",
            "Basic Constraints of CA cert not marked critical",
            "the basic constraints of the authority's certificate are not marked critical",
        ),
        (
            "no authority key identifier",
            "Missing Authority Key Identifier",
            "the server's certificate, or that of an intermediate authority, has no authority key identifier",
        ),
    ],
)
def test_a_certificate_that_only_the_strict_check_refuses(
    tmp_path: Path, handler: Handler, monkeypatch: pytest.MonkeyPatch, fault: Fault, seen: str, lacks: str
) -> None:
    authority = Authority(tmp_path, fault)
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.path))
    strict(monkeypatch)
    with serve(handler, authority.context("localhost")) as port:
        found, code = checks(port)
    assert found["certificate"]["verdict"] == "wrong"
    assert seen in found["certificate"]["seen"]
    assert found["certificate"]["fix"].startswith(lacks)
    assert "Python 3.13 and later refuse this (RFC 5280 §" in found["certificate"]["fix"]
    assert "have it renewed with " in found["certificate"]["fix"]
    assert code == 1


def test_no_starttls_is_absent_and_nothing_secret_is_sent(handler: Handler) -> None:
    with serve(handler, None, auth_require_tls=False, auth_required=False) as port:
        found, code = checks(port, "--login", ACCOUNT, *LETTER)
    assert verdicts(found) == ["pass", "wrong", "absent", "unchecked", "unchecked", "unchecked", "unchecked"]
    assert handler.events == []
    assert code == 1


def test_auth_before_tls_is_wrong_and_the_rest_is_still_checked(authority: Authority, handler: Handler) -> None:
    with serve(handler, authority.context("localhost"), auth_require_tls=False) as port:
        found, code = checks(port, "--login", ACCOUNT)
    assert verdicts(found) == ["pass", "wrong", "pass", "pass", "pass", "pass"]
    assert "in clear text" in found["no AUTH before TLS"]["fix"]
    assert handler.events == ["AUTH PLAIN in TLS"]
    assert code == 1


def test_missing_auth_is_absent_only_with_an_account(authority: Authority, handler: Handler) -> None:
    with serve(handler, authority.context("localhost"), auth_exclude_mechanism=["PLAIN", "LOGIN"]) as port:
        found, code = checks(port, "--login", ACCOUNT)
        assert found["AUTH"]["verdict"] in ("absent", "wrong")
        assert code == 1


def test_the_test_message_is_marked_as_a_test(good: int, handler: Handler) -> None:
    found, code = checks(good, "--login", ACCOUNT, *LETTER)
    assert found["test message"]["verdict"] == "pass"
    assert "queued as 4711" in found["test message"]["seen"]
    assert "elastx-mrs message FILE" in found["test message"]["fix"]
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


def test_without_an_account_the_test_message_names_none(authority: Authority, handler: Handler) -> None:
    with serve(handler, authority.context("localhost")) as port:
        found, code = checks(port, "--from", "news@räksmörgås.example", "--to", "me@receiver.example")
    assert found["test message"]["verdict"] == "pass"
    assert handler.events[0] == "MAIL news@xn--rksmrgs-5wao1o.example"
    assert b"without a login" in handler.letters[0]
    assert code == 0


@pytest.mark.parametrize("verb", ["MAIL", "RCPT", "DATA"])
@pytest.mark.parametrize(("reply", "verdict", "code"), [("550 no", "wrong", 1), ("451 later", "unreachable", 3)])
def test_a_message_that_is_refused(good: int, handler: Handler, verb: str, reply: str, verdict: str, code: int) -> None:
    handler.refused[verb] = reply
    found, ended = checks(good, "--login", ACCOUNT, *LETTER)
    assert found["test message"]["verdict"] == verdict
    assert reply in found["test message"]["seen"]
    assert ended == code
    if verdict == "wrong":
        assert "ask the server's operator whether this account may send as" in found["test message"]["fix"]
