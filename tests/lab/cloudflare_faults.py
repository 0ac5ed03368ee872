"""Slow and failing answers of the lab's Cloudflare API, on demand."""

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from elastx_mrs.lab.cloudflare.api import path_of
from elastx_mrs.lab.cloudflare.errors import THROTTLED, RefusedError
from elastx_mrs.lab.cloudflare.serving import CloudflareServer

Cut = Literal["before", "after"]


@dataclass
class Fault:
    """What happens to requests that match, instead of, or around, their work.

    :param method: of the requests it is for; empty for all.
    :param path: a part of their path with its query; empty for all.
    :param skip: how many of them pass first.
    :param times: how many it happens to then; -1 for all.
    :param status: answered instead of doing the work; 0 to do it.
    :param headers: of that answer, such as ``Retry-After``.
    :param reset: the connection is cut, before the work is done or after it.
    :param delay: seconds on the wall's clock until anything happens.
    """

    method: str = ""
    path: str = ""
    skip: int = 0
    times: int = 1
    status: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    reset: Cut | None = None
    delay: float = 0.0

    def strikes(self, method: str, path: str) -> bool:
        """Whether it happens to this request, which is counted."""
        if self.times == 0 or self.method not in ("", method) or self.path not in path:
            return False
        if self.skip > 0:
            self.skip -= 1
            return False
        self.times -= 1 if self.times > 0 else 0
        return True


class Faults(list[Fault]):
    """The faults of a server's API; of each request, the first that strikes counts."""

    def __init__(self, server: CloudflareServer) -> None:
        super().__init__()
        self._server = server

    async def intercept(self, request: Request, work: Callable[[], Response]) -> Response:
        """Answer a request, with the fault that is to strike it."""
        path = path_of(request)
        fault = next((fault for fault in self if fault.strikes(request.method, path)), Fault())
        if await self._ends_within(fault.delay) or fault.reset == "before":
            return Severed(self._server)
        if fault.status:
            return JSONResponse(_failing(fault.status), fault.status, dict(fault.headers))
        response = work()
        return Severed(self._server) if fault.reset == "after" else response

    async def _ends_within(self, delay: float) -> bool:
        """Wait; return whether the server ends meanwhile."""
        if delay:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._server.ended.wait(), delay)
        return self._server.ended.is_set()


def faults_of(server: CloudflareServer) -> Faults:
    """A server's faults, which are none at first; all that ask have the same list."""
    holder = getattr(server.api.intercept, "__self__", None)
    if not isinstance(holder, Faults):
        holder = Faults(server)
        server.api.intercept = holder.intercept
    return holder


class Severed(Response):
    """No answer: the connection is closed under the client."""

    def __init__(self, server: CloudflareServer) -> None:
        super().__init__(status_code=0)
        self._server = server

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        connection = self._server.connections.get(tuple(scope["client"]))
        if connection is not None:
            connection.abort()
        await receive()  # until the server has seen it, which would take it for a fault of ours


def _failing(status: int) -> Mapping[str, Any]:
    if status == 429:
        return RefusedError(*THROTTLED).envelope()
    # With the code of a token that may not do it: a server that fails may say anything.
    return RefusedError(status, 10000, "Internal server error").envelope()
