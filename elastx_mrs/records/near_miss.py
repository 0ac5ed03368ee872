r"""Finds TXT values that look like an SPF or a DMARC record, but that receivers skip.

Typical causes are a tab or a no-break space from a text editor, a misspelt version, and quotes and ``\;`` from a zone
file.
"""

import re
import unicodedata
from dataclasses import dataclass
from typing import Literal

from elastx_mrs.display import describe_character, quoted
from elastx_mrs.records.dmarc_policy import VERSION as DMARC_VERSION
from elastx_mrs.records.dmarc_policy import segments
from elastx_mrs.records.record import RecordError
from elastx_mrs.records.spf_terms import VERSION as SPF_VERSION
from elastx_mrs.records.spf_terms import parse

_DASHES = dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2014\u2212"), "-")
_QUOTES = dict.fromkeys(map(ord, "\u2018\u2019\u201a\u201c\u201d\u201e\u201f\u2033\u00ab\u00bb'`"), '"')
_SPF = re.compile(
    r"(?:v\s*[=:]\s*spf\s*(?=[0-9;:,\s])|spf(?=1))(?P<number>[0-9]*)(?P<rest>.*)", re.IGNORECASE | re.DOTALL
)
_TERM = re.compile(r"(?:^|[\s;,:])[-+~?]?(?:include:|ip[46]:|redirect=|exists:|(?:all|mx|a)(?![\w.=-]))", re.IGNORECASE)
"""A term of SPF. ``v=spf1-validator=…`` has none, because it is another service's string."""
_DMARC = re.compile(r"(?:^|;)\s*v\s*[=:]?\s*dmarc\s*1?(?![0-9])[\s;:,]*", re.IGNORECASE)


@dataclass(frozen=True)
class NearMiss:
    """A value that was meant as a record.

    :param problem: why receivers do not read it, to print after the value: ``'v=spf1…' has U+0009 at position 7``.
    :param repaired: the intended record; empty if that is not certain.
    """

    problem: str
    repaired: str


def near_miss(kind: Literal["spf", "dmarc"], value: bytes) -> NearMiss | None:
    """Return the intended record of a value that receivers do not read; None for a foreign string."""
    text = value.decode("utf-8", "surrogateescape")
    meant = plain(text)
    repaired = _spf(meant) if kind == "spf" else _dmarc(meant)
    return None if repaired is None else NearMiss(_problem(kind, text), repaired)


def plain(text: str) -> str:
    r"""Return a value as it was typed before editors, forms and zone files added to it.

    White space of all kinds becomes a space, and curly quotes and dashes become ASCII. Invisible characters, quotes
    around the value and the backslash of ``\;`` are removed.
    """
    shown = "".join(_typed(character) for character in text).translate(_DASHES).translate(_QUOTES)
    unescaped = shown.replace('\\"', '"').replace("\\;", ";")
    return re.sub(r'"\s*"', "", unescaped).strip('" ')


def oddity(text: str) -> str | None:
    r"""Return what a zone file or an editor left in a value, or None: quotes, ``\;``, odd characters.

    Print it after the value, as :attr:`NearMiss.problem`.
    """
    for position, character in enumerate(text, start=1):
        if not " " <= character <= "~":
            return f"has {describe_character(character)} at position {position}"
    if text.lstrip()[:1] in ("'", '"', "`"):
        return "has quotes in its value, which belong only in a zone file"
    if "\\;" in text:
        return "has a backslash before ';' in its value, which belongs only in a zone file"
    return "begins with a space" if text.startswith(" ") else None


def _typed(character: str) -> str:
    if character.isspace():
        return " "
    return "" if unicodedata.category(character) in ("Cc", "Cf") else character


def _spf(meant: str) -> str | None:
    """Return the record; empty if it is not certain, None if the value is not like SPF."""
    found = _SPF.match(meant)
    if found is None or found["rest"].startswith(".") or _TERM.search(found["rest"]) is None:
        return None
    text = " ".join([SPF_VERSION, *re.split(r"[\s;,]+", found["rest"].strip(" :;,="))])
    try:
        parse(text)
    except RecordError:
        return ""
    return text if found["number"] in ("", "1") else ""


def _dmarc(meant: str) -> str | None:
    found = _DMARC.search(meant)
    if found is None:
        return None
    others = f"{meant[: found.start()]};{meant[found.end() :]}"
    return reordered(f"v={DMARC_VERSION}; {others}")


def reordered(text: str) -> str:
    """Return a DMARC record with ``p`` right after ``v``, and no empty parts; empty if a part has no tag."""
    parts = [segment for segment in segments(text)[1:] if segment.text]
    if not all(segment.name for segment in parts):
        return ""
    policy_first = sorted(parts, key=lambda segment: segment.name != "p")
    return "; ".join([f"v={DMARC_VERSION}", *(f"{segment.name}={segment.value}" for segment in policy_first)]) + ";"


def _problem(kind: Literal["spf", "dmarc"], text: str) -> str:
    start = f"{SPF_VERSION} " if kind == "spf" else f"v={DMARC_VERSION};"
    return oddity(text) or f"does not begin with {quoted(start)}"
