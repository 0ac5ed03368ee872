"""Keep a run within Cloudflare's rate limit. Cloudflare blocks a user who exceeds it for five minutes.

The plugin has no pace: it sends requests as fast as the engine passes them on. Before 6.15, it also gives up on a
blocked request, after a second or three minutes.
"""

import asyncio
import datetime
from collections import deque
from collections.abc import Callable
from contextlib import nullcontext

from elastx_mrs.progress import Hold
from elastx_mrs.publish.clock import Clock
from elastx_mrs.publish.cloudflare.waits import WINDOW

REQUESTS = 1100
"""The requests of a run per window. The rest is for the plugin's retries and the user's dashboard."""


class Pace:
    """Hands out the requests of a run, at most ``requests`` in any window.

    :param preview: whether this run is a preview. An ``up`` often follows a preview that sent the same requests from
        another process. An ``up`` therefore counts shared requests twice.
    :param say: logs one line when it waits.
    :param hold: a context that is entered while it waits.
    """

    def __init__(
        self,
        clock: Clock,
        preview: bool,
        say: Callable[[str], None],
        requests: int = REQUESTS,
        window: float = WINDOW,
        hold: Hold = nullcontext,
    ) -> None:
        self._clock = clock
        self._repeated = 1 if preview else 2
        self._say = say
        self._requests = requests
        self._window = window
        self._hold = hold
        self._times: deque[float] = deque()
        self._blocked = 0.0
        self._said = 0.0

    @property
    def requests(self) -> int:
        """The number of requests per window."""
        return self._requests

    async def look(self, requests: int) -> None:
        """Count requests that a preview has probably sent too."""
        await self.take(requests * self._repeated)

    async def take(self, requests: int = 1) -> None:
        """Wait until this many requests may be sent."""
        for _ in range(requests):
            while (wait := self._wait()) > 0:
                await self._sleep(wait)
            self._times.append(self._clock.now())

    async def blocked(self) -> None:
        """Wait until Cloudflare accepts requests again, after it refused one because of the rate limit."""
        now = self._clock.now()
        if now >= self._blocked:
            self._blocked = now + self._window
        while (wait := self._blocked - self._clock.now()) > 0:
            await self._sleep(wait)

    def _wait(self) -> float:
        """Return the seconds until one more request may be sent."""
        now = self._clock.now()
        while self._times and self._times[0] <= now - self._window:
            self._times.popleft()
        full = self._times[-self._requests] + self._window - now if len(self._times) >= self._requests else 0.0
        return max(full, self._blocked - now)

    async def _sleep(self, wait: float) -> None:
        self._announce(wait)
        with self._hold():
            await asyncio.sleep(self._clock.real(wait))

    def _announce(self, wait: float) -> None:
        """Report once when the run continues, however many requests wait."""
        until = self._clock.now() + wait
        if until <= self._said + 1.0:
            return
        self._said = until
        at = datetime.datetime.now().astimezone() + datetime.timedelta(seconds=self._clock.real(wait))
        self._say(
            f"Cloudflare accepts 1,200 requests in 5 minutes; continuing at {at:%H:%M:%S %Z}. You can stop the run "
            "without loss (Ctrl-C twice): the next pulumi up continues from here"
        )
