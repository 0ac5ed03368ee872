"""One session with a mail server. Every wait has a limit, and the server's text is made safe to show."""

import base64
import ssl
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from elastx_mrs.display import mail_text, visible
from elastx_mrs.secrecy import hints
from elastx_mrs.smtp.clock import AGAIN, Clock, CouldNotAsk
from elastx_mrs.smtp.connect import connected, described
from elastx_mrs.smtp.dialogue import Dialogue, Said, not_smtp

LENGTH = 200
"""The most characters of a reply that are shown."""

_GOODBYE = 0.2
"""Seconds for each wait of the goodbye, whose answer does not matter."""

_HIDDEN = "(hidden, because it repeats the login)"


class TrustError(Exception):
    """The certificate cannot be trusted.

    :param code: OpenSSL's ``X509_V_ERR_*``.
    """

    def __init__(self, code: int, problem: str) -> None:
        self.code = code
        super().__init__(problem)


@dataclass(frozen=True)
class Reply:
    """A reply (RFC 5321 §4.2), with its lines joined."""

    code: int
    text: str

    def __str__(self) -> str:
        return f"{self.code} {self.text}".strip()


@dataclass
class Session:
    """One connection at a time to one server; :meth:`connect` begins it.

    :param host: a host name as A-labels, or an address; the certificate must have it.
    :param timeout: seconds to wait for each answer.
    :param password: only :meth:`login` sends it, only over verified TLS; it is never shown.
    """

    host: str
    port: int
    timeout: float
    password: str = field(default="", repr=False)
    address: str = field(default="", init=False)
    _clock: Clock | None = field(default=None, init=False, repr=False)
    _dialogue: Dialogue | None = field(default=None, init=False, repr=False)
    _extensions: Mapping[str, bytes] = field(default_factory=dict, init=False, repr=False)
    _trusted: bool = field(default=False, init=False, repr=False)
    _secrets: tuple[str, ...] = field(default=(), init=False, repr=False)

    def __post_init__(self) -> None:
        """Hide the password from the first reply on: the server may know it from another session."""
        self._secrets = (self.password,) if self.password else ()

    def connect(self) -> Reply:
        """Connect to the first reachable address, and return the greeting.

        All connections of a session share its time.

        :raises CouldNotAsk: if none is reachable, or the greeting is not SMTP.
        """
        self.close()
        if self._clock is None:
            self._clock = Clock(self.timeout)
        connection, self.address = connected(self.host, self.port, self._clock)
        self._dialogue = Dialogue(connection, self._clock)
        return self._told(self._heard())

    def ehlo(self) -> Reply:
        """Send EHLO; :meth:`extension` then knows the server's extensions."""
        address = self._open().connection.getsockname()[0]
        # An address literal (RFC 5321 §4.1.3) is as good as a name that is not in DNS, and reveals less.
        literal = f"[IPv6:{address}]" if ":" in address else f"[{address}]"
        said = self._heard(f"EHLO {literal}".encode())
        self._extensions = said.extensions if said.code == 250 else {}
        return self._told(said)

    def extension(self, name: str) -> str | None:
        """Return the parameters of an extension, or None if it is not offered."""
        self._open()
        found = self._extensions.get(name)
        return None if found is None else self._safe(found)

    def command(self, line: str) -> Reply:
        """Send a command, and return the reply."""
        return self._told(self._heard(line.encode()))

    def encrypt(self) -> str:
        """Start TLS, verified against the authorities that this machine trusts (``SSL_CERT_FILE`` names others).

        :return: the certificate and the TLS version in words.
        :raises TrustError: if the certificate cannot be trusted.
        :raises ssl.SSLError: if both sides have no TLS version in common.
        """
        secured = self._wrapped(ssl.create_default_context())
        self._trusted = True
        return f"{self._presented(secured)}, {secured.version()}"

    def presented(self) -> str:
        """Return a description of the refused certificate; empty if it is not available.

        This opens a separate connection, and sends nothing else over it.
        """
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        try:
            self.connect()
            self.ehlo()
            self.command("STARTTLS")
            return self._presented(self._wrapped(context))
        except (CouldNotAsk, ssl.SSLError):
            return ""
        finally:
            self.close()

    def login(self, mechanism: str, account: str) -> Reply:
        """Log in once, with PLAIN (RFC 4616) or LOGIN.

        :raises AssertionError: if the certificate is not verified yet.
        """
        if not self._trusted:
            raise AssertionError("a password is sent over verified TLS only")
        user, password = account.encode(), self.password.encode()
        plain, *answers = (
            base64.b64encode(octets).decode() for octets in (b"\0" + user + b"\0" + password, user, password)
        )
        self._secrets = (self.password, plain)
        if mechanism == "PLAIN":
            return self.command(f"AUTH PLAIN {plain}")
        reply = self.command("AUTH LOGIN")
        for answer in answers:
            if reply.code != 334:
                break
            reply = self.command(answer)
        return reply

    def content(self, octets: bytes) -> Reply:
        """Send a message after DATA, and return the reply."""
        lines = b"".join(b"." + line if line.startswith(b".") else line for line in octets.splitlines(keepends=True))
        return self._told(self._heard(lines + b"."))

    def close(self) -> None:
        """Send QUIT if there is a connection, and close it."""
        dialogue, self._dialogue, self._trusted, self._extensions = self._dialogue, None, False, {}
        if dialogue is None:
            return
        dialogue.clock = Clock(min(self.timeout, _GOODBYE))
        with suppress(CouldNotAsk):
            dialogue.ask(b"QUIT")
        with suppress(OSError):
            dialogue.connection.close()

    def _open(self) -> Dialogue:
        """Return the dialogue over the connection.

        :raises CouldNotAsk: if the connection is closed.
        """
        if self._dialogue is None:
            raise CouldNotAsk("the server closed the connection", AGAIN)
        return self._dialogue

    def _heard(self, line: bytes | None = None) -> Said:
        """Return the reply to a line, or the greeting; without one, close the connection."""
        dialogue = self._open()
        try:
            said = dialogue.reply() if line is None else dialogue.ask(line)
            if said.code == 0:
                raise not_smtp(self._safe(said.text))
        except CouldNotAsk:
            self._dialogue = None
            dialogue.connection.close()
            raise
        return said

    def _told(self, said: Said) -> Reply:
        return Reply(said.code, self._safe(said.text))

    def _wrapped(self, context: ssl.SSLContext) -> ssl.SSLSocket:
        self._extensions = {}
        try:
            return self._open().secure(context, self.host)
        except ssl.SSLCertVerificationError as error:
            raise TrustError(error.verify_code, error.verify_message) from None

    def _presented(self, secured: ssl.SSLSocket) -> str:
        text = described(secured.getpeercert(binary_form=True) or b"")
        return _HIDDEN if self._repeats(text) else text

    def _repeats(self, text: bytes | str) -> bool:
        return any(hints(text, secret) for secret in self._secrets)

    def _safe(self, text: bytes) -> str:
        """Return a reply's text for people, hidden if it repeats a secret in any form."""
        if self._repeats(text):
            return _HIDDEN
        shown = visible(mail_text(b" ".join(text.split())))
        return shown if len(shown) <= LENGTH else f"{shown[: LENGTH - 1]}…"
