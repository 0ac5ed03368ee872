"""UDP sockets to one server, used again while questions keep coming."""

import asyncio
from collections import deque
from types import TracebackType
from typing import cast

import dns.message

from elastx_mrs.lookup.transport.wire import Query, UnusableError

USES = 32
"""Queries sent from one port.

Whoever wants to forge an answer must guess the ID and the port of a query under way (RFC 5452 §9.2): 16 bits and, of
Linux's 28,232 ports, 14.8 more. The kernel draws each socket's port, and the ID is drawn for each query, so that a
guess is as unlikely as with a port for every query. Who has found out a port all the same, as from how fast the host
sends ICMP, has the 16 bits left to guess, and that for as many queries as this.
"""


class Sockets:
    """UDP sockets to one server, of one event loop.

    Each has one query at a time, so that no two share their ID. All are closed when the last that entered the context
    has left it; nobody has to close anything, however the asking ends.
    """

    def __init__(self, host: str, port: int) -> None:
        self._address = (host, port)
        self._free: deque[_Socket] = deque()
        self._users = 0

    def __enter__(self) -> None:
        self._users += 1

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._users -= 1
        while not self._users and self._free:
            self._free.pop().close()

    async def ask(self, query: Query, patience: float) -> dns.message.Message:
        """Return the answer to ``query``; with the flag TC where it was truncated. To be called within the context.

        What is not an answer to it is passed over, for anybody may send that (RFC 5452 §9.1); rubbish under the query's
        own ID is not.

        :param patience: seconds.
        :raises UnusableError: where an answer cannot be read.
        :raises TimeoutError: where none came.
        :raises OSError: where the server cannot be reached, such as ConnectionRefusedError.
        """
        async with asyncio.timeout(patience):
            socket = self._free.popleft() if self._free else await self._opened()
            try:
                answer = await socket.ask(query)
            except BaseException:
                # Whatever went wrong, or is late, is not for the next query.
                socket.close()
                raise
            if socket.uses < USES:
                self._free.append(socket)
            else:
                socket.close()
            return answer

    async def _opened(self) -> "_Socket":
        loop = asyncio.get_running_loop()
        # Connected, so that the kernel drops what others send and hands on "port unreachable".
        _, socket = await loop.create_datagram_endpoint(_Socket, remote_addr=self._address)
        return socket


class _Socket(asyncio.DatagramProtocol):
    """One socket; what arrives between two queries is for neither, and passed over."""

    def __init__(self) -> None:
        self.uses = 0
        self._query: Query | None = None
        self._answer: asyncio.Future[dns.message.Message] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    async def ask(self, query: Query) -> dns.message.Message:
        self.uses += 1
        self._query = query
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.sendto(query.wire)
        return await self._answer

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

    def error_received(self, exc: Exception) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(exc if isinstance(exc, OSError) else OSError(str(exc)))
