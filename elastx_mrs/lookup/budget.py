"""Budgets: limits on the number and time of all queries for one purpose, including the queries that they lead to.

Budgets nest, and a query counts in every budget around it. The current budget is in the context, which tasks inherit.
So the code between the purpose and the query does not pass it on. :class:`~elastx_mrs.lookup.network.Network` checks it
before each query. Beyond the budget, a query is refused with a message that names the limit.
"""

import asyncio
import math
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

from elastx_mrs import limits

REMEMBERED = 50
"""Refused queries that a budget remembers; the others are counted."""

NAMED = 6
"""Refused queries that a message lists."""

_LOOK = 0.01
"""Seconds between two looks at a clock that stands still."""

_RESOLUTION = 0.001
"""Seconds by which a timer may be early."""

T = TypeVar("T")

_current: "ContextVar[Budget | None]" = ContextVar("budget", default=None)


class _Watch:
    """Ends all waits within one budget and its inner budgets, with a single timer.

    With a timer for each wait, 1,000 domains took a twelfth more CPU time.
    """

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._waiting: dict[asyncio.Future[bool], Budget] = {}
        self._next: asyncio.TimerHandle | None = None

    async def ended(self, task: "asyncio.Future[T]", held: "Budget") -> None:
        """Wait until a task has ended. The task continues, whatever happens to the wait.

        :raises TimeoutError: if the time of the budget, or of an outer one, is over first.
        """
        own: asyncio.Future[bool] = self._loop.create_future()

        def ended(_: "asyncio.Future[T]") -> None:
            if not own.done():
                own.set_result(True)

        task.add_done_callback(ended)
        self._waiting[own] = held
        end = held.end
        if self._next is None or end < self._next.when():
            self._look_at(end)
        try:
            if not await own:
                raise TimeoutError
        finally:
            del self._waiting[own]
            task.remove_done_callback(ended)

    def _look_at(self, when: float) -> None:
        if self._next is not None:
            self._next.cancel()
        self._next = self._loop.call_at(when, self._look)

    def _look(self) -> None:
        self._next = None
        for own, held in self._waiting.items():
            if not own.done() and held.late_at_all:
                own.set_result(False)
        left = [held.soon() for own, held in self._waiting.items() if not own.done()]
        if left:
            self._look_at(min(left))


