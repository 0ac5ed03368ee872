"""An event loop whose clock jumps to the next thing that is due: hours of time-outs cost nothing, and are the same."""

import asyncio
import selectors
from collections.abc import Mapping
from typing import Any

MOST = 6 * 3600.0
"""Seconds that one round may take on that clock; the longest time-out that anything names is an hour."""


class EndlessError(BaseException):
    """Something waits for what never comes, or takes too long: no handler for errors may catch this."""


class _Selector(selectors.BaseSelector):
    """Watches nothing: nothing here reads a socket."""

    def __init__(self) -> None:
        self.now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise EndlessError("waits for what never comes")
        self.now += max(timeout, 0.0)
        if self.now > MOST:
            raise EndlessError(f"takes over {MOST:g} s")
        return []

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        return selectors.SelectorKey(fileobj, 0, events, data)

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        return selectors.SelectorKey(fileobj, 0, 0, None)

    def get_key(self, fileobj: Any) -> selectors.SelectorKey:
        raise KeyError(fileobj)

    def get_map(self) -> Mapping[Any, selectors.SelectorKey]:
        return {}


class Loop(asyncio.SelectorEventLoop):
    """The event loop; :meth:`time` begins at 0 with each :meth:`rewind`."""

    def __init__(self) -> None:
        self._jumping = _Selector()
        super().__init__(self._jumping)

    def time(self) -> float:
        return self._jumping.now

    def rewind(self) -> None:
        """Let time begin anew; nothing may be due."""
        self._jumping.now = 0.0
