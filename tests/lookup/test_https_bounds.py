"""What a resolver over HTTPS may answer: no more than a DNS message, as it is."""

import asyncio
import gzip
from collections.abc import AsyncIterator

import dns.message
import httpx2
import pytest

from elastx_mrs import limits
from elastx_mrs.lookup.transport import encrypted
from elastx_mrs.lookup.transport.wire import UnusableError

QUERY = dns.message.make_query("example.com", "TXT", id=0)
HEADERS = {"content-type": "application/dns-message"}


class Endless(httpx2.AsyncByteStream):
    """A body without an end, which counts what was read of it."""

    def __init__(self) -> None:
        self.octets = 0

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while True:
            self.octets += 1024
            yield bytes(1024)


class Whole(httpx2.AsyncByteStream):
    """A body that is not read before it is asked for."""

    def __init__(self, octets: bytes) -> None:
        self._octets = octets

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self._octets


async def at_once(once: encrypted.Once) -> dns.message.Message:
    return await once()


def asked(response: httpx2.Response, monkeypatch: pytest.MonkeyPatch) -> dns.message.Message:
    monkeypatch.setattr(encrypted, "_transport", lambda host: httpx2.MockTransport(lambda request: response))
    return asyncio.run(encrypted.exchange(at_once, "https://192.0.2.1/dns-query", "192.0.2.1", 443, QUERY, 10))


def test_an_answer_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = dns.message.make_response(QUERY)
    assert asked(httpx2.Response(200, headers=HEADERS, stream=Whole(answer.to_wire())), monkeypatch) == answer


@pytest.mark.limit("HTTPS_ANSWER")
def test_octets(monkeypatch: pytest.MonkeyPatch) -> None:
    most = limits.HTTPS_ANSWER.most
    with pytest.raises(UnusableError, match="cannot be read"):
        asked(httpx2.Response(200, headers=HEADERS, stream=Whole(bytes(most))), monkeypatch)
    with pytest.raises(UnusableError, match="sent more than a DNS message of 64 KiB"):
        asked(httpx2.Response(200, headers=HEADERS, stream=Whole(bytes(most + 1))), monkeypatch)


def test_an_endless_answer_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = Endless()
    with pytest.raises(UnusableError, match="sent more than a DNS message"):
        asked(httpx2.Response(200, headers=HEADERS, stream=stream), monkeypatch)
    assert stream.octets == limits.HTTPS_ANSWER.most + 1024


def test_a_compressed_answer_is_not_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    """A kilobyte of it can be a megabyte."""
    headers = HEADERS | {"content-encoding": "gzip"}
    with pytest.raises(UnusableError, match="or a compressed one"):
        asked(httpx2.Response(200, headers=headers, stream=Whole(gzip.compress(bytes(10**6)))), monkeypatch)


@pytest.mark.parametrize("status", [302, 404, 500])
def test_a_page_of_an_error_is_not_read(status: int, monkeypatch: pytest.MonkeyPatch) -> None:
    stream = Endless()
    with pytest.raises(UnusableError, match=f"did not answer as DNS over HTTPS: HTTP status {status}"):
        asked(httpx2.Response(status, headers={"location": "https://192.0.2.2/"}, stream=stream), monkeypatch)
    assert stream.octets == 0


def test_a_connection_that_was_given_up_is_replaced_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """dnspython gives up a connection over HTTPS after two seconds, and says that of it which it says of a refusal."""
    answer, tries = dns.message.make_response(QUERY), [1, 2]

    def handle(request: httpx2.Request) -> httpx2.Response:
        if tries.pop() == 2:
            raise httpx2.ConnectError("")
        return httpx2.Response(200, headers=HEADERS, stream=Whole(answer.to_wire()))

    monkeypatch.setattr(encrypted, "GIVEN_UP", 0)
    monkeypatch.setattr(encrypted, "ANEW", 60)
    monkeypatch.setattr(encrypted, "_transport", lambda host: httpx2.MockTransport(handle))
    query = encrypted.exchange(at_once, "https://192.0.2.1/dns-query", "192.0.2.1", 443, QUERY, 600)
    assert asyncio.run(query) == answer
