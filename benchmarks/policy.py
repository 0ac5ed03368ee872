"""Mail policy: parsing beside pyspf's, and a tree of lookups beside its longest chain."""

import asyncio
import statistics
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

import dns.flags
import dns.message
import dns.rdatatype
import dns.rrset
import spf as pyspf

from elastx_mrs.lookup.network import Network
from elastx_mrs.lookup.vantage import Vantage, Who
from elastx_mrs.receiver.spf_tree import expand
from elastx_mrs.records import spf_terms
from toolchain.usage import part

RECORDS = 10_000
DELAY = 0.020
"""Seconds before the server answers."""

TREE = {
    "example.com": "v=spf1 include:a.example.com include:b.example.com a:h1.example.com mx:m.example.com -all",
    "a.example.com": "v=spf1 include:a1.example.com a:h2.example.com -all",
    "a1.example.com": "v=spf1 include:a2.example.com a:h3.example.com -all",
    "a2.example.com": "v=spf1 ip4:192.0.2.0/24 -all",
    "b.example.com": "v=spf1 include:b1.example.com exists:h4.example.com -all",
    "b1.example.com": "v=spf1 ip4:192.0.2.0/24 -all",
}
LOOKUPS = 10
CHAIN = ["example.com", "a.example.com", "a1.example.com", "a2.example.com"]
"""The longest chain of questions each of which is known only from the answer before."""


def parsing() -> tuple[list[float], list[float]]:
    """Return the seconds of parsing and rendering 10,000 records, and of pyspf's parsing of their terms."""
    records = [
        f"v=spf1 include:elastx.email include:s{n}.example.net ip4:192.0.{n % 256}.0/24 ip6:2001:db8:{n:x}::/48 a "
        f"mx/24 a:mail{n}.example.com//64 ?exists:%{{i}}.d{n}.example.org ~all"
        for n in range(RECORDS)
    ]
    query = pyspf.query(i="192.0.2.1", s="a@example.com", h="mail.example.com")
    ours, other = [], []
    for _ in range(3):
        started = time.perf_counter()
        for record in records:
            str(spf_terms.parse(record))
        ours.append(time.perf_counter() - started)
        started = time.perf_counter()
        for record in records:
            for term in record.split()[1:]:
                query.validate_mechanism(term)
        other.append(time.perf_counter() - started)
        spf_terms._term.cache_clear()  # each round reads every record for the first time
    return ours, other


def tree() -> tuple[list[float], list[float]]:
    """Return the seconds of counting a ten-lookup tree, and of its longest chain asked one after the other."""
    ours, other = [], []
    with slow_server() as address:
        for _ in range(7):
            started = time.perf_counter()
            found = asyncio.run(expand(at(address).ask, "example.com"))
            ours.append(time.perf_counter() - started)
            assert found.lookups == LOOKUPS, found.problems()
            started = time.perf_counter()
            asyncio.run(in_turn(at(address)))
            other.append(time.perf_counter() - started)
    assert statistics.median(other) >= DELAY * len(CHAIN)
    return ours, other


def at(address: str) -> Vantage:
    return Vantage(Who.of([address], resolvers=()), Network())


async def in_turn(vantage: Vantage) -> None:
    for name in CHAIN:
        await vantage.ask(name, "TXT")


class _Slow(asyncio.DatagramProtocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._send = cast(asyncio.DatagramTransport, transport).sendto

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        asyncio.get_running_loop().call_later(DELAY, self._answer, data, addr)

    def _answer(self, data: bytes, addr: tuple[str, int]) -> None:
        query = dns.message.from_wire(data)
        answer = dns.message.make_response(query)
        answer.flags |= dns.flags.AA
        name, rdtype = query.question[0].name, query.question[0].rdtype
        texts = {
            dns.rdatatype.TXT: f'"{TREE.get(name.to_text(omit_final_dot=True), "nothing")}"',
            dns.rdatatype.MX: "10 h5.example.com.",
            dns.rdatatype.A: "192.0.2.1",
            dns.rdatatype.AAAA: "2001:db8::1",
        }
        answer.answer.append(dns.rrset.from_text(name, 300, "IN", rdtype, texts[rdtype]))
        self._send(answer.to_wire(), addr)


@contextmanager
def slow_server() -> Iterator[str]:
    """Serve the tree on a thread's own loop, each answer late by the same time."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        opening = loop.create_datagram_endpoint(_Slow, local_addr=("127.0.0.1", 0))
        transport, _ = asyncio.run_coroutine_threadsafe(opening, loop).result()
        yield f"127.0.0.1:{transport.get_extra_info('sockname')[1]}"
        loop.call_soon_threadsafe(transport.close)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


if __name__ == "__main__":
    part(__doc__)
