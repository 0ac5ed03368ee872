"""The publisher of a stack whose DNS is at one or several of octoDNS's providers."""

from typing import cast

from elastx_mrs.publish.existing import CannotAskError
from elastx_mrs.publish.held import Held
from elastx_mrs.publish.octodns import settings
from elastx_mrs.publish.octodns.record_sets import Octodns
from elastx_mrs.publish.publisher import Setup
from elastx_mrs.publish.rrset import publisher
from elastx_mrs.publish.rrset.publisher import RrsetPublisher
from elastx_mrs.publish.rrset.record_sets import RecordSet, RecordSetError, UnreachableError, Zone


class OctodnsPublisher(RrsetPublisher):
    """Declares records, and compares in a preview what octoDNS reads with what is served."""

    def __init__(self, sets: Octodns, setup: Setup) -> None:
        super().__init__(settings.PROVIDER.name, sets, sets.named, setup)
        self._octodns = sets

    def problem(self, zone: Zone, owner: str, there: RecordSet) -> str:
        """Compare a set with what name servers serve. An ``up`` does that right before the change."""
        try:
            self._octodns.compare(zone.id, owner, there)
        except UnreachableError as error:
            raise CannotAskError(str(error)) from None
        except RecordSetError as error:
            return str(error)
        return ""


def make(setup: Setup) -> OctodnsPublisher:
    """Return the publisher of a component, after the zones were found.

    :raises pulumi.RunError: where one is missing, or a provider refuses or does not answer.
    """
    return OctodnsPublisher(_connection(setup), setup)


def zones(setup: Setup) -> Held:
    """Return which zones the providers of octoDNS have.

    :raises pulumi.RunError: where a provider refuses, or its config is malformed.
    """
    sets = _connection(setup)
    return publisher.zones_of(settings.PROVIDER.name, sets, sets.named, setup)


def _connection(setup: Setup) -> Octodns:
    return cast("Octodns", publisher.connection(settings.PROVIDER.name, setup))
