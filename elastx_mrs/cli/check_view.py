"""How ``smtp`` and ``message`` show a check: its verdict first, what was expected where that is not what was seen."""

from collections.abc import Iterator
from typing import Protocol

import click

COLOURS = {"pass": "green", "wrong": "red", "absent": "red", "unreachable": "yellow", "unchecked": "cyan"}
"""Of verdicts; click takes them out again where nobody sees them."""

WIDTH = 13


class Checked(Protocol):
    """One check, in the words of :mod:`elastx_mrs.verify.outcome`."""

    @property
    def name(self) -> str:
        """What is checked."""

    @property
    def verdict(self) -> str:
        """What it comes to."""

    @property
    def expected(self) -> str:
        """What should be."""

    @property
    def seen(self) -> str:
        """What is."""

    @property
    def cure(self) -> str:
        """What to do."""


def lines(check: Checked) -> Iterator[str]:
    """Yield what people read."""
    yield f"{click.style(f'{check.verdict:<{WIDTH}}', fg=COLOURS[check.verdict])}{check.name}: {check.seen}"
    if check.verdict in ("wrong", "absent", "unreachable"):
        yield f"{'':{WIDTH}}expected: {check.expected}"
    if check.cure:
        yield f"{'':{WIDTH}}do: {check.cure}"


def entry(check: Checked) -> dict[str, str]:
    """Return what programs read."""
    return {
        "check": check.name,
        "verdict": check.verdict,
        "expected": check.expected,
        "seen": check.seen,
        "do": check.cure,
    }
