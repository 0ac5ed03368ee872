"""One session with a mail server: every wait is bounded, and what the server says is safe to show."""

import base64
import smtplib
import socket
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from elastx_mrs.display import mail_text, visible
from elastx_mrs.smtp.connect import CouldNotAsk, connected, described

LENGTH = 200
"""Characters of a reply that are shown."""

ROUNDS = 10
"""Time-outs that a whole session may last: each bounds one wait, and a server may answer octet by octet."""

_HIDDEN = "(its text repeats the login, and is not shown)"


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


class _Client(smtplib.SMTP):
    """The standard library's, over a connection that is there, and with no look-up of this machine's name."""

    def __init__(self, connection: socket.socket) -> None:
        address = connection.getsockname()[0]
        # An address literal (RFC 5321 §4.1.3) says as much as a name that nobody can look up, and gives less away.
        super().__init__(local_hostname=f"[IPv6:{address}]" if ":" in address else f"[{address}]")
        self.sock = connection
        self.overdue = False


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
    _client: "_Client | None" = field(default=None, init=False, repr=False)
    _watch: threading.Timer | None = field(default=None, init=False, repr=False)
    _trusted: bool = field(default=False, init=False, repr=False)
    _secrets: tuple[str, ...] = field(default=(), init=False, repr=False)

    def connect(self) -> Reply:
        """Connect to the first address that lets us, and return the greeting.

        :raises CouldNotAsk: where none does, or there is no greeting that SMTP knows.
        """
        self.close()
        connection, self.address = connected(self.host, self.port, self.timeout)
        self._client = _Client(connection)
        self._watch = threading.Timer(ROUNDS * self.timeout, _cut, [self._client])
        self._watch.daemon = True
        self._watch.start()
        return self._asked(self._client.getreply)

    def ehlo(self) -> Reply:
        """Say EHLO: what is offered is then known to :meth:`extension`."""
        return self._asked(self._now.ehlo)

    def extension(self, name: str) -> str | None:
        """Return the parameters of an extension that is offered, None where it is not."""
        found: str | None = self._now.esmtp_features.get(name)
        return None if found is None else self._safe(found)

    def command(self, line: str) -> Reply:
        """Send a command, which holds nothing secret, and return the reply to it."""
        return self._asked(lambda: self._now.docmd(line))

    def encrypt(self) -> str:
        """Begin TLS, verified against the authorities that this machine trusts (``SSL_CERT_FILE`` names others).

        :return: the certificate and the version of TLS, in a few words.
        :raises TrustError: where the certificate is not to be trusted.
        :raises ssl.SSLError: where there is no version of TLS that both know.
        """
        secured = self._wrapped(ssl.create_default_context())
        self._trusted = True
        return f"{described(secured.getpeercert(binary_form=True) or b'')}, {secured.version()}"

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
            return described(self._wrapped(context).getpeercert(binary_form=True) or b"")
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
        self._secrets = (self.password, plain, answers[1])
        if mechanism == "PLAIN":
            return self._asked(lambda: self._now.docmd("AUTH", f"PLAIN {plain}"))
        reply = self.command("AUTH LOGIN")
        for answer in answers:
            if reply.code != 334:
                break
            reply = self._asked(lambda line=answer: self._now.docmd(line))  # type: ignore[misc]
        return reply

    def content(self, octets: bytes) -> Reply:
        """Send a message after DATA, and return the reply to it."""
        lines = b"".join(b"." + line if line.startswith(b".") else line for line in octets.splitlines(keepends=True))

        def sent() -> tuple[int, bytes]:
            self._now.send(lines + b".\r\n")
            return self._now.getreply()

        return self._asked(sent)

    def close(self) -> None:
        """Say goodbye where somebody listens, and hang up."""
        client, self._client, self._trusted = self._client, None, False
        if self._watch is not None:
            self._watch.cancel()
            self._watch = None
        if client is None or client.sock is None:
            return
        try:
            client.sock.settimeout(min(self.timeout, 2.0))
            client.docmd("QUIT")
        except (OSError, smtplib.SMTPException):
            pass
        finally:
            client.close()

    def _open(self) -> tuple["_Client", socket.socket]:
        """Return the session and its connection.

        :raises CouldNotAsk: where there is none any more.
        """
        if self._client is None or self._client.sock is None:
            raise CouldNotAsk("the server hung up", "try again; if it goes on, ask who runs the server")
        return self._client, self._client.sock

    @property
    def _now(self) -> "_Client":
        return self._open()[0]

    def _asked(self, ask: Callable[[], tuple[int, bytes]]) -> Reply:
        try:
            code, text = ask()
        except (OSError, smtplib.SMTPException) as error:
            raise _unanswered(error, self.timeout) from None
        if self._client is not None and self._client.overdue:
            raise _unanswered(smtplib.SMTPServerDisconnected(), self.timeout)
        if code < 200:
            cure = "check host and port; a server that expects TLS at once (port 465) or speaks no SMTP is there"
            raise CouldNotAsk(f"it answered with what is no SMTP: {self._safe(text) or 'nothing'}", cure)
        return Reply(code, self._safe(text))

    def _wrapped(self, context: ssl.SSLContext) -> ssl.SSLSocket:
        client, plain = self._open()
        secured = context.wrap_socket(plain, server_hostname=self.host, do_handshake_on_connect=False)
        client.sock = secured
        # What was said before TLS is forgotten, read ahead or not (RFC 3207 §4.2).
        client.file = None
        client.esmtp_features, client.ehlo_resp, client.does_esmtp = {}, None, False
        try:
            secured.do_handshake()
        except ssl.SSLCertVerificationError as error:
            raise TrustError(error.verify_code, error.verify_message) from None
        except (ssl.SSLEOFError, ssl.SSLZeroReturnError, ConnectionError, TimeoutError) as error:
            raise _unanswered(error, self.timeout) from None
        return secured

    def _safe(self, text: bytes | str) -> str:
        """Return a reply's text for people to read, without what is secret in whatever form it was sent."""
        octets = text.encode("latin-1", "replace") if isinstance(text, str) else text
        joined = b"".join(octets.split()).decode("latin-1")
        if any("".join(secret.split()) in joined for secret in self._secrets if secret):
            return _HIDDEN
        shown = visible(mail_text(b" ".join(octets.split())))
        return shown if len(shown) <= LENGTH else f"{shown[: LENGTH - 1]}…"


def _cut(client: _Client) -> None:
    """End a session that takes too long: whoever waits for the server is then told that it hung up."""
    client.overdue = True
    if client.sock is not None:
        with suppress(OSError):
            socket.socket.shutdown(client.sock, socket.SHUT_RDWR)  # not TLS's own, which is not for another thread


def _unanswered(error: Exception, timeout: float) -> CouldNotAsk:
    again = "try again; if it goes on, ask who runs the server"
    if isinstance(error, TimeoutError) or isinstance(error.__context__, TimeoutError):
        cure = (
            "check host and port: a port that begins with TLS, such as 465, says nothing until then; or raise --timeout"
        )
        return CouldNotAsk(f"it said nothing in {timeout:g} s", cure)
    if isinstance(error, (smtplib.SMTPServerDisconnected, ConnectionError, ssl.SSLEOFError, ssl.SSLZeroReturnError)):
        return CouldNotAsk("the server hung up, or took too long altogether", again)
    return CouldNotAsk(f"the connection failed: {type(error).__name__}", again)
