"""Dynamic updates (RFC 2136 §3): prerequisites, then all changes or none."""

from collections.abc import Sequence

import dns.message
import dns.name
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdataset
import dns.rdatatype
import dns.rrset
import dns.serial
import dns.transaction
import dns.update
import dns.wire

from elastx_mrs.lab.zones import LabZone, ZoneStore

_META = range(128, 256)
"""Meta types, which hold no data (RFC 6895 §3.1)."""


class _RefusedError(Exception):
    def __init__(self, rcode: dns.rcode.Rcode) -> None:
        super().__init__(rcode)
        self.rcode = rcode


def update(store: ZoneStore, request: dns.update.UpdateMessage, wire: bytes) -> dns.rcode.Rcode:
    """Apply an update with a valid signature, save the zone, and return the response code.

    :param wire: the request as it was sent.
    :raises OSError: if the zone cannot be written; the old zone is then still served.
    """
    try:
        served = _zone(store, request)
        ttls = _ttls(wire)
        prerequisites, updates = request.prerequisite, request.update
        _check_prerequisites(served, list(zip(prerequisites, ttls[: len(prerequisites)], strict=True)))
        _check_updates(served, list(zip(updates, ttls[len(prerequisites) :], strict=True)))
    except _RefusedError as refused:
        return refused.rcode
    zone = served.copy()
    with zone.writer() as transaction:
        for rrset in request.update:
            _apply(zone, transaction, rrset)
        changed = transaction.changed()
        if changed and zone.get_soa(transaction).serial == served.get_soa().serial:  # §3.6
            transaction.update_serial(name=zone.origin)
    if changed:
        store.keep(zone)
    return dns.rcode.NOERROR


def _zone(store: ZoneStore, request: dns.update.UpdateMessage) -> LabZone:
    if not request.zone:  # dnspython checks that there is at most one, of type SOA (§3.1.1)
        raise _RefusedError(dns.rcode.FORMERR)
    zone = store.zone_of(request.zone[0].name)
    if zone is None or (zone.origin, zone.rdclass) != (request.zone[0].name, request.zone[0].rdclass):
        raise _RefusedError(dns.rcode.NOTAUTH)
    return zone


def _ttls(wire: bytes) -> list[int]:
    """Return the TTLs of prerequisites and updates; dnspython drops those of records without data."""
    parser = dns.wire.Parser(wire)
    _, _, questions, *counts, _ = parser.get_struct("!6H")
    for _ in range(questions):
        dns.name.from_wire_parser(parser)
        parser.get_struct("!HH")
    ttls = []
    for _ in range(sum(counts)):
        dns.name.from_wire_parser(parser)
        _, _, ttl, length = parser.get_struct("!HHIH")
        parser.get_bytes(length)
        ttls.append(ttl)
    return ttls


def _check_prerequisites(zone: LabZone, prerequisites: Sequence[tuple[dns.rrset.RRset, int]]) -> None:
    """Check the prerequisites: names or RRsets that must or must not exist; each has TTL 0 (§3.2)."""
    wanted: dict[tuple[dns.name.Name, dns.rdatatype.RdataType], set[dns.rdata.Rdata]] = {}
    for rrset, ttl in prerequisites:
        if ttl:
            raise _RefusedError(dns.rcode.FORMERR)
        _check_in_zone(zone, rrset.name)
        node = zone.get_node(rrset.name)
        found = zone.get_rdataset(rrset.name, rrset.rdtype)
        if rrset.deleting == dns.rdataclass.ANY:
            if rrset.rdtype == dns.rdatatype.ANY and node is None:
                raise _RefusedError(dns.rcode.NXDOMAIN)
            if rrset.rdtype != dns.rdatatype.ANY and found is None:
                raise _RefusedError(dns.rcode.NXRRSET)
        elif rrset.deleting == dns.rdataclass.NONE:
            if rrset.rdtype == dns.rdatatype.ANY and node is not None:
                raise _RefusedError(dns.rcode.YXDOMAIN)
            if rrset.rdtype != dns.rdatatype.ANY and found is not None:
                raise _RefusedError(dns.rcode.YXRRSET)
        elif rrset.rdclass != zone.rdclass:
            raise _RefusedError(dns.rcode.FORMERR)
        else:
            wanted.setdefault((rrset.name, rrset.rdtype), set()).update(rrset)
    for (
        name,
        rdtype,
    ), rdatas in wanted.items():  # §3.2.3: records of an RRset come one by one, but are compared as a set
        if set(zone.get_rdataset(name, rdtype) or ()) != rdatas:
            raise _RefusedError(dns.rcode.NXRRSET)


