"""Waits until a provider's name servers have the changes of a run, so that verification does not ask too early.

A resource's output ``change`` has the time at which the change was made, and the provider's id of it. Only the newest
change of a run is asked about: the older ones have had more time.
"""

import asyncio
import datetime
import time
from collections.abc import Awaitable, Callable, Sequence

from elastx_mrs import limits
from elastx_mrs.progress import AGAIN, LONG, Progress
from elastx_mrs.publish.rrset.record_sets import RecordSetError

PAUSE, MAX_PAUSE = 1.0, 5.0
"""Seconds before the second question; twice as long before each more, up to the maximum."""

FORMAT = "%Y-%m-%dT%H:%M:%SZ"

Say = Callable[[str, str], None]
"""Logs one line: ``warning`` or ``progress``, and the text."""


def stamped(change: str) -> str:
    """Return the id of a change that was made now, with the time; empty where there is no id."""
    return f"{datetime.datetime.now(datetime.UTC):{FORMAT}} {change}" if change else ""


def newest(changes: Sequence[str | None]) -> str:
    """Return the id of the newest of some stamped changes, if it is recent enough to be waited for; else empty."""
    when, _, change = max([one for one in changes if one], default="").partition(" ")
    try:
        made = datetime.datetime.strptime(when, FORMAT).replace(tzinfo=datetime.UTC)
    except ValueError:
        return ""
    age = datetime.datetime.now(datetime.UTC) - made
    return change if age.total_seconds() < limits.SETTLE_SECONDS.most else ""


async def settle(title: str, change: str, ask: Callable[[str], Awaitable[bool]], say: Say) -> None:
    """Ask until a change is on all name servers. It stops no run: what is missing, verification finds.

    :param title: the provider's name.
    :param ask: asks the provider whether it is there.
    """

    def told(_: Sequence[str], waited: float) -> None:
        say("progress", f"waiting for {title} for {waited:.0f} s, until all its name servers have the last change")

    try:
        if not await Progress(told, LONG, AGAIN).wait(change, _until(change, ask)):
            what = f"{title} did not confirm within {limits.SETTLE_SECONDS.text} that its name servers have the last"
            say("warning", f"{what} change ({change}); verification begins")
    except RecordSetError as error:
        say("warning", f"{error}. Verification begins without waiting for {title}'s name servers")


async def _until(change: str, ask: Callable[[str], Awaitable[bool]]) -> bool:
    end, pause = time.monotonic() + limits.SETTLE_SECONDS.most, PAUSE
    while not await ask(change):
        if time.monotonic() + pause > end:
            return False
        await asyncio.sleep(pause)
        pause = min(2 * pause, MAX_PAUSE)
    return True
