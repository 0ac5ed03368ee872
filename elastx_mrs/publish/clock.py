"""A clock that trials speed up: five minutes of a rate limit then take seconds, here and in the lab."""

import time
from collections.abc import Mapping
from dataclasses import dataclass

from elastx_mrs.config.environment import LAB_CLOCK


@dataclass(frozen=True)
class Clock:
    """A clock that runs ``scale`` times as fast as real time."""

    scale: float = 1.0

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> "Clock":
        """Return the clock that the environment selects."""
        return cls(float(environ.get(LAB_CLOCK.name) or 1))

    def now(self) -> float:
        """Return the seconds since an arbitrary moment."""
        return time.monotonic() * self.scale

    def real(self, seconds: float) -> float:
        """Convert seconds of this clock to real seconds."""
        return seconds / self.scale
