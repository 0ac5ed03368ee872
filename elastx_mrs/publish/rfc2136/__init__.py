"""Publishes to name servers that take dynamic updates (RFC 2136): a Pulumi dynamic resource for each TXT record.

A stack's state stores the dynamic provider as ``elastx_mrs.publish.rfc2136.TxtProvider``, because Pulumi pickles the
class by reference. This path must keep working, even if modules move.
"""

from typing import Any


def __getattr__(name: str) -> Any:
    """Load the provider's class when a state asks for it (PEP 562); the package itself imports nothing."""
    if name == "TxtProvider":
        from elastx_mrs.publish.rfc2136.resource import TxtProvider

        return TxtProvider
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
