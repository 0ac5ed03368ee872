"""The data sources: zones, one zone, and the records of a zone."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tests.cloudflare.plugin.errors import ApiError
from tests.cloudflare.plugin.naming import camel, camel_keys, snake
from tests.cloudflare.plugin.values import Properties

if TYPE_CHECKING:
    from tests.cloudflare.plugin.api import Api

MAX_ITEMS = 1000

_ZONE = (
    "account",
    "activated_on",
    "cname_suffix",
    "created_on",
    "development_mode",
    "id",
    "meta",
    "modified_on",
    "name",
    "name_servers",
    "original_dnshost",
    "original_name_servers",
    "original_registrar",
    "owner",
    "paused",
    "permissions",
    "plan",
    "status",
    "tenant",
    "tenant_unit",
    "type",
    "vanity_name_servers",
    "verification_key",
)
_RECORD = (
    "comment",
    "comment_modified_on",
    "content",
    "created_on",
    "data",
    "id",
    "meta",
    "modified_on",
    "name",
    "priority",
    "private_routing",
    "proxiable",
    "proxied",
    "settings",
    "tags",
    "tags_modified_on",
    "ttl",
    "type",
)


def zones(api: Api, arguments: Properties) -> Properties:
    """``getZones``: every zone that the token sees, in one look-up."""
    found = _pages(api, "/zones", _query(arguments), arguments)
    return arguments | {"results": [_result(zone, _ZONE) for zone in found]}


def zone(api: Api, arguments: Properties) -> Properties:
    """``getZone``: by id, or by a filter that one zone only passes."""
    zone_id = arguments.get("zoneId", "")
    if "filter" in arguments:
        found = api.request("get", "/zones", query=_query(arguments["filter"]), typed=True).get("result") or []
        if len(found) != 1:
            raise ApiError(f"{len(found)} found", summary="failed to find exactly one result")
        zone_id = found[0]["id"]
    if not zone_id:
        raise ApiError("zone_id resolved to an empty value", summary="Invalid zone configuration")
    answer = api.request("get", f"/zones/{zone_id}").get("result") or {}
    return arguments | _result(answer, _ZONE) | {"zoneId": zone_id}


def records(api: Api, arguments: Properties) -> Properties:
    """``getDnsRecords``: those of a zone that the filters leave."""
    path = f"/zones/{arguments.get('zoneId', '')}/dns_records"
    query = _query({key: value for key, value in arguments.items() if key != "zoneId"})
    found = _pages(api, path, query, arguments)
    return arguments | {"results": [_record(record) for record in found]}


LOOKUPS: dict[str, Callable[[Api, Properties], Properties]] = {
    "cloudflare:index/getZones:getZones": zones,
    "cloudflare:index/getZone:getZone": zone,
    "cloudflare:index/getDnsRecords:getDnsRecords": records,
}


def _query(arguments: Properties) -> Properties:
    """Return the query in cloudflare-go's form: nested names with dots, all in order."""
    query: Properties = {}
    for key, value in arguments.items():
        name = {"types": "type"}.get(key, snake(key))
        if key == "maxItems":
            continue
        query |= (
            {f"{name}.{snake(inner)}": item for inner, item in value.items()}
            if isinstance(value, dict)
            else {name: value}
        )
    return query


def _pages(api: Api, path: str, query: Properties, arguments: Properties) -> list[Properties]:
    """Return the items of all pages; only an empty one is the last, whatever its ``result_info`` says."""
    most = int(arguments.get("maxItems", 0)) or MAX_ITEMS
    found: list[Properties] = []
    page = 1
    while True:
        paged = query if page == 1 else query | {"page": page}
        items = _page(api, path, dict(sorted(paged.items())))
        found += items
        if not items or len(found) >= most:
            return found[:most]
        page += 1


def _page(api: Api, path: str, query: Properties) -> list[Properties]:
    try:
        return api.request("get", path, query=query, typed=True).get("result") or []
    except ApiError as error:
        if "page" not in query:
            raise
        raise ApiError(error.detail, summary="failed to fetch next page", status=error.status) from None


def _result(answer: Properties, fields: tuple[str, ...]) -> Properties:
    found: Properties = {camel(field): camel_keys(answer.get(field)) for field in fields}
    return found


def _record(answer: Properties) -> Properties:
    meta: Any = answer.get("meta")
    return _result(answer, _RECORD) | {"meta": None if meta is None else json.dumps(meta)}
