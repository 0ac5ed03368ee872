"""DMARC (RFC 9989): what receivers do with mail that fails SPF and DKIM, and whom they tell.

RFC 9989 took the place of RFC 7489 in May 2026, and receivers of both kinds are about: what they would read
differently is remarked on.
"""

import difflib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from elastx_mrs.records.names import owner_name
from elastx_mrs.records.record import RecordError, Remark, TxtRecord
from elastx_mrs.records.text import check_printable

VERSION = "DMARC1"
DEFAULT = "v=DMARC1; p=none;"
"""A valid policy that asks for nothing: mail flows as before. Elastx has no requirement of its own."""

POLICIES = ("none", "quarantine", "reject")
"""From the weakest to the strictest."""

TAGS = ("v", "p", "sp", "np", "adkim", "aspf", "rua", "ruf", "fo", "t", "psd")
"""What RFC 9989 §4.7 knows."""

CHOICES: Mapping[str, tuple[str, ...]] = {
    "p": POLICIES,
    "sp": POLICIES,
    "np": POLICIES,
    "adkim": ("r", "s"),
    "aspf": ("r", "s"),
    "t": ("y", "n"),
    "psd": ("y", "n", "u"),
}
_DROPPED: Mapping[str, str] = {
    "pct": "write t=y to have a policy tested, and leave pct out otherwise",
    "rf": "leave it out: failure reports have one format (RFC 9991)",
    "ri": "leave it out: aggregate reports come at least daily (RFC 9990)",
}
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[!-+\--:<-~]+")
_TAG_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


