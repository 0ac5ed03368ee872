"""What an RFC 2136 primary serves at a name: its own records, what a wildcard answers there, and what is in the way."""

import secrets
from collections.abc import Mapping

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset
from dns.rdtypes.ANY.TXT import TXT

from elastx_mrs.publish.existing import Existing
from elastx_mrs.publish.primary import Ask, Primary, UpdateError
from elastx_mrs.records.names import MAX_NAME
from elastx_mrs.records.text import join, show

_TYPES = (dns.rdatatype.TXT, dns.rdatatype.A, dns.rdatatype.AAAA, dns.rdatatype.MX)

Sets = Mapping[str, tuple[str, ...]]
"""Records by type, sorted, as text."""


def existing(primary: Primary, zone: str, owner: str) -> Existing:
    """Ask the primary what is at a name.

    :raises UpdateError: where it does not answer, refuses, or does not serve the name.
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
        dname = _find(answer.answer, dns.rdatatype.DNAME)
        if dname is not None:
            return Existing(owner, self._zone, dname=(_text(dname.name), _text(dname[0].target)))
        if (child := self._child(owner, answer)) is not None:
            return Existing(owner, self._zone, child=child)
        if answer.rcode() == dns.rcode.NXDOMAIN:
            return Existing(owner, self._zone)
        here = self._sets(owner)
        if owner != self._zone and here == self._wildcard(owner):
            return Existing(owner, self._zone, synthesised=here)
        own = _find(answer.answer, dns.rdatatype.TXT, owner)
        txt = tuple(join(rdata.strings) for rdata in own or () if isinstance(rdata, TXT))
        others = {kind: found for kind, found in here.items() if kind != "TXT"}
        return Existing(owner, self._zone, txt, others, ttl=own.ttl if own is not None else None)

    def _answer(self, name: str, rdtype: dns.rdatatype.RdataType) -> dns.message.Message:
        return self._ask(self._primary.query(name, rdtype))

    def _child(self, owner: str, answer: dns.message.Message) -> str | None:
        """Return the zone that serves the name where it is not ours: one delegated away, or one beside it."""
        delegation = _find(answer.authority, dns.rdatatype.NS)
        if not answer.flags & dns.flags.AA and not answer.answer:
            if delegation is None:
                raise UpdateError(f"{self._primary} does not serve {owner}; name the primary that does")
            return _text(delegation.name)
        if answer.answer:
            answer = self._answer(owner, dns.rdatatype.SOA)
        soa = _find(answer.answer, dns.rdatatype.SOA, owner) or _find(answer.authority, dns.rdatatype.SOA)
        served = _text(soa.name) if soa is not None else self._zone
        return served if served != self._zone and served.endswith(f".{self._zone}") else None

    def _wildcard(self, owner: str) -> Sets | None:
        """Return what a wildcard answers where ``owner`` is, or None where none does, or the name is there itself.

        A name that is there ends the wildcard for all names below it (RFC 4592 §3.3.1), so that one below tells.
        """
        beside = self._sets(f"{_nobody()}.{owner.partition('.')[2]}")
        if not beside or self._sets(f"{_nobody()}.{owner}") != beside:
            return None
        return beside

    def _sets(self, name: str) -> Sets:
        found: dict[str, tuple[str, ...]] = {}
        if len(name) > MAX_NAME:
            return found
        for rdtype in _TYPES:
            answer = self._answer(name, rdtype)
            if answer.rcode() == dns.rcode.NXDOMAIN and not answer.answer:
                return {}
            alias = _find(answer.answer, dns.rdatatype.CNAME, name)
            if alias is not None:
                return {"CNAME": (_text(alias[0].target),)}
            rrset = _find(answer.answer, rdtype, name)
            if rrset is not None:
                found[rdtype.name] = tuple(sorted(map(_shown, rrset)))
        return found


def _find(
    section: list[dns.rrset.RRset], rdtype: dns.rdatatype.RdataType, owner: str | None = None
) -> dns.rrset.RRset | None:
    name = dns.name.from_text(owner) if owner is not None else None
    return next((found for found in section if found.rdtype == rdtype and name in (None, found.name)), None)


def _shown(rdata: object) -> str:
    return show(join(rdata.strings)) if isinstance(rdata, TXT) else str(rdata)


def _text(name: dns.name.Name) -> str:
    return name.to_text(omit_final_dot=True).lower()


def _nobody() -> str:
    """Return a label that nobody has."""
    return f"elastx-mrs-{secrets.token_hex(8)}"
