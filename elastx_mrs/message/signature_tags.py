"""The tags of a DKIM-Signature field (RFC 6376 §3.5), and the errors that do not depend on the key.

Domains and selectors may be internationalized (RFC 8616 §5); they are compared and queried as A-labels.
"""

import datetime
import re
import time
from collections.abc import Mapping

from elastx_mrs import limits
from elastx_mrs.check import Verdict
from elastx_mrs.display import describe_character, visible
from elastx_mrs.records import RecordError, dkim_key, names

CLOCK = 36_000
"""The most seconds that a signer's clock may be ahead."""

SAVE = (
    "save the message again, whole and unchanged, as it was received; if that does not help, it was changed on its way"
)

_NO_TEXT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\udc80-\udcff]")
"""Control characters, and octets that are not UTF-8."""
_NEEDED = ("v", "a", "b", "bh", "d", "h", "s")
_ALGORITHMS = ("rsa-sha256", "ed25519-sha256")
_FORMS: Mapping[str, tuple[re.Pattern[str], str]] = {
    "v": (re.compile("1"), "1, the only version of DKIM"),
    "c": (re.compile("(?:simple|relaxed)(?:/(?:simple|relaxed))?"), "simple or relaxed, of header and body"),
    "b": (re.compile(r"(?:\s*[0-9A-Za-z+/=]){4,}\s*"), "base64"),
    "bh": (re.compile(r"(?:\s*[0-9A-Za-z+/=]){4,}\s*"), "base64"),
    "l": (re.compile("[0-9]{1,76}"), "a number of octets"),
    "t": (re.compile("[0-9]+"), "a time in seconds"),
    "x": (re.compile("[0-9]+"), "a time in seconds"),
}
"""The form of a tag's value, if the tag is present."""


class FaultError(Exception):
    """The reason why a signature is not valid."""

    def __init__(self, verdict: Verdict, seen: str, cure: str) -> None:
        self.verdict, self.seen, self.cure = verdict, seen, cure
        super().__init__(seen)


def tags_of(field: bytes) -> dict[str, str]:
    """Return the tags of a field's value; :raises FaultError: if receivers cannot read it."""
    if len(field) > limits.DKIM_SIGNATURE.most:
        raise FaultError("wrong", f"is {len(field)} octets long", "sign the message again")
    text = field.decode("utf-8", "surrogateescape").strip()
    if (odd := _NO_TEXT.search(text)) is not None:
        raise FaultError("wrong", f"has {describe_character(odd[0])} in it (RFC 6376 §3.2, RFC 8616 §5)", SAVE)
    try:
        tags = dict(dkim_key.tag_list(text))
    except RecordError as error:
        raise FaultError("wrong", f"cannot be read: it {error}", SAVE) from None
    missing = [f"{name}=" for name in _NEEDED if name not in tags]
    if missing:
        raise FaultError("wrong", f"has no {', '.join(missing)} (RFC 6376 §3.5)", SAVE)
    return tags


def place(tags: Mapping[str, str]) -> tuple[str, str]:
    """Return ``d=`` and ``s=`` as lower-case A-labels (RFC 8616 §5)."""
    try:
        return names.mail_domain(tags["d"]), names.selector(names.to_ascii(tags["s"]))
    except RecordError as error:
        raise FaultError("wrong", f"has a d= or s= that {error} (RFC 6376 §3.5)", SAVE) from None


def header_names(tags: Mapping[str, str]) -> tuple[str, ...]:
    """Return the names of the header fields that ``h=`` signs, in lower case."""
    return tuple(name.lower() for name in re.split(r"\s*:\s*", tags["h"]))


def identity_domain(tags: Mapping[str, str], domain: str) -> str:
    """Return the domain of ``i=`` as A-labels, or ``d=`` if there is none."""
    text = tags.get("i", "").rpartition("@")[2]
    try:
        return names.to_ascii(text) if "i" in tags else domain
    except RecordError as error:
        raise FaultError("wrong", f"has an i= whose domain {error} (RFC 6376 §3.5)", SAVE) from None


def check(tags: Mapping[str, str], headers: tuple[str, ...], domain: str) -> None:
    """Refuse signatures that receivers refuse before they query the key (RFC 6376 §6.1.1)."""
    if len(headers) > limits.DKIM_HEADERS.most:
        raise FaultError("wrong", f"signs over {limits.DKIM_HEADERS.text} of header fields in h=", SAVE)
    if "from" not in headers:
        raise FaultError("wrong", "does not sign From (RFC 6376 §5.4)", "configure the signer to sign From")
    if tags["a"] not in _ALGORITHMS:
        seen = f"has a={visible(tags['a'][:20])}, which receivers must not accept (RFC 8301 §3.1)"
        raise FaultError("wrong", seen, "configure the signer to use rsa-sha256")
    for name, (form, what) in _FORMS.items():
        if name in tags and not form.fullmatch(tags[name]):
            _refuse(tags, name, f"not {what}")
    # Unknown query methods are ignored; dns/txt, the default, is the only known one.
    if "dns/txt" not in [method.strip().lower() for method in tags.get("q", "dns/txt").split(":")]:
        _refuse(tags, "q", "not dns/txt, nor a list with it")
    identity = identity_domain(tags, domain)
    if identity != domain and not identity.endswith(f".{domain}"):
        _refuse(tags, "i", f"neither of {domain} nor of a subdomain")
    _check_times(tags)


def check_length(tags: Mapping[str, str], length: int) -> None:
    """Refuse ``l=`` beyond the body: it "MUST NOT be larger than" the canonicalized body.

    :param length: the octets of that body.
    """
    if "l" in tags and int(tags["l"]) > length:
        seen = f"has l={visible(tags['l'][:20])}, and the body has {length} octets (RFC 6376 §3.5)"
        raise FaultError("wrong", seen, SAVE)


def _check_times(tags: Mapping[str, str]) -> None:
    now = int(time.time())
    signed, expires = (_seconds(tags.get(name)) for name in ("t", "x"))
    if signed is not None and signed > now + CLOCK:
        raise FaultError("wrong", f"has t={tags['t'][:20]}, which is in the future", "correct the signer's clock")
    if expires is not None and expires < now:
        moment = datetime.datetime.fromtimestamp(expires, datetime.UTC)
        cure = "send a new message, and check it before it expires"
        raise FaultError("wrong", f"expired on {moment:%Y-%m-%d %H:%M} UTC, by its x= (RFC 6376 §3.5)", cure)
    if signed is not None and expires is not None and expires < signed:
        _refuse(tags, "x", f"before t={tags['t'][:20]}")


def _seconds(value: str | None) -> int | None:
    """Return a time; one with too many digits is the latest possible."""
    return None if value is None else int(value[:19].ljust(19, "9")) if len(value) > 18 else int(value)


def _refuse(tags: Mapping[str, str], name: str, what: str) -> None:
    raise FaultError("wrong", f"has {name}={visible(tags[name][:40])}, which is {what} (RFC 6376 §3.5)", SAVE)
