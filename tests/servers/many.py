"""A small Internet in one process: ``python -m tests.servers.many RECORDS ADDRESSES [truncated]``.

A root, a registry, a resolver, and name servers at as many addresses of 127.0.0.0/8 as are wanted, all on one port. The
domains of RECORDS, as ``elastx-mrs records --format json`` prints them, have two of the addresses each. It prints its
port, and runs until its standard input ends. Answers are written by hand, as the client is what is to be measured.
"""

import asyncio
import json
import struct
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from ipaddress import IPv4Address
from pathlib import Path
from subprocess import PIPE, Popen
from typing import cast

import dns.name
import dns.rdatatype

from elastx_mrs.records.text import cut

ROOT, REGISTRY, RESOLVER = "127.1.0.1", "127.1.0.2", "127.1.0.3"
FIRST = int(IPv4Address("127.2.0.1"))
TLDS = ("example", "email")
RELAY = "elastx.email"
A, NS, SOA, TXT, OPT = (dns.rdatatype.from_text(kind) for kind in ("A", "NS", "SOA", "TXT", "OPT"))
QUESTION = b"\xc0\x0c"
"""The question's name, as a pointer (RFC 1035 §4.1.4)."""
NOERROR, NXDOMAIN = 0, 3
QR, AA, TC, RA = 0x8000, 0x0400, 0x0200, 0x0080

VERIFY = f"""
import os, socket, sys
import elastx_mrs.cli.verify
from elastx_mrs.cli import entry
from elastx_mrs.lookup.question import Server

port, records, left = sys.argv[1:]
elastx_mrs.cli.verify._root_hints = lambda path: (Server("{ROOT}", int(port)),)
if left != "all":
    import asyncio, elastx_mrs.lookup.vantage, elastx_mrs.verify.sources, encodings.idna
    kept = []
    try:
        while True:
            kept.append(os.dup(0))
    except OSError:
        for one in kept[: int(left)]:
            os.close(one)
sys.argv = ["elastx-mrs", "verify", "--records", records, "--root-hints", "x", "--resolver", "{RESOLVER}:" + port,
            "--timeout", "0", "--format", "json"]
entry.run()
"""
"""The program that verifies the domains of a file in it: PORT RECORDS, and how many descriptors are left it, or all."""


Sections = tuple[list[bytes], list[bytes], list[bytes]]


@cache
def wire(name: str) -> bytes:
    return cast(bytes, dns.name.from_text(name).to_wire())


def record(owner: bytes, kind: int, data: bytes) -> bytes:
    return owner + struct.pack("!HHIH", kind, 1, 3600, len(data)) + data


def soa(zone: bytes) -> bytes:
    return record(zone, SOA, wire("ns.") + wire("mail.") + struct.pack("!5I", 1, 3600, 900, 604800, 300))


def packed(address: str) -> bytes:
    return IPv4Address(address).packed


