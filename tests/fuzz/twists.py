"""How hostile servers spoil an answer: its flags, sections, fields, questions, or its octets."""

import random
import struct
import zlib

from tests.fuzz import wire
from tests.fuzz.server import Twist
from tests.fuzz.wire import Name, Query, Record, Reply


def odd(rng: random.Random) -> Name:
    """A name with labels that no host has."""
    labels = rng.choices(
        (b"a.b", b"\0", b"\xff\xfe", b"A", b"\\", b'"', b"@", b"*", b"a b", b"\n", b"\x1b[31m", b"z" * 63),
        k=rng.choice((1, 2, 3)),
    )
    return (*labels, *wire.name(rng.choice(("good.com", "bad0.com", "com", ""))))


def twist(rng: random.Random) -> Twist:
    often = rng.choice((0.03, 0.2, 1.0))
    base = rng.getrandbits(48)
    chosen = rng.choices(TWISTS, k=rng.choice((1, 2, 4)))

    def twisted(query: Query, reply: Reply, tcp: bool) -> bytes | None:
        own = random.Random(base ^ zlib.crc32(b".".join(query.name) + bytes([query.rdtype & 255, tcp])))
        most = 65535 if tcp else 1232
        if own.random() >= often:
            return reply.octets(query, most)
        return own.choice(chosen)(own, query, reply, most)

    return twisted


def _flags(rng: random.Random, query: Query, reply: Reply, most: int) -> bytes:
    reply.flags ^= rng.choice((wire.AA, wire.TC, wire.QR, wire.RA, 0x0800, 0x0010, 0x0020, 0x0040, wire.AA | wire.RA))
    return reply.octets(query, most)


def _rcode(rng: random.Random, query: Query, reply: Reply, most: int) -> bytes:
    reply.rcode = rng.choice((*range(16), 3, 3))
    if rng.random() < 0.2:  # the other half of an extended code (RFC 6891 §6.1.3)
        reply.additional.append(Record(b"\0", wire.OPT, b"", rng.getrandbits(32), 1232))
    return reply.octets(query, most)


def _sections(rng: random.Random, query: Query, reply: Reply, most: int) -> bytes:
    every = [*reply.answer, *reply.authority, *reply.additional]
    parts = (reply.answer, reply.authority, reply.additional)
    rng.choice(parts).extend(rng.sample(every, min(len(every), 3)))
    if rng.random() < 0.5:
        rng.choice(parts).clear()
    rng.shuffle(reply.answer)
    return reply.octets(query, most)


def _fields(rng: random.Random, query: Query, reply: Reply, most: int) -> bytes:
    """Another name, class, type, TTL or RDATA in some record."""
    for record in (*reply.answer, *reply.authority):
        how = rng.randrange(8)
        if how == 0:
            record.name = wire.encoded(odd(rng))
        elif how == 1:
            record.rdclass = rng.choice((3, 4, 254, 255, 0))
        elif how == 2:
            record.rdtype = rng.choice((1, 2, 5, 6, 15, 16, 28, 39, 41, 43, 46, 47, 99, 250, 255, 65280))
        elif how == 3:
            record.ttl = rng.choice((0, 2**31, 2**32 - 1))
        elif how == 4:
            record.rdata = rng.choice((b"", record.rdata[:-1], record.rdata + b"\0", rng.randbytes(20), b"\xc0\x0c"))
        elif how == 5:
            record.name = rng.choice(
                (b"\xc0\x0c", b"\xc0\xff", b"\0", b"\x40abc\0", query.question[:-4].upper() or b"\0")
            )
    return reply.octets(query, most)


def _questions(rng: random.Random, query: Query, reply: Reply, most: int) -> bytes:
    other = wire.encoded(odd(rng)) + struct.pack("!2H", query.rdtype, rng.choice((1, 3, 255)))
    reply.questions = rng.choice(
        (
            (),
            (query.question,) * 2,
            (other,),
            (query.question, other),
            (query.question[:-4] + b"\0\1\0\3",),
            (query.question.swapcase(),),
        )
    )
    return reply.octets(query, most)


def _edns(rng: random.Random, query: Query, reply: Reply, most: int) -> bytes:
    option = struct.pack("!2H", rng.choice((3, 8, 10, 12, 15, 65001)), rng.choice((0, 2, 4, 65535))) + rng.randbytes(
        rng.choice((0, 2, 4))
    )
    for _ in range(rng.choice((1, 1, 2))):
        reply.additional.append(
            Record(
                rng.choice((b"\0", b"\0", b"\1x\0")),
                wire.OPT,
                rng.choice((b"", option)),
                rng.getrandbits(32),
                rng.choice((0, 512, 65535)),
            )
        )
    return reply.octets(query, most)


def _octets(rng: random.Random, query: Query, reply: Reply, most: int) -> bytes:
    wired = bytearray(reply.octets(query, most))
    how = rng.randrange(5)
    if how == 0:
        return bytes(wired[: rng.randrange(len(wired) + 1)])
    if how == 1:
        return query.id + rng.randbytes(rng.choice((0, 1, 10, 100)))
    if how == 2:
        return bytes(wired) + rng.randbytes(5)
    for _ in range(rng.choice((1, 3, 20))):
        wired[rng.randrange(2 if how == 3 else 0, len(wired))] = rng.randrange(256)
    return bytes(wired)


def _nothing(rng: random.Random, query: Query, reply: Reply, most: int) -> bytes | None:
    return None


def _more(rng: random.Random, query: Query, reply: Reply, most: int) -> bytes:
    """Records that nobody asked for, and a second answer beside the first."""
    owner = query.question[:-4]
    more = (
        Record(owner, wire.SPF, wire.cut(b"v=spf1 +all")), Record(owner, wire.A, bytes(4)),
        Record(owner, wire.AAAA, bytes(16)), Record(owner, wire.CNAME, owner),
        Record(owner, wire.CNAME, b"\4good\3com\0"), Record(owner, wire.DNAME, b"\0"), Record(owner, wire.NS, b"\0"),
        Record(b"\0", wire.NS, b"\3ns1\4good\3com\0"),
        Record(b"\3com\0", wire.NS, b"\3ns1\4good\3com\0"), Record(owner, wire.SOA, wire.soa(query.name)),
        Record(b"\0", wire.SOA, wire.soa(())),
        Record(owner, wire.RRSIG, rng.randbytes(60)), Record(owner, wire.TXT, wire.cut(b"v=spf1 -all")),
        Record(owner, wire.TXT, wire.cut(b"v=DMARC1; p=reject")),
        Record(b"\1*" + owner, wire.TXT, b"\0"), Record(owner, 65280, b""), Record(owner, 255, b""),
        Record(owner, 46, b""), Record(owner, 39, owner),
    )  # fmt: skip
    for _ in range(rng.choice((1, 2, 5))):
        rng.choice((reply.answer, reply.answer, reply.authority, reply.additional)).append(rng.choice(more))
    if rng.random() < 0.3:
        reply.flags &= ~wire.AA
    return reply.octets(query, most)


TWISTS = (_flags, _rcode, _sections, _fields, _questions, _edns, _octets, _nothing, _more, _more, _fields, _rcode)
