"""What Cloudflare takes as a DNS record, and the form it stores it in."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import dns.exception
import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype
from dns.rdtypes.ANY.TXT import TXT

from elastx_mrs.lab.cloudflare.refused import RefusedError, invalid
from elastx_mrs.records import RecordError
from elastx_mrs.records.names import to_ascii
from elastx_mrs.records.text import cut, parse, quote

AUTOMATIC = 1
"""The TTL that leaves it to Cloudflare, which serves 300 s."""

MAX_WIRE = 4096
"""Octets of one record's RDATA."""

MAX_CONTENT = 8192
"""Characters of all contents at one name and type."""

_TARGETS = {"CNAME", "NS", "MX", "PTR"}


@dataclass(frozen=True)
class Plan:
    """What a zone's plan allows: the least TTL in seconds, characters of a comment, tags of a record."""

    name: str
    min_ttl: int
    max_comment: int
    max_tags: int


FREE = Plan("Free Website", 60, 100, 0)
ENTERPRISE = Plan("Enterprise Website", 30, 500, 20)


@dataclass(frozen=True)
class Fields:
    """A record as it is stored: ``content`` in the API's form, ``rdata`` as DNS serves it."""

    name: str
    type: str
    content: str
    rdata: dns.rdata.Rdata
    ttl: int
    comment: str | None
    tags: tuple[str, ...]
    proxied: bool
    priority: int | None


def fields(body: Mapping[str, Any], zone: str, plan: Plan) -> Fields:
    """Return a request's record in the form that is stored.

    :raises RefusedError: with the code of what is wrong.
    """
    kind = str(body.get("type", "")).upper()
    priority = body.get("priority") if kind == "MX" else None
    content, rdata = _content(kind, body.get("content"), priority)
    return Fields(
        name=_name(body.get("name"), zone),
        type=kind,
        content=content,
        rdata=rdata,
        ttl=_ttl(body.get("ttl", AUTOMATIC), plan),
        comment=_comment(body.get("comment"), plan),
        tags=_tags(body.get("tags") or (), plan),
        proxied=bool(body.get("proxied", False)),
        priority=priority,
    )


def _name(name: object, zone: str) -> str:
    """Return the whole name; what does not end in the zone is taken as below it."""
    if not isinstance(name, str) or not name.strip():
        raise invalid(9000, "DNS name is invalid.")
    try:
        whole = to_ascii(name.removesuffix("."))
        if whole == "@":
            return zone
        if whole != zone and not whole.endswith(f".{zone}"):
            whole = f"{whole}.{zone}"
        dns.name.from_text(whole)
    except (RecordError, dns.exception.DNSException):
        raise invalid(9000, "DNS name is invalid.") from None
    return whole


def _content(kind: str, content: object, priority: object) -> tuple[str, dns.rdata.Rdata]:
    if not isinstance(content, str) or not content:
        raise invalid(9101, "content is a required data field.")
    if kind == "TXT":
        return _text(content)
    try:
        rdtype = dns.rdatatype.from_text(kind)
        text = f"{content.removesuffix('.')}." if kind in _TARGETS else content
        rdata = dns.rdata.from_text(
            dns.rdataclass.IN, rdtype, f"{int(str(priority or 0))} {text}" if kind == "MX" else text
        )
    except (dns.exception.DNSException, ValueError):
        raise RefusedError(
            400, 1004, "DNS Validation Error", (9005, f"Content for {kind} record is invalid.")
        ) from None
    return content, rdata


def _text(content: str) -> tuple[str, dns.rdata.Rdata]:
    """Return TXT content as it is stored: quoted strings cut at 255 octets; without quotes, as it came.

    What is served is the same in both, cut into character-strings.
    """
    if not all(" " <= character <= "~" for character in content):
        raise RefusedError(
            400, 1004, "DNS Validation Error", (9051, "Invalid TXT record. Record may only contain printable ASCII!")
        )
    if content.startswith('"'):
        try:
            strings = [piece for string in parse(content) for piece in cut(string)]
        except RecordError:
            raise invalid(9207, "Content for TXT record is invalid. Unbalanced quotes.") from None
        content = " ".join(map(quote, strings))
    else:
        strings = cut(content.encode("ascii"))
    rdata = TXT(dns.rdataclass.IN, dns.rdatatype.TXT, strings)
    if sum(len(string) + 1 for string in strings) > MAX_WIRE:
        raise invalid(9015, f"Record content exceeds the allowed length of {MAX_WIRE} wire format bytes.")
    return content, rdata


def _ttl(ttl: object, plan: Plan) -> int:
    if isinstance(ttl, float) and ttl.is_integer():
        ttl = int(ttl)
    if not isinstance(ttl, int) or isinstance(ttl, bool) or not (ttl == AUTOMATIC or plan.min_ttl <= ttl <= 86400):
        text = f"TTL must be between {plan.min_ttl} and 86400 seconds, or 1 for Automatic."
        raise RefusedError(400, 1004, "DNS Validation Error", (9021, text))
    return ttl


def _comment(comment: object, plan: Plan) -> str | None:
    if comment is None or comment == "":
        return None
    if not isinstance(comment, str) or "\n" in comment or "\r" in comment:
        raise invalid(1004, "DNS record comment is invalid.")
    if len(comment) > plan.max_comment:
        raise invalid(9313, f"DNS record comment exceeds the maximum length of {plan.max_comment} characters.")
    return comment


def _tags(tags: object, plan: Plan) -> tuple[str, ...]:
    if not isinstance(tags, list | tuple):
        raise invalid(1004, "DNS record tags are invalid.")
    if len(tags) > plan.max_tags:
        raise invalid(9300, f"DNS record has {len(tags)} tags, exceeding the quota of {plan.max_tags}.")
    return tuple(map(str, tags))
