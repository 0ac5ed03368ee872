"""A record and look-ups of the Cloudflare package, by their tokens, without importing its SDK.

``import pulumi_cloudflare`` takes 1.8 s and 160 MB, and its objects slow down every later garbage collection. Its typed
classes guarantee the names and types of the schema. Here, tests do: they compare our registrations with the SDK's.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NotRequired, TypedDict

import pulumi

from elastx_mrs.identity import CLOUDFLARE_TYPE
from elastx_mrs.publish.cloudflare.invoke import invoke
from elastx_mrs.publish.cloudflare.zone import ZoneInfo, plugin_version, txt_value
from elastx_mrs.publish.listing import Listed
from elastx_mrs.records.names import to_ascii

ZONES_FUNCTION = "cloudflare:index/getZones:getZones"
ZONE_FUNCTION = "cloudflare:index/getZone:getZone"
RECORDS_FUNCTION = "cloudflare:index/getDnsRecords:getDnsRecords"

MAX_ITEMS = 1_000_000
"""For one list. The plugin's default is 1,000; Cloudflare's own limits are far below this value."""


class DnsRecordInputs(TypedDict):
    """The inputs of a TXT record, in the schema's casing. A ``ttl`` of 1 is automatic, else seconds."""

    zoneId: pulumi.Input[str]
    name: str
    type: str
    content: str
    ttl: int
    comment: NotRequired[str]


class DnsRecord(pulumi.CustomResource):
    """A DNS record of Cloudflare's."""

    def __init__(self, name: str, inputs: DnsRecordInputs, opts: pulumi.ResourceOptions) -> None:
        own = pulumi.ResourceOptions(version=plugin_version())
        super().__init__(CLOUDFLARE_TYPE, name, dict(inputs), pulumi.ResourceOptions.merge(own, opts))


async def list_zones(account_id: str | None, component: pulumi.Resource) -> list[ZoneInfo] | None:
    """Return all zones that the token sees, or those of one account; None if the provider is not known yet.

    :param component: its provider is used.
    :raises InvokeError: if the plugin reports an error.
    """
    account = {"account": {"id": account_id}} if account_id else {}
    found = await _results(ZONES_FUNCTION, {**account, "maxItems": MAX_ITEMS}, component)
    return None if found is None else [_zone(zone) for zone in found]


async def zone_name(zone_id: str, component: pulumi.Resource) -> str | None:
    """Return a zone's name; None if the provider is not known yet. Raises as :func:`list_zones`."""
    name = (await invoke(ZONE_FUNCTION, {"zoneId": zone_id}, component, plugin_version() or "")).get("name")
    return None if name is None else to_ascii(name)


async def list_records(zone_id: str, component: pulumi.Resource) -> list[Listed] | None:
    """Return all records of a zone; None if the provider is not known yet. Raises as :func:`list_zones`."""
    found = await _results(RECORDS_FUNCTION, {"zoneId": zone_id, "maxItems": MAX_ITEMS}, component)
    return None if found is None else [_record(record) for record in found]


async def _results(
    token: str, arguments: Mapping[str, Any], component: pulumi.Resource
) -> Sequence[Mapping[str, Any]] | None:
    results: Sequence[Mapping[str, Any]] | None
    results = (await invoke(token, arguments, component, plugin_version() or "")).get("results")
    return results


def _zone(zone: Mapping[str, Any]) -> ZoneInfo:
    return ZoneInfo(
        str(zone["id"]),
        to_ascii(zone["name"]),
        str((zone.get("account") or {}).get("id") or ""),
        str(zone.get("status") or "active"),
        tuple(to_ascii(server.removesuffix(".")) for server in zone.get("nameServers") or ()),
    )


def _record(record: Mapping[str, Any]) -> Listed:
    """Return one of the API's records. TXT content is quoted, or unquoted in older records."""
    name, kind, content = to_ascii(record["name"]), record["type"], record.get("content") or ""
    value: str | bytes = content
    if kind == "TXT":
        value = txt_value(content)
    elif kind == "MX":
        value = f"{int(record.get('priority') or 0)} {content.removesuffix('.') or '.'}"
    return Listed(name, kind, value, str(record.get("id") or ""))