@dataclass(frozen=True)
class Policy:
    """A record as a receiver reads it, defaults filled in (RFC 9989 §4.7).

    :param sp: for subdomains that exist, and ``np`` for those that don't; None where ``p`` holds.
    :param ignored: what it passes over: unknown tags, values that are none.
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


def dmarc(domain: str, value: str, ttl: int | None = None) -> TxtRecord:
    """Return the DMARC record, a TXT at ``_dmarc`` below the domain (RFC 9989 §4.4)."""
    return TxtRecord(domain, "dmarc", owner_name("_dmarc", domain), value, ttl)


def from_tags(tags: Mapping[str, str]) -> str:
    """Return the record of ``tags`` (RFC 9989 §4.7), ``v`` and ``p`` first; ``p=none`` unless given."""
    policy = {"p": "none", **tags}
    return "; ".join([f"v={VERSION}; p={policy.pop('p')}", *(f"{tag}={value}" for tag, value in policy.items())]) + ";"


def tag_value(tag: str, value: str) -> str:
    """Return a tag's value.

    :raises RecordError: where RFC 9989 §4.7 does not allow it.
    """
    choices = CHOICES.get(tag)
    if choices is not None and value.lower() not in choices:
        raise RecordError(f"is {value[:40]!a}; write {', '.join(choices[:-1])} or {choices[-1]} (RFC 9989 §4.7)")
    if tag == "fo":
        options = value.lower().split(":")
        if not set(options) <= {"0", "1", "d", "s"} or len(set(options)) < len(options) or {"0", "1"} <= set(options):
            text = f"is {value[:40]!a}; write 0 or 1, d, s, each once, several joined by ':' (RFC 9989 §4.7)"
            raise RecordError(text)
    if tag in ("rua", "ruf"):
        for uri in value.split(","):
            report_uri(uri.strip())
    return value


def report_uri(text: str) -> str:
    """Return a report address as a URI (RFC 9989 §4.7, RFC 3986); ``,`` and ``;`` must be percent-encoded.

    :raises RecordError: for anything else, such as a bare e-mail address.
    """
    shown = ascii(text[:80])
    if "@" in text and ":" not in text:
        raise RecordError(f"{shown} is a bare address; write mailto:{ascii(text[:80])[1:-1]} (RFC 9989 §4.7)")
    if not _URI.fullmatch(text):
        raise RecordError(f"{shown} is not a URI, such as mailto:dmarc@example.com (RFC 9989 §4.7)")
    if text.lower().startswith("mailto:") and not re.fullmatch(r"[^@]+@[^@]+\.[^@.]+", text[7:].partition("?")[0]):
        raise RecordError(f"{shown} names no mailbox; write mailto:dmarc@example.com (RFC 9989 §4.7)")
    return text


def whole_record(text: str) -> str:
    """Return a record that the user wrote, unchanged.

    :raises RecordError: with everything for which some receiver would not take it as it is meant (RFC 9989 §4.7,
        RFC 6376 §3.2).
    """
    found = _specs(check_printable(text))
    names = [name for name, _ in found]
    if not names or names[0] != "v" or found[0][1] != VERSION:
        raise RecordError("is not a DMARC record: it must begin with 'v=DMARC1;' (RFC 9989 §4.7)")
    problems = []
    if len(names) < 2 or names[1] != "p":
        problems.append("must have p= right after v=DMARC1, for older receivers; write 'v=DMARC1; p=none;' or stricter")
    for name in dict.fromkeys(name for name in names if names.count(name) > 1):
        problems.append(f"has the tag {name!a} twice, which makes the whole record invalid (RFC 6376 §3.2)")
    for name, value in found:
        try:
            tag_value(name, value)
        except RecordError as error:
            problems += [f"has the tag {name}, which {problem}" for problem in error.problems]
    if problems:
        raise RecordError(*problems)
    return text


def tags(value: str) -> dict[str, str]:
    """Return the tags of a record that :func:`whole_record` or :func:`from_tags` returned, in their order."""
    return dict(_specs(value))


def read(value: bytes | str) -> Policy | None:
    """Return a published record as a receiver reads it, or None where it is no DMARC record to one.

    Unknown tags and faulty values are passed over; a faulty ``p``, ``sp`` or ``np`` means ``p=none`` where there is a
    valid ``rua``, and otherwise no record at all (RFC 9989 §4.7).
    """
    text = value.decode("latin-1") if isinstance(value, bytes) else value
    specs = [spec.partition("=") for spec in text.split(";")]
    found = [(name.strip(" \t"), content.strip(" \t")) for name, equals, content in specs if equals]
    names = [name for name, _ in found]
    if not found or found[0] != ("v", VERSION) or text.partition("=")[0].strip(" \t") != "v":
        return None
    if len(set(names)) < len(names):
        return None
    good: dict[str, str] = {}
    ignored = []
    for name, content in found[1:]:
        if name in TAGS and _is_valid(name, content):
            good[name] = content if name in ("rua", "ruf") else content.lower()
        else:
            ignored.append(name)
    uris = {name: tuple(uri.strip() for uri in good.pop(name, "").split(",") if uri.strip()) for name in ("rua", "ruf")}
    if any(name in ignored for name in ("p", "sp", "np")):
        if not uris["rua"]:
            return None
        for name in ("p", "sp", "np"):
            good.pop(name, None)
    return Policy(**good, **uris, ignored=tuple(ignored))  # type: ignore[arg-type]


def strength(policy: str, t: str) -> int:
    """Return how much a policy asks for, from 0; ``t=y`` takes one step off (RFC 9989 §4.7)."""
    return max(POLICIES.index(policy) - (t == "y"), 0)


def remarks(value: str) -> list[Remark]:
    """Return what is allowed in a record and probably not meant, or read differently by older receivers.

    :param value: as :func:`whole_record` or :func:`from_tags` returned it.
    """
    found = tags(value)
    return [*_of_tags(found), *_of_readers(found), *_of_policy(found)]


def _of_tags(found: Mapping[str, str]) -> Iterator[Remark]:
    for name in found:
        if name in _DROPPED:
            yield Remark("warning", f"has {name}=, which RFC 9989 dropped and newer receivers ignore; {_DROPPED[name]}")
        elif name not in TAGS:
            close = difflib.get_close_matches(name.lower(), TAGS, n=1, cutoff=0.5)
            hint = f"did you mean {close[0]}=?" if close else "take it out"
            yield Remark("warning", f"has the unknown tag {name}=, which receivers ignore (RFC 9989 §4.7); {hint}")
    for name in ("rua", "ruf"):
        for uri in found.get(name, "").split(","):
            if re.search(r"![0-9]+[kmgt]?$", uri.strip(), re.IGNORECASE):
                text = (
                    f"has a size limit on {uri.strip()}, which is obsolete (RFC 9990); leave out what begins with '!'"
                )
                yield Remark("warning", text)


def _of_readers(found: Mapping[str, str]) -> Iterator[Remark]:
    if found.get("t", "").lower() == "y":
        text = f"has t=y: receivers of RFC 9989 apply one step less than p={found.get('p', 'none')}, and those of"
        yield Remark("warning", f"{text} RFC 7489 ignore t and apply all of it; test with a weaker p instead")
    if "np" in found:
        yield Remark(
            "notice", "has np=, which receivers of RFC 7489 ignore: they take sp or p for names that do not exist"
        )
    if found.get("psd", "u").lower() != "u":
        text = f"has psd={found['psd']}, which is for operators of public suffixes, or ends the search there (RFC 9989"
        yield Remark("warning", f"{text} §4.10); receivers of RFC 7489 ignore it. Leave it out unless that is meant")


def _of_policy(found: Mapping[str, str]) -> Iterator[Remark]:
    policy = found.get("p", "none").lower()
    if policy == "none":
        first = "" if "rua" in found else "set rua=mailto:… to get reports, and "
        text = "says p=none: receivers do nothing with mail that fails. Once it runs, "
        yield Remark(
            "notice", f"{text}{first}after some weeks of reports without own mail failing go to quarantine, then reject"
        )
    elif "rua" not in found:
        text = f"says p={policy} without rua: nobody tells you what fails; write rua=mailto:… (RFC 9990)"
        yield Remark("notice", text)
    if "fo" in found and "ruf" not in found:
        yield Remark("notice", "has fo= without ruf=, so that it does nothing (RFC 9989 §4.7)")


def _specs(text: str) -> list[tuple[str, str]]:
    """Return the tags in their order (RFC 6376 §3.2).

    :raises RecordError: for what is no tag=value.
    """
    specs = [spec.strip() for spec in text.split(";")]
    if specs[-1] == "":
        specs.pop()
    found = []
    for spec in specs:
        name, equals, value = (part.strip() for part in spec.partition("="))
        if not equals or not _TAG_NAME.fullmatch(name):
            raise RecordError(f"has {spec[:40]!a} where a tag=value is expected (RFC 9989 §4.7)")
        found.append((name, value))
    return found


def _is_valid(name: str, value: str) -> bool:
    try:
        tag_value(name, value)
    except RecordError:
        return False
    return True
