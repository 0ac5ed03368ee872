"""SPF (RFC 7208): which servers may send as the domain. One record per name, and Elastx's include always in it."""

import ipaddress
import re
from collections.abc import Sequence

from elastx_mrs.records.record import RecordError, TxtRecord
from elastx_mrs.records.text import check_printable

VERSION = "v=spf1"
ELASTX = "include:elastx.email"
"""The term that the service's page asks for, unqualified: a match means pass (RFC 7208 §4.6.2)."""

ALL = {"fail": "-all", "softfail": "~all", "neutral": "?all"}
"""What other servers' mail gets. ``+all`` is not offered: it lets every server in the world send."""

_DOMAIN_SPEC = re.compile(r"[A-Za-z0-9_%{}.+,/=-]*[A-Za-z0-9_}-]\.?")
_CIDR = re.compile(r"(?:/(\d{1,2}))?(?://(\d{1,3}))?$")


def spf(domain: str, value: str, ttl: int | None = None) -> TxtRecord:
    """Return the SPF record: a TXT directly under the domain's name (RFC 7208 §3)."""
    return TxtRecord(domain, "spf", domain, value, ttl)


def from_terms(
    include: Sequence[str] = (),
    ip4: Sequence[str] = (),
    ip6: Sequence[str] = (),
    a: Sequence[str] = (),
    mx: Sequence[str] = (),
    all_: str = "fail",
) -> str:
    """Return the record with Elastx's include first, then the given terms, then ``all``.

    The terms are as the functions below return them. Without any it is the service's basic value.
    """
    terms = [ELASTX]
    terms += [f"ip4:{network}" for network in ip4]
    terms += [f"ip6:{network}" for network in ip6]
    terms += [_host_term("a", host) for host in a]
    terms += [_host_term("mx", host) for host in mx]
    terms += [f"include:{target}" for target in include if f"include:{target}".lower() != ELASTX]
    return " ".join([VERSION, *terms, ALL[all_]])


def include_target(text: str) -> str:
    """Return the name of an ``include`` (RFC 7208 §5.2).

    :raises RecordError: where it is not a name, or a whole term.
    """
    if text.lower().startswith("include:"):
        raise RecordError(f"is a whole term; write the name alone: {text[8:]}")
    return _domain_spec(text)


def ip4_network(text: str) -> str:
    """Return an ``ip4`` network (RFC 7208 §5.6).

    :raises RecordError: where it is not an IPv4 address or network.
    """
    return _network(text, ipaddress.IPv4Network, "IPv4", "192.0.2.0/24")


def ip6_network(text: str) -> str:
    """Return an ``ip6`` network (RFC 7208 §5.6).

    :raises RecordError: where it is not an IPv6 address or network.
    """
    return _network(text, ipaddress.IPv6Network, "IPv6", "2001:db8::/32")


def host(text: str) -> str:
    """Return the argument of an ``a`` or ``mx`` term: ``@`` (the domain itself) or a name, with ``/24//64`` if wanted.

    :raises RecordError: where the name or a prefix length is wrong (RFC 7208 §5.3, §5.4).
    """
    cidr = _CIDR.search(text)
    assert cidr is not None  # noqa: S101  every part of the pattern is optional
    name = text[: cidr.start()]
    if name != "@":
        _domain_spec(name)
    for length, most in zip(cidr.groups(), (32, 128), strict=True):
        if length is not None and int(length) > most:
            raise RecordError(f"has the prefix length /{length}; at most /{most} is possible")
    return text


def whole_record(text: str) -> str:
    """Return a record that the user wrote, with Elastx's include put first where it lacks it.

    First, because an earlier term could match, and fail, before it is reached (RFC 7208 §4.6.2).

    :raises RecordError: where it is no SPF record, or Elastx's include is in it in a way that would not pass mail.
    """
    check_printable(text)
    version, _, rest = text.partition(" ")
    if version.lower() != VERSION:
        raise RecordError(f"is not an SPF record: it must begin with 'v=spf1 ' (RFC 7208 §4.5), not {version[:20]!r}")
    terms = rest.split()
    if VERSION in (term.lower() for term in terms):
        raise RecordError("holds two SPF records; a domain has exactly one, so merge their terms (RFC 7208 §3.2)")
    lowered = [term.lower().removesuffix(".") for term in terms]
    if any(term in {"all", "+all"} for term in lowered):
        raise RecordError("ends in +all, which lets every server send as the domain; write -all or ~all")
    if any(term[:1] in "+-~?" and term[1:] == ELASTX for term in lowered):
        raise RecordError(f"has a qualifier on {ELASTX}; write it without one, so that mail through Elastx passes")
    if lowered.count(ELASTX) > 1:
        raise RecordError(f"has {ELASTX} twice, which costs a second lookup; write it once")
    if ELASTX not in lowered:
        return " ".join([VERSION, ELASTX, *terms])
    end = next((i for i, term in enumerate(lowered) if term.lstrip("-~?") == "all"), len(lowered))
    if lowered.index(ELASTX) > end:
        raise RecordError(f"has {ELASTX} after 'all', where nothing is looked at (RFC 7208 §5.1); move it before")
    return text


def _host_term(mechanism: str, argument: str) -> str:
    return f"{mechanism}{argument[1:]}" if argument.startswith("@") else f"{mechanism}:{argument}"


def _domain_spec(text: str) -> str:
    if not _DOMAIN_SPEC.fullmatch(text) or "." not in text:
        raise RecordError(f"{text!r} is not a domain name, such as _spf.example.com (RFC 7208 §7.1)")
    return text


def _network(
    text: str, kind: type[ipaddress.IPv4Network] | type[ipaddress.IPv6Network], version: str, example: str
) -> str:
    try:
        kind(text, strict=False)
    except ValueError:
        raise RecordError(f"{text!r} is not an {version} address or network, such as {example}") from None
    if "/" in text and not text.rpartition("/")[2].isdigit():
        raise RecordError(f"{text!r} has a netmask; write a prefix length, such as {example}")
    return text
