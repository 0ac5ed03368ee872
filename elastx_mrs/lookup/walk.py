"""Finds the authoritative servers of a name, with a walk down from the root (RFC 1034 §5.3.3, RFC 9156)."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeVar

import dns.message
import dns.name
import dns.rdatatype

from elastx_mrs import limits
from elastx_mrs.lookup import budget
from elastx_mrs.lookup.network import Network
from elastx_mrs.lookup.question import LookupFailure, OverBudgetError, Question, Server, listed
from elastx_mrs.lookup.referral import Step, read_addresses, read_step
from elastx_mrs.lookup.response import absolute, below, text
from elastx_mrs.lookup.roots import ROOT_SERVERS
from elastx_mrs.lookup.start import Entrance, check_root

OPEN_PORT = (
    "let this machine send to port 53 (UDP and TCP), or set the servers to query in verification.nameservers. To query "
    "resolvers instead, add --via resolvers to elastx-mrs verify, or run: "
    "pulumi config set --path elastx-mrs:verification.via resolvers"
)
"""The fix if no root server answers."""

CHECK_HINTS = "start these servers, or correct their addresses in verification.rootHints (--root-hints)"
"""The fix if no configured root server answers."""

T = TypeVar("T")


Listed = Literal["zone", "nameservers", "run", "primary", "resolvers"]
"""Where a server is listed: in NS records, in ``verification`` under one of these keys, or for one run."""


@dataclass(frozen=True)
class NameServer:
    """One name server of a zone.

    :param name: as in its NS record, lower case, no final dot.
    :param addresses: all known ones, IPv4 before IPv6.
    :param problem: why it has no address; empty if it has one.
    :param over: whether the reason is that a limit was reached.
    :param listed: where it is listed.
    """

    name: str
    addresses: tuple[Server, ...]
    problem: str = ""
    over: bool = False
    listed: Listed = "zone"


@dataclass(frozen=True)
class Cut:
    """The zone of a name.

    :param name: the name, lower case, no final dot.
    :param zone: the deepest zone that contains it. The name is *delegated* if it is the zone's own name.
    :param servers: the servers of that zone in the parent's NS records, sorted by name.
    :param end: how the zone's servers answer: ``zone``: it is the zone's own name; ``name``: it, or something below it,
        exists; ``nxdomain``: it does not exist; ``cname`` or ``dname``: it is an alias, or below a DNAME, so nothing is
        delegated there (RFC 6672 §2.3).
    :param alias: the owner of that CNAME or DNAME; empty without one.
    :param target: its target.
    :param beyond: names of the zone's servers beyond the limit, which are not queried.
    """

    name: str
    zone: str
    servers: tuple[NameServer, ...]
    end: Literal["zone", "name", "nxdomain", "cname", "dname"]
    alias: str = ""
    target: str = ""
    beyond: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Zone:
    """A zone on the way down: its servers' names, each with the addresses that came with the referral."""

    name: dns.name.Name
    hosts: dict[dns.name.Name, tuple[Server, ...]]
    beyond: tuple[dns.name.Name, ...] = ()


@dataclass(frozen=True)
class _Place:
    """The end of a walk: the zone, and the last step in it; no step if the name is the zone's own."""

    zone: _Zone
    last: Step | None = None


@dataclass(frozen=True)
class _Trail:
    """The name servers whose addresses depend on a walk."""

    hosts: tuple[dns.name.Name, ...] = ()

    def to(self, host: dns.name.Name) -> "_Trail":
        """Return the trail to a name server.

        :raises LookupFailure: if it loops, or is too long.
        """
        circle = [text(name) for name in (*self.hosts, host)]
        if host in self.hosts:
            raise LookupFailure(None, f"its address depends on itself: {' -> '.join(circle)}")
        if len(self.hosts) >= limits.WALK_DEPTH.most:
            raise LookupFailure(None, f"its address is over {limits.WALK_DEPTH.most} delegations without glue away")
        return replace(self, hosts=(*self.hosts, host))


