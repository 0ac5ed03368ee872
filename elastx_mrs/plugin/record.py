"""Records as the plugin's own resources: check and compare their properties, and send them over the wire."""

import re
from collections.abc import Mapping
from typing import Any

from pulumi.provider.experimental import provider as sdk
from pulumi.provider.experimental.property_value import PropertyValue

from elastx_mrs.display import MOST_QUOTED, visible
from elastx_mrs.identity import PLUGIN_STRING_TYPE, PLUGIN_TYPE
from elastx_mrs.plugin.wire import PluginError, is_unknown, plain_value
from elastx_mrs.publish.record_kind import Kind
from elastx_mrs.publish.rfc2136 import record as rfc2136
from elastx_mrs.publish.rrset import record as rrset
from elastx_mrs.records import RecordError
from elastx_mrs.records.names import fits
from elastx_mrs.records.record import MAX_TTL, ttl_problem
from elastx_mrs.records.text import check_printable

OTHERS = ("ttl", "guard")

_OWNER = re.compile(r"(?:[a-z0-9_-]{1,63}\.)*[a-z0-9_-]{1,63}")
_WRITE_OWNER = "write it in lower-case A-labels, without a final dot"

Values = Mapping[str, PropertyValue]


KINDS: Mapping[str, Kind] = {PLUGIN_TYPE: rfc2136.KIND, PLUGIN_STRING_TYPE: rrset.KIND}
"""By the resource's type."""


def type_of(urn: str) -> str:
    """Return the type of a record by its URN, ``urn:pulumi:<stack>::<project>::<parents' types>$<type>::<name>``.

    :raises PluginError: where the plugin has no such record.
    """
    found = urn.split("::")[2].rpartition("$")[2]
    if found not in KINDS:
        raise PluginError(f"{visible(found[:MOST_QUOTED])}: there is no such record; there are {' and '.join(KINDS)}")
    return found


def plain(values: Values) -> dict[str, Any]:
    """Return a record's properties as Python values. Pulumi sends the TTL, a whole number, as a float.

    :raises PluginError: for a list or an object, which only a hand-edited state contains.
    """
    for key, value in values.items():
        if isinstance(value.value, Mapping | tuple):
            raise PluginError(f"{visible(key[:MOST_QUOTED])}: is neither text nor a number; write one")
    props = {key: plain_value(value) for key, value in values.items()}
    if isinstance(props.get("ttl"), float):
        props["ttl"] = int(props["ttl"])
    return props


def marshalled(props: Mapping[str, Any], like: Values) -> dict[str, PropertyValue]:
    """Return properties for the wire; those that are secret or unknown in ``like`` stay so."""
    found = {}
    for key, value in props.items():
        given = like.get(key)
        if given is not None and is_unknown(given):
            found[key] = given
        else:
            bare = float(value) if isinstance(value, int) else value
            found[key] = PropertyValue(bare, is_secret=given is not None and given.is_secret)
    return found


def check(request: sdk.CheckRequest) -> sdk.CheckResponse:
    """Return the properties, or the error of each."""
    texts = KINDS[type_of(request.urn)].texts
    inputs = {key: value for key, value in request.new_inputs.items() if not key.startswith("__")}
    failures = [
        sdk.CheckFailure(key, f"is not a key here; the keys are {', '.join((*texts, *OTHERS))}")
        for key in inputs
        if key not in (*texts, *OTHERS)
    ]
    failures += [sdk.CheckFailure(key, "is missing; write it") for key in texts if key not in inputs]
    failures += [
        sdk.CheckFailure(key, "is not text; write a string")
        for key in (*texts, "guard")
        if key in inputs and not isinstance(inputs[key].value, str) and not is_unknown(inputs[key])
    ]
    failures += [
        sdk.CheckFailure(key, problem)
        for key in ("owner", "value")
        if key in inputs and isinstance(text := inputs[key].value, str) and (problem := _problem(key, text))
    ]
    if "ttl" in inputs and not is_unknown(inputs["ttl"]) and not _seconds(inputs["ttl"].value):
        failures.append(sdk.CheckFailure("ttl", f"is not a TTL; write whole seconds from 1 to {MAX_TTL} (RFC 2181 §8)"))
    return sdk.CheckResponse(inputs=inputs, failures=failures)


def _problem(key: str, text: str) -> str:
    """Return why DNS cannot hold a record's owner or value; empty if it can."""
    if key == "owner":
        return "" if _OWNER.fullmatch(text) and fits(text) else f"is not a name; {_WRITE_OWNER}"
    if not text:
        return "is empty; write the record's value"
    try:
        check_printable(text)
    except RecordError as error:
        return str(error)
    return ""


def _seconds(value: object) -> bool:
    return value is None or (isinstance(value, float) and value.is_integer() and ttl_problem(int(value)) is None)


def diff(request: sdk.DiffRequest) -> sdk.DiffResponse:
    """Compare the state with the inputs; an unknown input counts as different."""
    kind = KINDS[type_of(request.urn)]
    unknown = {key for key, value in request.new_inputs.items() if is_unknown(value)}
    olds, news = plain(request.old_state), plain(request.new_inputs) | dict.fromkeys(unknown, object())
    differs = [key for key in kind.changed(olds, news) if key not in request.ignore_changes]
    return sdk.DiffResponse(
        changes=bool(differs),
        replaces=[key for key in differs if key in kind.place],
        delete_before_replace=True,
        diffs=differs,
        detailed_diff={key: _difference(kind, key, olds, news) for key in differs},
    )


def _difference(kind: Kind, key: str, olds: Mapping[str, Any], news: Mapping[str, Any]) -> sdk.PropertyDiff:
    to = sdk.PropertyDiffKind
    if key in kind.place:
        return sdk.PropertyDiff(to.UPDATE_REPLACE, input_diff=False)
    if olds.get(key) is None:
        return sdk.PropertyDiff(to.ADD, input_diff=False)
    return sdk.PropertyDiff(to.DELETE if news.get(key) is None else to.UPDATE, input_diff=False)
