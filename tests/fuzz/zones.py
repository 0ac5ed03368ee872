"""Hostile zones: their names, what is at them, how they are delegated, and how slow they are."""

import random
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from elastx_mrs.records import RecordError
from elastx_mrs.records.spf import whole_record
from tests import golden
from tests.fuzz import values, wire
from tests.fuzz.octets import HUGE
from tests.fuzz.server import Nodes, Twist, Zone
from tests.fuzz.twists import odd, twist
from tests.fuzz.wire import Name

GOOD, TOP, HIS, DEAD = "10.0.1.1", "10.0.0.2", "10.6.6.6", "10.6.6.7"
"""Addresses: the good domain's server, the top-level domains', the hostile zone's, and one at which nothing is."""


@dataclass(frozen=True)
class Hostile:
    """A hostile domain.

    :param domain: the sender domain, which may lie deep in the zone.
    :param zone: what its own servers have.
    :param spf: what is declared of it, which leads into the zone; ``dmarc`` too.
    :param cut: what the top-level domain has: NS and glue.
    :param twist: what its servers do to an answer; None for nothing.
    :param shared: whether the good domain's server has the zone too.
    """

    domain: str
    zone: Zone
    cut: Nodes
    names: tuple[str, ...]
    spf: str
    dmarc: str
    twist: Twist | None = None
    shared: bool = False
    slow: dict[bool, float] = field(default_factory=dict)


def hostile(rng: random.Random, number: int) -> Hostile:
    """Return one; ``number`` tells several in one world apart."""
    top = f"bad{number}.com"
    domain = _domain(rng, top)
    labels = ("i1", "i2", "i3", "i4", "h1", "h2", "_spf", "w.wild", "deep.cut", "al", "loop", "dn.dname")
    own = (*(f"{label}.{top}" for label in labels), domain, top)
    nodes: Nodes = {}
    origin = wire.name(top)
    nodes[origin] = {wire.SOA: [wire.soa(origin, rng.choice((0, 1, 2**31, 2**32 - 1)))], wire.NS: _servers(rng, top)}
    nodes[(b"ns1", *origin)] = {wire.A: [bytes([10, 6, 6, 6])]}
    if rng.random() < 0.1:
        del nodes[origin][rng.choice((wire.SOA, wire.NS))]
    spf, dmarc = _spf(rng, own), "v=DMARC1; p=none; rua=mailto:d@good.com"
    declared = {"": (spf, golden.TOKEN), "_dmarc.": (dmarc,), "elastx._domainkey.": (golden.DKIM,)}
    _publish(rng, nodes, domain, own, declared)
    for name in own[:8]:
        if rng.random() < 0.7:
            _fill(rng, nodes, wire.name(name), own)
    _structure(rng, nodes, origin, own)
    cut = {origin: {wire.NS: _servers(rng, top)}, (b"ns1", *origin): {wire.A: [bytes([10, 6, 6, 6])]}}
    if rng.random() < 0.05:
        cut[(b"ns1", *origin)] = {wire.AAAA: [bytes(15) + b"\6"], wire.A: [bytes([10, 6, 6, rng.choice((6, 7))])]}
    if rng.random() < 0.03:
        cut[origin][wire.DS] = [rng.randbytes(36)]
    twisted = twist(rng) if rng.random() < 0.3 else None
    zone = Zone(origin, nodes, rng.choice((0, 1, 300, 300, 300, 2**31 - 1, 2**31, 2**32 - 1)))
    slow = {tcp: rng.choice((0.01, 0.4, 1.9, 5.0)) for tcp in (False, True)} if rng.random() < 0.15 else {}
    return Hostile(domain, zone, cut, own, spf, dmarc, twisted, rng.random() < 0.3, slow)


