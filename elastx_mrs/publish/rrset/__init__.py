"""Publishes through providers whose API owns whole record sets: everything except the API.

All TXT strings of a name are one record set there, and each string of ours is one Pulumi resource. A provider brings
a subclass of :class:`elastx_mrs.publish.rrset.record_sets.RecordSets` and nothing else.

A stack's state holds the dynamic provider as ``elastx_mrs.publish.rrset.TxtProvider``, because Pulumi pickles the class
by reference. That path must work for ever, whatever moves below it.
"""

from typing import Any


def __getattr__(name: str) -> Any:
    """Load the provider's class when a state asks for it (PEP 562); the package itself imports nothing."""
    if name == "TxtProvider":
        from elastx_mrs.publish.rrset.resource import TxtProvider

        return TxtProvider
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
