"""Order changes of an RRset within this process: a conditional change would fail if another one came between."""

import threading
from collections import Counter
from collections.abc import Hashable, Iterator
from contextlib import contextmanager


class Turns:
    """Any number of threads share a key, or one thread holds it alone."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._sharing: Counter[Hashable] = Counter()
        self._alone: set[Hashable] = set()

    @contextmanager
    def turn(self, key: Hashable, *, alone: bool) -> Iterator[None]:
        """Wait for a turn, and hold it until the context ends."""
        with self._changed:
            self._changed.wait_for(lambda: key not in self._alone and not (alone and self._sharing[key]))
            if alone:
                self._alone.add(key)
            else:
                self._sharing[key] += 1
        try:
            yield
        finally:
            with self._changed:
                if alone:
                    self._alone.discard(key)
                else:
                    self._sharing[key] -= 1
                self._changed.notify_all()


TURNS = Turns()
"""The turns of this process."""
