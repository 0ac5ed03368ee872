"""Filters, order and pages of the API's lists."""

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any

_OPERATORS: Mapping[str, Callable[[str, str], bool]] = {
    "exact": lambda value, wanted: value == wanted,
    "contains": lambda value, wanted: wanted in value,
    "startswith": lambda value, wanted: value.startswith(wanted),
    "endswith": lambda value, wanted: value.endswith(wanted),
}
_ZONE_OPERATORS: Mapping[str, str] = {
    "equal": "exact", "starts_with": "startswith", "ends_with": "endswith", "contains": "contains",
}  # fmt: skip
_FIELDS = ("type", "name", "content", "comment", "status", "account.id", "account.name")
MAX_PER_PAGE = 5_000_000

Item = dict[str, Any]


def page(items: Iterable[Item], query: Mapping[str, str], per_page: int) -> dict[str, Any]:
    """Return the envelope of one page of a list.

    :param query: the request's parameters: filters, ``match``, ``order``, ``direction``, ``page``, ``per_page``.
    :param per_page: how many there are on a page unless told.
    """
    found = [item for item in items if _matches(item, query)]
    if query.get("order"):
        found.sort(key=lambda item: str(_field(item, query["order"])), reverse=query.get("direction") == "desc")
    size = min(max(_number(query.get("per_page"), per_page), 1), MAX_PER_PAGE)
    number = max(_number(query.get("page"), 1), 1)
    shown = found[(number - 1) * size : number * size]
    info = {
        "page": number, "per_page": size, "count": len(shown), "total_count": len(found),
        "total_pages": math.ceil(len(found) / size),
    }  # fmt: skip
    return {"success": True, "errors": [], "messages": [], "result": shown, "result_info": info}


def _matches(item: Item, query: Mapping[str, str]) -> bool:
    results = []
    for key, wanted in query.items():
        name, operator = key, "exact"
        if name not in _FIELDS:
            name, _, operator = key.rpartition(".")
        elif ":" in wanted and wanted.partition(":")[0] in _ZONE_OPERATORS:
            prefix, _, wanted = wanted.partition(":")
            operator = _ZONE_OPERATORS[prefix]
        if name not in _FIELDS:
            continue
        value = _field(item, name)
        if operator in ("present", "absent"):
            results.append((value is None) == (operator == "absent"))
        elif operator in _OPERATORS:
            results.append(_OPERATORS[operator](str(value or "").lower(), wanted.lower()))
    return (any(results) if query.get("match") == "any" else all(results)) if results else True


def _field(item: Item, name: str) -> Any:
    value: Any = item
    for part in name.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value


def _number(text: str | None, default: int) -> int:
    return int(text) if text and text.isdigit() else default
