"""The checks against a real mail server: answers that end one, and what is then said."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Envelope
from aiosmtpd.smtp import Session as Served

from elastx_mrs.check import Check
from elastx_mrs.smtp.probe import Errand, probe
from elastx_mrs.smtp.session import Session
from tests.authority import Authority
from tests.cli.mail import ACCOUNT, PASSWORD, Handler, serve


@dataclass
class Saying(Handler):
    """:param hello: what is made of the lines that answer EHLO in TLS."""

    hello: Callable[[list[str]], list[str]] = list

    async def handle_EHLO(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Served, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        return self.hello(responses) if session.ssl else responses


class HangingUp(Handler):
    """Lets a second session get no further than EHLO."""

    sessions = 0

    async def handle_EHLO(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Served, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        self.sessions += 1
        if self.sessions == 2:
            assert server.transport is not None
            server.transport.close()
        return responses


class NotNow(Handler):
    """Refuses LOGIN before it is told an account."""

    async def auth_LOGIN(self, server: SMTP, args: list[str]) -> AuthResult:  # noqa: N802 - aiosmtpd's name
        self.events.append("AUTH LOGIN")
        return AuthResult(success=False, handled=False, message="454 4.7.0 Temporary authentication failure")


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch, authority: Authority) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.path))


def probed(authority: Authority, handler: Handler, errand: Errand, password: str = "", **options: Any) -> Check:
    """The last check that was made."""
    with serve(handler, authority.context("localhost"), **options) as port:
        checks = list(probe(Session("localhost", port, 10, password), errand))
    return [check for check in checks if check.expected][-1]


def without_auth(lines: list[str]) -> list[str]:
    return [line for line in lines if not line.startswith("250-AUTH")]


def test_a_server_without_auth_is_wrong_only_with_a_login(authority: Authority) -> None:
    handler = Saying(hello=without_auth)
    found = probed(authority, handler, Errand(ACCOUNT), PASSWORD)
    assert (found.name, found.verdict, found.seen) == ("AUTH", "absent", "AUTH is not offered")
    assert found.cure == "check host and port: does this server accept mail from users?"
    assert probed(authority, handler, Errand()).verdict == "absent", "nobody can use Elastx's without"
    found = probed(authority, handler, Errand(relay=None))
    assert (found.name, found.verdict) == ("AUTH", "unchecked")
    assert handler.events == []


@pytest.mark.parametrize(
    ("lines", "verdict"), [(["421 4.3.2 going down"], "unreachable"), (["502 5.5.1 no more"], "wrong")]
)
def test_ehlo_that_is_refused_in_tls(authority: Authority, lines: list[str], verdict: str) -> None:
    found = probed(authority, Saying(hello=lambda _: lines), Errand(ACCOUNT), PASSWORD)
    assert (found.name, found.verdict, found.seen) == ("AUTH", verdict, lines[0])
    assert found.expected == "250 to EHLO after STARTTLS"


def test_a_wrong_password_at_the_relay_is_reset_by_its_support(authority: Authority) -> None:
    found = probed(authority, Handler(), Errand(ACCOUNT), "something else")
    assert (found.name, found.verdict) == ("login", "wrong")
    assert "account or password is wrong: check both; Elastx" in found.cure
    assert "provides and resets both" in found.cure


def test_a_temporarily_refused_login_sends_no_password(authority: Authority) -> None:
    handler = NotNow()
    found = probed(authority, handler, Errand(ACCOUNT), PASSWORD, auth_exclude_mechanism=["PLAIN"])
    assert (found.name, found.verdict) == ("login", "unreachable")
    assert found.seen == "454 4.7.0 Temporary authentication failure"
    assert handler.events == ["AUTH LOGIN"]


def test_a_certificate_that_cannot_be_fetched_again_is_still_refused(
    authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(Authority(tmp_path).path))
    handler = HangingUp()
    found = probed(authority, handler, Errand())
    assert (found.name, found.verdict, handler.sessions) == ("certificate", "wrong", 2)
    assert "unable to get local issuer certificate" in found.seen
    assert "(" not in found.seen, "what it presented is not known"
