"""The date of today, by which the config judges how old a key is and whether it may be removed."""

import os
from datetime import UTC, date, datetime

from elastx_mrs.config.environment import LAB_TODAY


def today() -> date:
    """Return the date in UTC, or the one that a test set."""
    given = os.environ.get(LAB_TODAY.name)
    return date.fromisoformat(given) if given else datetime.now(UTC).date()