def _domain(rng: random.Random, top: str) -> str:
    if rng.random() < HUGE:  # as many labels as a name has room for: what asks about each one asks often
        return "a." * ((253 - len(top)) // 2) + top
    if rng.random() < 0.15:  # as long as a name may be, or a little shorter, so that some names below it are too long
        room = 252 - len(top) - rng.choice((0, 0, rng.randrange(1, 30)))
        return ("a" * 63 + ".") * (room // 64) + "b" * (room % 64) + f".{top}" * bool(room % 64) + top * (not room % 64)
    below = ("", "", "", "", "news.", "a.b.c.d.e.f.g.h.", "xn--bcher-kva.", "w.wild.", "deep.cut.", "dn.dname.", "al.")
    return rng.choice(below) + top


def _servers(rng: random.Random, top: str) -> list[bytes]:
    if rng.random() < 0.88:
        return [wire.encoded(wire.name(f"ns1.{top}"))]
    names = (
        f"ns1.{top}", f"ns2.{top}", "ns1.good.com", "ns.top.com", f"al.{top}", f"loop.{top}", "nowhere.com", top, "",
        "com",
        "ns1.bad0.com", "ns1.bad1.com", f"deep.cut.{top}", f"w.wild.{top}", "192.0.2.1",
    )  # fmt: skip
    count = rng.choice((0, 1, 1, 2, 3)) if rng.random() < 0.97 else 60
    found = [wire.encoded(wire.name(rng.choice(names))) for _ in range(min(count, 3))]
    found += [wire.encoded(wire.name(f"n{number}.bad{number % 7}.com")) for number in range(count - 3)]
    if rng.random() < 0.1:
        found.append(wire.encoded(odd(rng)))
    return found


def _texts(rng: random.Random, own: tuple[str, ...], at_most: int = 4) -> list[bytes]:
    count = rng.choice((0, 1, 1, 1, 2, at_most))
    return [values.strings(rng, values.value(rng, own)) for _ in range(count)]


def _spf(rng: random.Random, own: tuple[str, ...]) -> str:
    """A record that a stack may declare, whose names lead into the zone."""
    kinds = ("include:{}", "include:{}", "a:{}", "mx:{}", "a:{}/24//64", "exists:%{{i}}.{}", "?ptr:{}", "a:%{{d1}}.{}")
    terms = [rng.choice(kinds).format(rng.choice(own)) for _ in range(rng.choice((0, 1, 1, 2, 4)))]
    text = " ".join(
        ["v=spf1 include:elastx.email", *terms, rng.choice(("-all", "~all", f"redirect={rng.choice(own)}"))]
    )
    try:
        return whole_record(text)
    except RecordError:
        return "v=spf1 include:elastx.email -all"


def _publish(
    rng: random.Random, nodes: Nodes, domain: str, own: tuple[str, ...], declared: Mapping[str, Sequence[str]]
) -> None:
    """Put what is declared, or hostile values, where verification, the guard and adopt look."""
    well = rng.random() < 0.6
    for prefix, kind in (("", values.spf), ("_dmarc.", values.dmarc), ("elastx._domainkey.", values.dkim)):
        owner = wire.name(prefix + domain)
        if len(wire.encoded(owner)) > 255:
            continue
        if well and rng.random() < 0.9:
            nodes.setdefault(owner, {})[wire.TXT] = [wire.cut(value.encode()) for value in declared[prefix]]
            continue
        found = _texts(rng, own)
        if rng.random() < 0.7:
            found.append(values.strings(rng, kind(rng, own).encode("utf-8", "replace")[:65000]))
        if rng.random() < HUGE / 10:
            found += [wire.cut(b"x%d" % number) for number in range(2000)]
        if found:
            nodes.setdefault(owner, {})[wire.TXT] = found
        if rng.random() < 0.08:
            _alias(rng, nodes, owner, own)
    if rng.random() < 0.5:
        _fill(rng, nodes, wire.name(domain), own)


def _fill(rng: random.Random, nodes: Nodes, owner: Name, own: tuple[str, ...]) -> None:
    if len(wire.encoded(owner)) > 255:
        return
    node = nodes.setdefault(owner, {})
    for rdtype in rng.choices(
        (wire.TXT, wire.TXT, wire.A, wire.AAAA, wire.MX, wire.PTR, wire.SPF), k=rng.choice((1, 2, 3))
    ):
        if rdtype == wire.TXT:
            node[rdtype] = [*node.get(rdtype, ()), *_texts(rng, own)]
        elif rdtype in (wire.A, wire.AAAA):
            size = (4 if rdtype == wire.A else 16) if rng.random() < 0.97 else 5
            node[rdtype] = [rng.randbytes(size) for _ in range(rng.choice((1, 1, 2, 30)))]
        elif rdtype == wire.MX:
            node[rdtype] = [
                struct.pack("!H", rng.choice((0, 10, 65535))) + _target(rng, own)
                for _ in range(rng.choice((1, 1, 2, 12)))
            ]
        elif rdtype == wire.PTR:
            node[rdtype] = [_target(rng, own) for _ in range(rng.choice((1, 12)))]
        else:
            node[rdtype] = [wire.cut(b"v=spf1 -all")]
    if not node[next(iter(node))]:
        del nodes[owner]


def _target(rng: random.Random, own: tuple[str, ...]) -> bytes:
    how = rng.random()
    if how < 0.1:
        return b"\0"
    name = (
        odd(rng)
        if how < 0.25
        else wire.name(rng.choice((*own, "good.com", "elastx.email", "nowhere.com", "_dmarc.good.com")))
    )
    octets = wire.encoded(name)
    return octets if len(octets) <= 255 else b"\1a\0"


def _alias(rng: random.Random, nodes: Nodes, owner: Name, own: tuple[str, ...]) -> None:
    """Put a CNAME at a name, alone or beside what is there."""
    target = wire.encoded(owner) if rng.random() < 0.1 else _target(rng, own)
    nodes[owner] = (nodes.get(owner, {}) if rng.random() < 0.3 else {}) | {wire.CNAME: [target] * rng.choice((1, 1, 2))}


def _structure(rng: random.Random, nodes: Nodes, origin: Name, own: tuple[str, ...]) -> None:
    """Put aliases, chains, loops, wildcards, cuts and a DNAME in."""
    if rng.random() < 0.3:
        nodes[(b"al", *origin)] = {wire.CNAME: [_target(rng, own)]}
    if rng.random() < 0.3:
        length = rng.choice((1, 2, 3, 8, 20, 40))
        chain = [(b"loop", *origin), *((b"c%d" % number, *origin) for number in range(length))]
        for here, there in zip(chain, [*chain[1:], rng.choice((chain[0], (b"h1", *origin)))], strict=True):
            nodes[here] = {wire.CNAME: [wire.encoded(there)]}
    if rng.random() < 0.3:
        owner = (b"*", *rng.choice((origin, (b"wild", *origin), (b"_domainkey", *origin), (b"_dmarc", *origin))))
        _fill(rng, nodes, owner, own)
        if rng.random() < 0.3:
            nodes[owner] = {wire.CNAME: [_target(rng, own)]}
    if rng.random() < 0.2:
        above = rng.choice(((b"cut", *origin), (b"_domainkey", *origin), (b"_dmarc", *origin)))
        nodes[above] = {wire.NS: _servers(rng, b".".join(above).decode())}
    if rng.random() < 0.12:
        nodes[(b"dname", *origin)] = {wire.DNAME: [_target(rng, own)] * rng.choice((1, 1, 2))}
