"""Finds the zone that serves a name, through configured servers or resolvers. ``lookup.walk`` starts at the root."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import dns.message
import dns.name
import dns.rdatatype

from elastx_mrs.lookup.answer import Ask
from elastx_mrs.lookup.network import Network
from elastx_mrs.lookup.question import LookupFailure, Question, Server
from elastx_mrs.lookup.response import absolute, below, check_authority, find, records, referral, text
from elastx_mrs.lookup.start import NobodyError
from elastx_mrs.lookup.transport.wire import UnusableError


class Authorities(Protocol):
    """Finds the zone that serves a name."""

    async def child_zone(self, owner: str, zone: str) -> str | None:
        """Return a zone below ``zone`` that serves ``owner``; a record in ``zone`` would then never be seen.

        None if there is none, or if ``zone`` itself is not delegated.

        :raises LookupFailure: if the query failed; names the servers and what each did.
        :raises ValueError: if a name is not valid in DNS.
        """
        ...

    async def delegated_to(self, zone: str) -> tuple[str, ...] | None:
        """Return the names of the servers that a zone is delegated to: none if it is not delegated.

        None if servers are configured instead.

        :raises LookupFailure: if the query failed; names the servers and what each did.
        :raises ValueError: if the name is not valid in DNS.
        """
        ...


class GivenServers:
    """Queries configured servers instead of the delegated ones, in order.

    It queries for the SOA: an authority answers with that of its zone, even if the name does not exist (RFC 2308 §3).

    :param beyond: looks up names outside the zones of these servers; None to fail for those.
    """

    def __init__(self, network: Network, servers: Sequence[Server], beyond: Authorities | None = None) -> None:
        self._network = network
        self._servers = tuple(servers)
        self._beyond = beyond

    async def child_zone(self, owner: str, zone: str) -> str | None:
        """Return the deepest zone below ``zone`` that serves ``owner``, as :meth:`Authorities.child_zone`."""
        above = absolute(zone)
        try:
            found = await self._zone(absolute(owner), above)
        except LookupFailure as failure:
            if not failure.outside or self._beyond is None:
                raise
            return await self._beyond.child_zone(owner, zone)
        return text(found) if below(found, above) else None

    async def delegated_to(self, zone: str) -> tuple[str, ...] | None:
        """Return None, because the parent is not queried."""
        return None

    async def _zone(self, name: dns.name.Name, above: dns.name.Name) -> dns.name.Name:
        """Return a name's zone.

        :param above: ignore referrals to this zone or above.
        """
        question = Question(name, dns.rdatatype.SOA)
        found = await self._network.first(self._servers, question, lambda reply: _read(reply, name, above))
        return found.zone if found.alias is None else await self._zone(found.alias, above)


class ThroughResolvers:
    """Queries resolvers, and only for zones that should exist.

    A resolver that is queried for a name before it exists remembers for hours that it is missing.

    :param ask: queries them.
    """

    def __init__(self, ask: Ask) -> None:
        self._ask = ask

    async def child_zone(self, owner: str, zone: str) -> str | None:
        """Return None: the names may not exist yet, so the publisher decides."""
        return None

    async def delegated_to(self, zone: str) -> tuple[str, ...]:
        """Return the servers in the zone's own NS records, as :meth:`Authorities.delegated_to`."""
        answer = await self._ask(zone, "NS")
        if answer.nobody:
            raise NobodyError(answer.problem)
        if answer.status == "failed":
            raise LookupFailure(None, answer.problem)
        if answer.canonical != answer.name:  # an alias: no zone begins at a CNAME (RFC 2181 §10.1)
            return ()
        return tuple(sorted(answer.names()))


@dataclass(frozen=True)
class _Soa:
    """The content of one answer.

    :param alias: the name to query next, because the answer is about the target of an alias; None if the zone is known.
    """

    zone: dns.name.Name = dns.name.root
    alias: dns.name.Name | None = None


def _read(reply: dns.message.Message, name: dns.name.Name, above: dns.name.Name) -> _Soa:
    ns = referral(reply)
    if ns is not None and not reply.answer and name.is_subdomain(ns.name) and below(ns.name, above):
        return _Soa(ns.name)
    check_authority(reply, Question(name, dns.rdatatype.SOA))
    dname = find(reply.answer, dns.rdatatype.DNAME)
    if dname is not None and below(name, dname.name):
        return _Soa(alias=dname.name)
    if find(reply.answer, dns.rdatatype.CNAME, name) is not None and name != dns.name.root:
        return _Soa(alias=name.parent())  # no zone begins at a CNAME (RFC 2181 §10.1), so it is the name above's
    soa = records(reply, dns.rdatatype.SOA, name) or find(reply.authority, dns.rdatatype.SOA)
    if soa is None or not name.is_subdomain(soa.name):
        raise UnusableError(f"answers for {text(name)} without saying in which zone it is (RFC 2308 §3)")
    return _Soa(soa.name)
