"""The output of a check, for ``doctor``, ``smtp`` and ``message``: the verdict first, then details of a problem."""

from collections.abc import Iterator

import click

from elastx_mrs.check import Check
from elastx_mrs.cli.terminal import quiet, verbose
from elastx_mrs.display import visible

COLOURS = {
    "pass": "green",
    "wrong": "red",
    "absent": "red",
    "unreachable": "yellow",
    "warning": "yellow",
    "unchecked": "cyan",
}
"""The colours of verdicts; click removes them if the output is not a terminal."""

WIDTH = 13


def lines(check: Check) -> Iterator[str]:
    """Yield the lines for people; with ``--quiet``, none for a check that passed."""
    if quiet() and check.verdict in ("pass", "unchecked"):
        return
    verdict = click.style(f"{check.verdict:<{WIDTH}}", fg=COLOURS[check.verdict])
    yield verdict + visible(f"{check.name}: {check.seen}")
    if check.verdict in ("wrong", "absent", "unreachable", "warning") or (verbose() and check.expected):
        yield visible(f"{'':{WIDTH}}expected: {check.expected}")
    if check.cure:
        yield visible(f"{'':{WIDTH}}fix: {check.cure}")
    for notice in () if quiet() else check.notices:
        yield visible(f"{'':{WIDTH}}notice: {notice}")


def entry(check: Check) -> dict[str, str | list[str]]:
    """Return the object for programs; it has ``notices`` only if there are any."""
    notices: dict[str, str | list[str]] = {"notices": list(check.notices)} if check.notices else {}
    return {
        "check": check.name,
        "verdict": check.verdict,
        "expected": check.expected,
        "seen": check.seen,
        "fix": check.cure,
        **notices,
    }
