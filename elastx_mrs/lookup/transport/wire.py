"""Writes a query, and recognises its answer (RFC 1035 §4.1).

Written by hand, because dnspython takes as long for a query as all other work, except reading the answer.
"""

import secrets
import struct
from dataclasses import dataclass
from typing import cast

import dns.flags
import dns.message
import dns.name
import dns.opcode
import dns.rcode
import dns.rdataclass
import dns.rdatatype

PAYLOAD = 1232
"""Octets of an answer over UDP that no network fragments (DNS flag day 2020; EDNS, RFC 6891 §6.2.3)."""

_HEADER = struct.Struct("!6H")
_QUESTION_END = struct.Struct("!2H")
_ANCOUNT = slice(6, 8)
_ARCOUNT = slice(10, 12)
_BARE_OPT = 11
"""Octets of an OPT record without options, which ends most answers."""
_OPT = struct.pack("!B2HIH", 0, dns.rdatatype.OPT, PAYLOAD, 0, 0)
"""EDNS version 0 without options (RFC 6891 §6.1.2): root, type, payload size, extended RCODE and flags, length."""

_WITHOUT_QUESTION = (dns.rcode.FORMERR, dns.rcode.SERVFAIL, dns.rcode.NOTIMP, dns.rcode.REFUSED)
"""Codes that servers may answer with a header alone."""


class UnusableError(Exception):
    """The answer is not usable. The message is a phrase that follows the server: ``answered another question``."""


class NotServedError(UnusableError):
    """The server answers, but does not serve the name, and does not look it up for others."""


@dataclass(frozen=True, slots=True)
class Query:
    """A query.

    :param name: absolute.
    :param wire: the message.
    """

    name: dns.name.Name
    rdtype: dns.rdatatype.RdataType
    wire: bytes

    @classmethod
    def make(cls, name: dns.name.Name, rdtype: dns.rdatatype.RdataType, flags: int, opt: bytes = _OPT) -> "Query":
        """Return a query with an unpredictable ID of 16 bits (RFC 5452 §9.2).

        :param flags: such as ``dns.flags.RD``.
        :param opt: empty for a server without EDNS.
        """
        header = _HEADER.pack(secrets.randbits(16), flags, 1, 0, 0, 1 if opt else 0)
        encoded = cast(bytes, name.to_wire())  # None only if it is written to a file
        return cls(name, rdtype, header + encoded + _QUESTION_END.pack(rdtype, dns.rdataclass.IN) + opt)

    def message(self) -> dns.message.Message:
        """Return it as a message of dnspython."""
        return dns.message.from_wire(self.wire)

    def own(self, wire: bytes) -> bool:
        """Whether octets bear the query's ID."""
        return wire[:2] == self.wire[:2]

    def read(self, wire: bytes) -> dns.message.Message:
        """Return the message in octets. If it has the requested TXT records, the sections after them are left out.

        :raises UnusableError: if they are not a message.
        """
        try:
            return _parsed(wire, self.rdtype)
        except Exception:  # hostile octets can raise more than a DNSException
            raise UnusableError("sent an answer that cannot be read") from None

    def is_answered_by(self, message: dns.message.Message) -> bool:
        """Whether a message with the query's ID is an answer to it (RFC 5452 §9.1)."""
        if not message.flags & dns.flags.QR or message.opcode() != dns.opcode.QUERY:
            return False
        if not message.question:
            return message.rcode() in _WITHOUT_QUESTION
        asked = message.question[0]
        return (
            len(message.question) == 1
            and asked.rdtype == self.rdtype
            and asked.rdclass == dns.rdataclass.IN
            and asked.name == self.name
        )


def _extended(wire: bytes) -> bool:
    """Whether the RCODE may have more than the header's four bits (RFC 6891 §6.1.3), so the OPT must be read."""
    if wire[_ARCOUNT] == bytes(2):
        return False
    end = wire[-_BARE_OPT:]
    bare = end[:3] == _OPT[:3] and end[9:] == bytes(2)
    return not bare or end[5] != 0


def _parsed(wire: bytes, rdtype: dns.rdatatype.RdataType) -> dns.message.Message:
    if rdtype == dns.rdatatype.TXT and wire[_ANCOUNT] != bytes(2) and not _extended(wire):
        # As if the sections after ANSWER were empty: the zone's servers and their addresses are not needed, and reading
        # them takes as long again.
        message = dns.message.from_wire(wire[:8] + bytes(4) + wire[12:], ignore_trailing=True)
        if any(rrset.rdtype == rdtype for rrset in message.answer):
            return message
    return dns.message.from_wire(wire)
