"""A clock that a trial lets run faster, so that five minutes of a rate limit take seconds in the lab and here alike."""

import time
from collections.abc import Mapping
from dataclasses import dataclass

from elastx_mrs.config.environment import LAB_CLOCK


@dataclass(frozen=True)
class Clock:
    """Seconds that pass ``scale`` times as fast as others."""

    scale: float = 1.0

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> "Clock":
        """Return the clock that the environment asks for."""
        return cls(float(environ.get(LAB_CLOCK.name) or 1))

    def now(self) -> float:
        """Return the seconds since some moment."""
        return time.monotonic() * self.scale

    def real(self, seconds: float) -> float:
        """Return how long some seconds of this clock take on the wall's."""
        return seconds / self.scale
