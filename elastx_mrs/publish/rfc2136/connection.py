"""Persistent TCP connections to a primary. A name server may close idle ones at any time (RFC 7766 §6.2)."""

import select
import socket
import struct
import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from concurrent import futures
from contextlib import contextmanager, suppress
from functools import partial

from elastx_mrs import limits
from elastx_mrs.descriptors import room, waiting
from elastx_mrs.lookup.aside import aside

CONNECT_TIMEOUT = 2.0
"""Seconds per try for one address to accept a connection. A short time helps: the kernel retries ever more rarely."""

TIMEOUT = float(limits.EXCHANGE_SECONDS.most)
"""Seconds for one exchange."""

MOST = 2 + 65535
"""The most octets of a message, including its length."""


class LostError(Exception):
    """No answer came. The server may or may not have processed the message.

    :param reason: the cause, for the user.
    :param ended: True if the connection ended; a new one may work at once.
    :param sent: False if there was no connection to send on.
    """

    def __init__(self, reason: str, *, ended: bool = False, sent: bool = True) -> None:
        super().__init__(reason)
        self.ended = ended
        self.sent = sent


class Connection:
    """One connection, for one conversation at a time."""

    def __init__(self, opened: socket.socket) -> None:
        self._socket = opened

    def exchange(self, wire: bytes, seconds: float) -> bytes:
        """Send a message and return the next one (RFC 1035 §4.2.2: a length before each).

        :raises LostError: if none comes. The connection is then unusable.
        """
        try:
            end = time.monotonic() + seconds
            self._socket.settimeout(seconds)
            self._socket.sendall(len(wire).to_bytes(2, "big") + wire)
            return self._receive(end)
        except TimeoutError:
            raise LostError(f"no answer in {seconds:.0f} s") from None
        except EOFError:
            raise LostError("it closed the connection", ended=True) from None
        except OSError as error:
            raise LostError(error.strerror or str(error), ended=True) from None

    def close(self) -> None:
        """Close it."""
        self._socket.close()

    def abort(self) -> None:
        """Close it at once, and drop unsent data.

        Otherwise, the kernel would resend a lost update for minutes. The server would then process it after later
        changes.
        """
        with suppress(OSError):
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._socket.close()

    @property
    def ended(self) -> bool:
        """Whether the server closed the connection, or sent unrequested data. Call this only while it is idle."""
        poll = select.poll()
        poll.register(self._socket, select.POLLIN)
        return bool(poll.poll(0))

    def _receive(self, end: float) -> bytes:
        """Return one message. It usually arrives in one piece, and each read costs a switch of threads.

        :param end: the deadline (``time.monotonic``). A slow server may send octet by octet.
        """
        received = b""
        while len(received) < 2 or len(received) < (length := 2 + int.from_bytes(received[:2], "big")):
            if (left := end - time.monotonic()) <= 0:
                raise TimeoutError
            self._socket.settimeout(left)
            piece = self._socket.recv(MOST)
            if not piece:
                raise EOFError
            received += piece
        return received[2:length]


