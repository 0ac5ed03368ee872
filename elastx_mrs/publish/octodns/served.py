"""Compares what a provider of octoDNS says that a name has with what the name servers serve.

Some providers read strings wrong, or publish what is switched off. A change would then publish that.
"""

import asyncio
import os
import time
from collections.abc import Mapping, Sequence

from elastx_mrs import limits
from elastx_mrs.display import show
from elastx_mrs.lookup import budget
from elastx_mrs.lookup.authority import Observation
from elastx_mrs.publish.adoption import Get
from elastx_mrs.publish.existing import difference
from elastx_mrs.publish.rrset.record_sets import RecordSetError, UnreachableError
from elastx_mrs.publish.vantage import vantage_of
from elastx_mrs.records import RecordError
from elastx_mrs.records.challenge import is_challenge
from elastx_mrs.records.kinds import unique_kind

PAUSE, MAX_PAUSE = 1.0, 5.0
"""Seconds before the second query. Each later pause is twice as long, up to the maximum."""


class Served:
    """Asks the name servers that the stack's config has verified.

    :param get: reads the stack's config.
    """

    def __init__(self, get: Get, environment: Mapping[str, str] = os.environ) -> None:
        self._get = get
        self._environment = environment

    def check(self, owner: str, there: Sequence[bytes], where: str) -> None:
        """Check that a name server serves exactly these values, and all that answer the strings of others in them.

        :param there: what the provider has; the character-strings of each value joined.
        :param where: the provider, for a message.
        :raises UnreachableError: where no server answers.
        :raises RecordSetError: where one serves something else.
        """
        end, pause = time.monotonic() + limits.SERVED_SECONDS.most, PAUSE
        while (problem := self._problem(owner, there, where)) and time.monotonic() + pause < end:
            time.sleep(pause)
            pause = min(2 * pause, MAX_PAUSE)
        if problem:
            raise RecordSetError(problem)

    def _problem(self, owner: str, there: Sequence[bytes], where: str) -> str:
        """Return what a server serves instead; empty if all serve what they must."""
        seen, cached = self._seen(owner)
        if seen.aliases:
            return ""  # the record sets say so too, and a TXT beside a CNAME is refused
        answers = [one for one in seen.sightings if one.answer.status != "failed"]
        if not answers:
            why = next((one.answer.problem for one in seen.sightings), seen.problem) or "it has no name server"
            what = f"{owner}: no name server answered, so nothing is changed"
            raise UnreachableError(f"{what}: {why}; list servers that answer in verification.nameservers")
        texts = [_compared(one.answer.texts(), cached) for one in answers]
        # Of a zone at two providers, the other one's servers may have our records already, or not yet.
        lenient = cached or _compared(there, cached) in texts
        expected = _compared(there, lenient)
        for one in answers:
            served = _compared(one.answer.texts(), lenient)
            if served != expected:
                differs = difference([*map(show, expected)], [*map(show, served)])
                return f"{owner}: {where} has {differs} {one.host}{_CURE}"
        return ""

    def _seen(self, owner: str) -> tuple[Observation, bool]:
        """Return the answers, and whether they may come from a cache."""

        async def ask() -> tuple[Observation, bool]:
            vantage = vantage_of(self._get, self._environment)
            with budget.of_record(f"asking what the name servers serve at {owner}"):
                return await vantage.observer.txt(owner), vantage.who.begins_at == "resolvers"

        try:
            return asyncio.run(ask())
        except RecordError as error:
            raise RecordSetError(str(error)) from None


_CURE = (
    ", so nothing is changed; remove disabled records at the provider, or use another publisher. If somebody has just "
    "changed the records, wait until all name servers have the change, and run pulumi up again"
)


def _compared(values: Sequence[bytes], lenient: bool) -> list[bytes]:
    """Return the values to compare.

    :param lenient: leave out ours: a cache may have them as they were before this stack's last change.
    """
    ours = [one for one in values if unique_kind(one) is not None or is_challenge(one)] if lenient else []
    return sorted(one for one in values if one not in ours)
