"""One string of a name's TXT record set, as a dynamic resource."""

import pulumi

from elastx_mrs.identity import PLUGIN_STRING_TYPE
from elastx_mrs.publish.dynamic import RecordProvider, RecordResource
from elastx_mrs.publish.rrset.record import KIND


class TxtProvider(RecordProvider):
    """Publishes one TXT string in a record set."""

    kind = KIND


TxtProvider.__module__ = "elastx_mrs.publish.rrset"  # part of the state's format


class TxtString(RecordResource, module="rrset", name="TxtString"):
    """One string of a name's TXT record set."""

    provider, plugin_type = TxtProvider, PLUGIN_STRING_TYPE

    change: pulumi.Output[str]
