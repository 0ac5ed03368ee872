"""Commands and replies over a connection to a mail server; octets, lines and time of replies are limited."""

import re
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field

from elastx_mrs import limits
from elastx_mrs.smtp.clock import AGAIN, ASK, Clock, CouldNotAsk

_OTHER = "check host and port; this server expects TLS at once (port 465), or is not an SMTP server"
_CODE = re.compile(rb"[2-5][0-9][0-9](?=[ \t-]|$)")
_EXTENSION = re.compile(rb"([A-Za-z0-9][A-Za-z0-9-]*)(?:[ =]|$)")
"""An extension (RFC 5321 §4.1.1.1); some old servers write ``AUTH=``."""


@dataclass(frozen=True)
class Said:
    """A reply (RFC 5321 §4.2): its code, and the text of each of its lines.

    :param code: 0 if the reply is not SMTP; it is then the only line.
    """

    code: int
    lines: tuple[bytes, ...]

    @property
    def text(self) -> bytes:
        """The whole text."""
        return b"\n".join(self.lines)

    @property
    def extensions(self) -> Mapping[str, bytes]:
        """The extensions in a reply to EHLO: the parameters of each, by its name in lower case."""
        found: dict[str, bytes] = {}
        for line in self.lines[1:]:
            if (keyword := _EXTENSION.match(line)) is not None:
                name, parameters = keyword[1].decode().lower(), line[keyword.end() :].strip()
                found[name] = b" ".join(filter(None, (found.get(name), parameters)))
        return found


@dataclass
class Dialogue:
    """The octets of one session, in the clear or in TLS."""

    connection: socket.socket
    clock: Clock
    _ahead: bytearray = field(default_factory=bytearray, init=False, repr=False)
    _octets: int = field(default=0, init=False)

    def ask(self, line: bytes) -> Said:
        """Send a line, or a message after DATA, and return the reply.

        :raises CouldNotAsk: if there is none.
        """
        try:
            self.connection.settimeout(self.clock.wait())
            self.connection.sendall(line + b"\r\n")
        except (OSError, ValueError) as error:
            raise unanswered(error, self.clock) from None
        return self.reply()

    def reply(self) -> Said:
        """Return the next reply.

        :raises CouldNotAsk: if there is none, or it exceeds a limit.
        """
        lines: list[bytes] = []
        while True:
            line = self._line()
            code = _CODE.match(line)
            if code is None:
                return Said(0, (line,))
            lines.append(line[4:].strip(b" \t\r\n"))
            if line[3:4] != b"-":
                return Said(int(code[0]), tuple(lines))
            if len(lines) == limits.SMTP_REPLY_LINES.most:
                raise CouldNotAsk(f"its reply has over {limits.SMTP_REPLY_LINES.text}", _OTHER)

    def secure(self, context: ssl.SSLContext, host: str) -> ssl.SSLSocket:
        """Start TLS, and discard everything received before (RFC 3207 §4.2).

        :raises ssl.SSLError: if TLS fails.
        :raises CouldNotAsk: if the server does not answer.
        """
        self._ahead.clear()
        secured = context.wrap_socket(self.connection, server_hostname=host, do_handshake_on_connect=False)
        self.connection = secured
        try:
            secured.settimeout(self.clock.wait())
            secured.do_handshake()
        except (ssl.SSLEOFError, ssl.SSLZeroReturnError, ConnectionError, TimeoutError) as error:
            raise unanswered(error, self.clock) from None
        return secured

    def _line(self) -> bytes:
        """Return the next line without its end, or the rest at the end of the connection."""
        searched, ended = 0, False
        while (end := self._ahead.find(b"\n", searched)) < 0:
            searched = len(self._ahead)
            if searched > limits.SMTP_LINE.most:
                raise CouldNotAsk(f"a line of its reply has over {limits.SMTP_LINE.text}", _OTHER)
            octets = self._received()
            if not octets:
                end, ended = searched, True
                break
            self._ahead += octets
        if end > limits.SMTP_LINE.most:
            raise CouldNotAsk(f"a line of its reply has over {limits.SMTP_LINE.text}", _OTHER)
        line = bytes(self._ahead[:end])
        del self._ahead[: end + 1]
        if ended and not line:
            raise CouldNotAsk("the server closed the connection", AGAIN)
        return line.rstrip(b"\r")

    def _received(self) -> bytes:
        try:
            self.connection.settimeout(self.clock.wait())
            octets = self.connection.recv(4096)
        except (OSError, ValueError) as error:
            raise unanswered(error, self.clock) from None
        self._octets += len(octets)
        if self._octets > limits.SMTP_SESSION.most:
            raise CouldNotAsk(f"it sent over {limits.SMTP_SESSION.text} in one session", ASK)
        return octets


def not_smtp(shown: str) -> CouldNotAsk:
    """Return the error for an answer that is not SMTP.

    :param shown: the answer, safe to show.
    """
    return CouldNotAsk(f"its answer is not SMTP: {shown or 'nothing'}", _OTHER)


def unanswered(error: Exception, clock: Clock) -> CouldNotAsk:
    """Return the error for a failed connection."""
    if isinstance(error, TimeoutError):
        return clock.silent()
    if isinstance(error, (ConnectionError, ssl.SSLEOFError, ssl.SSLZeroReturnError)):
        return CouldNotAsk("the server closed the connection", AGAIN)
    return CouldNotAsk(f"the connection failed: {type(error).__name__}", AGAIN)
