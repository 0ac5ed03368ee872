"""Work that heeds neither a time-out nor Ctrl-C, such as the system's resolver: done aside, and left there."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

T = TypeVar("T")


def aside(work: Callable[[], T]) -> "Future[T]":
    """Do work in a thread of its own, which nothing waits for when the event loop or the program ends."""
    found: Future[T] = Future()
    found.set_running_or_notify_cancel()  # so that one that waits no longer takes it from nobody else

    def do() -> None:
        try:
            found.set_result(work())
        except BaseException as error:
            found.set_exception(error)

    threading.Thread(target=do, daemon=True).start()
    return found


class Shared:
    """Work that is done aside, each kind once at a time, however many wait for it: one that hangs costs one thread."""

    def __init__(self) -> None:
        self._running: dict[object, Future[Any]] = {}

    async def get(self, key: object, work: Callable[[], T]) -> T:
        """Return what the work comes to."""
        running = self._running.get(key)
        if running is None or running.done():
            running = self._running[key] = aside(work)
        return await asyncio.wrap_future(running)
