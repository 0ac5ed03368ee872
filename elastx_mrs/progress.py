"""Says what is waited for, once that takes long; what waits for somebody else says so by this."""

import asyncio
import math
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import TypeVar

T = TypeVar("T")

LONG = 5.0
"""Seconds after which a deployment says what it waits for: a provider's API answers within one or two."""

AGAIN = 60.0
"""Seconds after which it says so again."""

Say = Callable[[Sequence[str], float], None]
"""Is given what is waited for, oldest first, and for how many seconds nothing of it has come."""


def _nothing(waited: float) -> None:
    pass


Hold = Callable[[], AbstractContextManager[None]]
"""Is entered while something else is waited for first, which says so itself."""


def _now() -> float:
    return asyncio.get_running_loop().time()


class Progress:
    """Knows what is waited for, and says so when nothing has moved for a while.

    :param say: says it: after ``after`` seconds in which nothing came, and again every ``again`` seconds.
    :param over: says that something came after all, given the seconds; called only if ``say`` was. Of work that fails,
        who does it says so.
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
        """Return what ``work`` returns; ``what`` is what it is called meanwhile."""
        key = object()
        self._move()
        self._open[key] = what
        self._set()
        try:
            return await work
        except BaseException:
            self._told = 0.0  # nothing came
            raise
        finally:
            del self._open[key]
            self._ended()

    @contextmanager
    def hold(self) -> Iterator[None]:
        """Say nothing for now: something else is waited for first, and says so itself."""
        self._held += 1
        try:
            yield
        finally:
            self._held -= 1
            self._ended()

    def _ended(self) -> None:
        """Note that something has ended; on no loop if a program that failed left it pending when it closed its own."""
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            return
        self._move()
        self._set()

    def _move(self) -> None:
        """Note that something has begun or ended."""
        now = _now()
        if self._told:
            self._over(now - self._moved)
        self._moved, self._told = now, 0.0

    def _set(self) -> None:
        """Look again when there would be something to say; a timer, unlike a task, may be left over at a loop's end."""
        if not self._open:
            return
        due = self._told + self._again if self._told else self._moved + self._after
        due = _now() + self._after if self._held else due
        if self._timer is not None and due < self._timer.when():  # it was set for saying so again, and then some came
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
