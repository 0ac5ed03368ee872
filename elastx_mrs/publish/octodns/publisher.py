"""The publisher of a stack whose DNS is at one or several of octoDNS's providers."""

import asyncio
from dataclasses import replace

import pulumi

from elastx_mrs.publish.existing import CannotAskError, Existing
from elastx_mrs.publish.octodns import settings
from elastx_mrs.publish.octodns.record_sets import Octodns, connect
from elastx_mrs.publish.publisher import Setup
from elastx_mrs.publish.rrset.publisher import RrsetPublisher
from elastx_mrs.publish.rrset.record_sets import RecordSetError, UnreachableError


class OctodnsPublisher(RrsetPublisher):
    """Declares records, and compares in a preview what octoDNS reads with what is served."""

    def __init__(self, sets: Octodns, setup: Setup) -> None:
        super().__init__(settings.PROVIDER.name, sets, sets.named, setup)
        self._octodns = sets

    async def existing(self, owner: str) -> Existing:
        """Look in the zone; in a preview also at what is served. An ``up`` does that right before the change."""
        found = await super().existing(owner)
        if found.problem or not found.txt or not pulumi.runtime.is_dry_run():
            return found
        there = (await self._contents[found.zone]).txt[owner][0]
        zone = self._zones[found.zone].id
        try:
            await asyncio.get_running_loop().run_in_executor(self._pool, self._octodns.compare, zone, owner, there)
        except UnreachableError as error:
            raise CannotAskError(str(error)) from None
        except RecordSetError as error:
            return replace(found, problem=str(error))
        return found


def make(setup: Setup) -> OctodnsPublisher:
    """Return the publisher of a component, after the zones were found.

    :raises pulumi.RunError: where one is missing, or a provider refuses or does not answer.
    """
    try:
        return OctodnsPublisher(connect(setup.get), setup)
    except RecordSetError as error:
        raise pulumi.RunError(str(error)) from None
