"""Reads a published DMARC record (RFC 9989 §4.7, §4.8): is it a DMARC record, is it void, and what is its policy?

The reader is tolerant, as receivers are. :mod:`elastx_mrs.records.dmarc` has the stricter rules for a record that we
publish.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from elastx_mrs.display import quoted, visible
from elastx_mrs.records.record import RecordError
from elastx_mrs.records.text import as_text

VERSION = "DMARC1"

POLICIES = ("none", "quarantine", "reject")
"""From the weakest to the strictest."""

POLICY_TAGS = ("p", "sp", "np")
ALIGNMENT_TAGS = ("adkim", "aspf")
"""The tags that have an order (RFC 9989 §4.7): by :data:`POLICIES`, and relaxed before strict."""

TAGS = ("v", "p", "sp", "np", "adkim", "aspf", "rua", "ruf", "fo", "t", "psd")
"""The tags of RFC 9989 §4.7."""

CHOICES: Mapping[str, tuple[str, ...]] = {
    "p": POLICIES,
    "sp": POLICIES,
    "np": POLICIES,
    "adkim": ("r", "s"),
    "aspf": ("r", "s"),
    "t": ("y", "n"),
    "psd": ("y", "n", "u"),
}

_POLICY = frozenset((*POLICY_TAGS, "pct", "rf", "ri"))
"""Tags whose faults have a message of their own, and tags that older receivers still read (RFC 7489 §6.3)."""
_MOST_SHOWN = 4

_WHITE_SPACE = " \t"
_VERSION = re.compile(rf"[vV][ \t]*=[ \t]*{VERSION}[ \t]*(?:;|\Z)")
"""White space may surround "=", and only ``DMARC1`` is case-sensitive (RFC 9989 §4.8)."""
_TAG_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[!-+\--:<-~]+")


@dataclass(frozen=True)
class Policy:
    """A record as a receiver reads it, defaults filled in (RFC 9989 §4.7).

    :param sp: for subdomains that exist, and ``np`` for those that do not; None if ``p`` applies.
    :param ignored: the tags that a receiver skips: unknown names, and invalid values.
    """

    p: str = "none"
    sp: str | None = None
    np: str | None = None
    adkim: str = "r"
    aspf: str = "r"
    fo: str = "0"
    t: str = "n"
    psd: str = "u"
    rua: tuple[str, ...] = ()
    ruf: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()

    def effective(self, tag: str) -> str:
        """Return the value that applies for ``p``, ``sp``, ``np``, ``adkim`` or ``aspf``, inherited or default."""
        if tag == "np":
            return self.np or self.sp or self.p
        if tag == "sp":
            return self.sp or self.p
        return str(getattr(self, tag))


@dataclass(frozen=True)
class Void:
    """A DMARC record without a usable policy: receivers apply no DMARC to the message (RFC 9989 §4.10.1).

    :param why: the reason, with its section; reads on after the record: ``'v=DMARC1; p=x' has …``.
    :param psd: as in :class:`Policy`; it ends a tree walk at this record too (§4.10).
    """

    why: str
    psd: str = "u"


class Segment(NamedTuple):
    """One part of a record, between two semicolons.

    :param name: the tag's name in lower case; empty if the part is not ``tag=value``.
    :param value: without the white space around it.
    :param text: the whole part, without the white space around it.
    """

    name: str
    value: str
    text: str


def is_dmarc(value: bytes | str) -> bool:
    """Return whether a TXT value is a DMARC record: it begins with the tag ``v``, whose value is ``DMARC1``.

    A void record is a DMARC record too: receivers count it when they look for several (RFC 9989 §4.10).
    """
    return _VERSION.match(as_text(value)) is not None


def read(value: bytes | str) -> Policy | Void | None:
    """Return the policy that a receiver reads, or why it reads none, or None if the value is not a DMARC record.

    Receivers skip unknown tags, faulty values and parts without a tag. A faulty ``p``, ``sp`` or ``np`` means
    ``p=none`` if at least one address in ``rua`` is valid. Otherwise it voids the record, as a repeated tag does
    (RFC 9989 §4.7, §4.10.1; RFC 6376 §3.2). A missing ``p`` means ``p=none`` in a record without syntax errors (§4.7).
    In a record with parts without a tag, it counts as a faulty ``p``.
    """
    text = as_text(value)
    if not is_dmarc(text):
        return None
    parts = segments(text)
    found = [segment for segment in parts if segment.name]
    twice = [name for name, count in Counter(segment.name for segment in found).items() if count > 1]
    if twice:
        return Void(f"has the tag {quoted(twice[0], 40)} twice (RFC 6376 §3.2)")
    good: dict[str, str] = {}
    uris: dict[str, tuple[str, ...]] = {"rua": (), "ruf": ()}
    ignored = []
    for name, content, _ in found[1:]:
        if name in uris:
            uris[name] = tuple(uri for uri in addresses(content) if _is_allowed(name, uri))
        if name not in TAGS or not _is_allowed(name, content):
            ignored.append(name)
        elif name not in uris:
            good[name] = content.lower()
    fault = _policy_fault(parts, ignored)
    if fault and not uris["rua"]:
        return Void(f"{fault} and no valid rua= (RFC 9989 §4.10.1)", good.get("psd", "u"))
    if fault:
        good = {name: content for name, content in good.items() if name not in POLICY_TAGS}
    return Policy(**good, **uris, ignored=tuple(ignored))  # type: ignore[arg-type]


def skipped(value: bytes | str) -> list[str]:
    """Return a sentence for each part of a DMARC record that receivers skip or read in an unexpected way.

    Tags that only older receivers read are left out. A void record has no such sentences.
    """
    policy = read(value)
    if not isinstance(policy, Policy):
        return []
    parts = segments(as_text(value))
    names = [segment.name for segment in parts]
    said = []
    if fault := _policy_fault(parts, list(policy.ignored)):
        said.append(f"it {fault}: receivers act as if it said p=none (RFC 9989 §4.10.1)")
    elif "p" not in names:
        said.append(
            "it has no p=, which is p=none for receivers of RFC 9989 (§4.7); those of RFC 7489 ignore the record"
        )
    odd = [quoted(segment.text, 40) if segment.text else "an empty part" for segment in parts if not segment.name]
    odd += [_shown_tag(segment) for segment in parts if segment.name in policy.ignored and segment.name not in _POLICY]
    if odd:
        listed = ", ".join(dict.fromkeys(odd[:_MOST_SHOWN])) + (" and more" if len(odd) > _MOST_SHOWN else "")
        said.append(f"receivers skip {listed} (RFC 9989 §4.8)")
    return said


def _policy_fault(parts: tuple[Segment, ...], ignored: list[str]) -> str:
    """Return why receivers find no policy in the tags of a record (RFC 9989 §4.10.1); empty if they find one."""
    faulty = [name for name in POLICY_TAGS if name in ignored]
    if faulty:
        return f"has a faulty {faulty[0]}="
    no_tag = [segment.text for segment in parts if not segment.name]
    if no_tag and all(segment.name != "p" for segment in parts):
        shown = quoted(max(no_tag, key=len), 40) if any(no_tag) else "an empty part"
        return f"has no p= ({shown} is not a tag=value)"
    return ""


def _shown_tag(segment: Segment) -> str:
    kind = "the unknown tag " if segment.name not in TAGS else ""
    return f"{kind}{quoted(segment.text, 40)}"


@lru_cache(maxsize=256)  # most domains of a stack have the same record
def segments(text: str) -> tuple[Segment, ...]:
    """Return the parts of a record in their order, without an empty part after the last semicolon."""
    parts = text.split(";")
    if not parts[-1].strip(_WHITE_SPACE):
        parts.pop()
    return tuple(_segment(part.strip(_WHITE_SPACE)) for part in parts)


def tags(value: bytes | str) -> dict[str, str]:
    """Return a record's tags in their order, names in lower case. Of a repeated tag, the first counts."""
    found: dict[str, str] = {}
    for name, content, _ in segments(as_text(value)):
        if name:
            found.setdefault(name, content)
    return found


