"""One TXT record as a Pulumi dynamic resource, which only a Python program can have.

The state holds the provider's class as ``elastx_mrs.publish.rfc2136.TxtProvider`` (see the package). A server's address
and key are read at update time and are never inputs: the state would store them.
"""

import sys
from collections.abc import Callable
from typing import Any, ClassVar, TypeVar

import pulumi
from pulumi import dynamic

from elastx_mrs.identity import PLUGIN_TYPE
from elastx_mrs.publish.rfc2136.primary import UpdateError
from elastx_mrs.publish.rfc2136.record import PLACE, TxtRecords, changed

T = TypeVar("T")


class TxtProvider(dynamic.ResourceProvider):
    """Creates, reads, updates and deletes one TXT record on the primary."""

    serialize_as_secret_always: ClassVar[bool] = False  # type: ignore[misc]  # it holds only its own name

    _records: TxtRecords

    def configure(self, req: dynamic.ConfigureRequest) -> None:
        """Keep the stack's config for later operations."""
        self._records = TxtRecords(req.config.get)

    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> dynamic.DiffResult:
        """Compare inputs: another place is a replacement, another value or TTL an update."""
        differs = changed(_olds, _news)
        return dynamic.DiffResult(
            changes=bool(differs),
            replaces=[key for key in differs if key in PLACE],
            delete_before_replace=True,
        )

    def create(self, props: dict[str, Any]) -> dynamic.CreateResult:
        """Publish the record."""
        return dynamic.CreateResult(*_neatly(self._records.create, props))

    def read(self, id_: str, props: dict[str, Any]) -> dynamic.ReadResult:
        """Return the served record, its changed form, or nothing."""
        found = _neatly(self._records.read, props)
        return dynamic.ReadResult("", {}) if found is None else dynamic.ReadResult(id_, found)

    def update(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> dynamic.UpdateResult:
        """Replace the old value with the new one."""
        return dynamic.UpdateResult(_neatly(self._records.update, _olds, _news))

    def delete(self, _id: str, _props: dict[str, Any]) -> None:
        """Withdraw the record."""
        _neatly(self._records.delete, _props)


def _neatly(action: Callable[..., T], *props: dict[str, Any]) -> T:
    try:
        return action(*props)
    except UpdateError:
        sys.tracebacklimit = 0  # otherwise the engine shows a traceback
        raise


# Pulumi pickles the class by reference: this path is part of the state's format.
TxtProvider.__module__ = "elastx_mrs.publish.rfc2136"


class TxtResource(dynamic.Resource, module="rfc2136", name="TxtRecord"):
    """One TXT record on an RFC 2136 primary."""

    def __init__(self, name: str, inputs: dict[str, Any], options: pulumi.ResourceOptions) -> None:
        own = pulumi.ResourceOptions(aliases=[pulumi.Alias(type_=PLUGIN_TYPE)])
        super().__init__(TxtProvider(), name, inputs, pulumi.ResourceOptions.merge(options, own))
