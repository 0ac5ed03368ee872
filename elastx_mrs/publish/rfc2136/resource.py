"""One TXT record on an RFC 2136 primary, as a dynamic resource."""

from elastx_mrs.identity import PLUGIN_TYPE
from elastx_mrs.publish.dynamic import RecordProvider, RecordResource
from elastx_mrs.publish.rfc2136.record import KIND


class TxtProvider(RecordProvider):
    """Publishes one TXT record on the primary."""

    kind = KIND


TxtProvider.__module__ = "elastx_mrs.publish.rfc2136"  # part of the state's format


class TxtResource(RecordResource, module="rfc2136", name="TxtRecord"):
    """One TXT record on an RFC 2136 primary."""

    provider, plugin_type = TxtProvider, PLUGIN_TYPE
