"""The tests' relay: real TLS and AUTH, and it admits mail by the records in DNS, as Elastx documents it.

Nothing public tells Elastx's words for a refusal, or its stage. So its words here tell nothing, and a test chooses the
stage: MAIL FROM, RCPT TO (Postfix's default, ``smtpd_delay_reject``), or the end of the message.
"""

import hashlib
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

import dkim
import dns.asyncquery
import dns.message
import dns.name
import dns.rdatatype
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography.hazmat.primitives.asymmetric import rsa

from tests import signed
from tests.cli.mail import Handler

Stage = Literal["MAIL", "RCPT", "DATA"]
Lack = Literal["challenge", "DKIM", "SPF"]

REFUSED = "550 5.7.1 Sender refused by policy (ref 8f3a)"
TOO_FAST = "450 4.7.1 Too many messages"
MOST_IN_A_SECOND = 10
"""The rate that Elastx recommends not to exceed (faq.md); here it is the law."""


@dataclass
class Relay(Handler):
    """Relays what its policy allows.

    :param server: address and port of the name server that has all records.
    :param stage: the command at which it refuses; ``DATA`` is the end of the message.
    :param private: the key with which it signs; None to sign nothing.
    :ivar lacked: what it missed at each refusal.
    :ivar relayed: each message that it passed on, signed.
    """

    server: str = ""
    stage: Stage = "RCPT"
    private: rsa.RSAPrivateKey | None = None
    clock: Callable[[], float] = time.monotonic
    lacked: list[list[Lack]] = field(default_factory=list)
    relayed: list[bytes] = field(default_factory=list)
    _begun: deque[float] = field(default_factory=deque)

    def authenticate(self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
        result = super().authenticate(server, session, envelope, mechanism, data)
        return AuthResult(success=True, auth_data=data) if result.success else result

    async def handle_MAIL(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        said = await super().handle_MAIL(server, session, envelope, address, options)
        if not session.authenticated:
            return "530 5.7.0 Authentication required"
        now = self.clock()
        while self._begun and self._begun[0] <= now - 1:
            self._begun.popleft()
        if len(self._begun) >= MOST_IN_A_SECOND:
            envelope.mail_from = None
            return TOO_FAST
        self._begun.append(now)
        said = await self._judged("MAIL", said, session, address)
        envelope.mail_from = address if said.startswith("250") else None
        return said

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        said = await super().handle_RCPT(server, session, envelope, address, options)
        said = await self._judged("RCPT", said, session, envelope.mail_from or "")
        envelope.rcpt_tos = [address] if said.startswith("250") else []
        return said

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        said = await super().handle_DATA(server, session, envelope)
        sender = envelope.mail_from or ""
        said = await self._judged("DATA", said, session, sender)
        if said.startswith("250"):
            content = self.letters[-1]
            domain = sender.rpartition("@")[2]
            self.relayed.append(signed.signed(content, self.private, domain) if self.private else content)
        return said

    async def _judged(self, stage: Stage, said: str, session: Session, sender: str) -> str:
        """Return its own refusal, or that of the policy."""
        if stage != self.stage or not said.startswith("250"):
            return said
        login: LoginPassword = session.auth_data  # type: ignore[assignment]  # None is all its annotation knows
        lacks = await self.lacks(login.login.decode(), sender.rpartition("@")[2])
        if not lacks:
            return said
        self.lacked.append(lacks)
        return REFUSED

    async def lacks(self, account: str, domain: str) -> list[Lack]:
        """Return which records are missing."""
        found: list[Lack] = []
        at_domain = await self._texts(domain)
        if b"elastx-mrs=" + hashlib.sha256(account.encode()).hexdigest().encode() not in at_domain:
            found.append("challenge")
        keys = await self._texts(f"elastx._domainkey.{domain}")
        if len(keys) != 1 or not dkim.util.parse_tag_value(keys[0]).get(b"p"):
            found.append("DKIM")
        if not await self._includes(at_domain):
            found.append("SPF")
        return found

    async def _includes(self, at_domain: list[bytes]) -> bool:
        """Whether the exact term stands in the record, or in one that it includes (Elastx's page of 2024-01-11)."""
        terms = [term for text in at_domain if text.startswith(b"v=spf1 ") for term in text.split()]
        if b"include:elastx.email" in terms:
            return True
        below = [term.removeprefix(b"include:").decode() for term in terms if term.startswith(b"include:")]
        texts = [text for name in below for text in await self._texts(name)]
        return any(text.startswith(b"v=spf1 ") and b"include:elastx.email" in text.split() for text in texts)

    async def _texts(self, name: str) -> list[bytes]:
        query = dns.message.make_query(name, "TXT")
        host, _, port = self.server.rpartition(":")
        response, _ = await dns.asyncquery.udp_with_fallback(query, host, timeout=10, port=int(port))
        owner = dns.name.from_text(name)
        texts = [rrset for rrset in response.answer if (rrset.name, rrset.rdtype) == (owner, dns.rdatatype.TXT)]
        return [b"".join(rdata.strings) for rrset in texts for rdata in rrset]
