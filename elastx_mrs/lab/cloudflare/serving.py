"""Serves the API on a free port of the loopback address, on the running event loop."""

import asyncio
import socket
from types import TracebackType
from typing import Self

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from elastx_mrs import limits
from elastx_mrs.descriptors import room
from elastx_mrs.lab.cloudflare.api import BASE, CloudflareApi


class CloudflareServer:
    """Serves an API while it is entered as an asynchronous context.

    ``connections``, by the client's address and port, and ``ended`` are for functions that intercept requests.

    :param port: 0 for any free port.
    """

    def __init__(self, api: CloudflareApi, host: str = "127.0.0.1", port: int = 0) -> None:
        self.api = api
        self._host = host
        self._port = port
        self.connections: dict[tuple[str, int], asyncio.Transport] = {}
        self.ended = asyncio.Event()

    @property
    def url(self) -> str:
        """The base of all paths, as in ``CLOUDFLARE_BASE_URL``."""
        return f"http://{self._host}:{self._port}{BASE}"

    async def __aenter__(self) -> Self:
        # asyncio disables Nagle's algorithm only if the protocol is named; with it, an answer takes 40 ms.
        listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((self._host, self._port))
        self._port = listening.getsockname()[1]
        config = uvicorn.Config(
            self.api, http=_remembering(self.connections), ws="none", lifespan="off", log_config=None, access_log=False,
            timeout_keep_alive=60, timeout_graceful_shutdown=1,
        )  # fmt: skip
        self._server = uvicorn.Server(config)  # it handles no signals, because this is not the main thread
        self._task = asyncio.create_task(self._server.serve(sockets=[listening]))
        while not self._server.started:
            if self._task.done():
                listening.close()
                await self._task
            await asyncio.sleep(0.005)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.ended.set()
        for connection in list(self.connections.values()):
            connection.close()
        self._server.should_exit = True
        await self._task
        self.api.close()


def _remembering(connections: dict[tuple[str, int], asyncio.Transport]) -> type[H11Protocol]:
    """Return uvicorn's protocol with a record of the connections; it closes the oldest beyond the limit.

    The server closes all of them at the end, which ASGI does not provide for.
    """
    used: dict[H11Protocol, None] = {}

    class Protocol(H11Protocol):
        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # asyncio's promise
            super().connection_made(transport)
            connections[transport.get_extra_info("peername")] = transport
            if len(used) >= min(limits.LAB_CONNECTIONS.most, room(len(used))):
                # The longest unused one: a server may close idle connections at any time (RFC 9112 §9.5).
                idle = next((one for one in used if one.cycle is None or one.cycle.response_complete), self)
                used.pop(idle, None)
                idle.transport.close()
            if not transport.is_closing():
                used[self] = None

        def data_received(self, data: bytes) -> None:
            if self in used:
                used[self] = used.pop(self)
            super().data_received(data)

        def connection_lost(self, exc: Exception | None) -> None:
            super().connection_lost(exc)
            connections.pop(self.transport.get_extra_info("peername"), None)
            used.pop(self, None)

    return Protocol
