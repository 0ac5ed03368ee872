"""The progress of ``elastx-mrs verify``: a live table on a terminal, plain lines elsewhere."""

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING

from elastx_mrs import limits
from elastx_mrs.cli import terminal
from elastx_mrs.cli.views.verify_text import COLOURS
from elastx_mrs.verify import report
from elastx_mrs.verify.wait import Job, last_moment

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

MOST_ROWS = 20
"""The most domains in the live table; those that are not verified yet come first."""

WIDEST = len("unreachable")
"""Columns of the longest verdict."""

Wait = Callable[[Sequence[Job], Callable[[Sequence[Job]], None], Callable[[], None]], Awaitable[None]]


async def shown(jobs: Sequence[Job], wait: Wait, deadline: float | None, source: report.Source) -> None:
    """Wait for all jobs, and show the progress on standard error, except with ``--quiet``.

    :param deadline: seconds after which the run ends, as the user set it.
    """
    going = _Going(jobs, deadline, source)
    if terminal.quiet():
        await wait(jobs, going.waiting, lambda: None)
    elif terminal.is_terminal(sys.stderr):
        await _live(going, wait)
    else:
        await _plain(going, wait)


class _Going:
    """Tracks the progress of a run and its remaining time.

    :ivar pending: the domains that still fail; None during the first round of queries.
    """

    def __init__(self, jobs: Sequence[Job], deadline: float | None, source: report.Source) -> None:
        self.jobs = jobs
        self.source = source
        self.pending: Sequence[Job] | None = None
        self._began = time.monotonic()
        self._end = last_moment(jobs, deadline)

    def waiting(self, pending: Sequence[Job]) -> None:
        self.pending = pending

    @property
    def asked(self) -> int:
        """The number of domains that were queried at least once."""
        return sum(bool(job.outcomes) for job in self.jobs)

    def times(self) -> str:
        """Return the elapsed and the remaining time."""
        gone = time.monotonic() - self._began
        end = self._end if self.pending is None else min(self._end, max(job.timeout for job in self.pending))
        return f"{gone:.0f} s elapsed, at most {max(end - gone, 0):.0f} s left"

    def asking(self) -> str:
        """Return how many domains have been queried."""
        return f"querying name servers: {self.asked} of {len(self.jobs)} domains so far"


async def _plain(going: _Going, wait: Wait) -> None:
    """Print a line for each change, because a pipe keeps all of them."""
    last = ""

    def say(state: str) -> None:
        nonlocal last
        if state != last:
            terminal.note(f"{state}; {going.times()}")
            last = state

    def waiting(pending: Sequence[Job]) -> None:
        going.waiting(pending)
        say(f"waiting for {report.missing(pending, going.source)}")

    async def still() -> None:
        while True:
            await asyncio.sleep(limits.QUIET)
            if going.asked < len(going.jobs):
                say(going.asking())

    ticking = asyncio.create_task(still())
    try:
        await wait(going.jobs, waiting, lambda: None)
    finally:
        ticking.cancel()


async def _live(going: _Going, wait: Wait) -> None:
    from rich.console import Console
    from rich.live import Live

    coloured = terminal.colour(sys.stderr)
    console = Console(
        stderr=True, color_system="standard" if coloured else None, no_color=not coloured, highlight=False
    )
    with Live(get_renderable=lambda: _table(going, console), console=console, refresh_per_second=4, transient=True):
        await wait(going.jobs, going.waiting, lambda: None)


def _table(going: _Going, console: "Console") -> "RenderableType":
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    jobs = going.jobs
    rows = sorted(jobs, key=lambda job: bool(job.outcomes) and not job.open())
    drawn = Table(box=None, pad_edge=False, expand=True)
    # Without a last column that takes the rest, all columns shrink, and the verdicts vanish first.
    longest = max((len(job.expected.domain) for job in rows[:MOST_ROWS]), default=0)
    drawn.add_column("verdict", no_wrap=True, min_width=WIDEST)
    drawn.add_column("domain", no_wrap=True, overflow="ellipsis", min_width=min(longest, console.width // 2))
    drawn.add_column("still missing", no_wrap=True, overflow="ellipsis", ratio=1)
    for job in rows[:MOST_ROWS]:
        verdict = report.verdict(job) if job.outcomes else "…"
        missing = report.missing([job], going.source).partition(": ")[2] if job.open() else ""
        drawn.add_row(Text(verdict, style=COLOURS.get(verdict, "")), Text(job.expected.domain), Text(missing))
    done = going.asking() if going.asked < len(jobs) else report.summary(jobs)
    return Group(drawn, Text(f"{done}; {going.times()}", no_wrap=True, overflow="ellipsis"))
