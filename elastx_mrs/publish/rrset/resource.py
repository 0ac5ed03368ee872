"""One TXT string as a Pulumi dynamic resource, which only a Python program can have.

The state holds the provider's class as ``elastx_mrs.publish.rrset.TxtProvider`` (see the package).
"""

import sys
from collections.abc import Callable
from typing import Any, ClassVar, TypeVar

import pulumi
from pulumi import dynamic

from elastx_mrs.identity import PLUGIN_STRING_TYPE
from elastx_mrs.publish.rrset.record import PLACE, TxtStrings, changed
from elastx_mrs.publish.rrset.record_sets import RecordSetError

T = TypeVar("T")


class TxtProvider(dynamic.ResourceProvider):
    """Creates, reads, updates and deletes one TXT string in a record set."""

    serialize_as_secret_always: ClassVar[bool] = False  # type: ignore[misc]  # it holds nothing but its own name

    _strings: TxtStrings

    def configure(self, req: dynamic.ConfigureRequest) -> None:
        """Keep the stack's config; it is read when something is done."""
        self._strings = TxtStrings(req.config.get)

    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> dynamic.DiffResult:
        """Compare inputs: another place is a replacement, another value or TTL an update."""
        differs = changed(_olds, _news)
        return dynamic.DiffResult(
            changes=bool(differs),
            replaces=[key for key in differs if key in PLACE],
            delete_before_replace=True,
        )

    def create(self, props: dict[str, Any]) -> dynamic.CreateResult:
        """Publish the string."""
        return dynamic.CreateResult(*_neatly(self._strings.create, props))

    def read(self, id_: str, props: dict[str, Any]) -> dynamic.ReadResult:
        """Return what is there now: the string, what somebody made of it, or nothing."""
        found = _neatly(self._strings.read, props)
        return dynamic.ReadResult("", {}) if found is None else dynamic.ReadResult(id_, found)

    def update(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> dynamic.UpdateResult:
        """Put the new value in the old one's place."""
        return dynamic.UpdateResult(_neatly(self._strings.update, _olds, _news))

    def delete(self, _id: str, _props: dict[str, Any]) -> None:
        """Withdraw the string."""
        _neatly(self._strings.delete, _props)


def _neatly(action: Callable[..., T], *props: dict[str, Any]) -> T:
    try:
        return action(*props)
    except RecordSetError:
        sys.tracebacklimit = 0  # the engine shows the user a traceback otherwise
        raise


# Pulumi pickles the class by reference: this path is part of the state's format.
TxtProvider.__module__ = "elastx_mrs.publish.rrset"


class TxtString(dynamic.Resource, module="rrset", name="TxtString"):
    """One string of a name's TXT record set."""

    change: pulumi.Output[str]

    def __init__(self, name: str, inputs: dict[str, Any], options: pulumi.ResourceOptions) -> None:
        own = pulumi.ResourceOptions(aliases=[pulumi.Alias(type_=PLUGIN_STRING_TYPE)])
        super().__init__(TxtProvider(), name, inputs, pulumi.ResourceOptions.merge(options, own))
