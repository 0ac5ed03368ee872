"""Queries every authoritative server, at each of its addresses.

A receiver may query any of them, so a single one with old data makes mail fail now and then.
"""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import dns.flags
import dns.name
import dns.rdatatype
from dns.rdtypes.ANY.SOA import SOA

from elastx_mrs import limits
from elastx_mrs.display import some
from elastx_mrs.lookup import budget
from elastx_mrs.lookup.answer import Answer
from elastx_mrs.lookup.network import Network
from elastx_mrs.lookup.once import Once
from elastx_mrs.lookup.question import LookupFailure, OverBudgetError, Question, Server
from elastx_mrs.lookup.response import absolute, read, text
from elastx_mrs.lookup.transport.wire import NotServedError, UnusableError
from elastx_mrs.lookup.walk import Cut, Delegations, Listed, NameServer, without_address


@dataclass(frozen=True)
class Sighting:
    """The answer of one server at one of its addresses.

    :param host: the server's name, or its address if that was configured.
    :param listed: where the server is listed.
    """

    host: str
    server: Server
    answer: Answer
    listed: Listed = "zone"

    @property
    def no_route(self) -> bool:
        """Whether this machine has no IPv6: then IPv6 addresses fail, whatever the server does."""
        return ":" in self.server.host and NO_ROUTE in self.answer.problem


NO_ROUTE = "Network is unreachable"
"""The system's message for it (ENETUNREACH)."""


@dataclass(frozen=True)
class Observation:
    """The answers of all servers for one name.

    :param name: the queried name.
    :param aliases: the names that its CNAMEs lead to; the answers come from the servers of the last one.
    :param zone: the zone whose servers were queried; empty if they were configured.
    :param nobody: the servers without an address, with the reason.
    :param problem: why no server could be queried; empty if one was.
    """

    name: str
    sightings: tuple[Sighting, ...] = ()
    aliases: tuple[str, ...] = ()
    zone: str = ""
    nobody: tuple[NameServer, ...] = ()
    problem: str = ""

    def by_host(self) -> dict[str, list[Sighting]]:
        """Return the sightings by server."""
        found: dict[str, list[Sighting]] = {server.name: [] for server in self.nobody}
        for sighting in self.sightings:
            found.setdefault(sighting.host, []).append(sighting)
        return found


@dataclass(frozen=True)
class Served:
    """The servers of a zone.

    :param zone: its name; empty if the servers were configured.
    :param servers: all of them: those in the parent's NS records, those in the zone's own, and a hidden primary.
    :param parent: the names in the parent's NS records.
    :param child: the zone's own NS records, at each address of the parent's servers.
    :param failed: the addresses that gave no SOA.
    :param serials: the zone's serial (RFC 1035 §3.3.13) at each address that answered.
    :param primary: the hidden primary, if configured.
    """

    zone: str
    servers: tuple[NameServer, ...]
    parent: tuple[str, ...] = ()
    child: tuple[Sighting, ...] = ()
    failed: tuple[Sighting, ...] = ()
    serials: tuple[tuple[Server, int], ...] = ()
    primary: Server | None = None


class Places(Protocol):
    """Finds the servers of a name."""

    async def served(self, name: str) -> Served:
        """Return the servers of a name's zone.

        :raises LookupFailure: if they cannot be found.
        """
        ...


class Configured:
    """Configured servers instead of the delegated ones, or resolvers if port 53 cannot be used.

    :param servers: each with the place where it is listed.
    """

    def __init__(self, servers: Iterable[tuple[Server, Listed]]) -> None:
        self._served = Served("", tuple(NameServer(str(server), (server,), listed=place) for server, place in servers))

    async def served(self, name: str) -> Served:
        """Return the same servers for every name."""
        return self._served


class Delegated:
    """The servers in the NS records of parent and zone.

    :param primary: a hidden primary, which is queried although no NS record has it.
    """

    def __init__(self, network: Network, delegations: Delegations, primary: Server | None = None) -> None:
        self._network = network
        self._delegations = delegations
        self._primary = primary
        self._known: Once[str, Served] = Once()

    async def served(self, name: str) -> Served:
        """Return the servers of a name's zone; they are found once for each zone."""
        cut = await self._delegations.cut(name)
        return await self._known.get(cut.zone, lambda: self._bounded(cut), f"querying the name servers of {cut.zone}")

    async def _bounded(self, cut: Cut) -> Served:
        what = f"querying all name servers of {cut.zone or 'the root'}"
        with budget.budget(what, limits.ZONE_SECONDS.most, limits.ZONE_QUERIES.most):
            return await self._of(cut)

    async def _of(self, cut: Cut) -> Served:
        apex = absolute(cut.zone or ".")
        listed = {server.name: server for server in cut.servers}
        child = await sightings(self._network, cut.servers, Question(apex, dns.rdatatype.NS))
        more = [*cut.beyond, *sorted({n for s in child for n in s.answer.names()} - {*listed, *cut.beyond})]
        room = max(limits.NAME_SERVERS.most - len(listed), 0)
        servers = [*cut.servers, *await asyncio.gather(*(self._named(name) for name in more[:room]))]
        if more[room:]:
            servers.append(_not_asked(more[room:]))
        if self._primary is not None and not any(self._primary in server.addresses for server in servers):
            servers.append(NameServer(f"the primary {self._primary}", (self._primary,), listed="primary"))
        heads = await sightings(self._network, servers, Question(apex, dns.rdatatype.SOA))
        failed = tuple(sighting for sighting in heads if sighting.answer.status == "failed")
        serials = tuple(
            (sighting.server, rdata.serial)
            for sighting in heads
            for rdata in sighting.answer.rdatas
            if isinstance(rdata, SOA)
        )
        return Served(cut.zone, tuple(servers), tuple(listed), child, failed, serials, self._primary)

    async def _named(self, host: str) -> NameServer:
        try:
            return NameServer(host, await self._delegations.addresses(host))
        except (LookupFailure, ValueError) as failure:
            return without_address(host, failure)


