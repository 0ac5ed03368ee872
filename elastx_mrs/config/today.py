"""The date and the time of now, by which the config judges how old a key is and whether it may be removed."""

import os
from datetime import UTC, date, datetime

from elastx_mrs.config.environment import LAB_TODAY
from elastx_mrs.records.dkim_state import moment_of


def now() -> datetime:
    """Return the time in UTC, or the one that a test set; of a date, its first moment."""
    given = os.environ.get(LAB_TODAY.name)
    if not given:
        return datetime.now(UTC)
    return moment_of(given if "T" in given else f"{given}T00:00Z")


def today() -> date:
    """Return the date in UTC."""
    return now().date()
