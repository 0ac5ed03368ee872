"""An Internet in memory: a root, top-level domains, a good domain, the relay's, hostile ones, and a resolver."""

import asyncio
import functools
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import dns.flags
import dns.message
import pytest

from elastx_mrs.lookup.question import Server as Address
from elastx_mrs.lookup.transport import plain
from elastx_mrs.lookup.transport.pool import Sockets
from elastx_mrs.lookup.transport.wire import Query as Asked
from elastx_mrs.lookup.transport.wire import UnusableError
from elastx_mrs.lookup.vantage import Who
from tests import golden
from tests.fuzz import wire
from tests.fuzz.clock import EndlessError
from tests.fuzz.server import Nodes, Server, Zone, everything
from tests.fuzz.wire import Name, Query
from tests.fuzz.zones import GOOD, HIS, TOP, Hostile

ROOT, SECOND, RESOLVER = "10.0.0.1", "10.0.1.2", "10.0.0.53"
MOST = 6000
"""Queries in one round of a world with a few hostile zones; most take some dozens."""

RELAY = "v=spf1 ip4:203.0.113.0/24 ~all"
SPF, DMARC = "v=spf1 include:elastx.email -all", "v=DMARC1; p=quarantine; rua=mailto:d@good.com"

WHO = {
    "root": Who(root_hints=(Address(ROOT),), resolvers=(Address(RESOLVER),)),
    "resolvers": Who(resolvers=(Address(RESOLVER),), via="resolvers"),
    "nameservers": Who(nameservers=(Address(GOOD),), resolvers=(Address(RESOLVER),)),
}


def nodes(origin: str, records: str) -> Nodes:
    """Records of a zone, a line each: owner, type, and a name, an address or text."""
    found: Nodes = {}
    for line in records.strip().splitlines():
        owner, rdtype, data = line.split(" ", 2)
        name = wire.name(origin) if owner == "@" else (*wire.name(owner), *wire.name(origin))
        rdata = _rdata(origin, rdtype, data)
        found.setdefault(name, {}).setdefault(wire.TYPES[rdtype], []).append(rdata)
    return found


def _rdata(origin: str, rdtype: str, data: str) -> bytes:
    if rdtype == "TXT":
        return wire.cut(data.encode())
    if rdtype == "A":
        return bytes(map(int, data.split(".")))
    return wire.soa(wire.name(origin)) if rdtype == "SOA" else wire.encoded(wire.name(data))


def _zone(origin: str, records: str) -> tuple[Name, Zone]:
    return wire.name(origin), Zone(wire.name(origin), nodes(origin, records), 3600)


@functools.cache
def fixed() -> dict[str, dict[Name, Zone]]:
    """What is the same in every world, by address."""
    apex = f"@ SOA -\n@ NS ns1.good.com\n@ NS ns2.good.com\nns1 A {GOOD}\nns2 A {SECOND}\n"
    good = f"{apex}@ TXT {SPF}\n@ TXT {golden.TOKEN}\nelastx._domainkey TXT {golden.DKIM}\n"
    good += f"_dmarc TXT {DMARC}\n*._report._dmarc TXT v=DMARC1"
    relay = f"@ SOA -\n@ NS ns1.good.com\n@ TXT v=spf1 include:_spf.elastx.email -all\n_spf TXT {RELAY}"
    com = f"@ SOA -\n@ NS ns.top\ngood NS ns1.good.com\ngood NS ns2.good.com\nns1.good A {GOOD}\nns2.good A {SECOND}"
    ours = dict([_zone("good.com", good), _zone("elastx.email", relay)])
    email = "@ SOA -\n@ NS ns.top\nelastx NS ns1.good.com"
    return {
        ROOT: dict([_zone("",
        f"@ SOA -\n@ NS root\nroot A {ROOT}\ncom NS ns.top\nemail NS ns.top\ntop NS ns.top\nns.top A {TOP}")]),
        TOP: dict([_zone("com", com), _zone("email", email), _zone("top", f"@ SOA -\n@ NS ns.top\nns A {TOP}")]),
        GOOD: ours,
        SECOND: ours,
    }  # fmt: skip


@dataclass
class World:
    """What answers. One object is one Internet; it does not change."""

    hostile: Sequence[Hostile]
    servers: dict[str, Server] = field(default_factory=dict)
    asked: int = 0

    def __post_init__(self) -> None:
        self.servers = {address: Server(dict(zones)) for address, zones in fixed().items()}
        self.servers[HIS] = Server()
        com = self.servers[TOP].zones[(b"com",)]
        self.servers[TOP].zones[(b"com",)] = top = Zone(com.origin, dict(com.nodes), com.ttl)
        for one in self.hostile:
            self.servers[HIS].zones[one.zone.origin] = one.zone
            if one.shared:
                self.servers[GOOD].zones[one.zone.origin] = one.zone
            top.nodes |= one.cut
        top.__post_init__()
        self.servers[RESOLVER] = Server(dict(everything([self.servers[HIS], *self.servers.values()])), recursive=True)

    def reply(self, address: str, octets: bytes, *, tcp: bool) -> tuple[bytes | None, float]:
        """What a server says to a query, and after how many seconds."""
        self.asked += 1
        if self.asked > MOST:
            raise EndlessError(f"takes over {MOST} queries")
        server = self.servers.get(address)
        if server is None:
            return None, 0.0
        query = Query.read(octets)
        whose = next((one for one in self.hostile if query.name[-len(one.zone.origin) :] == one.zone.origin), None)
        answer = server.answer(query)
        if whose is None or address in (ROOT, TOP):
            return answer.octets(query, 65535 if tcp else 1232), 0.0
        slow = whose.slow.get(tcp, 0.0)
        return (
            answer.octets(query, 65535 if tcp else 1232) if whose.twist is None else whose.twist(query, answer, tcp)
        ), slow

    async def exchange(
        self, sockets: Sockets, host: str, port: int, query: Asked, patience: float, pauses: object = ()
    ) -> dns.message.Message:
        """As :func:`elastx_mrs.lookup.transport.plain.exchange`, without sockets."""
        answer = await self._once(host, query, patience, tcp=False)
        if not isinstance(answer, UnusableError) and not answer.flags & dns.flags.TC:
            return answer
        try:
            answer = await self._once(host, query, patience, tcp=True)
        except TimeoutError:
            raise UnusableError("answered in part, and nothing over TCP") from None
        if isinstance(answer, UnusableError):
            raise answer
        if answer.flags & dns.flags.TC:
            raise UnusableError("sent a truncated answer, even over TCP")
        return answer

    async def _once(
        self, host: str, query: Asked, patience: float, *, tcp: bool
    ) -> dns.message.Message | UnusableError:
        async with asyncio.timeout(patience):
            octets, seconds = self.reply(host, query.wire, tcp=tcp)
            if seconds:
                await asyncio.sleep(seconds)
            if octets is None or not query.own(octets):
                await asyncio.sleep(3600.0)  # what is no answer to it is passed over, and takes the time all the same
                raise TimeoutError
            try:
                answer = query.read(octets)
            except UnusableError as error:
                return error
            if query.is_answered_by(answer):
                return answer
            if tcp:
                return UnusableError("answered another question")
            await asyncio.sleep(3600.0)  # as a socket waits on for the right one
            raise AssertionError


@contextmanager
def answering(world: World) -> Iterator[None]:
    """Have a world answer every question over plain DNS."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plain, "exchange", world.exchange)
        yield
