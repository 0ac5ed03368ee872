"""The result of a DNS lookup. It never confuses *there is none* with *could not ask*."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Literal

import dns.rdata
import dns.rdataclass
import dns.rdatatype
from dns.rdtypes.ANY.MX import MX
from dns.rdtypes.ANY.NS import NS
from dns.rdtypes.ANY.PTR import PTR
from dns.rdtypes.ANY.TXT import TXT
from dns.rdtypes.IN.A import A
from dns.rdtypes.IN.AAAA import AAAA

from elastx_mrs.records.text import cut, join


@dataclass(frozen=True)
class Answer:
    """One answer.

    :param name: the queried name, as lower-case A-labels without a final dot.
    :param rdtype: the queried type, such as ``TXT``.
    :param status: ``found``; ``nodata``: the name has no record of that type; ``nxdomain``: the name does not exist;
        ``failed``: no server gave a usable answer (time-out, SERVFAIL, REFUSED, an unreadable answer).
    :param rdatas: the records of that type at the end of any chain of CNAMEs; empty unless ``found``.
    :param canonical: the name at the end of that chain; the name itself without one.
    :param problem: why it failed: the servers, and what each did; empty unless ``failed``.
    :param lame: whether it failed because the server does not serve the name: it answers REFUSED or NOTAUTH, answers
        without authority, or refers to others.
    :param denied: whether records came with an NXDOMAIN, so resolvers ignore them.
    :param nobody: whether it failed because this machine reaches no resolver; all such answers have the same problem.
    :param over: whether it failed because a limit was reached; the problem names it.
    :param ttl: seconds, of the records in one server's own answer; None if not known.
    """

    name: str
    rdtype: str
    status: Literal["found", "nodata", "nxdomain", "failed"]
    rdatas: tuple[dns.rdata.Rdata, ...] = ()
    canonical: str = ""
    problem: str = ""
    lame: bool = False
    denied: bool = False
    nobody: bool = False
    over: bool = False
    ttl: int | None = field(default=None, compare=False)

    @property
    def void(self) -> bool:
        """Whether it is a void lookup: no records, or no such name (RFC 7208 §4.6.4)."""
        return self.status in ("nodata", "nxdomain")

    def texts(self) -> list[bytes]:
        """Return the values of TXT records, the character-strings of each joined."""
        return [join(rdata.strings) for rdata in self.rdatas if isinstance(rdata, TXT)]

    def addresses(self) -> list[IPv4Address | IPv6Address]:
        """Return the addresses of A or AAAA records."""
        return [ip_address(rdata.address) for rdata in self.rdatas if isinstance(rdata, (A, AAAA))]

    def names(self) -> list[str]:
        """Return the targets of MX (preferred first), NS or PTR records, in lower case without a final dot.

        The target of a null MX (RFC 7505) is the empty name.
        """
        mx = sorted((rdata for rdata in self.rdatas if isinstance(rdata, MX)), key=lambda rdata: rdata.preference)
        others = [rdata.target for rdata in self.rdatas if isinstance(rdata, (NS, PTR))]
        found = [rdata.exchange for rdata in mx] + others
        return [name.to_text(omit_final_dot=True).lower().removesuffix(".") for name in found]


Ask = Callable[[str, str], Awaitable[Answer]]
"""Looks up a name and a type, both as in :class:`Answer`; never raises because of DNS."""


def answer_of(name: str, values: Sequence[bytes]) -> Answer:
    """Return the answer of a name with these TXT values."""
    rdatas = tuple(TXT(dns.rdataclass.IN, dns.rdatatype.TXT, cut(value)) for value in values)
    return Answer(name, "TXT", "found" if rdatas else "nodata", rdatas, name)
