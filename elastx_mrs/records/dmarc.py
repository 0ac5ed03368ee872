"""DMARC (RFC 9989): what receivers do with mail that fails SPF and DKIM, and whom they tell."""

import re
from collections.abc import Mapping

from elastx_mrs.records.names import owner_name
from elastx_mrs.records.record import RecordError, TxtRecord
from elastx_mrs.records.text import check_printable

DEFAULT = "v=DMARC1; p=none;"
"""A valid policy that asks for nothing: mail flows as before. Elastx has no requirement of its own."""

POLICIES = ("none", "quarantine", "reject")
_CHOICES: Mapping[str, tuple[str, ...]] = {
    "p": POLICIES,
    "sp": POLICIES,
    "np": POLICIES,
    "adkim": ("r", "s"),
    "aspf": ("r", "s"),
    "t": ("y", "n"),
    "psd": ("y", "n", "u"),
}
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[!-+\--:<-~]+")
_FO = re.compile(r"[01ds](:[01ds])*")


def dmarc(domain: str, value: str, ttl: int | None = None) -> TxtRecord:
    """Return the DMARC record, a TXT at ``_dmarc`` below the domain (RFC 9989 §4.4)."""
    return TxtRecord(domain, "dmarc", owner_name("_dmarc", domain), value, ttl)


def from_tags(tags: Mapping[str, str]) -> str:
    """Return the record of ``tags`` (RFC 9989 §4.7), ``v`` and ``p`` first; ``p=none`` unless given."""
    policy = {"p": "none", **tags}
    return "; ".join([f"v=DMARC1; p={policy.pop('p')}", *(f"{tag}={value}" for tag, value in policy.items())]) + ";"


def tag_value(tag: str, value: str) -> str:
    """Return a tag's value.

    :raises RecordError: where RFC 9989 §4.7 does not allow it.
    """
    choices = _CHOICES.get(tag)
    if choices is not None and value.lower() not in choices:
        raise RecordError(f"is {value!r}; write {', '.join(choices[:-1])} or {choices[-1]} (RFC 9989 §4.7)")
    if tag == "fo" and not _FO.fullmatch(value):
        raise RecordError(f"is {value!r}; write 0, 1, d or s, several joined by ':' (RFC 9989 §4.7)")
    return value


def report_uri(text: str) -> str:
    """Return a report address as a URI (RFC 9989 §4.7, RFC 3986); ``,`` and ``;`` must be percent-encoded.

    :raises RecordError: for anything else, such as a bare e-mail address.
    """
    if "@" in text and ":" not in text:
        raise RecordError(f"{text!r} is a bare address; write mailto:{text}")
    if not _URI.fullmatch(text):
        raise RecordError(f"{text!r} is not a URI, such as mailto:dmarc@example.com")
    return text


def whole_record(text: str) -> str:
    """Return a record that the user wrote, unchanged.

    :raises RecordError: where receivers would not take it for a DMARC policy (RFC 9989 §4.7, RFC 6376 §3.2).
    """
    check_printable(text)
    specs = [spec.strip() for spec in text.split(";")]
    if specs[-1] == "":
        specs.pop()
    tags: dict[str, str] = {}
    for spec in specs:
        name, equals, value = (part.strip() for part in spec.partition("="))
        if not equals:
            raise RecordError(f"has {spec!r} where a tag=value is expected")
        if name in tags:
            raise RecordError(f"has the tag {name!r} twice, which makes the whole record invalid (RFC 6376 §3.2)")
        tags[name] = value
    if next(iter(tags), "") != "v" or tags["v"] != "DMARC1":
        raise RecordError("is not a DMARC record: it must begin with 'v=DMARC1;' (RFC 9989 §4.7)")
    if len(tags) < 2 or list(tags)[1] != "p":
        raise RecordError("must have p= right after v=DMARC1; write 'v=DMARC1; p=none;' or stricter")
    for name, value in tags.items():
        try:
            tag_value(name, value)
        except RecordError as error:
            raise RecordError(f"has the tag {name}, which {error}") from error
    return text
