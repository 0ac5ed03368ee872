"""What is limited of Cloudflare's API where adopt reads it."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from elastx_mrs import limits
from elastx_mrs.adopt.cloudflare import _Reader
from elastx_mrs.adopt.refusals import CannotReadError
from elastx_mrs.lookup.transport.body import bounded
from elastx_mrs.publish.cloudflare.clock import Clock


def reader() -> _Reader:
    return _Reader("token", "https://api.cloudflare.example/client/v4", Clock.of({}))


class Answer:
    """A page of an API that says that there is another one."""

    def __init__(self, last: int) -> None:
        self.http_response = self
        self._last = last

    def json(self) -> dict[str, Any]:
        rows = [{"id": "1", "name": "example.com"}]
        return {"success": True, "result": rows, "result_info": {"total_pages": self._last}}


def test_pages() -> None:
    most = limits.CLOUDFLARE_PAGES.most

    async def ask(number: int, last: int) -> Answer:
        return Answer(last)

    assert len(asyncio.run(reader()._pages(lambda number: ask(number, most), "zones"))) == most
    with pytest.raises(CannotReadError, match=r"cloudflare\.example has over 400 pages of zones; give the ids"):
        asyncio.run(reader()._pages(lambda number: ask(number, most + 1), "zones"))


def test_a_request_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "CLOUDFLARE_REQUEST", limits.CLOUDFLARE_REQUEST._replace(most=0))

    async def ask(number: int) -> Answer:
        await asyncio.sleep(60)
        return Answer(1)

    with pytest.raises(CannotReadError, match="gave no whole answer in 0 seconds; see the network"):
        asyncio.run(reader()._pages(ask, "zones"))


class Body(httpx.AsyncByteStream):
    async def __aiter__(self) -> AsyncIterator[bytes]:
        while True:
            yield bytes(10)


@pytest.mark.parametrize("headers", [{}, {"content-encoding": "gzip"}])
def test_a_page_without_an_end(headers: dict[str, str]) -> None:
    async def hook(response: httpx.Response) -> None:
        bounded(httpx.AsyncByteStream, response, 100, CannotReadError("too much"))

    async def get() -> None:
        transport = httpx.MockTransport(lambda request: httpx.Response(200, headers=headers, stream=Body()))
        async with httpx.AsyncClient(transport=transport, event_hooks={"response": [hook]}) as client:
            await client.get("https://api.cloudflare.example/")

    with pytest.raises(CannotReadError, match="too much"):
        asyncio.run(get())
