"""The state of a DKIM key: pending, active, retiring or retired. It follows from the config and from today's date.

Nothing stores a state. ``elastx-mrs dkim rotate`` writes dates into the config, and every command derives the state
again. A key counts as pending for longer if a name server does not have it yet.
"""

import re
from datetime import UTC, date, datetime, time, timedelta
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

_MOMENT = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})[T ]([0-9]{2}:[0-9]{2})(?::[0-9]{2}(?:\.[0-9]+)?)?(?:Z| \+0000 UTC)")
"""A time in UTC, also as Pulumi prints a time without quotes in a stack's file."""

_SHOWN = 40
"""The longest text that a message shows: a longer one may be a key."""


def iso_date(text: str) -> str:
    """Return a date as ``YYYY-MM-DD`` (ISO 8601).

    :raises RecordError: for any other text.
    """
    found = _DATE.fullmatch(text.strip())
    try:
        day = date.fromisoformat(found[1] if found else "")
    except ValueError:
        raise RecordError(f"is {_shown(text)}; write a date as year-month-day, such as 2026-11-30") from None
    return _meant(day, text).isoformat()


def iso_moment(text: str) -> str:
    """Return a date as ``YYYY-MM-DD``, or a time as ``YYYY-MM-DDTHH:MMZ`` (ISO 8601, UTC).

    :raises RecordError: for any other text.
    """
    found = _MOMENT.fullmatch(text.strip())
    if _DATE.fullmatch(text.strip()) or (found is None and ":" not in text):
        return iso_date(text)
    try:
        moment = datetime.fromisoformat(f"{found[1]}T{found[2]}+00:00" if found else "")
    except ValueError:
        raise RecordError(f"is {_shown(text)}; write a time in UTC, such as 2026-11-30T10:15Z") from None
    _meant(moment.date(), text)
    return written(moment)


def _meant(day: date, text: str) -> date:
    """Return a date.

    :raises RecordError: if nobody means its year.
    """
    if not 2000 <= day.year <= 2999:
        raise RecordError(f"is {_shown(text)}; write a year from 2000 to 2999")
    return day


def _shown(text: str) -> str:
    return quoted(text) if len(text) <= _SHOWN else "a longer text"


def written(moment: datetime) -> str:
    """Return a time in UTC as the config has it, in whole minutes; seconds are rounded up."""
    whole = moment.replace(second=0, microsecond=0)
    return (whole if whole == moment else whole + timedelta(minutes=1)).strftime("%Y-%m-%dT%H:%MZ")


def moment_of(text: str) -> datetime:
    """Return the time of a text of :func:`iso_moment`; a date is its end, because it may mean any time of that day."""
    if "T" in text:
        return datetime.fromisoformat(text.replace("Z", "+00:00"))
    return datetime.combine(date.fromisoformat(text), time(), UTC) + timedelta(days=1)


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
    return f"active since {since[:10]}" if since else "active"


def is_old(since: str | None, today: date) -> bool:
    """Return whether a key is older than :data:`MAX_AGE_DAYS`."""
    return since is not None and (today - date.fromisoformat(since[:10])).days > MAX_AGE_DAYS