def addresses(value: str) -> Iterator[str]:
    """Yield the addresses in a value of ``rua`` or ``ruf``, which may not be valid URIs."""
    return (uri for part in value.split(",") if (uri := part.strip(_WHITE_SPACE)))


def is_mailto(uri: str) -> bool:
    """Return whether reports are sent to an address: only by mail (RFC 9990, RFC 9991)."""
    return uri.lower().startswith("mailto:")


def tag_value(tag: str, value: str) -> str:
    """Return a tag's value.

    :raises RecordError: if RFC 9989 §4.7 does not allow it.
    """
    choices = CHOICES.get(tag)
    if choices is not None and value.lower() not in choices:
        raise RecordError(f"is {quoted(value, 40)}; write {', '.join(choices[:-1])} or {choices[-1]} (RFC 9989 §4.7)")
    if tag == "fo":
        options = value.lower().split(":")
        if not set(options) <= {"0", "1", "d", "s"} or len(set(options)) < len(options) or {"0", "1"} <= set(options):
            text = f"is {quoted(value, 40)}; write 0 or 1, d, s, each once, several joined by ':' (RFC 9989 §4.7)"
            raise RecordError(text)
    if tag in ("rua", "ruf"):
        for uri in value.split(","):
            report_uri(uri.strip())
    return value


def report_uri(text: str) -> str:
    """Return a report address as a URI (RFC 9989 §4.7, RFC 3986); ``,`` and ``;`` must be percent-encoded.

    :raises RecordError: for anything else, such as a bare e-mail address.
    """
    shown = quoted(text)
    if "@" in text and ":" not in text:
        raise RecordError(f"{shown} is a bare address; write mailto:{visible(text[:80])} (RFC 9989 §4.7)")
    if not _URI.fullmatch(text):
        raise RecordError(f"{shown} is not a URI, such as mailto:dmarc@example.com (RFC 9989 §4.7)")
    if is_mailto(text) and not re.fullmatch(r"[^@]+@[^@]+\.[^@.]+", text[7:].partition("?")[0]):
        raise RecordError(f"{shown} names no mailbox; write mailto:dmarc@example.com (RFC 9989 §4.7)")
    return text


def strength(policy: str, t: str) -> int:
    """Return the strictness of a policy, from 0; ``t=y`` lowers it by one step (RFC 9989 §4.7)."""
    return max(POLICIES.index(policy) - (t == "y"), 0)


def _segment(part: str) -> Segment:
    name, equals, content = (piece.strip(_WHITE_SPACE) for piece in part.partition("="))
    is_tag = bool(equals) and _TAG_NAME.fullmatch(name) is not None
    return Segment(name.lower(), content, part) if is_tag else Segment("", "", part)


def _is_allowed(name: str, value: str) -> bool:
    try:
        tag_value(name, value)
    except RecordError:
        return False
    return True
