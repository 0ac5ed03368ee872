"""The notices that a preview can have, each with a stable name, and the lines of a preview that ``review`` reads.

A notice is good to know and needs no action. A config can acknowledge it by its name. A warning has no name, because
nobody can acknowledge it.

This module imports nothing: the records' rules, the guard and the review all use it.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Literal, NamedTuple


class Notice(NamedTuple):
    """A kind of notice.

    :param name: the name for ``acknowledged`` in a config. A released name never changes its meaning.
    :param about: its meaning, as a phrase for tables, in Markdown.
    :param by: what finds it: the ``config`` by itself, or the ``guard`` in DNS.
    """

    name: str
    about: str
    by: Literal["config", "guard"] = "config"


LONG_SPF = Notice("long-spf", "an SPF record is so long that its answer may not fit into UDP")
SPF_TERM_TWICE = Notice("spf-term-twice", "an SPF record has the same term twice")
NO_VERSION = Notice("no-version", "a DKIM key has no `v=DKIM1`")
STRICT_KEY = Notice("strict-key", "a DKIM key has `t=s`, so it is valid for the domain itself, but not for subdomains")
SHA1 = Notice("sha1", "a DKIM key allows the weak hash `sha1`")
ONE_KEY = Notice("one-key", "several domains have the same DKIM key")
OLD_KEY = Notice("old-key", "a DKIM key signs for over a year, by its `since`")
IDLE_KEY = Notice("idle-key", "nothing signs with a DKIM key: it is pending or retiring")
RETIRED_KEY = Notice("retired-key", "the date `retire` of a DKIM key has come, so it can be removed")
P_NONE = Notice("p-none", "a DMARC policy is `p=none`")
NO_RUA = Notice("no-rua", "a DMARC policy requests no aggregate reports")
NP = Notice("np", "a DMARC policy has `np=`, which older receivers ignore")
FO_ALONE = Notice("fo-alone", "a DMARC policy has `fo=` without `ruf=`")
PASTED_TOO = Notice("pasted-too", "a pasted text has more than the value, such as its TTL")
BY_HAND = Notice("by-hand", "somebody else publishes the records of a domain, so nothing is created for it")
VOID_ABOVE = Notice("void-above", "a domain inherits a DMARC record that receivers ignore", "guard")
UNCOVERED_MX = Notice(
    "uncovered-mx", "SPF ends with `-all` and does not allow the domain's own mail servers (MX)", "guard"
)
NULL_MX = Notice("null-mx", "the domain has a null MX: it accepts no mail", "guard")
SHARED_TTL = Notice("shared-ttl", "a new record gets the TTL of the existing TXT records", "guard")
LARGE_ANSWER = Notice("large-answer", "an answer is so large that it needs TCP", "guard")

NOTICES: tuple[Notice, ...] = (
    ONE_KEY, OLD_KEY, IDLE_KEY, RETIRED_KEY, NO_RUA, P_NONE, NP, FO_ALONE, LONG_SPF, SPF_TERM_TWICE, NO_VERSION,
    STRICT_KEY, SHA1,
    PASTED_TOO, BY_HAND, SHARED_TTL, LARGE_ANSWER, UNCOVERED_MX, NULL_MX, VOID_ABOVE,
)  # fmt: skip
"""All of them: those of the config first, then those of the guard."""

RETIRED: Mapping[str, str] = {}
"""Names of notices that an older release had, each with what replaced it. A config may still have them."""

ABOUT: Mapping[str, str] = {one.name: one.about for one in NOTICES}

GUARD = "guard: "
"""How each message of the guard begins."""

STOPPED_TOO = "{} is stopped too: the error of {} says why"
"""What the guard says in a preview of a record that it stops for a reason it has given already: owner and resource."""

_STOPPED_TOO = re.compile(rf"(?:{GUARD})?\S+ is stopped too: the error of (\S+) says why")
_ACKNOWLEDGED = "acknowledged: "
_ITEM = re.compile(r"([a-z0-9-]+)(?: \(([^()]*)\))?")


def with_name(text: str, name: str) -> str:
    """Return a message with its notice's name at the end, as linters do; without a name, return it unchanged."""
    return f"{text} [{name}]" if name else text


def cause_of(text: str) -> str:
    """Return the resource whose error is the reason, given what the guard says of another; empty for other texts."""
    found = _STOPPED_TOO.fullmatch(text)
    return found[1] if found else ""


def acknowledged(places: Mapping[str, str]) -> str:
    """Return the line that lists the notices that a run hides.

    :param places: the place of each notice, by its name; empty if the place is unknown.
    """
    items = (f"{name} ({place})" if place else name for name, place in sorted(places.items()))
    return _ACKNOWLEDGED + "; ".join(items)


def read_acknowledged(texts: Sequence[str]) -> dict[str, str]:
    """Return the places by the notices' names, given some lines of :func:`acknowledged`."""
    return dict(sorted(item for text in texts if text.startswith(_ACKNOWLEDGED) for item in _items(text)))


def is_acknowledged(text: str) -> bool:
    """Return whether a line of a preview is one of :func:`acknowledged`."""
    return text.startswith(_ACKNOWLEDGED) and all(map(_ITEM.fullmatch, _parts(text)))


def _items(text: str) -> Iterator[tuple[str, str]]:
    for part in _parts(text):
        if found := _ITEM.fullmatch(part):
            yield found[1], found[2] or ""


def _parts(text: str) -> list[str]:
    return text.removeprefix(_ACKNOWLEDGED).split("; ")