def _check_updates(zone: LabZone, updates: Sequence[tuple[dns.rrset.RRset, int]]) -> None:
    """Check names, classes and types of all updates before the first change (§3.4.1)."""
    for rrset, ttl in updates:
        _check_in_zone(zone, rrset.name)
        if rrset.rdclass != zone.rdclass or (rrset.deleting is not None and ttl):
            raise _RefusedError(dns.rcode.FORMERR)
        is_any = rrset.rdtype == dns.rdatatype.ANY and rrset.deleting == dns.rdataclass.ANY
        if rrset.rdtype in _META and not is_any:
            raise _RefusedError(dns.rcode.FORMERR)


def _check_in_zone(zone: LabZone, name: dns.name.Name) -> None:
    if not name.is_subdomain(zone.origin):
        raise _RefusedError(dns.rcode.NOTZONE)


def _apply(zone: LabZone, transaction: dns.transaction.Transaction, rrset: dns.rrset.RRset) -> None:
    """Add an RRset, or delete an RRset, a name or single records (§3.4.2)."""
    name, at_apex = rrset.name, rrset.name == zone.origin
    if rrset.deleting is None:
        _add(zone, transaction, rrset)
    elif rrset.deleting == dns.rdataclass.NONE:
        rest = [r for r in _at(transaction, name, rrset.rdtype) if r not in rrset]
        is_last_ns = at_apex and rrset.rdtype == dns.rdatatype.NS and not rest  # §3.4.2.4
        if rrset.rdtype != dns.rdatatype.SOA and not is_last_ns:
            _replace(transaction, name, rrset.rdtype, rest)
    elif rrset.rdtype == dns.rdatatype.ANY:
        for rdtype in [found.rdtype for found in transaction.get_node(name) or ()]:
            if not (at_apex and rdtype in (dns.rdatatype.SOA, dns.rdatatype.NS)):
                _replace(transaction, name, rdtype, [])
    elif not (at_apex and rrset.rdtype in (dns.rdatatype.SOA, dns.rdatatype.NS)):
        _replace(transaction, name, rrset.rdtype, [])


def _add(zone: LabZone, transaction: dns.transaction.Transaction, rrset: dns.rrset.RRset) -> None:
    """Add an RRset; a CNAME next to other data, or the reverse, is silently ignored (§3.4.2.2)."""
    node = transaction.get_node(rrset.name)
    types = {found.rdtype for found in node or ()}
    is_cname = rrset.rdtype == dns.rdatatype.CNAME
    if (is_cname and types - {dns.rdatatype.CNAME}) or (not is_cname and dns.rdatatype.CNAME in types):
        return
    if rrset.rdtype == dns.rdatatype.SOA and not (rrset.name == zone.origin and _is_newer(rrset, zone, transaction)):
        return
    single = rrset.rdtype in (dns.rdatatype.CNAME, dns.rdatatype.DNAME, dns.rdatatype.SOA)  # RFC 6672 §5.2
    old = [] if single else _at(transaction, rrset.name, rrset.rdtype)
    _replace(transaction, rrset.name, rrset.rdtype, [*old, *(r for r in rrset if r not in old)], rrset.ttl)


def _is_newer(soa: dns.rrset.RRset, zone: LabZone, transaction: dns.transaction.Transaction) -> bool:
    """Return whether an SOA replaces the zone's: its serial must not be lower (§3.4.2.2, RFC 1982)."""
    return not dns.serial.Serial(soa[0].serial) < dns.serial.Serial(zone.get_soa(transaction).serial)


def _at(
    transaction: dns.transaction.Transaction, name: dns.name.Name, rdtype: dns.rdatatype.RdataType
) -> list[dns.rdata.Rdata]:
    return list(transaction.get(name, rdtype) or ())


def _replace(
    transaction: dns.transaction.Transaction,
    name: dns.name.Name,
    rdtype: dns.rdatatype.RdataType,
    rdatas: list[dns.rdata.Rdata],
    ttl: int | None = None,
) -> None:
    """Set an RRset; as in BIND and Knot, an added record's TTL applies to all (RFC 2181 §5.2)."""
    old = transaction.get(name, rdtype)
    if not rdatas:
        if old is not None:
            transaction.delete(name, rdtype)
        return
    new_ttl = ttl if ttl is not None else old.ttl if old is not None else 0
    if old is None or old.ttl != new_ttl or set(old) != set(rdatas):
        transaction.replace(name, dns.rdataset.from_rdata_list(new_ttl, rdatas))
