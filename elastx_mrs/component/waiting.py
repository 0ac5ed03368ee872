"""Report slow records in an ``up``: which are missing, and how long that may take."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress

import pulumi

from elastx_mrs import display
from elastx_mrs.progress import AGAIN, LONG, Progress
from elastx_mrs.publish.sdk import is_mocked

NAMED = 10
"""Records that one line lists; the engine processes about a dozen in parallel."""

_STOPPING = "Ctrl-C waits for them too. Press it twice to end the run now; they may have been created by then"


class Records:
    """Watches the records that are declared.

    :param known: explains a wait, given the seconds so far.
    :param log: logs a line of progress.
    :param scale: the speed of a trial's clock; 1 is real time.
    """

    def __init__(self, known: Callable[[float], str], log: Callable[[str], None], scale: float) -> None:
        self._known = known
        self._log = log
        self._progress = Progress(self._say, LONG / scale, AGAIN / scale, self._over)
        self._watched: list[asyncio.Future[None]] = []
        self.hold = self._progress.hold

    def watch(self, name: str, resource: pulumi.CustomResource) -> None:
        """Watch a record in an ``up``; a preview changes none."""
        if not pulumi.runtime.is_dry_run() and not is_mocked():
            self._watched.append(asyncio.ensure_future(self._watch(name, resource)))

    async def _watch(self, name: str, resource: pulumi.CustomResource) -> None:
        with suppress(Exception):  # the engine reports it
            await self._progress.wait(name, resource.id.future())

    def _say(self, names: Sequence[str], waited: float) -> None:
        known = f". {said}" if (said := self._known(waited)) else ""
        self._log(
            f"waiting for {len(names)} of {len(self._watched)} records for {waited:.0f} s: "
            f"{display.some(names, NAMED)}{known}. {_STOPPING}"
        )

    def _over(self, waited: float) -> None:
        self._log(f"continuing after {waited:.0f} s")