class Connections:
    """All connections of a process, by server. One thread at a time uses a connection, and returns it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._idle: dict[tuple[str, int], list[Connection]] = defaultdict(list)
        self._good: dict[tuple[str, int], str] = {}
        self.heard: set[tuple[str, int]] = set()
        """Servers that answered recently. For these, a lost message is worth a retry."""

    @contextmanager
    def to(self, host: str, port: int) -> Iterator["Conversation"]:
        """Lend a connection. After an error it is not lent again."""
        conversation = Conversation(self, host, port)
        try:
            yield conversation
        except BaseException:
            conversation.drop()
            raise
        conversation.give_back()

    def take(self, host: str, port: int, until: float | None = None) -> Connection:
        """Return a connection: a kept one that the server has not closed, or a new one.

        A server that closes idle connections closes all of them. Trying each one would use up a query's retries.

        :param until: when to give up on a server that answered recently (``time.monotonic``).
        :raises LostError: if no address of the host accepts a connection.
        :raises ShortageError: if this machine lacks the resources for a connection.
        """
        with self._lock:
            idle = self._idle[host, port]
            while idle:
                connection = idle.pop()
                if not connection.ended:
                    return connection
                connection.close()
        return Connection(self._open(host, port, until))

    def keep(self, host: str, port: int, connection: Connection) -> None:
        """Keep a connection for later use. If there are too many, close the one that was idle longest."""
        with self._lock:
            # At the end: the servers stay sorted by their last use.
            self._idle[host, port] = [*self._idle.pop((host, port), []), connection]
            kept = sum(map(len, self._idle.values()))
        if kept > min(limits.KEPT_CONNECTIONS.most, room(kept) // 2):
            self.end_one()

    def end_one(self) -> None:
        """Close one idle connection, if there is one."""
        with self._lock:
            server = next((server for server, idle in self._idle.items() if idle), None)
            if server is not None:
                self._idle[server].pop(0).close()

    def close(self) -> None:
        """Close the idle connections."""
        with self._lock:
            for connection in [one for idle in self._idle.values() for one in idle]:
                connection.close()
            self._idle.clear()

    def _open(self, host: str, port: int, until: float | None) -> socket.socket:
        """Connect to the first address that accepts; retry. Start with the address that accepted before."""
        asked = aside(
            lambda: waiting(lambda: socket.getaddrinfo(host, port, type=socket.SOCK_STREAM), release=self.end_one)
        )
        if not futures.wait([asked], limits.CONNECT_SECONDS.most)[0]:
            problem = f"its name was not resolved in {limits.CONNECT_SECONDS.text}: check this machine's resolvers"
            raise LostError(problem, sent=False)
        try:
            found = asked.result()
        except (OSError, UnicodeError) as error:
            problem = f"its name has no address: {getattr(error, 'strerror', None) or error}"
            raise LostError(problem, sent=False) from None
        addresses = list(dict.fromkeys(str(address[4][0]) for address in found))
        began = time.monotonic()
        while True:
            good = self._good.get((host, port))
            problems: dict[str, OSError] = {}
            for address in sorted(addresses, key=lambda one: one != good):
                to = (address, port)
                try:
                    opened = waiting(partial(socket.create_connection, to, CONNECT_TIMEOUT), to, release=self.end_one)
                except OSError as error:
                    problems[address] = error
                    continue
                opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self._good[host, port] = address
                return opened
            late = any(isinstance(error, TimeoutError) for error in problems.values())
            end = began + limits.CONNECT_SECONDS.most
            if until is not None and (host, port) in self.heard:  # another thread may have reached it by now
                end = until
            if not late or time.monotonic() >= end:
                raise LostError(_told(problems, time.monotonic() - began), sent=False)


def _told(problems: Mapping[str, OSError], seconds: float) -> str:
    """Return why no address accepted a connection."""
    reasons = {
        address: f"not reached in {seconds:.0f} s" if isinstance(error, TimeoutError) else error.strerror or str(error)
        for address, error in problems.items()
    }
    return "; ".join(f"{address}: {reason}" if len(reasons) > 1 else reason for address, reason in reasons.items())


class Conversation:
    """Messages to one server, one after the other, over a connection that is reopened after it ended.

    :ivar end: when to stop resending lost messages (``time.monotonic``).
    """

    def __init__(self, connections: Connections, host: str, port: int) -> None:
        self._connections = connections
        self._host = host
        self._port = port
        self._connection: Connection | None = None
        self.end = time.monotonic() + limits.RECORD_SECONDS.most

    def exchange(self, wire: bytes, seconds: float | None = None) -> bytes:
        """Send a message and return the answer.

        :param seconds: how long to wait for it.
        :raises LostError: if none comes, or no connection opens. The next message uses a new connection.
        """
        if self._connection is None:
            self._connection = self._connections.take(self._host, self._port, self.end)
        try:
            answer = self._connection.exchange(wire, TIMEOUT if seconds is None else seconds)
        except LostError:
            self.drop()
            raise
        self._connections.heard.add((self._host, self._port))
        return answer

    def patient(self) -> bool:
        """Return whether to retry: the server answered recently, and there is time left."""
        server = self._host, self._port
        if time.monotonic() >= self.end:
            self._connections.heard.discard(server)
        return server in self._connections.heard

    def drop(self) -> None:
        """Use a new connection for the next message."""
        if self._connection is not None:
            self._connection.abort()
            self._connection = None

    def give_back(self) -> None:
        """Keep the connection for others."""
        if self._connection is not None:
            self._connections.keep(self._host, self._port, self._connection)
            self._connection = None


POOL = Connections()
"""The connections of this process."""
