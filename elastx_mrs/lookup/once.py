"""Runs work once for several waiters."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from elastx_mrs.lookup import budget
from elastx_mrs.lookup.question import LookupFailure, OverBudgetError

K = TypeVar("K")
T = TypeVar("T")


@dataclass
class _Entry(Generic[T]):
    """Running or finished work, the budget that it counts in, and how many wait for it."""

    task: "asyncio.Task[T | LookupFailure]"
    budget: budget.Budget | None
    waiting: int = 0


class Once(Generic[K, T]):
    """Results of work, by key.

    Work counts in the budget of its first waiter, and is cancelled when the last one leaves. A result of an exhausted
    budget is not shared: the next waiter runs the work again with its own budget.
    """

    def __init__(self) -> None:
        self._entries: dict[K, _Entry[T]] = {}

    async def get(self, key: K, work: Callable[[], Awaitable[T]], what: str) -> T:
        """Return the result of ``work``, which raises LookupFailure and nothing else.

        :param what: the name of the work in messages.
        :raises LookupFailure: as ``work``; OverBudgetError if this task's budget is over first.
        """
        while True:
            entry = self._entries.get(key)
            mine = entry is None
            if entry is None:
                entry = self._entries[key] = _Entry(asyncio.create_task(_done(work)), budget.current())
            if (why := await self._waited(key, entry, what)) != "":
                raise OverBudgetError(None, f"{what} was given up: {why}")
            spoilt = entry.budget is not None and entry.budget.exhausted
            if spoilt and self._entries.get(key) is entry:
                del self._entries[key]
            if spoilt and not mine and not _exhausted():
                continue
            result = entry.task.result()
            if isinstance(result, LookupFailure):
                raise result.again()
            return result

    async def _waited(self, key: K, entry: _Entry[T], what: str) -> str:
        entry.waiting += 1
        try:
            return await budget.until(entry.task, what)
        finally:
            entry.waiting -= 1
            if entry.waiting == 0 and not entry.task.done():
                if self._entries.get(key) is entry:
                    del self._entries[key]
                entry.task.cancel()


def _exhausted() -> bool:
    held = budget.current()
    return held is not None and held.exhausted


async def _done(work: Callable[[], Awaitable[T]]) -> T | LookupFailure:
    try:
        return await work()
    except LookupFailure as failure:
        return failure
