"""UDP sockets to one server, reused while queries keep coming and no other server needs the room."""

import asyncio
import errno
import socket
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from types import TracebackType
from typing import TypeVar, cast

import dns.message

from elastx_mrs.descriptors import SHORTAGE
from elastx_mrs.lookup.transport.room import ROOM, Place, waiting
from elastx_mrs.lookup.transport.wire import Query, UnusableError

USES = 32
"""Queries sent from one port.

To forge an answer, an attacker must guess the ID and the port of a running query (RFC 5452 §9.2): 16 bits, plus 14.8
bits for Linux's 28,232 ports. The kernel picks each socket's port at random, and each query has a random ID. So a guess
is as unlikely as with a port for every query. If an attacker still learns a port, as from the rate of ICMP packets, 16
bits are left to guess, for this many queries.
"""


T = TypeVar("T")


class Idle:
    """The idle sockets of one event loop, over all servers, the longest unused first."""

    def __init__(self) -> None:
        self._of: dict[_Socket, deque[_Socket]] = {}

    def add(self, one: "_Socket", free: "deque[_Socket]") -> None:
        """Keep a socket.

        :param free: the idle sockets of its server.
        """
        free.append(one)
        self._of[one] = free

    def taken(self, free: "deque[_Socket]") -> "_Socket":
        """Take the first socket of a server."""
        one = free.popleft()
        del self._of[one]
        return one

    def close_one(self) -> None:
        """Close the longest unused socket, if there is one."""
        for one in self._of:
            self._of.pop(one).remove(one)
            one.close()
            return


class Sockets:
    """The UDP sockets of one event loop to one server; other connections to it count here, too.

    Each has one query at a time, so no two share their ID. All are closed when the last user leaves the context.
    """

    def __init__(self, host: str, port: int, idle: Idle) -> None:
        self._address = (host, port)
        self._idle = idle
        self._free: deque[_Socket] = deque()
        self._users = 0

    def __enter__(self) -> None:
        self._users += 1

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._users -= 1
        while not self._users and self._free:
            self._idle.taken(self._free).close()

    async def ask(self, query: Query, patience: float, pauses: Sequence[float] = ()) -> dns.message.Message:
        """Return the answer to ``query``, with the flag TC if it was truncated. Call it inside the context.

        Packets that are not an answer to it are ignored, because anybody can send them (RFC 5452 §9.1). An unreadable
        packet with the query's ID is an error.

        :param patience: seconds.
        :param pauses: seconds between repetitions of the same packet, which give an attacker no further target.
        :raises UnusableError: if an answer cannot be read.
        :raises TimeoutError: if no answer came.
        :raises ShortageError: if this machine has no room for a socket.
        :raises OSError: if the server cannot be reached, such as ConnectionRefusedError.
        """
        return await waiting(lambda: self._asked(query, patience, pauses), self._address, self._idle.close_one)

    async def connected(self, exchange: Callable[[], Awaitable[T]]) -> T:
        """Wait for room, and return the result of an exchange over another connection, such as TCP.

        :raises ShortageError: if this machine has none.
        """

        async def action() -> T:
            with await ROOM.enter(self._idle.close_one):
                answer = await exchange()
            SHORTAGE.over()
            return answer

        return await waiting(action, self._address, self._idle.close_one)

    async def _asked(self, query: Query, patience: float, pauses: Sequence[float]) -> dns.message.Message:
        one = self._idle.taken(self._free) if self._free else await self._opened()
        try:
            answer = await one.ask(query, patience, pauses)
        except BaseException:
            # After an error or a late answer, the next query needs another socket.
            one.close()
            raise
        if one.uses < USES and not ROOM.wanted:
            self._idle.add(one, self._free)
        else:
            one.close()
        return answer

    async def _opened(self) -> "_Socket":
        place = await ROOM.enter(self._idle.close_one)
        try:
            own = _connected(self._address)
        except BaseException:
            place.leave()
            raise
        SHORTAGE.over()
        try:
            _, one = await asyncio.get_running_loop().create_datagram_endpoint(lambda: _Socket(place), sock=own)
        except BaseException:
            own.close()
            place.leave()
            raise
        return one


def _connected(address: tuple[str, int]) -> socket.socket:
    """Return a connected socket: the kernel then drops packets of others, and reports "port unreachable"."""
    own = socket.socket(socket.AF_INET6 if ":" in address[0] else socket.AF_INET, socket.SOCK_DGRAM)
    try:
        own.setblocking(False)
        own.connect(address)
    except BlockingIOError:  # how Linux reports "no free port"; UDP has nothing to wait for
        own.close()
        raise OSError(errno.EADDRNOTAVAIL, "no local port is free") from None
    except BaseException:
        own.close()
        raise
    return own


class _Socket(asyncio.DatagramProtocol):
    """One socket; packets that arrive between two queries are ignored."""

    def __init__(self, place: Place) -> None:
        self.uses = 0
        self._place = place
        self._query: Query | None = None
        self._answer: asyncio.Future[dns.message.Message] | None = None
        self._timer: asyncio.TimerHandle

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    async def ask(self, query: Query, patience: float, pauses: Sequence[float]) -> dns.message.Message:
        loop = asyncio.get_running_loop()
        self.uses += 1
        self._query = query
        self._answer = loop.create_future()
        self._send(query.wire, loop.time() + patience, pauses)
        try:
            return await self._answer
        finally:
            self._timer.cancel()
            if self._answer.done() and not self._answer.cancelled():
                self._answer.exception()  # a waiter that was just cancelled never reads it, and asyncio would log that

    def _send(self, wire: bytes, end: float, pauses: Sequence[float]) -> None:
        """Send a packet, and set the timer for the next packet, or for the end of the patience."""
        self._transport.sendto(wire)
        loop = asyncio.get_running_loop()
        again = loop.time() + pauses[0] if pauses else end
        if again < end:
            self._timer = loop.call_at(again, self._send, wire, end, pauses[1:])
        else:
            self._timer = loop.call_at(end, self._given_up)

    def _given_up(self) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(TimeoutError())

    def close(self) -> None:
        self._transport.abort()

    def datagram_received(self, data: bytes, addr: object) -> None:
        if self._query is None or self._answer is None or self._answer.done() or not self._query.own(data):
            return
        try:
            answer = self._query.read(data)
        except UnusableError as error:
            self._answer.set_exception(error)
            return
        if self._query.is_answered_by(answer):
            self._answer.set_result(answer)

    def connection_lost(self, exc: Exception | None) -> None:
        self._place.leave()

    def error_received(self, exc: Exception) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(exc if isinstance(exc, OSError) else OSError(str(exc)))