@dataclass
class World:
    """What there is: names as octets, zones with the addresses of their servers."""

    zones: dict[bytes, list[str]] = field(default_factory=dict)
    texts: dict[bytes, list[bytes]] = field(default_factory=lambda: defaultdict(list))
    names: set[bytes] = field(default_factory=set)

    @classmethod
    def of(cls, rows: Iterable[Mapping[str, str]], addresses: Sequence[str]) -> "World":
        made = cls({wire(RELAY): [addresses[0]]})
        for row in rows:
            made.texts[wire(row["name"])].append(row["value"].encode())
            if wire(row["domain"]) not in made.zones:
                first = 2 * len(made.zones)
                made.zones[wire(row["domain"])] = [addresses[(first + n) % len(addresses)] for n in range(2)]
        made.texts[wire(RELAY)].append(b"v=spf1 ip4:192.0.2.0/24 -all")
        for name in made.texts:
            made.names.update(above(name))
        return made

    def answer(self, query: bytes, server: str, *, truncated: bool) -> bytes:
        """Return the response of the server at an address."""
        end = 12
        while query[end]:
            end += 1 + query[end]
        name, kind = query[12 : end + 1].lower(), int.from_bytes(query[end + 1 : end + 3], "big")
        flags = AA
        sections: Sections = ([], [], [])
        if truncated and kind == TXT and server not in (ROOT, REGISTRY, RESOLVER):
            flags |= TC
        elif server == ROOT:
            tld = next((part for part in above(name) if part in map(wire, TLDS)), None)
            sections = self._own(name, kind, b"\0") if tld is None else referred(tld, [REGISTRY])
            flags = AA if tld is None else 0
        elif server == REGISTRY:
            zone = self._zone(name)
            tld = above(name)[-1]
            # A DS is the parent's (RFC 4035 §3.1.4.1).
            own = zone is None or (zone == name and kind == dns.rdatatype.DS)
            sections = self._own(name, kind, tld) if own else referred(zone or b"", self.zones[zone or b""])
            flags = AA if own else 0
        else:
            sections = self._own(name, kind, self._zone(name) or b"\0")
            flags = RA if server == RESOLVER else AA
        code = NOERROR if flags & TC or any(sections[:1]) or name in self.names or flags == 0 else NXDOMAIN
        return self._response(query, end + 5, flags | code, sections)

    def _response(self, query: bytes, end: int, flags: int, sections: Sections) -> bytes:
        opt = [b"\0" + struct.pack("!HHIH", OPT, 1232, 0, 0)] if query[10:12] != b"\0\0" else []
        answer, authority, additional = sections
        header = query[:2] + struct.pack(
            "!5H", QR | (query[2] & 1) << 8 | flags, 1, len(answer), len(authority), len(additional) + len(opt)
        )
        return header + query[12:end] + b"".join((*answer, *authority, *additional, *opt))

    def _own(self, name: bytes, kind: int, zone: bytes) -> Sections:
        found: list[bytes] = []
        if kind == TXT:
            found = [
                record(QUESTION, TXT, b"".join(bytes([len(part)]) + part for part in cut(text)))
                for text in self.texts.get(name, [])
            ]
        elif kind == SOA and name == zone:
            found = [soa(name)]
        elif kind == NS and name == zone:
            found = [record(QUESTION, NS, host) for host, _ in hosts(zone, self.zones.get(zone, [ROOT]))]
        return found, [] if found else [soa(zone)], []

    def _zone(self, name: bytes) -> bytes | None:
        return next((end for end in above(name) if end in self.zones), None)


def above(name: bytes) -> list[bytes]:
    """Return a name and all above it but the root."""
    found = []
    while name[0]:
        found.append(name)
        name = name[1 + name[0] :]
    return found or [b"\0"]


def hosts(zone: bytes, addresses: Sequence[str]) -> Iterator[tuple[bytes, str]]:
    for number, address in enumerate(addresses, 1):
        yield b"\x03ns%d" % number + zone, address


def referred(zone: bytes, addresses: Sequence[str]) -> Sections:
    named = list(hosts(zone, addresses))
    ns = [record(zone, NS, host) for host, _ in named]
    return [], ns, [record(host, A, packed(address)) for host, address in named]


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, world: World, *, truncated: bool) -> None:
        self._world = world
        self._truncated = truncated

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)
        self._own = transport.get_extra_info("sockname")[0]

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self._transport.sendto(self._world.answer(data, self._own, truncated=self._truncated), addr)


async def serve(world: World, addresses: Sequence[str], *, truncated: bool) -> None:
    """Serve until standard input ends."""
    loop = asyncio.get_running_loop()

    async def stream(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            query = await reader.readexactly(int.from_bytes(await reader.readexactly(2), "big"))
            reply = world.answer(query, writer.get_extra_info("sockname")[0], truncated=False)
            writer.write(len(reply).to_bytes(2, "big") + reply)
            await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    tcp = await asyncio.start_server(stream, "0.0.0.0", 0, backlog=512)  # noqa: S104 - all of 127.0.0.0/8
    port = tcp.sockets[0].getsockname()[1]
    for address in addresses:
        await loop.create_datagram_endpoint(lambda: _Datagrams(world, truncated=truncated), local_addr=(address, port))
    print(port, flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


@contextmanager
def running(records: Path, addresses: int, *options: str) -> Iterator[int]:
    """Run one; its port is given."""
    command = [sys.executable, "-m", "tests.servers.many", str(records), str(addresses), *options]
    with Popen(command, stdin=PIPE, stdout=PIPE, text=True) as process:
        assert process.stdout is not None
        yield int(process.stdout.readline())
        # Leaving closes its standard input, which ends it.


def main() -> None:
    records, count, *options = sys.argv[1:]
    addresses = [str(IPv4Address(FIRST + number)) for number in range(int(count))]
    world = World.of(json.loads(Path(records).read_text()), addresses)
    asyncio.run(serve(world, [ROOT, REGISTRY, RESOLVER, *addresses], truncated="truncated" in options))


if __name__ == "__main__":
    main()
