"""The state of a DKIM key: pending, active, retiring or retired. It follows from the config and from today's date.

Nothing stores a state. ``elastx-mrs dkim rotate`` writes dates into the config, and every command derives the state
again. A key counts as pending for longer if a name server does not have it yet.
"""

import re
from datetime import date
from typing import Literal

from elastx_mrs.display import quoted
from elastx_mrs.records.record import RecordError

State = Literal["pending", "active", "retiring", "retired"]

REVOKED = "v=DKIM1; p="
"""The record of a revoked key (RFC 6376 §3.6.1)."""

MAX_AGE_DAYS = 365
"""A key that signs for longer than this gets a notice."""

_DATE = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ]00:00:00(?:Z| \+0000 UTC)?)?")
"""A date, also as Pulumi prints a date without quotes in a stack's file."""

_SHOWN = 40
"""The longest text that a message shows: a longer one may be a key."""


def iso_date(text: str) -> str:
    """Return a date as ``YYYY-MM-DD`` (ISO 8601).

    :raises RecordError: for any other text.
    """
    found = _DATE.fullmatch(text.strip())
    try:
        return date.fromisoformat(found[1] if found else "").isoformat()
    except ValueError:
        shown = quoted(text) if len(text) <= _SHOWN else "a longer text"
        raise RecordError(f"is {shown}; write a date as year-month-day, such as 2026-11-30") from None


def state_of(*, signs: bool, retire: str | None, today: date) -> State:
    """Return the state of a key that is in DNS.

    :param signs: whether something signs with it.
    :param retire: the date from which it may be removed; None if it is not retired.
    """
    if retire is not None:
        return "retired" if date.fromisoformat(retire) <= today else "retiring"
    return "active" if signs else "pending"


def described(state: State, since: str | None, retire: str | None, *, revoked: bool = False) -> str:
    """Return a state in words, with the date that belongs to it."""
    if state == "pending":
        return "pending: nothing signs with it yet"
    if state == "retiring":
        return f"retiring: mail in transit needs it until {retire}"
    if revoked:
        return f"revoked: receivers reject its signatures, retired since {retire}"
    if state == "retired":
        return f"retired since {retire}: remove it from the config"
    return f"active since {since}" if since else "active"


def is_old(since: str | None, today: date) -> bool:
    """Return whether a key is older than :data:`MAX_AGE_DAYS`."""
    return since is not None and (today - date.fromisoformat(since)).days > MAX_AGE_DAYS
