"""Reports a long wait: code that waits for another system uses it to tell the user."""

import asyncio
import math
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import TypeVar

T = TypeVar("T")

LONG = 5.0
"""Seconds after which a deployment reports what it waits for. A provider's API usually answers within one or two."""

AGAIN = 60.0
"""Seconds after which it reports again."""

Say = Callable[[Sequence[str], float], None]
"""Gets the names of the pending work, oldest first, and the seconds since something last began or ended."""


def _nothing(waited: float) -> None:
    pass


Hold = Callable[[], AbstractContextManager[None]]
"""A context in which other work is waited for, which reports itself."""


def _now() -> float:
    return asyncio.get_running_loop().time()


class Progress:
    """Tracks pending work, and reports if nothing ends for a while.

    :param say: reports the wait: after ``after`` seconds without an end, and again every ``again`` seconds.
    :param over: reports that something ended, with the seconds; called only after ``say``, and not for work that fails.
    """

    def __init__(self, say: Say, after: float, again: float, over: Callable[[float], None] = _nothing) -> None:
        self._say = say
        self._over = over
        self._after = after
        self._again = again
        self._open: dict[object, str] = {}
        self._held = 0
        self._moved = 0.0
        self._told = 0.0
        self._timer: asyncio.TimerHandle | None = None

    async def wait(self, what: str, work: Awaitable[T]) -> T:
        """Return what ``work`` returns; ``what`` is its name in reports."""
        key = object()
        self._move()
        self._open[key] = what
        self._set()
        try:
            return await work
        except BaseException:
            self._told = 0.0  # it failed, so there is no end to report
            raise
        finally:
            del self._open[key]
            self._ended()

    @contextmanager
    def hold(self) -> Iterator[None]:
        """Report nothing for now: other work is waited for first, and reports itself."""
        self._held += 1
        try:
            yield
        finally:
            self._held -= 1
            self._ended()

    def _ended(self) -> None:
        """Note that work ended. There is no loop if a failed program left it pending when it closed its own."""
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            return
        self._move()
        self._set()

    def _move(self) -> None:
        """Note that work began or ended."""
        now = _now()
        if self._told:
            self._over(now - self._moved)
        self._moved, self._told = now, 0.0

    def _set(self) -> None:
        """Schedule the next look. A timer, unlike a task, may be pending when the loop ends."""
        if not self._open:
            return
        due = self._told + self._again if self._told else self._moved + self._after
        due = _now() + self._after if self._held else due
        if self._timer is not None and due < self._timer.when():  # set for a repeated report; then work ended
            self._timer.cancel()
            self._timer = None
        if self._timer is None and due < math.inf:
            self._timer = asyncio.get_running_loop().call_at(due, self._look)

    def _look(self) -> None:
        self._timer = None
        now = _now()
        due = self._told + self._again if self._told else self._moved + self._after
        if self._open and not self._held and now >= due:
            self._told = now
            self._say([*self._open.values()], now - self._moved)
        self._set()
