"""The toy's publisher: it keeps values under a name of its own, and sends them on to an RFC 2136 primary."""

from collections.abc import Mapping
from typing import Any

import pulumi
from pulumi import dynamic

from elastx_mrs.publish.adoption import Adoption
from elastx_mrs.publish.existing import Existing
from elastx_mrs.publish.publisher import Setup
from elastx_mrs.publish.rfc2136.publisher import Rfc2136
from elastx_mrs.publish.rfc2136.record import TxtRecords
from elastx_mrs.records import TxtRecord


class ToyProvider(dynamic.ResourceProvider):
    """Sends a record on."""

    _records: TxtRecords

    def configure(self, req: dynamic.ConfigureRequest) -> None:
        """Keep the stack's config."""
        self._records = TxtRecords(req.config.get)

    def create(self, props: dict[str, Any]) -> dynamic.CreateResult:
        """Publish the record."""
        place = {"profile": "default", "zone": props["zone"], "owner": props["owner"]}
        made, _ = self._records.create({**place, "value": props["toyText"]})
        return dynamic.CreateResult(made, props)


class ToyRecord(dynamic.Resource):
    """One record."""

    toyText: pulumi.Output[str]  # noqa: N815


class ToyDns:
    """Declares records as toys."""

    shares_ttl = False

    def __init__(self, setup: Setup) -> None:
        self._zone = setup.settings.zone
        self._sent_on = Rfc2136({self._zone: "default"}, setup.get)

    @property
    def adoption(self) -> Adoption:
        """Take nothing over."""
        return Adoption(frozenset(), lambda record: "run: toy --merge", lambda record: "run: toy --claim")

    def value_of(self, properties: Mapping[str, Any]) -> str:
        """Return the value."""
        return str(properties["toyText"])

    def declare(self, name: str, record: TxtRecord, options: pulumi.ResourceOptions) -> pulumi.CustomResource:
        """Declare one record."""
        props = {"zone": self._zone, "owner": record.name, "toyText": record.value}
        return ToyRecord(ToyProvider(), name, props, options)

    async def existing(self, owner: str) -> Existing:
        """Ask the primary."""
        return await self._sent_on.existing(owner)


def make(setup: Setup) -> ToyDns:
    """Return the publisher."""
    return ToyDns(setup)
