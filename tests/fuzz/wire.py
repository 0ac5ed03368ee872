"""DNS messages as octets (RFC 1035 §4.1), written by hand: fast, and able to say what no library would write."""

import struct
from collections.abc import Sequence
from dataclasses import dataclass, field

A, NS, CNAME, SOA, PTR, MX, TXT, AAAA, SRV, DNAME, OPT, DS, RRSIG, SPF = (
    1,
    2,
    5,
    6,
    12,
    15,
    16,
    28,
    33,
    39,
    41,
    43,
    46,
    99,
)
TYPES = {
    "A": A, "NS": NS, "CNAME": CNAME, "SOA": SOA, "PTR": PTR, "MX": MX, "TXT": TXT, "AAAA": AAAA, "DNAME": DNAME,
    "DS": DS
}  # fmt: skip
NOERROR, FORMERR, SERVFAIL, NXDOMAIN, NOTIMP, REFUSED = range(6)
QR, AA, TC, RD, RA = 0x8000, 0x0400, 0x0200, 0x0100, 0x0080

Name = tuple[bytes, ...]
"""Labels, in lower case, without the root."""


def name(text: str) -> Name:
    """A name of text without escapes."""
    return tuple(label.encode() for label in text.lower().split(".") if label)


def encoded(labels: Name) -> bytes:
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"


def shown(labels: Name) -> str:
    r"""A name in presentation format: odd octets as ``\DDD``."""
    return ".".join(
        "".join(chr(octet) if chr(octet).isalnum() or octet in b"-_*" else f"\\{octet:03d}" for octet in label)
        for label in labels
    )


def strings(*values: bytes) -> bytes:
    """The RDATA of a TXT record."""
    return b"".join(bytes([len(value)]) + value for value in values)


def cut(value: bytes) -> bytes:
    """The RDATA of a TXT record with that value, in strings of 255 octets."""
    return strings(*([value[start : start + 255] for start in range(0, len(value), 255)] or [b""]))


def soa(origin: Name, serial: int = 1, minimum: int = 300) -> bytes:
    numbers = struct.pack("!5I", serial, 3600, 900, 604800, minimum)
    return encoded((b"ns", *origin)[-120:]) + encoded((b"host", *origin)[-120:]) + numbers


@dataclass
class Record:
    """One resource record; ``name`` and ``rdata`` as octets."""

    name: bytes
    rdtype: int
    rdata: bytes
    ttl: int = 300
    rdclass: int = 1

    def octets(self) -> bytes:
        length = len(self.rdata) & 0xFFFF
        return self.name + struct.pack("!HHIH", self.rdtype, self.rdclass, self.ttl & 0xFFFFFFFF, length) + self.rdata


@dataclass
class Query:
    id: bytes
    flags: int
    name: Name
    rdtype: int
    question: bytes
    edns: bool

    @classmethod
    def read(cls, wire: bytes) -> "Query":
        labels, at = [], 12
        while wire[at]:
            labels.append(wire[at + 1 : at + 1 + wire[at]].lower())
            at += 1 + wire[at]
        flags, additional = int.from_bytes(wire[2:4], "big"), int.from_bytes(wire[10:12], "big")
        rdtype = int.from_bytes(wire[at + 1 : at + 3], "big")
        return cls(wire[:2], flags, tuple(labels), rdtype, wire[12 : at + 5], additional > 0)


@dataclass
class Reply:
    """What is answered; ``octets`` puts it together."""

    rcode: int = NOERROR
    flags: int = QR
    answer: list[Record] = field(default_factory=list)
    authority: list[Record] = field(default_factory=list)
    additional: list[Record] = field(default_factory=list)
    questions: Sequence[bytes] = ()

    def octets(self, query: Query, most: int) -> bytes:
        flags = self.flags | (query.flags & RD) | self.rcode
        sections = (self.answer, self.authority, self.additional)
        body = b"".join(self.questions) + b"".join(record.octets() for part in sections for record in part)
        if 12 + len(body) > most:
            return query.id + struct.pack("!5H", flags | TC, len(self.questions), 0, 0, 0) + b"".join(self.questions)
        counts = (len(self.questions), *(len(part) & 0xFFFF for part in sections))
        return query.id + struct.pack("!5H", flags, *counts) + body
