"""What a question to the DNS came to. *There is none* and *could not ask* are never mixed up."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
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

    :param name: the name that was asked for, as lower-case A-labels without a final dot.
    :param rdtype: the type that was asked for, such as ``TXT``.
    :param status: ``found``; ``nodata``, where the name has no record of that type; ``nxdomain``, where there is no
        such name; ``failed``, where no server gave a usable answer (time-outs, SERVFAIL, REFUSED, rubbish).
    :param rdatas: the records of that type at the end of any chain of CNAMEs; empty unless ``found``.
    :param canonical: the name at the end of that chain; the name itself where there is none.
    :param problem: why it failed: which servers, and what each did; empty unless ``failed``.
    :param lame: whether it failed because the server answers, and does not serve the name: it refuses (REFUSED,
        NOTAUTH), answers without authority, or refers to others.
    :param denied: whether records came with an NXDOMAIN: resolvers say then that there is no such name.
    :param nobody: whether it failed because no resolver can be asked from this machine; every such answer has the same
        problem.
    :param over: whether it failed because a limit on what may be asked was reached; then its problem says which.
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

    @property
    def void(self) -> bool:
        """Whether it is a void lookup: an empty answer, or no such name (RFC 7208 §4.6.4)."""
        return self.status in ("nodata", "nxdomain")

    def texts(self) -> list[bytes]:
        """Return the values of TXT records, the character-strings of each joined with nothing between."""
        return [join(rdata.strings) for rdata in self.rdatas if isinstance(rdata, TXT)]

    def addresses(self) -> list[IPv4Address | IPv6Address]:
        """Return the addresses of A or AAAA records."""
        return [ip_address(rdata.address) for rdata in self.rdatas if isinstance(rdata, (A, AAAA))]

    def names(self) -> list[str]:
        """Return the names that MX (the preferred first), NS or PTR records lead to, in lower case, no final dot.

        A null MX (RFC 7505) leads to the empty name.
        """
        mx = sorted((rdata for rdata in self.rdatas if isinstance(rdata, MX)), key=lambda rdata: rdata.preference)
        others = [rdata.target for rdata in self.rdatas if isinstance(rdata, (NS, PTR))]
        found = [rdata.exchange for rdata in mx] + others
        return [name.to_text(omit_final_dot=True).lower().removesuffix(".") for name in found]


Ask = Callable[[str, str], Awaitable[Answer]]
"""Asks for a name and a type, both as in :class:`Answer`; never raises for what the DNS does."""


def answer_of(name: str, values: Sequence[bytes]) -> Answer:
    """Return the answer that a name with these TXT values will give."""
    rdatas = tuple(TXT(dns.rdataclass.IN, dns.rdatatype.TXT, cut(value)) for value in values)
    return Answer(name, "TXT", "found" if rdatas else "nodata", rdatas, name)
