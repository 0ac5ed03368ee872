"""Reads an answer: its content for the queried name, and whether its server has the authority."""

from dataclasses import dataclass
from typing import Literal

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset
from dns.rdtypes.ANY.CNAME import CNAME

from elastx_mrs import limits
from elastx_mrs.display import quoted
from elastx_mrs.lookup.question import Question
from elastx_mrs.lookup.transport.wire import NotServedError, UnusableError


@dataclass(frozen=True)
class Reading:
    """The content of one answer.

    :param chain: the names that the CNAMEs lead to, starting at the queried name; empty without CNAMEs.
    :param status: as in :class:`~elastx_mrs.lookup.answer.Answer`, for the chain's end; None if the answer does not
        include the end, so it must be queried separately.
    :param rrset: the records; None unless ``found``.
    :param denied: whether records came with an NXDOMAIN, so the name still counts as missing.
    """

    chain: tuple[dns.name.Name, ...]
    status: Literal["found", "nodata", "nxdomain"] | None
    rrset: dns.rrset.RRset | None = None
    denied: bool = False


def absolute(name: str) -> dns.name.Name:
    """Return a name in presentation format (RFC 1035 §5.1), as A-labels, with or without a final dot.

    :raises ValueError: if it is not valid in DNS (§3.1: labels of 1 to 63 octets, 255 in all).
    """
    try:
        if not name.isascii() or name == "@":
            raise ValueError
        return dns.name.from_text(name)
    except (dns.exception.DNSException, ValueError):
        raise ValueError(f"{quoted(name)} is not a name that DNS can hold (RFC 1035 §3.1)") from None


def text(name: dns.name.Name) -> str:
    r"""Return a name in lower case without a final dot, non-text octets as ``\DDD``; "" for the root."""
    return name.to_text(omit_final_dot=True).lower().removesuffix(".")


def below(name: dns.name.Name, zone: dns.name.Name) -> bool:
    """Whether a name is below another, and not the same."""
    return name.is_subdomain(zone) and name != zone


def find(
    section: list[dns.rrset.RRset], rdtype: dns.rdatatype.RdataType, name: dns.name.Name | None = None
) -> dns.rrset.RRset | None:
    """Return the first RRset of that type in a section, for ``name`` if given."""
    return next(
        (
            found
            for found in section
            if found.rdtype == rdtype and found.rdclass == dns.rdataclass.IN and name in (None, found.name)
        ),
        None,
    )


def denies(reply: dns.message.Message) -> bool:
    """Whether the answer is that the name does not exist: the code decides, not the records (RFC 2308 §2.1).

    With CNAMEs it is about the last name of the chain (RFC 6604 §3).
    """
    return reply.rcode() == dns.rcode.NXDOMAIN


def records(reply: dns.message.Message, rdtype: dns.rdatatype.RdataType, name: dns.name.Name) -> dns.rrset.RRset | None:
    """Return the records that an answer gives for a name; None if it denies the name, or has none."""
    return None if denies(reply) else find(reply.answer, rdtype, name)


def read(reply: dns.message.Message, question: Question) -> Reading:
    """Return the content of an answer.

    :raises NotServedError: if the server does not serve the name: it is lame, or refers to others.
    :raises UnusableError: if a CNAME in it cannot be read.
    """
    check_authority(reply, question)
    chain: list[dns.name.Name] = []
    end = question.name
    while (rrset := find(reply.answer, question.rdtype, end)) is None:
        alias = find(reply.answer, dns.rdatatype.CNAME, end)
        if alias is None or len(chain) > limits.CNAMES.most:
            return Reading(tuple(chain), _negative(reply) if not chain or _covered(reply, end) else None)
        end = target(alias)
        chain.append(end)
    if denies(reply):
        return Reading(tuple(chain), "nxdomain", denied=True)
    return Reading(tuple(chain), "found", rrset)


def check_authority(reply: dns.message.Message, question: Question) -> None:
    """Do nothing if the server has the authority to answer, or answers as a resolver.

    :raises NotServedError: otherwise (RFC 1034 §4.3.2: it refers to closer servers; RFC 2308 §2.2).
    """
    if question.flags & dns.flags.RD:
        if not reply.answer and referral(reply) is not None:
            raise NotServedError(f"does not look up {text(question.name)}, but refers to others: it is not a resolver")
    elif not reply.flags & dns.flags.AA:
        what = "refers to others" if referral(reply) is not None else "answers without authority"
        raise NotServedError(f"{what} for {text(question.name) or 'the root'}: it does not serve that name")


def check_recursion(reply: dns.message.Message, question: Question) -> None:
    """Do nothing if the server serves the name, or offers recursion (RA, RFC 1035 §4.1.1).

    :raises NotServedError: otherwise, as for a name server that answers only from a cache.
    """
    check_authority(reply, question)
    if not reply.flags & (dns.flags.AA | dns.flags.RA):
        name = text(question.name)
        raise NotServedError(f"does not look up {name}: it does not serve that name, and is not a resolver")


def referral(reply: dns.message.Message) -> dns.rrset.RRset | None:
    """Return the NS RRset of a referral (RFC 2308 §2.2: NOERROR, no AA, and no SOA); None for other answers."""
    if denies(reply) or reply.flags & dns.flags.AA or find(reply.authority, dns.rdatatype.SOA) is not None:
        return None
    return find(reply.authority, dns.rdatatype.NS)


def target(alias: dns.rrset.RRset) -> dns.name.Name:
    """Return the target of a CNAME."""
    rdata = alias[0]
    if not isinstance(rdata, CNAME):
        raise UnusableError("sent an answer that cannot be read")
    return rdata.target


def _negative(reply: dns.message.Message) -> Literal["nodata", "nxdomain"]:
    return "nxdomain" if denies(reply) else "nodata"


def _covered(reply: dns.message.Message, end: dns.name.Name) -> bool:
    """Whether a negative answer is about the chain's end, by the zone of its SOA (RFC 2308 §2.1, RFC 6604)."""
    soa = find(reply.authority, dns.rdatatype.SOA)
    return soa is not None and end.is_subdomain(soa.name)
