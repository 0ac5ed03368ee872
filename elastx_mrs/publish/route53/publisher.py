"""The publisher of a stack whose DNS is at Amazon Route 53."""

from elastx_mrs.publish.held import Held
from elastx_mrs.publish.publisher import Setup
from elastx_mrs.publish.route53 import settings
from elastx_mrs.publish.rrset import publisher
from elastx_mrs.publish.rrset.publisher import RrsetPublisher, made


def make(setup: Setup) -> RrsetPublisher:
    """Return the publisher of a component, after the hosted zones were found.

    :raises pulumi.RunError: where one is missing, or Route 53 refuses or does not answer.
    """
    given: settings.Route53 = setup.settings
    return made(settings.PROVIDER.name, given.zones, setup)


def zones(setup: Setup) -> Held:
    """Return which hosted zones the credentials see.

    :raises pulumi.RunError: where Route 53 refuses.
    """
    given: settings.Route53 = setup.settings
    return publisher.zones(settings.PROVIDER.name, given.zones, setup)
