"""How long a request waits for others that could share it.

An engine sends the changes of a name within milliseconds, and one request for all of them saves the others. But a wait
is worth only a part of what a request takes: almost nothing on the same machine, and more over a network.
"""

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager

MOST = 0.05
"""Seconds that a request waits at most. The first one waits as long, because nothing is known yet."""

PART = 0.25
"""The part of the fastest request's time that a later one waits."""


class Gathering:
    """The waits before requests of one kind. Several threads may use it at once."""

    def __init__(self) -> None:
        self._took = math.inf

    def wait(self) -> None:
        """Wait for others."""
        time.sleep(min(MOST, PART * self._took))

    @contextmanager
    def measured(self) -> Iterator[None]:
        """Measure a request. The fastest one counts: others may have waited for their turn."""
        began = time.monotonic()
        yield
        self._took = min(self._took, time.monotonic() - began)


class Failure:
    """The last failure of something that several threads ask for in turn. Who waited for it meanwhile gets it too.

    Without this, a provider that does not answer would fail each of them only after a time limit of its own.
    """

    def __init__(self) -> None:
        self._ended, self._error = -math.inf, ""
        self._kind: type[Exception] = Exception

    def repeat(self, asked: float) -> None:
        """Raise the failure, if it came after somebody asked.

        :param asked: when, in seconds of the monotonic clock.
        """
        if self._ended >= asked:
            raise self._kind(self._error)

    @contextmanager
    def noted(self, kind: type[Exception]) -> Iterator[None]:
        """Note a failure.

        :param kind: its class, whose subclasses count too. Each takes one text.
        """
        try:
            yield
        except kind as error:
            self._ended, self._error, self._kind = time.monotonic(), str(error), type(error)
            raise
