"""What ``elastx-mrs smtp`` is given: options, a password, Ctrl-C."""

import os
import socket

import pytest
from click.testing import CliRunner, Result

from elastx_mrs.cli.main import main
from tests.authority import Authority
from tests.cli.mail import ACCOUNT, PASSWORD, Handler, scripted, serve
from tests.cli.terminal import interrupted, start, typed

LETTER = ["--from", "news@example.com", "--to", "me@receiver.example"]


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ELASTX_MRS_SMTP_PASSWORD", raising=False)

    def refused(*_: object, **__: object) -> None:
        raise AssertionError("bad input is said before anybody is asked")

    monkeypatch.setattr(socket, "getaddrinfo", refused)


def run(*arguments: str, password: str | None = None) -> Result:
    environment = {"ELASTX_MRS_SMTP_PASSWORD": password} if password is not None else {}
    result = CliRunner().invoke(main, ["smtp", *arguments], env=environment)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["--host", "smtp.elastx.email:587"],
            "is not a host name; write one such as smtp.elastx.email; the port is --port",
        ),
        (["--host", ""], "--host '': is not a host name"),
        (["--host", "a..b"], "--host 'a..b': is not a host name"),
        (["--host", "https://x/"], "is not a host name"),
        (["--host", "\x1b[31m"], "--host '<U+001B>[31m': is not a host name"),
        (["--host", "x" * 300 + ".example"], "DNS allows 253"),
        (["--port", "0"], "'--port': 0 is not in the range"),
        (["--port", "65536"], "'--port': 65536 is not in the range"),
        (["--port", "smtp"], "'--port': 'smtp' is not a valid integer"),
        (["--answer-timeout", "0"], "--answer-timeout 0: is not 0.1 to 600"),
        (["--answer-timeout", "nan"], "--answer-timeout nan: is not 0.1 to 600"),
        (["--answer-timeout", "inf"], "--answer-timeout inf: is not 0.1 to 600"),
        (["--login", "nobody"], "--login: 'nobody' is not an e-mail address"),
        (["--host", "other.example", "--login", "a\x1bb"], "--login 'a<U+001B>b': is not an account name"),
        (["--host", "other.example", "--login", ""], "--login '': is not an account name"),
        (["--from", "news@example.com"], "--from: needs --to, too; a test message has a sender and a recipient"),
        (["--to", "news@example.com"], "--to: needs --from, too; a test message has a sender and a recipient"),
        (LETTER, "smtp.elastx.email accepts mail only after a login; add --login with a user account"),
        (["--password", "hunter2"], "No such option '--password'"),
        (["hunter2"], "unexpected extra argument"),
        (["--format", "xml"], "'xml' is not one of 'text', 'json'"),
    ],
)
def test_bad_input_names_the_option(arguments: list[str], message: str) -> None:
    result = run(*arguments)
    assert message in " ".join(result.stderr.split())
    assert result.stdout == ""
    assert result.exit_code == 2
    assert all(character.isprintable() or character == "\n" for character in result.stderr)


@pytest.mark.parametrize("option", ["--from", "--to"])
@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("", "is not an address"),
        ("news", "is not an address"),
        ("@example.com", "is not an address"),
        ("news@", "its domain is empty"),
        ("news@localhost", "its domain is a single label"),
        ("news@192.0.2.1", "its domain is an IP address"),
        ("a b@example.com", "has 'a b' before the @"),
        ("a..b@example.com", "has 'a..b' before the @"),
        ("å@example.com", "has 'å' before the @"),
        ("x" * 65 + "@example.com", "write 1 to 64 ASCII letters"),
        ("<news@example.com>", "has '<news' before the @"),
        ("a\r\nRCPT@example.com", "has 'a<U+000D><U+000A>RCPT' before the @"),
        ("news@example.com\r\nBcc: x", "its domain has"),
        ("News <news@example.com>", "has 'News <news' before the @"),
    ],
)
def test_an_invalid_address(option: str, address: str, message: str) -> None:
    other = {"--from": "--to", "--to": "--from"}[option]
    result = run("--host", "other.example", option, address, other, "me@receiver.example")
    shown = address[:80].replace("\r\n", "<U+000D><U+000A>")
    assert f"{option} '{shown}': " in result.stderr
    assert message in result.stderr
    assert result.exit_code == 2


def test_without_a_password_or_a_terminal_the_variable_is_named() -> None:
    result = run("--login", ACCOUNT)
    assert "the password is missing; set ELASTX_MRS_SMTP_PASSWORD, or run this on a terminal" in result.stderr
    assert result.exit_code == 2


@pytest.mark.parametrize("password", ["hunter two\n", "hunter\r\ntwo", "hunter \udcff two"], ids=["lf", "crlf", "raw"])
def test_a_password_that_cannot_be_sent_is_not_shown(password: str) -> None:
    result = run("--login", ACCOUNT, password=password)
    assert "$ELASTX_MRS_SMTP_PASSWORD: " in result.stderr
    assert "hunter" not in result.output
    assert result.exit_code == 2


def test_help_explains_what_happens_to_a_password() -> None:
    result = CliRunner().invoke(main, ["smtp", "--help"])
    text = " ".join(result.stdout.split())
    assert "elastx-mrs smtp --login smtp-prod@acme.example --from news@example.com" in text
    assert "never takes the password as an argument, never shows it, and sends it only over verified TLS" in text
    assert "The exit code is 1 if something is wrong or absent, and 3 if the server could not be reached" in text
    assert result.exit_code == 0


def test_a_password_typed_at_a_terminal_is_not_echoed(tmp_path_factory: pytest.TempPathFactory) -> None:
    authority, handler = Authority(tmp_path_factory.mktemp("authority")), Handler()
    with serve(handler, authority.context("localhost")) as port:
        shown, code = typed(
            *("smtp", "--host", "localhost", "--port", str(port), "--login", ACCOUNT),
            prompt=f"Password of {ACCOUNT}: ",
            keys=f"{PASSWORD}\n",
            environment={**os.environ, "SSL_CERT_FILE": str(authority.path)},
        )
    assert "login: PLAIN: 235" in shown
    assert PASSWORD[:7] not in shown
    assert handler.events == ["AUTH PLAIN in TLS"]
    assert code == 0


@pytest.mark.parametrize(
    ("keys", "says", "code"), [("\x03", "interrupted", 130), ("\x04", "is empty", 2), ("\n", "is empty", 2)]
)
def test_leaving_the_prompt(keys: str, says: str, code: int) -> None:
    shown, ended = typed(
        *("smtp", "--host", "localhost", "--login", ACCOUNT), prompt="Password", keys=keys, environment=os.environ
    )
    assert says in shown
    assert "Traceback" not in shown
    assert ended == code


@pytest.mark.parametrize(
    "answers",
    [[b""], [b"220 hi\r\n", b""], [b"220 hi\r\n", b"250-x\r\n250 STARTTLS\r\n", b"220 go\r\n"]],
    ids=["greeting", "ehlo", "handshake"],
)
@pytest.mark.parametrize("format_", ["text", "json"])
def test_ctrl_c_while_the_server_does_not_answer(answers: list[bytes | None], format_: str) -> None:
    with scripted(*answers, heard=len(answers)) as (port, met):
        process = start(
            "smtp", "--host", "127.0.0.1", "--port", str(port), "--answer-timeout", "60", "--format", format_
        )
        assert met.wait(30)
        interrupted(process)
