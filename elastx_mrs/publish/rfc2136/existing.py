"""Read a name on an RFC 2136 primary: its own records, a wildcard's answers, and records in the way."""

from collections.abc import Mapping

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
from dns.rdtypes.ANY.TXT import TXT

from elastx_mrs.display import show
from elastx_mrs.lookup.response import denies
from elastx_mrs.lookup.wildcard import strangers
from elastx_mrs.publish.existing import Existing
from elastx_mrs.publish.rfc2136.primary import Ask, Primary, UpdateError, at, first, text
from elastx_mrs.records.names import fits
from elastx_mrs.records.text import join

_TYPES = (dns.rdatatype.TXT, dns.rdatatype.A, dns.rdatatype.AAAA, dns.rdatatype.MX)

Sets = Mapping[str, tuple[str, ...]]
"""Records by type, sorted, as text."""


def existing(primary: Primary, zone: str, owner: str) -> Existing:
    """Query the primary for the records at a name.

    :raises UpdateError: if it does not answer, refuses, or does not serve the name.
    """
    with primary.connected() as ask:
        return _Probe(primary, ask, zone).existing(owner)


class _Probe:
    def __init__(self, primary: Primary, ask: Ask, zone: str) -> None:
        self._primary = primary
        self._ask = ask
        self._zone = zone

    def existing(self, owner: str) -> Existing:
        answer = self._answer(owner, dns.rdatatype.TXT)
        dname = first(answer.answer, dns.rdatatype.DNAME)
        if dname is not None:
            return Existing(owner, self._zone, dname=(text(dname.name), text(dname[0].target)))
        if (child := self._child(owner, answer)) is not None:
            return Existing(owner, self._zone, child=child)
        if denies(answer) and at(answer, owner, dns.rdatatype.CNAME) is None:
            return Existing(owner, self._zone)
        here = self._sets(owner)
        if owner != self._zone and self._synthesised(owner, here):
            return Existing(owner, self._zone, synthesised=here)
        own = at(answer, owner, dns.rdatatype.TXT)
        txt = tuple(join(rdata.strings) for rdata in own or () if isinstance(rdata, TXT))
        others = {kind: found for kind, found in here.items() if kind != "TXT"}
        return Existing(owner, self._zone, txt, others, ttl=own.ttl if own is not None else None)

    def _answer(self, name: str, rdtype: dns.rdatatype.RdataType) -> dns.message.Message:
        return self._ask(self._primary.query(name, rdtype))

    def _child(self, owner: str, answer: dns.message.Message) -> str | None:
        """Return the other zone that serves the name, if any: a delegated one, or another one of this server."""
        delegation = first(answer.authority, dns.rdatatype.NS)
        if not answer.flags & dns.flags.AA and not answer.answer:
            if delegation is None:
                raise UpdateError(f"{self._primary} does not serve {owner}; name the primary that does")
            return text(delegation.name)
        if answer.answer:
            answer = self._answer(owner, dns.rdatatype.SOA)
        soa = at(answer, owner, dns.rdatatype.SOA) or first(answer.authority, dns.rdatatype.SOA)
        if soa is None and at(answer, owner, dns.rdatatype.CNAME) is not None:
            soa = self._primary.soa_above(self._ask, owner, self._zone)
        served = text(soa.name) if soa is not None else self._zone
        return served if served != self._zone and served.endswith(f".{self._zone}") else None

    def _synthesised(self, owner: str, here: Sets) -> bool:
        """Return whether a wildcard answers with these records, at a name that does not exist."""
        return bool(here) and all(self._sets(name) == here for name in strangers(owner))

    def _sets(self, name: str) -> Sets:
        found: dict[str, tuple[str, ...]] = {}
        if not fits(name):
            return found
        for rdtype in _TYPES:
            answer = self._answer(name, rdtype)
            if denies(answer) and not answer.answer:
                return {}
            alias = at(answer, name, dns.rdatatype.CNAME)
            if alias is not None:
                return {"CNAME": (text(alias[0].target),)}
            rrset = at(answer, name, rdtype)
            if rrset is not None:
                found[rdtype.name] = tuple(sorted(map(_shown, rrset)))
        return found


def _shown(rdata: object) -> str:
    return show(join(rdata.strings)) if isinstance(rdata, TXT) else str(rdata)
