"""Threads for work that cannot be cancelled, such as the system's resolver; nothing waits for them at the end."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

T = TypeVar("T")


def aside(work: Callable[[], T]) -> "Future[T]":
    """Do work in a thread that may outlive the event loop and the program's end."""
    found: Future[T] = Future()
    found.set_running_or_notify_cancel()  # so a waiter that gives up does not cancel it for others

    def do() -> None:
        try:
            found.set_result(work())
        except BaseException as error:
            found.set_exception(error)

    threading.Thread(target=do, daemon=True).start()
    return found


class Shared:
    """Work in threads, one for each key at a time, however many wait for it: a hanging one costs one thread."""

    def __init__(self) -> None:
        self._running: dict[object, Future[Any]] = {}

    async def get(self, key: object, work: Callable[[], T]) -> T:
        """Return the result of the work."""
        running = self._running.get(key)
        if running is None or running.done():
            running = self._running[key] = aside(work)
        return await asyncio.wrap_future(running)
