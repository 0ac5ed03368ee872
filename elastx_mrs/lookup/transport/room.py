"""Limits the sockets of this process, over all event loops, to what the machine allows."""

import asyncio
import threading
import time
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from types import TracebackType
from typing import TypeVar

from elastx_mrs import descriptors
from elastx_mrs.descriptors import SHORTAGE, Address, shortage

RECOUNTED = 0.2
"""Seconds for which the count of other open descriptors is cached."""

T = TypeVar("T")


class Place:
    """Room for one socket, from before it is opened until after it is closed."""

    def __init__(self, room: "Room") -> None:
        self._room: Room | None = room

    def leave(self) -> None:
        """Give the place back; a second call does nothing."""
        room, self._room = self._room, None
        if room is not None:
            room.left()

    def __del__(self) -> None:
        """Give the place back in any case: an event loop that is closed early does not report its closed sockets."""
        room, self._room = self._room, None
        if room is not None:
            room.lost()

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.leave()


class Room:
    """Gives out places in the order of the requests, over all event loops.

    :param most: returns how many places there are, given how many are taken.
    """

    def __init__(self, most: Callable[[int], int] = descriptors.room) -> None:
        self._counted = most
        self._lock = threading.Lock()
        self._taken = 0
        self._lost: deque[None] = deque()
        self._most, self._until = 0, 0.0
        self._waiting: deque[_Waiting] = deque()

    @property
    def wanted(self) -> bool:
        """Whether somebody waits for a place, so idle sockets must be closed."""
        return bool(self._waiting)

    async def enter(self, release: Callable[[], object]) -> Place:
        """Wait for a place.

        :param release: closes one idle socket, if there is one.
        """
        with self._lock:
            if not self._waiting and self._free():
                self._taken += 1
                return Place(self)
            loop = asyncio.get_running_loop()
            future: asyncio.Future[Place] = loop.create_future()
            entry = (loop, future)
            self._waiting.append(entry)
        release()
        try:
            return await future
        except asyncio.CancelledError:
            with self._lock, suppress(ValueError):
                self._waiting.remove(entry)
            if future.done() and not future.cancelled():
                future.result().leave()
            raise

    def left(self) -> None:
        """Hand a place on."""
        with self._lock:
            self._taken -= 1
            self._hand_on()

    def lost(self) -> None:
        """Hand on an abandoned place. The garbage collector calls this, perhaps in the middle of the methods above."""
        self._lost.append(None)
        if self._lock.acquire(blocking=False):
            try:
                self._hand_on()
            finally:
                self._lock.release()

    def _hand_on(self) -> None:
        while self._waiting and self._free():
            loop, future = self._waiting.popleft()
            self._taken += 1
            try:
                loop.call_soon_threadsafe(_give, future, Place(self))
            except RuntimeError:  # the loop is closed, and nobody waits any more; the lost place is counted below
                continue

    def _free(self) -> bool:
        while self._lost:
            self._lost.pop()
            self._taken -= 1
        now = time.monotonic()
        if now >= self._until:
            self._most, self._until = self._counted(self._taken), now + RECOUNTED
        return self._taken < self._most


_Waiting = tuple[asyncio.AbstractEventLoop, "asyncio.Future[Place]"]


def _give(future: "asyncio.Future[Place]", place: Place) -> None:
    if future.done():  # cancelled
        place.leave()
    else:
        future.set_result(place)


ROOM = Room()
"""This process's."""


async def waiting(action: Callable[[], Awaitable[T]], address: Address, release: Callable[[], object]) -> T:
    """Return what an action returns; while the machine is short of what it opens, wait and do it again.

    :param action: leaves nothing open if it fails.
    :param address: its target.
    :param release: closes one idle socket, if there is one.
    :raises ShortageError: if that takes too long.
    """
    tries = 0
    while True:
        try:
            return await action()
        except Exception as error:
            told = shortage(error, address)
            if told is None:
                raise
            release()
            pause = SHORTAGE.pause(told, tries)
        await asyncio.sleep(pause)
        tries += 1
