"""Property values between the engine's protocol and plain Python."""

from __future__ import annotations

from typing import Any

from google.protobuf.struct_pb2 import Struct, Value  # type: ignore[import-untyped]

Properties = dict[str, Any]

UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""A value that a preview doesn't have yet. Pulumi has one mark per type; the one for strings does for all."""

_UNKNOWNS = frozenset(
    {
        UNKNOWN,
        "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",  # bool
        "3eeb2bf0-c639-47a8-9e75-3b44932eb421",  # number
        "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",  # array
        "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",  # object
    }
)
_SIGNATURE = "4dabf18193072939515e22adb298388d"
_SECRET = "1b47061264138c4ac30d75fd1eb44270"


def plain(properties: Struct) -> Properties:
    """Return properties without those that are null, secrets out of their envelopes."""
    found = {key: _plain(value) for key, value in properties.fields.items()}
    return {key: value for key, value in found.items() if value is not None}


def struct(properties: Properties) -> Struct:
    """Return what the engine is told."""
    message = Struct()
    message.update(properties)
    return message


def secret(value: Any) -> Properties:
    """Return a value in the envelope that has the engine keep it encrypted."""
    return {_SIGNATURE: _SECRET, "value": value}


def _plain(value: Value) -> Any:
    match value.WhichOneof("kind"):
        case "struct_value":
            fields = value.struct_value.fields
            if _SIGNATURE in fields and fields[_SIGNATURE].string_value == _SECRET:
                return _plain(fields["value"])
            return {key: _plain(item) for key, item in fields.items()}
        case "list_value":
            return [_plain(item) for item in value.list_value.values]
        case "number_value":
            # The protocol knows doubles only; the API is sent 1800, not 1800.0.
            return int(value.number_value) if value.number_value.is_integer() else value.number_value
        case "string_value":
            return UNKNOWN if value.string_value in _UNKNOWNS else value.string_value
        case "bool_value":
            return value.bool_value
        case _:
            return None
