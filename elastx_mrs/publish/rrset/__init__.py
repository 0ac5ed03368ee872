"""Publishes through providers whose API owns whole record sets: everything except the API.

All TXT strings of a name are one record set there, and each string of ours is one Pulumi resource. Another provider is
one folder with three modules; :mod:`elastx_mrs.publish.route53` is the model:

- ``settings`` describes the provider for the registry. It has the stack key ``adopt``, and the fields that it needs.
- ``record_sets`` has a subclass of :class:`elastx_mrs.publish.rrset.record_sets.RecordSets`, and a function ``connect``
  that returns one. It is given what reads the stack's config, and reads credentials where it runs.
- ``publisher`` has the function ``make``, which calls :func:`elastx_mrs.publish.rrset.publisher.made`.

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
