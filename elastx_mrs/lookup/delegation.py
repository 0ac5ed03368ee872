"""Which zone serves a name: asked of given servers, or of resolvers. ``lookup.walk`` asks from the root down."""

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
    """Says which zone serves a name."""

    async def child_zone(self, owner: str, zone: str) -> str | None:
        """Return a zone below ``zone`` that serves ``owner``, so that a record in ``zone`` would never be seen.

        None where there is none, and where ``zone`` itself is not delegated.

        :raises LookupFailure: where it could not be asked: which servers, and what each did.
        :raises ValueError: where DNS cannot hold a name.
        """
        ...

    async def delegated_to(self, zone: str) -> tuple[str, ...] | None:
        """Return the names of the servers that a zone is delegated to: none where it is not delegated.

        None where servers were given in place of delegation.

        :raises LookupFailure: where it could not be asked: which servers, and what each did.
        :raises ValueError: where DNS cannot hold the name.
        """
        ...


class GivenServers:
    """Asks servers that take the place of delegation, in order.

    The question is for the SOA: an authority answers with its zone's, whether the name exists or not (RFC 2308 §3).

    :param beyond: is asked for names outside the zones that these servers serve; None to fail for those.
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
        """Return None: nobody asked the parent."""
        return None

    async def _zone(self, name: dns.name.Name, above: dns.name.Name) -> dns.name.Name:
        """Return a name's zone.

        :param above: a referral to this zone, or one above it, does not answer what is below it.
        """
        question = Question(name, dns.rdatatype.SOA)
        found = await self._network.first(self._servers, question, lambda reply: _read(reply, name, above))
        return found.zone if found.alias is None else await self._zone(found.alias, above)


class ThroughResolvers:
    """Asks resolvers, and only for zones that should be there.

    A resolver that is asked for a name before it is created remembers for hours that there is nothing.

    :param ask: asks them.
    """

    def __init__(self, ask: Ask) -> None:
        self._ask = ask

    async def child_zone(self, owner: str, zone: str) -> str | None:
        """Return None, as the question would be for names that are about to be created. The publisher's word counts."""
        return None

    async def delegated_to(self, zone: str) -> tuple[str, ...]:
        """Return the names that the zone itself gives for its servers, as :meth:`Authorities.delegated_to`."""
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
    """What one answer says.

    :param alias: the name to ask of next, for the answer is about where an alias leads; None where the zone is known.
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
