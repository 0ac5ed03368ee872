"""How ``smtp`` and ``message`` show a check: its verdict first, what was expected where that is not what was seen."""

from collections.abc import Iterator

import click

from elastx_mrs.check import Check
from elastx_mrs.cli.terminal import quiet, verbose
from elastx_mrs.display import visible

COLOURS = {"pass": "green", "wrong": "red", "absent": "red", "unreachable": "yellow", "unchecked": "cyan"}
"""Of verdicts; click takes them out again where nobody sees them."""

WIDTH = 13


def lines(check: Check) -> Iterator[str]:
    """Yield what people read; with ``--quiet`` nothing of what passed."""
    if quiet() and check.verdict in ("pass", "unchecked"):
        return
    verdict = click.style(f"{check.verdict:<{WIDTH}}", fg=COLOURS[check.verdict])
    yield verdict + visible(f"{check.name}: {check.seen}")
    if check.verdict in ("wrong", "absent", "unreachable") or (verbose() and check.expected):
        yield visible(f"{'':{WIDTH}}expected: {check.expected}")
    if check.cure:
        yield visible(f"{'':{WIDTH}}fix: {check.cure}")
    for notice in () if quiet() else check.notices:
        yield visible(f"{'':{WIDTH}}notice: {notice}")


def entry(check: Check) -> dict[str, str | list[str]]:
    """Return what programs read; ``notices`` where there are any."""
    notices: dict[str, str | list[str]] = {"notices": list(check.notices)} if check.notices else {}
    return {
        "check": check.name,
        "verdict": check.verdict,
        "expected": check.expected,
        "seen": check.seen,
        "fix": check.cure,
        **notices,
    }
