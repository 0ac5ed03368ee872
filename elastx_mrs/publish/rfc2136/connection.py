"""Kept TCP connections to a primary: a name server ends idle ones as it likes, and that is no fault (RFC 7766 §6.2)."""

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
"""Seconds for one of a server's addresses to accept a connection, each time: the kernel asks ever more seldom."""

TIMEOUT = float(limits.EXCHANGE_SECONDS.most)
"""Seconds for one exchange."""

MOST = 2 + 65535
"""Octets of a message with its length."""


class LostError(Exception):
    """No answer came. Whether the message was worked on is not known.

    :param reason: what happened, for people.
    :param ended: True where the connection ended, so that another may do better at once.
    :param sent: False where there was no connection to send it on.
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

        :raises LostError: where none comes; the connection is then of no more use.
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
        """End it."""
        self._socket.close()

    def abort(self) -> None:
        """End it at once, and forget what has not arrived.

        The kernel would go on for minutes to send an update whose packets got lost, and it would be worked on after
        whatever was done in its place.
        """
        with suppress(OSError):
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._socket.close()

    @property
    def ended(self) -> bool:
        """Whether the server has ended the connection, or sent what nobody asked for; only while nobody uses it."""
        poll = select.poll()
        poll.register(self._socket, select.POLLIN)
        return bool(poll.poll(0))

    def _receive(self, end: float) -> bytes:
        """Return one message; it mostly comes whole, and each read costs a switch of threads.

        :param end: until when (``time.monotonic``): a server may take the query slowly, and send octet by octet.
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
    """All of a process, by server; each is used by one thread at a time, and given back."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._idle: dict[tuple[str, int], list[Connection]] = defaultdict(list)
        self._good: dict[tuple[str, int], str] = {}
        self.heard: set[tuple[str, int]] = set()
        """Servers that answered lately: what is lost on the way to them is worth another try."""

    @contextmanager
    def to(self, host: str, port: int) -> Iterator["Conversation"]:
        """Lend a connection; one that something went wrong on is not lent again."""
        conversation = Conversation(self, host, port)
        try:
            yield conversation
        except BaseException:
            conversation.drop()
            raise
        conversation.give_back()

    def take(self, host: str, port: int, until: float | None = None) -> Connection:
        """Return a connection: a kept one that the server has not ended, or a new one.

        A server that ends idle connections ends all of them, so one after the other would use up a query's tries.

        :param until: when to give up on a server that has answered lately (``time.monotonic``).
        :raises LostError: where no address of the host accepts one.
        :raises ShortageError: where this machine is short of what a connection takes.
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
        """Have a connection for the next that needs one; where that makes too many, the longest unused is ended."""
        with self._lock:
            # Put at the end, so that the servers stand in the order in which they were last used.
            self._idle[host, port] = [*self._idle.pop((host, port), []), connection]
            kept = sum(map(len, self._idle.values()))
        if kept > min(limits.KEPT_CONNECTIONS.most, room(kept) // 2):
            self.end_one()

    def end_one(self) -> None:
        """End one that nobody uses, if there is one."""
        with self._lock:
            server = next((server for server, idle in self._idle.items() if idle), None)
            if server is not None:
                self._idle[server].pop(0).close()

    def close(self) -> None:
        """End those that nobody uses."""
        with self._lock:
            for connection in [one for idle in self._idle.values() for one in idle]:
                connection.close()
            self._idle.clear()

    def _open(self, host: str, port: int, until: float | None) -> socket.socket:
        """Connect to the first address that accepts, beginning with the one that did before; several times."""
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
            if until is not None and (host, port) in self.heard:  # another thread may have got through meanwhile
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
    """Messages to one server, one after the other, over a connection that is opened again where it has ended.

    :ivar end: when it gives up sending again what gets lost (``time.monotonic``).
    """

    def __init__(self, connections: Connections, host: str, port: int) -> None:
        self._connections = connections
        self._host = host
        self._port = port
        self._connection: Connection | None = None
        self.end = time.monotonic() + limits.RECORD_SECONDS.most

    def exchange(self, wire: bytes, seconds: float | None = None) -> bytes:
        """Send a message and return the answer.

        :param seconds: to wait for it.
        :raises LostError: where none comes, or no connection to be had; the next message gets a connection of its own.
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
        """Say whether another try is worth while: the server has answered lately, and there is time left."""
        server = self._host, self._port
        if time.monotonic() >= self.end:
            self._connections.heard.discard(server)
        return server in self._connections.heard

    def drop(self) -> None:
        """Use another connection for what comes next."""
        if self._connection is not None:
            self._connection.abort()
            self._connection = None

    def give_back(self) -> None:
        """Keep the connection for others."""
        if self._connection is not None:
            self._connections.keep(self._host, self._port, self._connection)
            self._connection = None


POOL = Connections()
"""This process's."""
