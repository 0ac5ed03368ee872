"""``elastx-mrs smtp`` against what is no mail server, or a broken or hostile one."""

import json
import socket
import threading
import time

import pytest
from click.testing import CliRunner

from elastx_mrs import limits
from elastx_mrs.cli.main import main
from tests.cli.mail import ACCOUNT, PASSWORD, scripted


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ELASTX_MRS_SMTP_PASSWORD", PASSWORD)


def checks(port: int, *arguments: str) -> tuple[dict[str, dict[str, str]], int]:
    options = ["--host", "localhost", "--port", str(port), "--format", "json"]
    result = CliRunner().invoke(main, ["smtp", *options, *arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return {check["check"]: check for check in json.loads(result.stdout)["checks"]}, result.exit_code


def verdicts(found: dict[str, dict[str, str]]) -> list[str]:
    return [check["verdict"] for check in found.values()]


def free_port() -> int:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        port: int = held.getsockname()[1]
    return port


def test_a_missing_server_is_unreachable() -> None:
    found, code = checks(free_port())
    assert verdicts(found) == ["unreachable"] + ["unchecked"] * 4
    assert "refused" in found["connection"]["seen"]
    assert code == 3


def test_a_missing_name_is_unreachable(monkeypatch: pytest.MonkeyPatch) -> None:
    def none(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", none)  # the machine's own resolver asks others than loopback
    found, code = checks(25)
    assert found["connection"]["seen"] == "no address for localhost: Name or service not known"
    assert code == 3


def test_the_wait_for_a_resolver_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    answered = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: answered.wait(60) and [])
    found, code = checks(25, "--answer-timeout", "0.3")
    answered.set()
    assert found["connection"]["seen"] == "no address for localhost in 0.3 s"
    assert code == 3


@pytest.mark.parametrize(
    ("answers", "check", "verdict", "seen"),
    [
        ([b""], "connection", "unreachable", "no answer in 0.5 s"),
        ([None], "connection", "unreachable", "closed the connection"),
        ([b"SSH-2.0-OpenSSH_9.9\r\n"], "connection", "unreachable", "is not SMTP"),
        ([b"\x15\x03\x01\x00\x02\x02P\r\n"], "connection", "unreachable", "is not SMTP"),
        ([b"554 go away \x1b[31m\r\n"], "connection", "wrong", "554 go away <U+001B>[31m"),
        ([b"421 too busy\r\n"], "connection", "unreachable", "421 too busy"),
        ([b"220 x" * 20000 + b"\r\n"], "connection", "unreachable", "a line of its reply has over 4 KiB"),
        ([b"220 hi\r\n", b"502 no\r\n"], "no AUTH before TLS", "wrong", "502 no"),
        ([b"220 hi\r\n", None], "no AUTH before TLS", "unreachable", "closed the connection"),
        ([b"220 hi\r\n", b"250-x\r\n250 STARTTLS\r\n", b"454 not now\r\n"], "STARTTLS", "unreachable", "454 not now"),
        ([b"220 hi\r\n", b"250-x\r\n250 STARTTLS\r\n", b"501 no\r\n"], "STARTTLS", "wrong", "501 no"),
        (
            [b"220 hi\r\n", b"250-x\r\n250 STARTTLS\r\n", b"220 go\r\n", b"rubbish" * 9],
            "certificate",
            "wrong",
            "no TLS",
        ),
        ([b"220 hi\r\n", b"250-x\r\n250 STARTTLS\r\n", b"220 go\r\n"], "certificate", "unreachable", "no answer"),
    ],
    ids=[
        *("silent", "hangs-up", "ssh", "tls-alert", "refuses", "busy", "endless-line", "no-ehlo", "hangs-up-at-ehlo"),
        *("tls-not-now", "tls-refused", "no-tls", "silent-tls"),
    ],
)
def test_a_server_that_is_not_a_mail_server(answers: list[bytes | None], check: str, verdict: str, seen: str) -> None:
    with scripted(*answers) as (port, _):
        found, code = checks(port, "--answer-timeout", "0.5")
    assert found[check]["verdict"] == verdict, found[check]
    assert seen in found[check]["seen"]
    assert code == (1 if verdict == "wrong" else 3)


def test_a_server_that_answers_octet_by_octet_is_left_in_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "SMTP_SESSION_WAITS", limits.SMTP_SESSION_WAITS._replace(most=2))
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
        found, code = checks(listening.getsockname()[1], "--answer-timeout", "0.5")
        thread.join(10)
    assert found["connection"]["verdict"] == "unreachable"
    assert code == 3
    assert time.monotonic() - began < 10


def test_input_before_tls_is_discarded() -> None:
    """RFC 3207 §4.2: an answer put in before TLS begins must not be taken for the server's."""
    hello = b"250-x\r\n250-AUTH PLAIN\r\n250 STARTTLS\r\n"
    with scripted(b"220 hi\r\n", hello, b"220 go\r\n250 AUTH PLAIN\r\n") as (port, _):
        found, _code = checks(port, "--answer-timeout", "0.5", "--login", ACCOUNT)
    assert found["certificate"]["verdict"] in ("wrong", "unreachable")
    assert found["login"]["verdict"] == "unchecked"