def _not_asked(names: Sequence[str]) -> NameServer:
    """Return an entry for all name servers of a zone beyond the limit."""
    return NameServer(
        some(names, 1), (), f"not queried: the limit is {limits.NAME_SERVERS.most} name servers of a zone", True
    )


async def sightings(network: Network, servers: Sequence[NameServer], question: Question) -> tuple[Sighting, ...]:
    """Query every server at each of its addresses."""
    asked = [(server, address) for server in servers for address in server.addresses]
    answers = await asyncio.gather(*(answer_at(network, address, question) for _, address in asked))
    return tuple(
        Sighting(server.name, address, answer, server.listed)
        for (server, address), answer in zip(asked, answers, strict=True)
    )


async def answer_at(network: Network, server: Server, question: Question) -> Answer:
    """Return one server's own answer. A CNAME is not followed to other servers.

    The target of a CNAME is in ``canonical``.
    """
    name, rdtype = text(question.name), dns.rdatatype.to_text(question.rdtype)
    try:
        reading = read(await network.exchange(server, question), question)
    except LookupFailure as failure:
        over = isinstance(failure, OverBudgetError)
        return Answer(name, rdtype, "failed", problem=failure.problem, lame=failure.outside, over=over)
    except UnusableError as error:
        return Answer(name, rdtype, "failed", problem=str(error), lame=isinstance(error, NotServedError))
    rdatas = tuple(reading.rrset or ())
    if reading.chain and not question.flags & dns.flags.RD:
        return Answer(name, rdtype, "nodata", (), text(reading.chain[0]))
    ttl = reading.rrset.ttl if reading.rrset is not None else None
    return Answer(name, rdtype, reading.status or "nodata", rdatas, name, denied=reading.denied, ttl=ttl)


class Observer:
    """Queries all servers for the TXT records of a name, each once.

    :param flags: ``dns.flags.RD`` if the servers are recursive resolvers, which follow CNAMEs themselves.
    """

    def __init__(self, network: Network, places: Places, flags: int = 0) -> None:
        self._network = network
        self._places = places
        self._flags = flags
        self._known: Once[str, Observation] = Once()

    async def served(self, name: str) -> Served:
        """Return the servers of a name's zone; raises LookupFailure."""
        return await self._places.served(name)

    async def txt(self, name: str) -> Observation:
        """Return the servers' answers, at the end of any CNAMEs; never raises because of DNS."""
        try:
            return await self._known.get(name, lambda: self._followed(name), f"looking up {name} TXT")
        except LookupFailure as failure:
            return Observation(name, problem=str(failure))

    async def _followed(self, name: str) -> Observation:
        aliases: list[str] = []
        end = name
        while True:
            seen = replace(await self._asked(end), name=name, aliases=tuple(aliases))
            targets = sorted({s.answer.canonical for s in seen.sightings if s.answer.canonical not in ("", end)})
            if not targets or any(s.answer.status == "found" for s in seen.sightings):
                return seen
            if len(targets) > 1:
                return replace(seen, problem=f"its servers give different CNAME targets: {', '.join(targets)}")
            if targets[0] in (name, *aliases):
                circle = " -> ".join([name, *aliases, targets[0]])
                return replace(seen, problem=f"its CNAMEs form a loop: {circle}")
            if len(aliases) >= limits.CNAMES.most:
                return replace(seen, problem=f"its CNAMEs go on for more than {limits.CNAMES.most} times")
            end = targets[0]
            aliases.append(end)

    async def _asked(self, name: str) -> Observation:
        try:
            served = await self._places.served(name)
            question = Question(absolute(name), dns.rdatatype.TXT, self._flags)
        except (LookupFailure, ValueError) as failure:
            return Observation(name, problem=str(failure))
        seen = await sightings(self._network, served.servers, question)
        nobody = tuple(server for server in served.servers if not server.addresses)
        return Observation(
            name, seen, (), served.zone, nobody, "" if seen or nobody else "there is no name server to query"
        )
