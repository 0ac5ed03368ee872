"""Filters, order and pages of the API's lists, as in the published API description."""

import contextlib
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

Item = dict[str, Any]

_OPERATORS: Mapping[str, Callable[[str, str], bool]] = {
    "exact": lambda value, wanted: value == wanted,
    "differs": lambda value, wanted: value != wanted,
    "contains": lambda value, wanted: wanted in value,
    "startswith": lambda value, wanted: value.startswith(wanted),
    "endswith": lambda value, wanted: value.endswith(wanted),
}
_PREFIXES: Mapping[str, str] = {
    "equal": "exact", "not_equal": "differs", "starts_with": "startswith", "ends_with": "endswith",
    "contains": "contains",
}  # fmt: skip
_CASE = "_case_sensitive"
_SEARCHED = ("name", "content", "comment")
_TAG = "tag."


@dataclass(frozen=True)
class _List:
    """One of the lists: its page sizes, its orders, and a function that tells whether an item fits a parameter."""

    per_page: int
    least: int
    most: int
    orders: tuple[str, ...]
    fits: Callable[[Item, str, str], bool | None]


def zones(items: Iterable[Item], query: Mapping[str, str]) -> Item:
    """Return the envelope of one page of zones.

    :param query: the request's parameters: filters, ``match``, ``order``, ``direction``, ``page``, ``per_page``.
    """
    return _page([item for item in items if _matches(item, query, _ZONES)], query, _ZONES)


def records(items: Iterable[Item], query: Mapping[str, str]) -> Item:
    """Return the envelope of one page of records; ``match`` does not apply to tags and ``search``."""
    found = [
        item
        for item in items
        if _matches(item, query, _RECORDS) and _tags_match(item, query) and _is_searched(item, query.get("search", ""))
    ]
    return _page(found, query, _RECORDS)


def _page(found: list[Item], query: Mapping[str, str], kind: _List) -> Item:
    order = query.get("order")
    if order in kind.orders:
        found.sort(key=lambda item: _sortable(_field(item, order)), reverse=query.get("direction") == "desc")
    size = min(max(_number(query.get("per_page"), kind.per_page), kind.least), kind.most)
    number = max(_number(query.get("page"), 1), 1)
    shown = found[(number - 1) * size : number * size]
    info = {
        "page": number, "per_page": size, "count": len(shown), "total_count": len(found),
        "total_pages": max(math.ceil(len(found) / size), 1),
    }  # fmt: skip
    return {"success": True, "errors": [], "messages": [], "result": shown, "result_info": info}


def _matches(item: Item, query: Mapping[str, str], kind: _List) -> bool:
    answers = (kind.fits(item, key, wanted) for key, wanted in query.items())
    results = [answer for answer in answers if answer is not None]
    return (any(results) if query.get("match") == "any" else all(results)) if results else True


def _zone_fits(item: Item, key: str, wanted: str) -> bool | None:
    """Whether a zone fits; an operator stands before the value, as in ``contains:example``."""
    if key == "type":
        return item[key] in wanted.split(",")
    if key not in ("name", "status", "account.id", "account.name"):
        return None
    prefix, colon, rest = wanted.partition(":")
    operator = _PREFIXES.get(prefix.removesuffix(_CASE)) if colon and key in ("name", "account.name") else None
    value = str(_field(item, key))
    if operator is None:
        return value.lower() == wanted.lower()
    if prefix.endswith(_CASE):
        return _OPERATORS[operator](value, rest)
    return _OPERATORS[operator](value.lower(), rest.lower())


def _record_fits(item: Item, key: str, wanted: str) -> bool | None:
    """Whether a record fits; an operator is part of the parameter's name, as in ``name.contains``."""
    if key == "proxied":
        return item[key] is (wanted.lower() == "true")
    name, dot, operator = key.partition(".")
    if name not in (*_SEARCHED, "type") or (dot and name == "type"):
        return None
    if name == "comment" and operator in ("present", "absent"):
        return (item[name] is None) == (operator == "absent")
    if dot and operator not in ("exact", "contains", "startswith", "endswith"):
        return None
    return _OPERATORS[operator or "exact"](str(item[name] or "").lower(), wanted.lower())


def _tags_match(item: Item, query: Mapping[str, str]) -> bool:
    wanted = [
        _tag_fits(item["tags"], key.removeprefix(_TAG), value) for key, value in query.items() if key.startswith(_TAG)
    ]
    return (any(wanted) if query.get("tag_match") == "any" else all(wanted)) if wanted else True


def _tag_fits(tags: list[str], operator: str, wanted: str) -> bool:
    """Whether a tag fits ``<name>``, or ``<name>:<value>`` if the operator compares values."""
    pairs = [tag.lower().partition(":") for tag in tags]
    name, _, value = wanted.lower().partition(":")
    if operator in ("present", "absent"):
        return any(own == name for own, _, _ in pairs) == (operator == "present")
    return any(own == name and _OPERATORS[operator](has, value) for own, _, has in pairs if operator in _OPERATORS)


def _is_searched(item: Item, text: str) -> bool:
    return any(text.lower() in str(item[name] or "").lower() for name in _SEARCHED)


def _field(item: Item, name: str) -> Any:
    value: Any = item
    for part in name.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value


def _sortable(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


def _number(text: str | None, default: int) -> int:
    """Return a parameter as a number; its type is ``number``, so 2 may come as 2.0."""
    with contextlib.suppress(ValueError, OverflowError):
        return int(float(text or ""))
    return default


_ZONES = _List(20, 5, 50, ("name", "status", "account.id", "account.name", "plan.id"), _zone_fits)
_RECORDS = _List(100, 1, 5_000_000, ("type", "name", "content", "ttl", "proxied"), _record_fits)