class Budget:
    """The limits of one purpose.

    :param what: the purpose as a subject, such as ``verifying example.com``.
    :param at_once: queries in flight; 0 for as many as the outer budget allows.
    :param elastic: whether its clock stops while a query waits for others to the same server.
    :ivar bound: limits the queries in flight; None without a limit.
    """

    def __init__(
        self,
        what: str,
        seconds: float,
        queries: float,
        above: "Budget | None" = None,
        at_once: int = 0,
        *,
        elastic: bool = False,
    ) -> None:
        self._clock = asyncio.get_running_loop().time
        self._all: tuple[Budget, ...] = (self, *above._all) if above is not None else (self,)
        self._watch: _Watch = above._watch if above is not None else _Watch()
        self._what = what
        self._seconds, self._queries = seconds, queries
        self._own_end = self._clock() + seconds
        self._used = 0
        self._refused: dict[str, None] = {}
        self._more = 0
        self._elastic = elastic
        self._waiting = 0
        self._since = 0.0
        around: asyncio.Semaphore | None = above.bound if above is not None else None
        self.bound: asyncio.Semaphore | None = asyncio.Semaphore(at_once) if at_once else around

    @property
    def end(self) -> float:
        """When its time, or that of an outer budget, will be over, on the event loop's clock."""
        return min([one._own_end for one in self._all])

    def soon(self) -> float:
        """Return when to check whether its time, or that of an outer budget, is over, on the event loop's clock."""
        return max(self.end, self._clock() + _LOOK)

    @contextmanager
    def stopped(self) -> Iterator[float]:
        """Stop the clocks of the elastic budgets while a query waits for its turn, which is not its server's fault.

        Yields when the time of the other budgets is over.
        """
        elastic = [one for one in self._all if one._elastic]
        for one in elastic:
            if one._waiting == 0:
                one._since = one._clock()
            one._waiting += 1
        try:
            yield min((one._own_end for one in self._all if not one._elastic), default=math.inf)
        finally:
            for one in elastic:
                one._waiting -= 1
                if one._waiting == 0:
                    one._own_end += one._clock() - one._since

    def spend(self) -> str:
        """Count one query; return why it is refused, or an empty text."""
        now = self._clock()
        over = False
        for one in self._all:
            one._used += 1
            if one._used > one._queries or (now >= one._own_end and not one._waiting):
                over = True
        return self.over() if over else ""

    def over(self) -> str:
        """Return which limit was reached, that of the outermost budget first; empty if none was."""
        found = ""
        for one in self._all:
            if one.late:
                found = f"{one._what} takes over {one._seconds:g} seconds"
            elif one._used > one._queries:
                found = f"{one._what} takes over {one._queries:,} queries"
        return found

    def refuse(self, query: str) -> None:
        """Remember a query that was refused or abandoned."""
        for one in self._all:
            if one._used > one._queries or one.late:
                if len(one._refused) < REMEMBERED:
                    one._refused[query] = None
                else:
                    one._more += 1

    @property
    def late(self) -> bool:
        """Whether its own time is over."""
        return not self._waiting and self._clock() >= self._own_end - _RESOLUTION

    @property
    def late_at_all(self) -> bool:
        """Whether its time, or that of an outer budget, is over."""
        return any(one.late for one in self._all)

    async def ended(self, task: "asyncio.Future[T]") -> None:
        """Wait until a task has ended. The task continues, whatever happens to the wait.

        :raises TimeoutError: if its time, or that of an outer budget, is over first.
        """
        await self._watch.ended(task, self)

    async def acquired(self, bound: asyncio.Semaphore) -> None:
        """Acquire a semaphore.

        :raises TimeoutError: if its time, or that of an outer budget, is over first.
        """
        if not bound.locked():
            await bound.acquire()
            return
        while True:
            try:
                async with asyncio.timeout_at(self.soon()):
                    await bound.acquire()
                    return
            except TimeoutError:
                if self.late_at_all:
                    raise

    @property
    def exhausted(self) -> bool:
        """Whether this budget, or an outer one, refused a query."""
        return any(one._refused for one in self._all)

    def story(self) -> str:
        """Return which limit was reached, how many queries were sent, and which were left; empty unless exhausted."""
        last = next((one for one in reversed(self._all) if one._refused), None)
        if last is None:
            return ""
        names = list(last._refused)
        more = len(names) + last._more - NAMED
        listed = ", ".join(names[:NAMED]) + (f" and {more} more" if more > 0 else "")
        asked = max(self._used - len(self._refused) - self._more, 0)
        return f"{self.over()}; queries sent: {asked}; without an answer: {listed}"


def current() -> Budget | None:
    """Return the innermost budget in effect; None if there is none."""
    return _current.get()


@contextmanager
def budget(
    what: str, seconds: float, queries: float = math.inf, at_once: int = 0, *, elastic: bool = True
) -> Iterator[Budget]:
    """Limit the queries of the code inside, and of the tasks that it starts."""
    made = Budget(what, seconds, queries, _current.get(), at_once, elastic=elastic)
    token = _current.set(made)
    try:
        yield made
    finally:
        _current.reset(token)


def of_domain(what: str) -> AbstractContextManager[Budget]:
    """Limit all queries for one domain."""
    queries, at_once = limits.DOMAIN_QUERIES.most, limits.DOMAIN_AT_ONCE.most
    return budget(what, limits.DOMAIN_SECONDS.most, queries, at_once, elastic=False)


def of_record(what: str) -> AbstractContextManager[Budget]:
    """Limit all queries of the guard for one record; the engine may check the others at the same time."""
    return budget(what, limits.GUARD_SECONDS.most, limits.DOMAIN_QUERIES.most, elastic=False)


def of_question(what: str) -> AbstractContextManager[Budget]:
    """Limit one lookup: the walk from the root, the addresses of name servers without glue, and CNAMEs."""
    return budget(what, limits.WALK_SECONDS.most, limits.WALK_QUERIES.most)


async def until(task: "asyncio.Task[Any]", what: str) -> str:
    """Wait for a shared task, as long as the budget lasts; return the limit that was reached, or an empty text."""
    held = current()
    if task.done():
        return ""
    if held is None:
        await asyncio.wait({task})
        return ""
    why = held.over()
    if not why:
        try:
            await held.ended(task)
        except TimeoutError:
            why = held.over()
    if why:
        held.refuse(what)
    return why
