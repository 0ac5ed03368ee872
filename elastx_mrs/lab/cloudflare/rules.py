"""The DNS records that Cloudflare accepts, and the form in which it stores them."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import dns.exception
import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype
from dns.rdtypes.ANY.TXT import TXT

from elastx_mrs.lab.cloudflare.errors import RefusedError, invalid
from elastx_mrs.records import RecordError
from elastx_mrs.records.names import to_ascii
from elastx_mrs.records.text import cut, parse, quote

AUTOMATIC = 1
"""The TTL "automatic", which Cloudflare serves as 300 s."""

MAX_WIRE = 4096
"""The most octets of one record's RDATA."""

MAX_CONTENT = 8192
"""The most characters of all contents at one name and type."""

PROXIABLE = frozenset({"A", "AAAA", "CNAME"})

_TYPES = frozenset({
    "A", "AAAA", "CAA", "CERT", "CNAME", "DNSKEY", "DS", "HTTPS", "LOC", "MX", "NAPTR", "NS", "OPENPGPKEY", "PTR",
    "SMIMEA", "SRV", "SSHFP", "SVCB", "TLSA", "TXT", "URI",
})  # fmt: skip
"""The types in the published API description; SOA is Cloudflare's own."""

_TARGETS = {"CNAME", "NS", "MX", "PTR"}
_LABEL = re.compile(r"[a-z0-9_-]{1,63}")
_QUOTED = re.compile(r'\s*(?:"(?:[^"\\]|\\.)*"\s*)+')
_TAG = re.compile(r"[A-Za-z0-9_-]+(?::[^\x00-\x1f\x7f]*)?")
_ESCAPED = re.compile(r"\\.")


@dataclass(frozen=True)
class Plan:
    """The limits of a zone's plan: the least TTL in seconds, the most characters of a comment and tags of a record."""

    name: str
    min_ttl: int
    max_comment: int
    max_tags: int


FREE = Plan("Free Website", 60, 100, 0)


@dataclass(frozen=True)
class Fields:
    """A stored record: ``content`` in the API's form, ``rdata`` as DNS serves it."""

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
    """Return a request's record in its stored form.

    :raises RefusedError: with the code of the problem.
    """
    kind = str(body.get("type", "")).upper()
    priority = _priority(body.get("priority")) if kind == "MX" else None
    content, rdata = _content(kind, body.get("content"), priority)
    return Fields(
        name=_name(body.get("name"), zone),
        type=kind,
        content=content,
        rdata=rdata,
        ttl=_ttl(body.get("ttl", AUTOMATIC), plan),
        comment=_comment(body.get("comment"), plan),
        tags=_tags(body.get("tags") or (), plan),
        proxied=_proxied(body.get("proxied"), kind),
        priority=priority,
    )


def _name(name: object, zone: str) -> str:
    """Return the whole name; a name that does not end in the zone is relative to it."""
    if not isinstance(name, str) or not name.strip():
        raise invalid(9000, "DNS name is invalid.")
    if name == "@":
        return zone
    try:
        # label by label: next to a non-ASCII label, IDNA would refuse an underscore in another
        labels = [to_ascii(label) for label in name.removesuffix(".").split(".")]
        whole = ".".join(labels)
        if whole != zone and not whole.endswith(f".{zone}"):
            whole = f"{whole}.{zone}"
        if not all(_LABEL.fullmatch(label) for label in labels[labels[0] == "*" :]):
            raise RecordError("has a label that no name can have")
        dns.name.from_text(whole)
    except (RecordError, dns.exception.DNSException):
        raise invalid(9000, "DNS name is invalid.") from None
    return whole


def _priority(priority: object) -> int | None:
    if priority is None or (isinstance(priority, int) and not isinstance(priority, bool) and 0 <= priority <= 65535):
        return priority
    raise _not_valid(9005, "Content for MX record is invalid.")


def _proxied(proxied: object, kind: str) -> bool:
    if proxied and kind not in PROXIABLE:
        raise _not_valid(9004, "This record type cannot be proxied.")
    return bool(proxied)


