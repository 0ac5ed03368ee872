"""One step of the walk from the root: reads what a zone's servers answer for the next name below."""

from dataclasses import dataclass, field
from typing import Literal

import dns.flags
import dns.message
import dns.name
import dns.rdatatype
import dns.rrset
from dns.rdtypes.ANY.DNAME import DNAME
from dns.rdtypes.ANY.NS import NS
from dns.rdtypes.IN.A import A
from dns.rdtypes.IN.AAAA import AAAA

from elastx_mrs import limits
from elastx_mrs.lookup.question import Question, Server
from elastx_mrs.lookup.response import below, check_authority, denies, find, records, referral, target, text
from elastx_mrs.lookup.transport.wire import UnusableError


@dataclass(frozen=True)
class Step:
    """The content of one answer for a name.

    :param kind: ``cut``: a zone begins at the name; ``name``: it exists in the zone; ``nxdomain``; ``cname``: it is an
        alias; ``dname``: a name above it is one.
    :param name: the zone, the owner of the CNAME or DNAME, or the name.
    :param hosts: of a cut: the names of its servers with the addresses in the glue, if any.
    :param target: of a CNAME or DNAME.
    :param beyond: of a cut: names of servers beyond the limit, which are not queried.
    """

    kind: Literal["cut", "name", "nxdomain", "cname", "dname"]
    name: dns.name.Name
    hosts: dict[dns.name.Name, tuple[Server, ...]] = field(default_factory=dict)
    target: dns.name.Name | None = None
    beyond: tuple[dns.name.Name, ...] = ()


def read_step(reply: dns.message.Message, zone: dns.name.Name, name: dns.name.Name, port: int) -> Step:
    """Return the content of the answer to an NS query.

    :param zone: the zone whose servers answered; only referrals to below it, and glue inside it, count.
    :raises UnusableError: if the server does not serve that zone.
    """
    ns = referral(reply)
    if ns is not None and not reply.answer and name.is_subdomain(ns.name) and below(ns.name, zone):
        return _cut(reply, ns, zone, port)
    check_authority(reply, Question(name, dns.rdatatype.NS))
    own = records(reply, dns.rdatatype.NS, name)
    if own is not None:  # the same server has parent and child, and answers for the child
        return _cut(reply, own, zone, port)
    dname = find(reply.answer, dns.rdatatype.DNAME)
    if dname is not None and below(name, dname.name):
        rdata = dname[0]
        return Step("dname", dname.name, target=rdata.target if isinstance(rdata, DNAME) else None)
    alias = find(reply.answer, dns.rdatatype.CNAME, name)
    if alias is not None:
        return Step("cname", name, target=target(alias))
    return Step("nxdomain" if denies(reply) else "name", name)


def read_addresses(
    reply: dns.message.Message, host: dns.name.Name, rdtype: dns.rdatatype.RdataType, port: int
) -> tuple[Server, ...]:
    """Return a name server's addresses; none if it has none of that type.

    :raises UnusableError: if the server does not serve that name, or the name is an alias (RFC 2181 §10.3).
    """
    check_authority(reply, Question(host, rdtype))
    if find(reply.answer, dns.rdatatype.CNAME, host) is not None:
        raise UnusableError(f"says that {text(host)} is an alias, which no name server may be (RFC 2181 §10.3)")
    return addresses_of(records(reply, rdtype, host), port)


def addresses_of(rrset: dns.rrset.RRset | None, port: int) -> tuple[Server, ...]:
    """Return the addresses of A or AAAA records; none of None."""
    return tuple(
        Server(rdata.address, port, text(rrset.name)) for rdata in rrset or () if isinstance(rdata, (A, AAAA)) and rrset
    )


def _cut(reply: dns.message.Message, ns: dns.rrset.RRset, zone: dns.name.Name, port: int) -> Step:
    names = sorted(rdata.target for rdata in ns if isinstance(rdata, NS))
    most = limits.NAME_SERVERS.most
    hosts = {host: _glue(reply, host, port) if host.is_subdomain(zone) else () for host in names[:most]}
    return Step("cut", ns.name, hosts, beyond=tuple(names[most:]))


def _glue(reply: dns.message.Message, host: dns.name.Name, port: int) -> tuple[Server, ...]:
    found = (find(reply.additional, rdtype, host) for rdtype in (dns.rdatatype.A, dns.rdatatype.AAAA))
    return tuple(server for rrset in found for server in addresses_of(rrset, port))
