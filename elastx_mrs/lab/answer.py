"""Answers to queries: RFC 1034 §4.3.2 as far as a trial needs it, with wildcards (RFC 4592) and delegations."""

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdataset
import dns.rdatatype
import dns.rrset
import dns.zone

from elastx_mrs.lab.zones import ZoneStore

PAYLOAD = 1232
"""Octets of a UDP answer that pass everywhere unbroken."""


def answer(store: ZoneStore, query: dns.message.Message) -> dns.message.Message:
    """Return the response to a query."""
    response = dns.message.make_response(query, our_payload=PAYLOAD)
    if query.opcode() != 0:
        response.set_rcode(dns.rcode.NOTIMP)
        return response
    if len(query.question) != 1:
        response.set_rcode(dns.rcode.FORMERR)
        return response
    question = query.question[0]
    zone = store.zone_of(question.name)
    if zone is None or question.rdclass != dns.rdataclass.IN:
        response.set_rcode(dns.rcode.REFUSED)
        return response
    _fill(response, zone, question.name, question.rdtype)
    return response


def _fill(
    response: dns.message.Message, zone: dns.zone.Zone, name: dns.name.Name, rdtype: dns.rdatatype.RdataType
) -> None:
    cut = _delegation(zone, name)
    if cut is not None:
        _put(response.authority, cut, zone.find_rdataset(cut, dns.rdatatype.NS))
        return
    response.flags |= dns.flags.AA
    for _ in range(8):  # CNAMEs within the zone
        node = _node(zone, name)
        if node is None:
            response.set_rcode(dns.rcode.NOERROR if _exists(zone, name) else dns.rcode.NXDOMAIN)
            break
        alias = node.get_rdataset(dns.rdataclass.IN, dns.rdatatype.CNAME)
        if alias is not None and rdtype not in (dns.rdatatype.CNAME, dns.rdatatype.ANY):
            _put(response.answer, name, alias)
            name = alias[0].target
            if zone.origin is None or not name.is_subdomain(zone.origin):
                return
            continue
        for rdataset in node:
            if rdtype in (rdataset.rdtype, dns.rdatatype.ANY):
                _put(response.answer, name, rdataset)
        break
    if not response.answer and zone.origin is not None:
        _put(response.authority, zone.origin, zone.find_rdataset(zone.origin, dns.rdatatype.SOA))


def _delegation(zone: dns.zone.Zone, name: dns.name.Name) -> dns.name.Name | None:
    """Return the child zone's name where ``name`` is at or below one (RFC 1034 §4.2.1)."""
    cut = None
    while name != zone.origin:
        if zone.get_rdataset(name, dns.rdatatype.NS) is not None:
            cut = name
        name = name.parent()
    return cut


def _node(zone: dns.zone.Zone, name: dns.name.Name) -> dns.node.Node | None:
    """Return the records at a name, a wildcard's where nothing is there (RFC 4592 §3.3.1)."""
    node = zone.get_node(name)
    if node is not None or _exists(zone, name):
        return node
    encloser = name.parent()
    while not _exists(zone, encloser):
        encloser = encloser.parent()
    return zone.get_node(dns.name.Name((b"*", *encloser.labels)))


def _exists(zone: dns.zone.Zone, name: dns.name.Name) -> bool:
    """Say whether a name exists, if only because another is below it (RFC 8020)."""
    return any(other.is_subdomain(name) for other in zone)


def _put(section: list[dns.rrset.RRset], name: dns.name.Name, rdataset: dns.rdataset.Rdataset) -> None:
    section.append(dns.rrset.from_rdata_list(name, rdataset.ttl, list(rdataset)))
