"""A kind of record as a Pulumi dynamic resource, which only a Python program can have.

Pulumi pickles a provider's class by reference, so the state holds the path of the class. A subclass therefore sets
``__module__`` to the package whose ``__getattr__`` loads it. That path must keep working, even if modules move.
"""

import sys
from collections.abc import Callable
from typing import Any, ClassVar, TypeVar

import pulumi
from pulumi import dynamic

from elastx_mrs.publish.record_kind import Kind, Records

T = TypeVar("T")


class RecordProvider(dynamic.ResourceProvider):
    """Creates, reads, updates and deletes one record.

    :cvar kind: the record's.
    """

    serialize_as_secret_always: ClassVar[bool] = False  # type: ignore[misc]  # it holds only its own name
    kind: ClassVar[Kind]

    _records: Records

    def configure(self, req: dynamic.ConfigureRequest) -> None:
        """Keep the stack's config for later operations."""
        self._records = self.kind.records(req.config.get)

    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> dynamic.DiffResult:
        """Compare inputs: another place is a replacement, another value or TTL an update."""
        differs = self.kind.changed(_olds, _news)
        return dynamic.DiffResult(
            changes=bool(differs),
            replaces=[key for key in differs if key in self.kind.place],
            delete_before_replace=True,
        )

    def create(self, props: dict[str, Any]) -> dynamic.CreateResult:
        """Publish the record."""
        return dynamic.CreateResult(*self._neatly(self._records.create, props))

    def read(self, id_: str, props: dict[str, Any]) -> dynamic.ReadResult:
        """Return the record as it is now, its changed form, or nothing."""
        found = self._neatly(self._records.read, props)
        return dynamic.ReadResult("", {}) if found is None else dynamic.ReadResult(id_, found)

    def update(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> dynamic.UpdateResult:
        """Replace the old value with the new one."""
        return dynamic.UpdateResult(self._neatly(self._records.update, _olds, _news))

    def delete(self, _id: str, _props: dict[str, Any]) -> None:
        """Withdraw the record."""
        self._neatly(self._records.delete, _props)

    def _neatly(self, action: Callable[..., T], *props: dict[str, Any]) -> T:
        try:
            return action(*props)
        except self.kind.error:
            sys.tracebacklimit = 0  # otherwise the engine shows a traceback
            raise


class RecordResource(dynamic.Resource):
    """One record. A subclass names its type: ``class TxtString(RecordResource, module="rrset", name="TxtString")``.

    :cvar provider: the class that publishes it.
    :cvar plugin_type: the type of the same record as the plugin's resource, which becomes an alias.
    """

    provider: ClassVar[type[RecordProvider]]
    plugin_type: ClassVar[str]

    def __init__(self, name: str, inputs: dict[str, Any], options: pulumi.ResourceOptions) -> None:
        own = pulumi.ResourceOptions(aliases=[pulumi.Alias(type_=self.plugin_type)])
        super().__init__(self.provider(), name, inputs, pulumi.ResourceOptions.merge(options, own))
