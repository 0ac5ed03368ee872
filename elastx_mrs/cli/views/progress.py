"""What is seen while ``elastx-mrs verify`` asks: a table that changes in place on a terminal, plain lines elsewhere."""

import asyncio
import sys
from collections.abc import Awaitable, Callable, Sequence

from elastx_mrs import limits
from elastx_mrs.verify import report
from elastx_mrs.verify.wait import Job

MOST_ROWS = 20
"""Domains in the live table: those that are not verified yet come first."""

Wait = Callable[[Sequence[Job], Callable[[Sequence[Job]], None], Callable[[], None]], Awaitable[None]]


async def shown(jobs: Sequence[Job], wait: Wait) -> None:
    """Wait for all jobs, and show how it goes on standard error."""
    if sys.stderr.isatty() and sys.stdout.isatty():
        await _live(jobs, wait)
    else:
        await _plain(jobs, wait)


async def _plain(jobs: Sequence[Job], wait: Wait) -> None:
    def say(pending: Sequence[Job]) -> None:
        print(f"waiting for {report.missing(pending)}", file=sys.stderr, flush=True)

    async def still() -> None:
        while True:
            await asyncio.sleep(limits.QUIET)
            done = sum(bool(job.outcomes) for job in jobs)
            if done < len(jobs):
                print(f"asking name servers: {done} of {len(jobs)} domains so far …", file=sys.stderr, flush=True)

    ticking = asyncio.create_task(still())
    try:
        await wait(jobs, say, lambda: None)
    finally:
        ticking.cancel()


async def _live(jobs: Sequence[Job], wait: Wait) -> None:
    from rich.console import Console
    from rich.live import Live
    from rich.table import Table
    from rich.text import Text

    colours = {"pass": "green", "wrong": "red", "absent": "red", "unreachable": "yellow", "…": "dim"}

    def table() -> Table:
        drawn = Table(box=None, pad_edge=False)
        for heading in ("verdict", "domain", "still missing"):
            drawn.add_column(heading)
        rows = sorted(jobs, key=lambda job: bool(job.outcomes) and not job.open())
        for job in rows[:MOST_ROWS]:
            verdict = report.verdict(job) if job.outcomes else "…"
            missing = report.missing([job]).partition(": ")[2] if job.open() else ""
            drawn.add_row(Text(verdict, style=colours.get(verdict, "")), Text(job.expected.domain), Text(missing))
        return drawn

    console = Console(stderr=True)
    with Live(get_renderable=table, console=console, refresh_per_second=4, transient=True):
        await wait(jobs, lambda pending: None, lambda: None)