class Delegations:
    """Walks from the root; each query is sent once in the life of the network.

    :param hints: the root servers, IANA's by default. Delegated servers use the port of the first, because NS records
        have no port: it is 53, except in tests.
    """

    def __init__(self, network: Network, hints: Sequence[Server] = ()) -> None:
        self._network = network
        servers = tuple(hints) or ROOT_SERVERS
        self._port = servers[0].port
        self._root = _Zone(dns.name.root, {dns.name.root: servers})
        cure = CHECK_HINTS if hints else OPEN_PORT
        self._entrance = Entrance(network, servers, "no root server gives a usable answer", cure, check_root)

    async def cut(self, name: str) -> Cut:
        """Return the zone of a name, and its servers.

        :param name: as A-labels.
        :raises NobodyError: if no root server answers.
        :raises LookupFailure: if the query failed; names the servers and what each did.
        :raises ValueError: if the name is not valid in DNS.
        """
        trail = _Trail()
        asked = absolute(name)
        with budget.of_question(f"finding the name servers of {text(asked)}"):
            place = await self._walk(asked, trail)
            hosts = sorted(place.zone.hosts.items())
            servers = await asyncio.gather(*(self._name_server(host, known, trail) for host, known in hosts))
        last = place.last
        beyond = tuple(map(text, place.zone.beyond))
        if last is None:
            return Cut(text(asked), text(place.zone.name), tuple(servers), "zone", beyond=beyond)
        end = "zone" if last.kind == "cut" else last.kind
        alias, target = (text(last.name), text(last.target)) if last.target is not None else ("", "")
        return Cut(text(asked), text(place.zone.name), tuple(servers), end, alias, target, beyond)

    async def addresses(self, host: str) -> tuple[Server, ...]:
        """Return the addresses of a name server, from the servers of its own zone.

        :raises LookupFailure: if it has none, or the query failed.
        :raises ValueError: if the name is not valid in DNS.
        """
        name = absolute(host)
        with budget.of_question(f"finding the addresses of {text(name)}"):
            return tuple(in_order(await self._addresses(name, _Trail())))

    async def serving(self, name: dns.name.Name) -> list[Server]:
        """Return every known address of the servers of a name's zone.

        :raises LookupFailure: if they cannot be found.
        """
        cut = await self.cut(text(name))
        found = [address for server in cut.servers for address in server.addresses]
        if not found:
            problems = listed([f"{server.name}: {server.problem}" for server in cut.servers])
            kind = OverBudgetError if any(server.over for server in cut.servers) else LookupFailure
            raise kind(None, f"{cut.zone}: no name server has an address: {problems}")
        return found

    async def delegated_to(self, zone: str) -> tuple[str, ...]:
        """Return the servers that a zone is delegated to; none if it is not delegated. Raises as :meth:`cut`."""
        with budget.of_question(f"finding the name servers of {zone}"):
            place = await self._walk(absolute(zone), _Trail())
        return (
            tuple(sorted(map(text, (*place.zone.hosts, *place.zone.beyond))))
            if place.zone.name == absolute(zone)
            else ()
        )

    async def child_zone(self, owner: str, zone: str) -> str | None:
        """Return the first zone below ``zone`` that ``owner`` is delegated to; None if there is none.

        Its own servers are not queried: the parent's delegation is enough.

        :raises LookupFailure: if the query failed.
        :raises ValueError: if a name is not valid in DNS.
        """
        above, name = absolute(zone), absolute(owner)
        with budget.of_question(f"finding the zone of {text(name)}"):
            place = await self._walk(name, _Trail(), above)
        return text(place.zone.name) if below(place.zone.name, above) else None

    async def _walk(self, name: dns.name.Name, trail: _Trail, above: dns.name.Name | None = None) -> _Place:
        """Query one label more at a time (RFC 9156 §3).

        :param above: stop at the first zone below this one.
        """
        zone, depth = self._root, 2
        last: Step | None = None
        while depth <= len(name) and not (above is not None and below(zone.name, above)):
            step = name.split(depth)[1]
            last = await self._step(zone, step, trail)
            if last.kind == "nxdomain" and step != name:
                # Old servers deny names that only have others below them (RFC 8020 §4), so query the whole name.
                whole = await self._step(zone, name, trail)
                last = whole if whole.kind in ("nxdomain", "dname") else replace(last, kind="name")
            if last.kind in ("nxdomain", "dname"):
                return _Place(zone, last)
            if last.kind == "cut":
                zone, last = _Zone(last.name, last.hosts, last.beyond), None
                depth = len(zone.name)
            depth += 1
        return _Place(zone, last)

    async def _step(self, zone: _Zone, name: dns.name.Name, trail: _Trail) -> Step:
        return await self._ask(
            zone, name, dns.rdatatype.NS, lambda reply: read_step(reply, zone.name, name, self._port), trail
        )

    async def _ask(
        self,
        zone: _Zone,
        name: dns.name.Name,
        rdtype: dns.rdatatype.RdataType,
        read: Callable[[dns.message.Message], T],
        trail: _Trail,
    ) -> T:
        """Query a zone's servers, first those with known addresses, until one can be used."""
        question = Question(name, rdtype)
        if zone.name == dns.name.root:
            return await self._network.first(await self._entrance.servers(question), question, read)
        problems = []
        known = [server for host in sorted(zone.hosts) for server in zone.hosts[host]]
        if known:
            try:
                return await self._network.first(in_order(known), question, read)
            except OverBudgetError:
                raise
            except LookupFailure as failure:
                problems.append(str(failure))
        for host in sorted(host for host, addresses in zone.hosts.items() if not addresses):
            try:
                return await self._network.first(await self._addresses(host, trail), question, read)
            except OverBudgetError:
                raise
            except LookupFailure as failure:
                problems.append(f"{text(host)}: {failure}" if text(host) not in str(failure) else str(failure))
        raise LookupFailure(None, f"{text(zone.name)}: {listed(problems)}")

    async def _name_server(self, host: dns.name.Name, known: tuple[Server, ...], trail: _Trail) -> NameServer:
        try:
            addresses = known or await self._addresses(host, trail)
        except LookupFailure as failure:
            return without_address(text(host), failure)
        return NameServer(text(host), tuple(in_order(addresses)))

    async def _addresses(self, host: dns.name.Name, trail: _Trail) -> tuple[Server, ...]:
        """Return the addresses of a name server without glue.

        :raises LookupFailure: if it has none, or the query failed.
        """
        trail = trail.to(host)
        place = await self._walk(host, trail)

        async def ask(rdtype: dns.rdatatype.RdataType) -> tuple[Server, ...] | LookupFailure:
            try:
                return await self._ask(
                    place.zone, host, rdtype, lambda reply: read_addresses(reply, host, rdtype, self._port), trail
                )
            except LookupFailure as failure:
                return failure

        found = await asyncio.gather(ask(dns.rdatatype.A), ask(dns.rdatatype.AAAA))
        addresses = tuple(server for servers in found if isinstance(servers, tuple) for server in servers)
        if not addresses:
            failures = [failure for failure in found if isinstance(failure, LookupFailure)]
            raise failures[0].again() if failures else LookupFailure(None, f"{text(host)} has no address")
        return addresses


def without_address(host: str, failure: Exception) -> NameServer:
    """Return a name server without an address."""
    return NameServer(host, (), str(failure), isinstance(failure, OverBudgetError))


def in_order(servers: Sequence[Server]) -> list[Server]:
    """Return servers in a fixed order, so no query is repeated; IPv4 comes first, because more machines have it."""
    return sorted(set(servers), key=lambda server: (":" in server.host, server.name, server.host, server.port))
