"""What ``DnsRecord`` means: which request bodies, which state, which differences.

The rules are those of Cloudflare's Terraform provider 5 (internal/services/dns_record) and of Pulumi's bridge to it.
"""

from __future__ import annotations

import json
from typing import Any

from tests.cloudflare.plugin.naming import camel_keys, snake, snake_keys
from tests.cloudflare.plugin.values import UNKNOWN, Properties

REQUIRED = ("name", "ttl", "type", "zoneId")
REPLACING = frozenset({"type", "zoneId"})
_SENT = (
    "comment",
    "content",
    "data",
    "name",
    "priority",
    "privateRouting",
    "proxied",
    "settings",
    "tags",
    "ttl",
    "type",
)
_LEFT_TO_THE_API = ("content", "settings", "tags")
_NOTED = frozenset(_SENT) - {"privateRouting"}
"""A change of these is one that the record's time of change shows."""
_TIMES = {"comment": "commentModifiedOn", "tags": "tagsModifiedOn"}
_COMPUTED = ("commentModifiedOn", "createdOn", "id", "meta", "modifiedOn", "proxiable", "tagsModifiedOn")


_TYPES: Properties = {
    "data": {"type": "object", "additionalProperties": {"$ref": "pulumi.json#/Any"}},
    "priority": {"type": "number"},
    "privateRouting": {"type": "boolean"},
    "proxiable": {"type": "boolean"},
    "proxied": {"type": "boolean"},
    "settings": {"type": "object", "additionalProperties": {"type": "boolean"}},
    "tags": {"type": "array", "items": {"type": "string"}},
    "ttl": {"type": "number"},
}


def schema() -> Properties:
    """Return Pulumi's schema of the resource, which ``pulumi import`` reads to write a program."""
    text = {"type": "string"}
    inputs = {key: _TYPES.get(key, text) for key in (*_SENT, "zoneId")}
    outputs = inputs | {key: _TYPES.get(key, text) for key in _COMPUTED if key != "id"}
    return {"properties": outputs, "inputProperties": inputs, "requiredInputs": list(REQUIRED)}


def planned(inputs: Properties, state: Properties) -> Properties:
    """Return what the record is to be: what the inputs don't say stays as the API has it."""
    plan = {key: inputs[key] for key in (*_SENT, "zoneId") if inputs.get(key) is not None}
    plan.setdefault("proxied", False)
    return {key: state[key] for key in _LEFT_TO_THE_API if state.get(key) is not None} | plan


def post_body(plan: Properties) -> Properties:
    """Return what creates the record: nothing but what is set."""
    return {snake(key): snake_keys(plan[key]) for key in _SENT if key in plan}


def put_body(plan: Properties, state: Properties) -> Properties:
    """Return what replaces the record: what the state has and the plan has not is null."""
    removed = {snake(key): None for key in _SENT if state.get(key) is not None and key not in plan}
    return post_body(plan) | removed


def written(plan: Properties, answer: Properties) -> Properties:
    """Return the state after a write: the plan's own values, **not** the form in which the API has stored them."""
    return {
        key: value for key, value in read(plan["zoneId"], answer).items() if key not in _SENT or key not in plan
    } | plan


def read(zone_id: str, answer: Properties) -> Properties:
    """Return the state after a read: everything in the API's own form."""
    meta = answer.get("meta")
    state = camel_keys({key: value for key, value in answer.items() if key != "meta"})
    known = {key: state[key] for key in (*_SENT, *_COMPUTED) if key in state}
    return known | {"zoneId": zone_id} | ({} if meta is None else {"meta": json.dumps(meta)})


def foreseen(plan: Properties, state: Properties, changes: bool) -> Properties:
    """Return the state that a preview shows."""
    if not state:
        unknown = {"id", "createdOn", "meta", "modifiedOn", "proxiable", "settings", "tags"}
        return dict.fromkeys(unknown | ({"commentModifiedOn"} if plan.get("comment") else set()), UNKNOWN) | plan
    kept = {key: state[key] for key in _COMPUTED if key in state}
    return kept | ({"modifiedOn": UNKNOWN} if changes else {}) | plan


def differences(inputs: Properties, state: Properties) -> set[str]:
    """Return the names of what would change: what the inputs say otherwise, and when the API will say that it did."""
    plan = planned(inputs, state)
    changed = {key for key in (*_SENT, "zoneId") if _comparable(state.get(key)) != _comparable(plan.get(key))}
    if changed & _NOTED:
        changed.add("modifiedOn")
    if plan.get("comment") and "comment" in changed:
        changed.add("commentModifiedOn")
    # Without a comment, or tags, there is no time of theirs either.
    gone = {time for key, time in _TIMES.items() if changed and not plan.get(key) and state.get(time)}
    return changed | gone


def _comparable(value: Any) -> Any:
    """Tags have no order, and a setting that is off is as good as one that isn't there."""
    if isinstance(value, list):
        return sorted(value) or None
    if isinstance(value, dict):
        return {key: item for key, item in value.items() if item} or None
    return value


def refreshed_inputs(inputs: Properties, state: Properties) -> Properties:
    """Return the inputs that a refresh stores: those that were set, with what was read."""
    return {key: state[key] for key in inputs if key in state}


def imported_inputs(state: Properties) -> Properties:
    """Return the inputs that an import stores: all that can be set and isn't empty anyway."""
    return {key: state[key] for key in (*_SENT, "zoneId") if key in REQUIRED or state.get(key)}