def _content(kind: str, content: object, priority: int | None) -> tuple[str, dns.rdata.Rdata]:
    if not isinstance(content, str) or not content:
        raise invalid(9101, "content is a required data field.")
    if kind == "TXT":
        return _text(content)
    refused = _not_valid(9005, f"Content for {kind} record is invalid.")
    if kind not in _TYPES or not content.isprintable():
        raise refused
    try:
        rdata = dns.rdata.from_text(
            dns.rdataclass.IN, dns.rdatatype.from_text(kind), f"{priority or 0} {content}" if kind == "MX" else content,
            origin=dns.name.root, relativize=False,  # names in content are absolute, with or without a final dot
        )  # fmt: skip
    except (dns.exception.DNSException, ValueError):
        raise refused from None
    if kind in ("A", "AAAA"):
        return rdata.to_text(), rdata
    return content.removesuffix(".") if kind in _TARGETS else content, rdata


def _text(content: str) -> tuple[str, dns.rdata.Rdata]:
    """Return TXT content in its stored form: quoted strings are cut at 255 octets, unquoted text stays as it is.

    DNS serves the same character-strings for both.
    """
    if not all(" " <= character <= "~" for character in content):
        raise _not_valid(9051, "Invalid TXT record. Record may only contain printable ASCII!")
    strings = _strings(content)
    if _QUOTED.fullmatch(content):
        content = " ".join(map(quote, strings))
    rdata = TXT(dns.rdataclass.IN, dns.rdatatype.TXT, strings)
    if sum(len(string) + 1 for string in strings) > MAX_WIRE:
        raise invalid(9015, f"Record content exceeds the allowed length of {MAX_WIRE} wire format bytes.")
    return content, rdata


def _strings(content: str) -> list[bytes]:
    """Return the character-strings of TXT content, either fully quoted, or unquoted with quotes as content."""
    unbalanced = invalid(9207, "Content for TXT record is invalid. Unbalanced quotes.")
    if not content.lstrip().startswith('"'):
        if _ESCAPED.sub("", content).count('"') % 2:
            raise unbalanced
        return cut(content.encode("ascii"))
    if not _QUOTED.fullmatch(content):
        raise unbalanced
    try:
        return [piece for string in parse(content) for piece in cut(string)]
    except RecordError:
        raise unbalanced from None


def _ttl(ttl: object, plan: Plan) -> int:
    if isinstance(ttl, float) and ttl.is_integer():
        ttl = int(ttl)
    if not isinstance(ttl, int) or isinstance(ttl, bool) or not (ttl == AUTOMATIC or plan.min_ttl <= ttl <= 86400):
        text = f"TTL must be between {plan.min_ttl} and 86400 seconds, or 1 for Automatic."
        raise _not_valid(9021, text)
    return ttl


def _comment(comment: object, plan: Plan) -> str | None:
    if comment is None or comment == "":
        return None
    if not isinstance(comment, str) or any(unicodedata.category(one) in ("Cc", "Cs") for one in comment):
        raise invalid(1004, "DNS record comment is invalid.")
    if len(comment) > plan.max_comment:
        raise invalid(9313, f"DNS record comment exceeds the maximum length of {plan.max_comment} characters.")
    return comment


def _tags(tags: object, plan: Plan) -> tuple[str, ...]:
    if not isinstance(tags, list | tuple):
        raise invalid(1004, "DNS record tags are invalid.")
    if len(tags) > plan.max_tags:
        raise _not_valid(9300, f"DNS record has {len(tags)} tags, exceeding the quota of {plan.max_tags}.")
    if not all(isinstance(tag, str) and _TAG.fullmatch(tag) for tag in tags):
        raise invalid(1004, "DNS record tags are invalid.")
    return tuple(tags)


def _not_valid(code: int, message: str) -> RefusedError:
    """Return the error for a single field, in the form that Cloudflare uses."""
    return RefusedError(400, 1004, "DNS Validation Error", (code, message))
