"""The marker ``engine``: a test that starts Pulumi's engine without it fails, and the failure says what to add.

``make fast`` (``pytest -m "not engine"``) skips these tests. They start the engine, a language host or an SDK
generator, install the released package into a fresh virtual environment, or run for as long as such a test.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

MARKER = "engine"

PROGRAMS = (
    "pulumi",
    "pulumi-language-go",
    "pulumi-language-nodejs",
    "pulumi-language-python",
    "pulumi-language-yaml",
    "elastx-mrs-sdkgen",
)
"""The programs that only a marked test may start."""

_STUB = """#!/bin/sh
echo "$(basename "$0") $*" >> "$(dirname "$0")/started"
echo "this test is not marked engine" >&2
exit 1
"""


class UnmarkedError(AssertionError):
    """A test without the marker started something that only marked tests may start."""

    def __init__(self, started: str) -> None:
        super().__init__(
            f"this test starts {started!r} and is not marked; add to its file: pytestmark = pytest.mark.{MARKER}"
        )


class Guard:
    """Puts stubs first on PATH while a test without the marker runs, and reports what it started.

    :param folder: an empty folder for the stubs.
    """

    _running: "pytest.Item | None" = None

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        for name in PROGRAMS:
            path = folder / name
            path.write_text(_STUB)
            path.chmod(0o755)

    @contextmanager
    def watch(self, item: pytest.Item) -> Iterator[None]:
        """Guard one phase of a test: its setup, its call or its teardown.

        :raises UnmarkedError: when the test started one of ``PROGRAMS``.
        """
        if item.get_closest_marker(MARKER) is not None:
            yield
            return
        started, path = self._folder / "started", os.environ["PATH"]
        os.environ["PATH"] = f"{self._folder}{os.pathsep}{path}"
        Guard._running = item
        try:
            yield
        finally:
            os.environ["PATH"] = path
            Guard._running = None
            if started.exists():
                first = started.read_text().splitlines()[0]
                started.unlink()
                raise UnmarkedError(first)

    @classmethod
    def unmarked(cls) -> bool:
        """Return whether the test that runs now has no marker."""
        return cls._running is not None


def require(started: str) -> None:
    """Fail when the running test is not marked; for what does not look on PATH.

    :param started: what the caller starts, as the failure names it.
    :raises UnmarkedError: when the test has no marker.
    """
    if Guard.unmarked():
        raise UnmarkedError(started)
