"""The base of every part of a config: frozen objects, strict types, keys in both casings."""

import re
from collections.abc import Callable, Mapping
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, ClassVar, Union, get_args, get_origin

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationInfo, create_model, model_validator
from pydantic.alias_generators import to_camel

from elastx_mrs.extras import put_off
from elastx_mrs.reading import read_json
from elastx_mrs.records import RecordError
from elastx_mrs.service import ELASTX, Service

with put_off():
    create_model("First")  # with its first model, pydantic loads what looks for plugins

INTEGER = re.compile(r"\s*-?[0-9]{1,10}\s*")
NUMBER = re.compile(r"\s*-?[0-9]{1,10}(?:\.[0-9]{1,10})?\s*")
"""The texts that are accepted as numbers."""

_MOST = 10**20
"""Numbers from here on are never converted to text: no text in a config has so many digits."""

_Convert = Callable[[Any], Any]


def snake(path: str) -> str:
    """Return a path or a key in snake_case. Unlike in pydantic, digits do not begin a word: ``rfc2136``."""
    return re.sub("[A-Z]", lambda found: f"_{found[0].lower()}", path)


class Shape(BaseModel):
    """A part of a config. Its keys are camelCase in a stack's file, and snake_case in a Python program.

    A text of decimal digits is accepted as a number, and a whole number as a text. ``pulumi config set`` writes every
    number as text, and with ``--path`` every text of digits as a number. No other value changes its type.
    """

    model_config = ConfigDict(
        alias_generator=to_camel, extra="forbid", frozen=True, strict=True, hide_input_in_errors=True, defer_build=True
    )

    written: ClassVar[str] = "an object with keys"
    """Its form, for a message."""
    examples: ClassVar[Mapping[str, Any]] = {}
    """A value of each field, as a stack's file has it, for the schema and the reference."""

    @model_validator(mode="before")
    @classmethod
    def _numbers_and_texts(cls, given: Any) -> Any:
        if not isinstance(given, dict):
            return given
        converts = _conversions(cls)
        return {key: converts[key](value) if key in converts else value for key, value in given.items()}


def bare(key: str) -> BeforeValidator:
    """Let a bare string stand for an object with only ``key``."""
    return BeforeValidator(lambda value: {key: value} if isinstance(value, str) else value)


def _listed(value: Any) -> Any:
    """Return a list with a value that is none.

    A list may also be JSON as text: Pulumi's Python SDK passes no list where a plugin takes an object or a list.

    :raises RecordError: for text that begins like a list and is not JSON.
    """
    try:
        value = from_text(value)
    except ValueError as error:
        raise RecordError(f"begins like a list but is not JSON: {error}") from None
    return list(value) if isinstance(value, list | tuple) else [value]


def from_text(value: Any) -> Any:
    """Return the list that a text has as JSON; any other value as it is.

    :raises ValueError: for text that begins like a list and is not JSON.
    """
    return read_json(value) if isinstance(value, str) and value.lstrip().startswith("[") else value


one_or_more = BeforeValidator(_listed)
"""Lets one value stand for a list of it."""


def service_of(info: ValidationInfo) -> Service:
    """Return the service whose records a config is about."""
    return info.context or ELASTX


def is_encrypted(value: Any) -> bool:
    """Return whether a value is one that ``pulumi config set --secret`` wrote, which only Pulumi can open."""
    return isinstance(value, dict) and set(value) == {"secure"}


def bounded(value: Any) -> Any:
    """Return a value, unless it is a number of thousands of digits, which Python can neither show nor convert.

    :raises RecordError: for such a number.
    """
    if type(value) is int and abs(value) >= _MOST:
        raise RecordError("is a number of more than 20 digits; write a smaller one")
    return value


@cache
def _conversions(model: type[BaseModel]) -> Mapping[str, _Convert]:
    """Return the conversion for each key with texts or numbers, by the key in either casing."""
    found: dict[str, _Convert] = {}
    for name, field in model.model_fields.items():
        convert = _conversion(field.annotation)
        if convert is not None:
            found[name] = found[field.alias or name] = convert
    return found


def _conversion(annotation: Any) -> _Convert | None:
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _conversion(inner[0])
    if origin in (Union, UnionType):
        return next((_conversion(one) for one in inner if one is not NoneType), None)
    if origin is list:
        of_item = _conversion(inner[0])
        return None if of_item is None else lambda items: _each(of_item, items)
    plain: Mapping[Any, _Convert] = {str: _text, int: _integer, float: _number}
    return plain.get(annotation)


def _each(convert: _Convert, items: Any) -> Any:
    return [convert(item) for item in items] if isinstance(items, list) else items


def _text(value: Any) -> Any:
    return str(value) if type(value) is int and abs(value) < _MOST else value


def _integer(value: Any) -> Any:
    return int(value) if isinstance(value, str) and INTEGER.fullmatch(value) else value


def _number(value: Any) -> Any:
    return float(value) if isinstance(value, str) and NUMBER.fullmatch(value) else value
