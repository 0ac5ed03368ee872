"""Read values from the wire: recognise unknown ones, and convert the others to Python."""

from collections.abc import Mapping
from typing import Any

from pulumi.provider.experimental.property_value import Computed, PropertyValue
from pulumi.runtime import rpc


class PluginError(Exception):
    """An error whose message the user sees unchanged."""


def is_unknown(value: PropertyValue) -> bool:
    """Whether a value is known only later. The SDK's reader does not convert the wire's mark for it."""
    return isinstance(value.value, Computed) or value.value == rpc.UNKNOWN


def plain_value(value: PropertyValue) -> Any:
    """Return a value as Python has it; None for an unknown one."""
    inner = None if is_unknown(value) else value.value
    if isinstance(inner, Mapping):
        return {key: plain_value(item) for key, item in inner.items()}
    if isinstance(inner, tuple):
        return [plain_value(item) for item in inner]
    return inner if isinstance(inner, (str, bool, float)) else None
