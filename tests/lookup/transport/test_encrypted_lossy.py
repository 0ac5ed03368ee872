"""Resolvers over TLS and HTTPS on networks that lose packets: a connection that hangs is not waited for alone."""

import asyncio
import os
import ssl
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, nullcontext, suppress
from pathlib import Path

import dns.message
import pytest

from elastx_mrs import limits
from elastx_mrs.lookup.network import Network
from elastx_mrs.lookup.patience import Patience
from elastx_mrs.lookup.question import LookupFailure, Question, Server
from elastx_mrs.lookup.transport import encrypted
from tests.authority import Authority
from tests.engine.stack import ROOT
from tests.fuzz.clock import Loop
from tests.lookup.nets import answer, dead, impatient, steady
from tests.lookup.transport.test_plain import NAME, TXT
from tests.servers.lossy import FAR, lossy, serving
from tests.servers.zones import ZONES

URLS = {"tls": "tls://127.0.0.1:{}", "https": "https://127.0.0.1:{}/dns-query"}
SCHEMES = pytest.mark.parametrize("scheme", URLS)
PORTS = {"tls": 853, "https": 443}
NAMES = 15


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Authority:
    made = Authority(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(made.path))
    return made


@asynccontextmanager
async def served(
    scheme: str, authority: Authority, before: Callable[[int], Awaitable[object]]
) -> AsyncIterator[Server]:
    """A resolver.

    :param before: is awaited before each connection is answered, with its number from 1 on.
    """
    serving: list[asyncio.Task[None]] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        serving.append(task)
        try:
            reply = await (_over_https if scheme == "https" else _over_tls)(reader)
            await before(len(serving))
            writer.write(reply)
            await writer.drain()
        except (asyncio.CancelledError, asyncio.IncompleteReadError):  # the test is over, or the client has left
            writer.transport.abort()
        finally:
            writer.close()
            with suppress(ConnectionError, ssl.SSLError):
                await writer.wait_closed()

    listening = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=authority.context("127.0.0.1"))
    port = listening.sockets[0].getsockname()[1]
    try:
        yield Server("127.0.0.1", port, url=URLS[scheme].format(port))
    finally:
        listening.close()
        for task in serving:
            task.cancel()
        await asyncio.gather(*serving, return_exceptions=True)


async def hangs() -> None:
    await asyncio.Event().wait()


async def _over_tls(reader: asyncio.StreamReader) -> bytes:
    wire = _answered(await reader.readexactly(int.from_bytes(await reader.readexactly(2), "big")))
    return len(wire).to_bytes(2, "big") + wire


async def _over_https(reader: asyncio.StreamReader) -> bytes:
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    length = int(head.partition(b"content-length: ")[2].partition(b"\r\n")[0])
    wire = _answered(await reader.readexactly(length))
    said = "HTTP/1.1 200 OK\r\nContent-Type: application/dns-message\r\nContent-Length: "
    return f"{said}{len(wire)}\r\n\r\n".encode() + wire


def _answered(wire: bytes) -> bytes:
    return answer(dns.message.from_wire(wire), f"{NAME} 60 IN TXT there").to_wire()


@SCHEMES
def test_a_connection_that_hangs_is_not_waited_for_alone(
    scheme: str, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The third connection brings the answer, within one try that would otherwise take minutes."""
    monkeypatch.setattr(encrypted, "ANEW", 0.05)

    async def before(number: int) -> None:
        if number < 3:
            await hangs()

    async def work() -> None:
        async with served(scheme, authority, before) as server:
            network = Network(patience=steady(60))
            reply = await network.exchange(server, Question(NAME, TXT))
            assert str(reply.answer[0][0]) == '"there"'
            assert network.sent == 1

    asyncio.run(work())


@SCHEMES
def test_the_first_connection_s_answer_is_taken_though_another_is_open(
    scheme: str, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(encrypted, "ANEW", 0.05)

    async def work() -> None:
        second = asyncio.Event()

        async def before(number: int) -> None:
            if number > 1:
                second.set()
                await hangs()
            await second.wait()

        async with served(scheme, authority, before) as server:
            reply = await Network(patience=steady(60)).exchange(server, Question(NAME, TXT))
            assert str(reply.answer[0][0]) == '"there"'

    asyncio.run(work())


@SCHEMES
def test_what_does_not_answer_is_told_with_the_time_that_it_had(scheme: str, authority: Authority) -> None:
    """Three times that of plain DNS, in each of two tries."""

    async def work() -> str:
        async with served(scheme, authority, lambda number: hangs()) as server:
            with pytest.raises(LookupFailure) as caught:
                await Network(patience=Patience(0.1, 1, 0.2, 0.2)).exchange(server, Question(NAME, TXT))
            return caught.value.problem

    assert asyncio.run(work()) == "did not answer in 0.6 s, asked 2 times"


@pytest.mark.limit("ENCRYPTED_TIMES")
@pytest.mark.parametrize(("seconds", "answered"), [(limits.ENCRYPTED_TIMES.most - 0.1, True), (3.1, False)])
def test_an_answer_has_three_times_as_long_as_over_udp(seconds: float, answered: bool, loop: Loop) -> None:
    query = dns.message.make_query(NAME, TXT)

    async def connected(once: encrypted.Once) -> dns.message.Message:
        await asyncio.sleep(seconds)
        return query

    work = encrypted.exchange(connected, "tls://192.0.2.1", "192.0.2.1", 853, query, 1.0)
    with nullcontext() if answered else pytest.raises(TimeoutError):
        assert loop.run_until_complete(work) is query
    assert loop.time() == pytest.approx(min(seconds, 3))


@pytest.mark.parametrize(
    ("scheme", "said"),
    [("tls", "refused the connection"), ("https", "cannot be reached over HTTPS: ConnectError")],
)
def test_a_refusal_is_told_at_once(scheme: str, said: str, authority: Authority) -> None:
    nobody = dead()

    async def work() -> str:
        server = Server(nobody.host, nobody.port, url=URLS[scheme].format(nobody.port))
        with pytest.raises(LookupFailure) as caught:
            await impatient(patience=600).exchange(server, Question(NAME, TXT))
        return caught.value.problem

    assert asyncio.run(work()) == said


@SCHEMES
def test_a_fifth_of_all_packets_is_lost_each_way(scheme: str, tmp_path: Path, authority: Authority) -> None:
    """200 ms round trip, real BIND and the kernel's own TCP; each question has a connection of its own, or several.

    A connection by itself brings no answer in 4.5 seconds in 9 of 40 cases, and in 2 seconds no connection in 5.
    """
    url = f"{scheme}://{FAR}" + ("/dns-query" if scheme == "https" else "")
    with lossy(tmp_path / "net") as net, serving(net, ZONES, authority.certified(FAR)):
        program = [sys.executable, "-m", "tests.lookup.transport.afar", url, str(PORTS[scheme]), str(NAMES)]
        trusting = os.environ | {"SSL_CERT_FILE": str(authority.path)}
        done = subprocess.run(
            net.enter(program), cwd=ROOT, env=trusting, capture_output=True, text=True, check=False, timeout=300
        )
    assert done.returncode == 0, done.stderr + net.lost()
    assert not done.stdout
