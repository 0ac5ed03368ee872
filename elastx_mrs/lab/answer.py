"""Answers to queries (RFC 1034 §4.3.2), with wildcards (RFC 4592), delegations and DNAMEs."""

import dns.flags
import dns.message
import dns.name
import dns.node
import dns.opcode
import dns.rcode
import dns.rdataclass
import dns.rdataset
import dns.rdatatype
import dns.rrset

from elastx_mrs.lab.zones import LabZone, ZoneStore

PAYLOAD = 1232
"""Octets of a UDP answer that no network fragments."""

CHAIN = 12
"""The most aliases that one answer follows, as in BIND: a DNAME to a name below itself never ends."""

_TRANSFERS = (dns.rdatatype.AXFR, dns.rdatatype.IXFR)


def answer(store: ZoneStore, query: dns.message.Message) -> dns.message.Message:
    """Return the response to a query."""
    response = dns.message.make_response(query, our_payload=PAYLOAD)
    if query.edns > 0:
        response.set_rcode(dns.rcode.BADVERS)  # RFC 6891 §6.1.3
        return response
    if query.opcode() != dns.opcode.QUERY:
        response.set_rcode(dns.rcode.NOTIMP)
        return response
    if len(query.question) != 1:
        response.set_rcode(dns.rcode.FORMERR)
        return response
    question = query.question[0]
    zone = store.zone_of(question.name)
    if zone is None or question.rdclass != dns.rdataclass.IN or question.rdtype in _TRANSFERS:
        response.set_rcode(dns.rcode.REFUSED)
        return response
    _fill(response, zone, question.name, question.rdtype)
    return response


def _fill(response: dns.message.Message, zone: LabZone, name: dns.name.Name, rdtype: dns.rdatatype.RdataType) -> None:
    """Follow the CNAMEs and DNAMEs in the zone from ``name`` to its records, to a referral, or to nothing."""
    seen: set[dns.name.Name] = set()
    while name.is_subdomain(zone.origin) and name not in seen and len(seen) < CHAIN:
        seen.add(name)
        cut, redirection = _delegation(zone, name), _redirection(zone, name)
        if cut is not None and redirection is not None and cut != redirection[0] and cut.is_subdomain(redirection[0]):
            cut = None  # RFC 6672 §5.2: a DNAME hides what is below it, delegations too
        if cut is not None and not (cut == name and rdtype == dns.rdatatype.DS):  # RFC 4035 §3.1.4.1: DS is above it
            _refer(response, zone, cut)
            return
        response.flags |= dns.flags.AA
        if redirection is not None:
            owner, dname = redirection
            _put(response.answer, owner, dname)
            try:
                target = name.relativize(owner).concatenate(dname[0].target)
            except dns.name.NameTooLong:
                response.set_rcode(dns.rcode.YXDOMAIN)  # RFC 6672 §2.2
                return
            response.answer.append(
                dns.rrset.from_text(name, dname.ttl, "IN", "CNAME", target.to_text())
            )  # RFC 6672 §3.1
            if rdtype in (dns.rdatatype.CNAME, dns.rdatatype.ANY):
                return
            name = target
            continue
        node = _node(zone, name)
        if node is None:
            found = _exists(zone, name)
            _put_negative(response, zone, dns.rcode.NOERROR if found else dns.rcode.NXDOMAIN)
            return
        alias = node.get_rdataset(dns.rdataclass.IN, dns.rdatatype.CNAME)
        if alias is None or rdtype in (dns.rdatatype.CNAME, dns.rdatatype.ANY):
            matching = [rdataset for rdataset in node if rdtype in (rdataset.rdtype, dns.rdatatype.ANY)]
            for rdataset in matching:
                _put(response.answer, name, rdataset)
            if not matching:
                _put_negative(response, zone, dns.rcode.NOERROR)
            return
        _put(response.answer, name, alias)
        name = alias[0].target


def _put_negative(response: dns.message.Message, zone: LabZone, rcode: dns.rcode.Rcode) -> None:
    """Answer that there is nothing, with the SOA at the TTL for negative caching (RFC 2308 §3)."""
    response.set_rcode(rcode)
    soa = zone.find_rdataset(zone.origin, dns.rdatatype.SOA)
    ttl = min(soa.ttl, soa[0].minimum)
    response.authority.append(dns.rrset.from_rdata_list(zone.origin, ttl, list(soa)))


def _refer(response: dns.message.Message, zone: LabZone, cut: dns.name.Name) -> None:
    """Refer to the child zone's servers, with the glue addresses (RFC 1034 §4.2.1)."""
    servers = zone.find_rdataset(cut, dns.rdatatype.NS)
    _put(response.authority, cut, servers)
    for server in servers:
        for rdtype in (dns.rdatatype.A, dns.rdatatype.AAAA):
            glue = zone.get_rdataset(server.target, rdtype) if server.target.is_subdomain(cut) else None
            if glue is not None:
                _put(response.additional, server.target, glue)


def _delegation(zone: LabZone, name: dns.name.Name) -> dns.name.Name | None:
    """Return the name of the child zone that ``name`` is in, or None (RFC 1034 §4.2.1)."""
    cut = None
    while name != zone.origin:
        if zone.get_rdataset(name, dns.rdatatype.NS) is not None:
            cut = name
        name = name.parent()
    return cut


def _redirection(zone: LabZone, name: dns.name.Name) -> tuple[dns.name.Name, dns.rdataset.Rdataset] | None:
    """Return the DNAME above ``name``, which hides everything below it (RFC 6672 §2.3), with its owner."""
    found = None
    while name != zone.origin:
        name = name.parent()
        dname = zone.get_rdataset(name, dns.rdatatype.DNAME)
        if dname is not None:
            found = name, dname
    return found


def _node(zone: LabZone, name: dns.name.Name) -> dns.node.Node | None:
    """Return the records at a name, or those of a wildcard if the name does not exist (RFC 4592 §3.3.1)."""
    node = zone.get_node(name)
    if node is not None or _exists(zone, name):
        return node
    encloser = name.parent()
    while not _exists(zone, encloser):
        encloser = encloser.parent()
    return zone.get_node(dns.name.Name((b"*", *encloser.labels)))


def _exists(zone: LabZone, name: dns.name.Name) -> bool:
    """Return whether a name exists, even if only because of a name below it (RFC 8020)."""
    return any(other.is_subdomain(name) for other in zone)


def _put(section: list[dns.rrset.RRset], name: dns.name.Name, rdataset: dns.rdataset.Rdataset) -> None:
    """Add an RRset once; a chain can pass the same DNAME several times."""
    rrset = dns.rrset.from_rdata_list(name, rdataset.ttl, list(rdataset))
    if rrset not in section:
        section.append(rrset)
