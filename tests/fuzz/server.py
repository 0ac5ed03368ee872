"""Authoritative servers and a resolver over zones in memory: lookup as in RFC 1034 §4.3.2, RFC 4592 and RFC 6672."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from tests.fuzz import wire
from tests.fuzz.wire import Name, Query, Record, Reply

FOLLOWED = 12
"""CNAMEs that one answer follows."""

Nodes = dict[Name, dict[int, list[bytes]]]
Twist = Callable[[Query, Reply, bool], bytes | None]
"""Makes an answer hostile; ``True`` over TCP. None says nothing at all."""


@dataclass
class Zone:
    """A zone: RDATA by owner and type. Without a SOA of its own it has none.

    :param glue: addresses in a referral at most.
    """

    origin: Name
    nodes: Nodes
    ttl: int = 300
    names: set[Name] = field(default_factory=set)
    glue: int = 60

    def __post_init__(self) -> None:
        for owner in self.nodes:
            while len(owner) > len(self.origin) and owner not in self.names:
                self.names.add(owner)
                owner = owner[1:]
        self.names.add(self.origin)

    def records(self, owner: Name, rdtype: int, at: Name | None = None) -> list[Record]:
        octets = wire.encoded(owner)
        return [Record(octets, rdtype, rdata, self.ttl) for rdata in self.nodes.get(at or owner, {}).get(rdtype, ())]

    def negative(self, rcode: int, answer: list[Record]) -> Reply:
        return Reply(rcode, wire.QR | wire.AA, answer, self.records(self.origin, wire.SOA))

    def look(self, owner: Name, rdtype: int, before: list[Record]) -> "Reply | Name":
        """Answer, or say where to go on; the records so far are ``before``, which grows."""
        for length in range(len(self.origin) + 1, len(owner) + 1):
            above = owner[-length:]
            here = self.nodes.get(above)
            if here is None:
                continue
            if wire.NS in here and not (rdtype == wire.DS and above == owner):
                return self.referral(above, before)
            if wire.DNAME in here and above != owner:
                before += self.records(above, wire.DNAME)
                target = _labels(here[wire.DNAME][0])
                if target is None or len(wire.encoded(owner[:-length] + target)) > 255:
                    return Reply(wire.NOERROR, wire.QR | wire.AA, before)  # YXDOMAIN, which is for updates elsewhere
                before.append(Record(wire.encoded(owner), wire.CNAME, wire.encoded(owner[:-length] + target), 0))
                return owner[:-length] + target
        at = self.at(owner)
        if at is None:
            return self.negative(wire.NXDOMAIN, before)
        node = self.nodes.get(at, {})
        if wire.CNAME in node and rdtype != wire.CNAME:
            before += self.records(owner, wire.CNAME, at)
            if rdtype in node:
                before += self.records(owner, rdtype, at)
                return Reply(wire.NOERROR, wire.QR | wire.AA, before)
            target = _labels(node[wire.CNAME][0])
            return target if target is not None else self.negative(wire.NOERROR, before)
        found = self.records(owner, rdtype, at)
        if not found:
            return self.negative(wire.NOERROR, before)
        return Reply(wire.NOERROR, wire.QR | wire.AA, before + found)

    def at(self, owner: Name) -> Name | None:
        """The node that answers for a name: its own, or a wildcard; None for no such name."""
        if owner in self.names:
            return owner
        while owner not in self.names:
            owner = owner[1:]
        wildcard = (b"*", *owner)
        return wildcard if wildcard in self.nodes else None

    def referral(self, cut: Name, before: list[Record]) -> Reply:
        listed = self.records(cut, wire.NS)
        glue = []
        for record in listed:
            host = _labels(record.rdata)
            if host is not None and host in self.nodes:
                glue += self.records(host, wire.A) + self.records(host, wire.AAAA)
        return Reply(wire.NOERROR, wire.QR | (wire.AA if before else 0), before, listed, glue[: self.glue])


@dataclass
class Server:
    """What listens at one address."""

    zones: dict[Name, Zone] = field(default_factory=dict)
    recursive: bool = False

    def answer(self, query: Query) -> Reply:
        owner, answer = query.name, list[Record]()
        reply: Reply | Name = owner
        for _ in range(FOLLOWED):
            zone = self._zone(owner, query.rdtype)
            if zone is None:
                break
            reply = zone.look(owner, query.rdtype, answer)
            if isinstance(reply, Reply):
                break
            owner = reply
        if not isinstance(reply, Reply):
            reply = Reply(wire.NOERROR if answer else wire.REFUSED, wire.QR | (wire.AA if answer else 0), answer)
        if self.recursive:
            reply = self._recursed(reply)
        reply.questions = (query.question,)
        return reply

    def _zone(self, owner: Name, rdtype: int) -> Zone | None:
        if rdtype == wire.DS and owner:
            owner = owner[1:]
        while owner and owner not in self.zones:
            owner = owner[1:]
        return self.zones.get(owner)

    def _recursed(self, reply: Reply) -> Reply:
        reply.flags = wire.QR | wire.RA
        lost = reply.rcode == wire.REFUSED or any(record.rdtype == wire.NS for record in reply.authority)
        return Reply(wire.SERVFAIL, wire.QR | wire.RA) if lost else reply


def everything(servers: Iterable[Server]) -> Mapping[Name, Zone]:
    """All zones of some servers, for a resolver."""
    return {origin: zone for server in servers for origin, zone in server.zones.items()}


def _labels(rdata: bytes) -> Name | None:
    """The name that RDATA begins with; None for what is none."""
    labels, at = [], 0
    while at < len(rdata) and rdata[at]:
        if rdata[at] > 63:
            return None
        labels.append(rdata[at + 1 : at + 1 + rdata[at]].lower())
        at += 1 + rdata[at]
    return tuple(labels) if at < len(rdata) and at < 255 else None
