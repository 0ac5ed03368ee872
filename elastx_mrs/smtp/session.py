"""One session with a mail server: every wait is bounded, and what the server says is safe to show."""

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
"""Characters of a reply that are shown."""

_GOODBYE = 0.2
"""Seconds for each wait of the goodbye, which nobody needs an answer to."""

_HIDDEN = "(hidden, because it repeats the login)"


class TrustError(Exception):
    """The certificate is not one to trust.

    :param code: OpenSSL's ``X509_V_ERR_*``.
    """

    def __init__(self, code: int, problem: str) -> None:
        self.code = code
        super().__init__(problem)


@dataclass(frozen=True)
class Reply:
    """A reply (RFC 5321 §4.2), its lines joined."""

    code: int
    text: str

    def __str__(self) -> str:
        return f"{self.code} {self.text}".strip()


@dataclass
class Session:
    """One connection at a time to one server; :meth:`connect` begins it.

    :param host: a host name as A-labels, or an address: the certificate must be for it.
    :param timeout: seconds to wait for each answer.
    :param password: is sent by :meth:`login` only, over verified TLS only, and never shown.
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
        """Know the password from the first word on: a server may have heard it in another session."""
        self._secrets = (self.password,) if self.password else ()

    def connect(self) -> Reply:
        """Connect to the first address that lets us, and return the greeting.

        All connections of a session share the time that it has.

        :raises CouldNotAsk: where none does, or there is no greeting that SMTP knows.
        """
        self.close()
        if self._clock is None:
            self._clock = Clock(self.timeout)
        connection, self.address = connected(self.host, self.port, self._clock)
        self._dialogue = Dialogue(connection, self._clock)
        return self._told(self._heard())

    def ehlo(self) -> Reply:
        """Say EHLO: what is offered is then known to :meth:`extension`."""
        address = self._open().connection.getsockname()[0]
        # An address literal (RFC 5321 §4.1.3) says as much as a name that nobody can look up, and gives less away.
        literal = f"[IPv6:{address}]" if ":" in address else f"[{address}]"
        said = self._heard(f"EHLO {literal}".encode())
        self._extensions = said.extensions if said.code == 250 else {}
        return self._told(said)

    def extension(self, name: str) -> str | None:
        """Return the parameters of an extension that is offered, None where it is not."""
        self._open()
        found = self._extensions.get(name)
        return None if found is None else self._safe(found)

    def command(self, line: str) -> Reply:
        """Send a command, and return the reply to it."""
        return self._told(self._heard(line.encode()))

    def encrypt(self) -> str:
        """Begin TLS, verified against the authorities that this machine trusts (``SSL_CERT_FILE`` names others).

        :return: the certificate and the version of TLS, in a few words.
        :raises TrustError: where the certificate is not to be trusted.
        :raises ssl.SSLError: where there is no version of TLS that both know.
        """
        secured = self._wrapped(ssl.create_default_context())
        self._trusted = True
        return f"{self._presented(secured)}, {secured.version()}"

    def presented(self) -> str:
        """Return what the certificate says that was refused; empty where it cannot be had.

        It takes a connection of its own, over which nothing else is sent.
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
        """Log in, once, with PLAIN (RFC 4616) or LOGIN.

        :raises AssertionError: before the certificate is verified.
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
        """Send a message after DATA, and return the reply to it."""
        lines = b"".join(b"." + line if line.startswith(b".") else line for line in octets.splitlines(keepends=True))
        return self._told(self._heard(lines + b"."))

    def close(self) -> None:
        """Say goodbye where somebody listens, and hang up."""
        dialogue, self._dialogue, self._trusted, self._extensions = self._dialogue, None, False, {}
        if dialogue is None:
            return
        dialogue.clock = Clock(min(self.timeout, _GOODBYE))
        with suppress(CouldNotAsk):
            dialogue.ask(b"QUIT")
        with suppress(OSError):
            dialogue.connection.close()

    def _open(self) -> Dialogue:
        """Return what is said over the connection.

        :raises CouldNotAsk: where there is none any more.
        """
        if self._dialogue is None:
            raise CouldNotAsk("the server closed the connection", AGAIN)
        return self._dialogue

    def _heard(self, line: bytes | None = None) -> Said:
        """Return the reply to a line, or the greeting; where there is none, the connection is of no use any more."""
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
        """Return a reply's text for people to read, without what is secret in whatever form it was sent."""
        if self._repeats(text):
            return _HIDDEN
        shown = visible(mail_text(b" ".join(text.split())))
        return shown if len(shown) <= LENGTH else f"{shown[: LENGTH - 1]}…"
