"""The rate limit, counted on the lab's clock."""

import math
import os
from collections import deque
from dataclasses import dataclass, field

from elastx_mrs.lab.cloudflare.errors import THROTTLED, RefusedError
from elastx_mrs.publish.clock import Clock


@dataclass
class Limit:
    """At most ``requests`` in ``window`` seconds per user; more requests block the user for ``block`` seconds.

    Source: Cloudflare, "Rate limits": 1,200 in five minutes, then all calls are blocked for five minutes.
    """

    clock: Clock = field(default_factory=lambda: Clock.of(os.environ))
    requests: int = 1200
    window: float = 300.0
    block: float = 300.0
    _times: dict[str, deque[float]] = field(default_factory=dict)
    _blocked: dict[str, float] = field(default_factory=dict)

    def count(self, user: str) -> dict[str, str]:
        """Count a request, and return the headers of its answer.

        :raises LimitedError: if the user is blocked, or becomes blocked now.
        """
        now = self.clock.now()
        times = self._times.setdefault(user, deque())
        while times and times[0] <= now - self.window:
            times.popleft()
        if now >= self._blocked.get(user, 0.0) and len(times) >= self.requests:
            self._blocked[user] = now + self.block
        if now < self._blocked.get(user, 0.0):
            raise LimitedError(self._blocked[user] - now, self._headers(0, self._blocked[user] - now))
        times.append(now)
        return self._headers(self.requests - len(times), times[0] + self.window - now)

    def _headers(self, remaining: int, reset: float) -> dict[str, str]:
        return {
            "Ratelimit": f'"default";r={remaining};t={math.ceil(reset)}',
            "Ratelimit-Policy": f'"default";q={self.requests};w={math.ceil(self.window)}',
        }


class LimitedError(RefusedError):
    """The answer to a request beyond the limit."""

    def __init__(self, wait: float, headers: dict[str, str]) -> None:
        super().__init__(*THROTTLED)
        self.headers = headers | {"Retry-After": str(math.ceil(wait))}
