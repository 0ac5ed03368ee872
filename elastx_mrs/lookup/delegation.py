"""Which zone serves a name: asked of the delegated servers, or of configured ones that take their place."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import dns.message
import dns.name
import dns.rdatatype

from elastx_mrs.lookup.network import Network, Question, Server
from elastx_mrs.lookup.reading import absolute, below, check_authority, find, referral, text
from elastx_mrs.lookup.walk import Delegations
from elastx_mrs.lookup.wire import UnusableError


class _Source(Protocol):
    async def zone_of(self, name: str) -> str: ...

    async def child_zone(self, owner: str, zone: str) -> str | None: ...

    async def delegated_to(self, zone: str) -> tuple[str, ...] | None: ...


class Authorities:
    """Says which zone serves a name."""

    def __init__(self, source: _Source) -> None:
        self._source = source

    @classmethod
    def delegated(cls, network: Network, hints: Sequence[Server] = ()) -> "Authorities":
        """Return what walks down from the root; ``hints`` as in :class:`Delegations`."""
        return cls(Delegations(network, hints))

    @classmethod
    def of(cls, network: Network, servers: Sequence[Server]) -> "Authorities":
        """Return what asks the given servers, in order; one that gives no usable answer is passed over for the next."""
        return cls(_Configured(network, servers))

    async def zone_of(self, name: str) -> str:
        """Return the deepest zone known that a name lies in, lower case, no final dot.

        :param name: as A-labels; it need not exist.
        :raises LookupFailure: where it could not be asked: which servers, and what each did.
        :raises ValueError: where DNS cannot hold the name.
        """
        return await self._source.zone_of(name)

    async def child_zone(self, owner: str, zone: str) -> str | None:
        """Return a zone below ``zone`` that serves ``owner``, so that a record in ``zone`` would never be seen.

        None where there is none, and where ``zone`` itself is not delegated.

        :raises LookupFailure: where it could not be asked: which servers, and what each did.
        :raises ValueError: where DNS cannot hold a name.
        """
        return await self._source.child_zone(owner, zone)

    async def delegated_to(self, zone: str) -> tuple[str, ...] | None:
        """Return the names of the servers that a zone is delegated to: none where it is not delegated.

        None where servers were given in place of delegation.

        :raises LookupFailure: where it could not be asked: which servers, and what each did.
        :raises ValueError: where DNS cannot hold the name.
        """
        return await self._source.delegated_to(zone)


class _Configured:
    """Asks for the SOA: an authority answers with its zone's, whether the name exists or not (RFC 2308 §3)."""

    def __init__(self, network: Network, servers: Sequence[Server]) -> None:
        self._network = network
        self._servers = tuple(servers)

    async def zone_of(self, name: str) -> str:
        return text(await self._zone(absolute(name), dns.name.root))

    async def child_zone(self, owner: str, zone: str) -> str | None:
        above = absolute(zone)
        found = await self._zone(absolute(owner), above)
        return text(found) if below(found, above) else None

    async def delegated_to(self, _zone: str) -> tuple[str, ...] | None:
        return None

    async def _zone(self, name: dns.name.Name, above: dns.name.Name) -> dns.name.Name:
        """Return a name's zone.

        :param above: a referral to this zone, or one above it, does not answer what is below it.
        """
        question = Question(name, dns.rdatatype.SOA)
        found = await self._network.first(self._servers, question, lambda reply: _read(reply, name, above))
        return found.zone if found.alias is None else await self._zone(found.alias, above)


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
    soa = find(reply.answer, dns.rdatatype.SOA, name) or find(reply.authority, dns.rdatatype.SOA)
    if soa is None or not name.is_subdomain(soa.name):
        raise UnusableError(f"answers for {text(name)} without saying in which zone it is (RFC 2308 §3)")
    return _Soa(soa.name)
