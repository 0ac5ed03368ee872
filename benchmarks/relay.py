"""Name servers that are far away: relays that hold up each answer. ``python -m benchmarks.relay SERVER…``."""

import asyncio
import itertools
import sys
from functools import partial
from typing import cast

from toolchain.usage import usage

DELAY = 0.050
"""Seconds by which each answer comes later."""


class _Far(asyncio.DatagramProtocol):
    """The side that asks the server; queries get numbers of its own for IDs, since all go out from one port."""

    def __init__(self) -> None:
        self.near: _Near | None = None
        self._numbers = itertools.cycle(range(65536))
        self._asked: dict[bytes, tuple[bytes, tuple[str, int]]] = {}

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def ask(self, query: bytes, addr: tuple[str, int]) -> None:
        number = next(self._numbers).to_bytes(2, "big")
        self._asked[number] = query[:2], addr
        self._transport.sendto(number + query[2:])

    def datagram_received(self, data: bytes, addr: object) -> None:
        own, client = self._asked.pop(data[:2])
        if self.near is not None:
            asyncio.get_running_loop().call_later(DELAY, self.near.transport.sendto, own + data[2:], client)


class _Near(asyncio.DatagramProtocol):
    """The side that is asked."""

    def __init__(self, far: _Far) -> None:
        self._far = far
        far.near = self

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self._far.ask(data, addr)


async def main() -> None:
    """Relay until standard input ends; print each relay's port."""
    loop = asyncio.get_running_loop()
    ports = []
    for server in usage(__doc__, "ADDRESS:PORT…"):
        host, _, port = server.rpartition(":")
        _, far = await loop.create_datagram_endpoint(_Far, remote_addr=(host, int(port)))
        near, _ = await loop.create_datagram_endpoint(partial(_Near, far), local_addr=("127.0.0.1", 0))
        ports.append(near.get_extra_info("sockname")[1])
    print(*ports, flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main())
