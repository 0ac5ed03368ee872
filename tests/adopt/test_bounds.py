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
from elastx_mrs.publish.clock import Clock
from tests.fuzz.clock import Loop


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


@pytest.mark.limit("CLOUDFLARE_PAGES")
def test_pages() -> None:
    most = limits.CLOUDFLARE_PAGES.most

    async def ask(number: int, last: int) -> Answer:
        return Answer(last)

    assert len(asyncio.run(reader()._pages(lambda number: ask(number, most), "zones"))) == most
    with pytest.raises(CannotReadError, match=r"cloudflare\.example has over 400 pages of zones; write the ids"):
        asyncio.run(reader()._pages(lambda number: ask(number, most + 1), "zones"))


@pytest.mark.limit("CLOUDFLARE_REQUEST")
def test_a_request_has_an_end(loop: Loop) -> None:
    most = limits.CLOUDFLARE_REQUEST.most

    async def ask(number: int, seconds: float) -> Answer:
        await asyncio.sleep(seconds)
        return Answer(1)

    assert loop.run_until_complete(reader()._pages(lambda number: ask(number, most - 1), "zones"))
    with pytest.raises(CannotReadError, match="gave no complete answer in 600 seconds; check the network"):
        loop.run_until_complete(reader()._pages(lambda number: ask(number, most + 1), "zones"))


class Body(httpx.AsyncByteStream):
    async def __aiter__(self) -> AsyncIterator[bytes]:
        while True:
            yield bytes(10)


@pytest.mark.limit("CLOUDFLARE_PAGE")
def test_octets_of_a_page(monkeypatch: pytest.MonkeyPatch) -> None:
    """The client is the one that adopt asks with; only what it sends over is replaced."""
    zones = b'{"success": true, "result": [], "result_info": {"total_pages": 1}}'
    monkeypatch.setattr(limits, "CLOUDFLARE_PAGE", limits.CLOUDFLARE_PAGE._replace(most=len(zones)))

    async def asked(content: bytes) -> Any:
        async def body() -> AsyncIterator[bytes]:
            yield content

        async def whole(*_: Any) -> httpx.Response:
            return httpx.Response(200, headers={"content-type": "application/json"}, content=body())

        monkeypatch.setattr(httpx.AsyncHTTPTransport, "handle_async_request", whole)
        async with reader()._client() as client:
            return await reader()._zones(client, None)

    assert asyncio.run(asked(zones)) == []
    with pytest.raises(CannotReadError, match=rf"sent more than {len(zones)} octets for one page"):
        asyncio.run(asked(zones + b" "))


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
