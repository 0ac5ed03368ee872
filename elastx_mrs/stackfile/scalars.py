"""Scalars as Pulumi 3.259 reads them: by go-yaml v3, which takes some rules from YAML 1.1 and some from YAML 1.2.

Pulumi decodes a file, encodes the result as YAML, and decodes that again. So a float without a fraction becomes an
integer, and a date becomes text.
"""

import base64
import binascii
import math
import re
from decimal import Decimal

Scalar = None | bool | int | float | str

_PREFIX = "tag:yaml.org,2002:"
MERGE = f"{_PREFIX}merge"
_BINARY = f"{_PREFIX}binary"
_KINDS = {f"{_PREFIX}{name}": name for name in ("bool", "int", "float", "null", "timestamp")}

_WORDS: dict[str, Scalar] = {
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), math.nan),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), math.inf),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), -math.inf),
}

_NUMERIC = frozenset("+-.0123456789")
"""What a number or a date begins with."""

_INTEGER = re.compile(r"([-+]?)(?:0[xX]([0-9a-fA-F]+)|0[oO]?([0-7]+)|0[bB]([01]+)|(0|[1-9][0-9]*))")
_BASES = (16, 8, 2, 10)
_DECIMAL_DIGITS = 20
"""Of the largest integer, 2**64 - 1. A longer decimal number is a float."""

_INNER_SIGN = re.compile(r"0(?:b([-+][01]+)|o([-+][0-7]+))")
"""A binary or octal number with a sign after its prefix, such as ``0b-11``: go-yaml takes it."""

_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_POINT_FIRST = re.compile(r"\.[0-9]+(?:_[0-9]+)*(?:[eE][-+]?[0-9]+(?:_[0-9]+)*)?")

_DATE = re.compile(
    r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})"
    r"(?:(?:[Tt]| +)([0-9]{1,2}):([0-9]{1,2}):([0-9]{1,2})(?:[.,]([0-9]+))?(Z|[-+][0-9]{2}:[0-9]{2})?)?"
)

_DAYS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


class ScalarError(ValueError):
    """A scalar that does not fit its tag, such as ``!!int abc``."""


def plain(text: str) -> Scalar:
    """Return what a scalar without quotes and without a tag means.

    Floats stay floats here, including infinities and NaN. A date is returned as Pulumi's text of it.

    Source: ``resolve`` in go-yaml v3.0.1.
    """
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in _NUMERIC:
        return text
    if text[0] == ".":
        number = _float(text) if _POINT_FIRST.fullmatch(text) else None
    else:
        date = _date(text)
        if date is not None:
            return date
        number = _number(text)
    return text if number is None else number


def tagged(tag: str, text: str) -> Scalar:
    """Return what a scalar with a tag means. An unknown tag is dropped, and leaves text.

    :param tag: the whole tag, such as ``tag:yaml.org,2002:int``.
    :raises ScalarError: if the text does not fit the tag.
    """
    if tag == _BINARY:
        return _decoded(text)
    kind = _KINDS.get(tag)
    if kind is None:
        return text
    value = plain(text)
    is_date = isinstance(value, str) and value is not text
    if kind == "float" and type(value) is int:
        return float(value)
    kinds = {bool: "bool", int: "int", float: "float", type(None): "null"}
    if kinds.get(type(value), "timestamp" if is_date else "str") != kind:
        raise ScalarError(f"has the tag !!{kind}, which does not fit its value; remove the tag or change the value")
    return value


def as_value(value: Scalar) -> Scalar:
    """Return a scalar as it is inside a list or an object: a float that JSON writes without a fraction is an integer.

    :param value: any scalar but infinities and NaN.
    """
    if isinstance(value, float) or (type(value) is int and value >= 2**63):  # Pulumi keeps the latter as a float
        written = _json_text(float(value))
        return int(written) if written.lstrip("-").isdigit() else float(value)
    return value


def as_config(value: Scalar) -> str:
    """Return a scalar as it is at the top of ``config``, where Pulumi keeps text: null is empty."""
    if value is None:
        return ""
    if isinstance(value, float):
        return _json_text(value)
    return as_key(value)


def as_key(value: Scalar) -> str:
    """Return a scalar as it is as an object's key: the text that Go's ``%v`` writes."""
    if isinstance(value, str):
        return value
    if value is None:
        return "<nil>"
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int) else _go_text(value)


def _number(text: str) -> int | float | None:
    digits = text.replace("_", "")
    if match := _INTEGER.fullmatch(digits):
        value = _integer(match)
        if value is not None:
            return value
    if _FLOAT.fullmatch(digits):
        return _float(digits)
    if match := _INNER_SIGN.fullmatch(digits):
        return _in_range(int(match[1] or match[2], 2 if match[1] else 8), signed=True)
    return None


def _integer(match: re.Match[str]) -> int | None:
    """Return an integer of 64 bits, or None if it is larger."""
    sign, *digits = match.groups(default="")
    base, text = next((base, text) for base, text in zip(_BASES, digits, strict=True) if text)
    if base == 10 and len(text) > _DECIMAL_DIGITS:
        return None
    return _in_range(int(f"{sign}{text}", base), signed=bool(sign))


def _in_range(value: int, *, signed: bool) -> int | None:
    """Return an integer, or None if it does not fit into 64 bits. One that is written without a sign may use all 64."""
    return value if -(2**63) <= value < (2**63 if signed else 2**64) else None


def _float(text: str) -> float | None:
    value = float(text)
    return value if math.isfinite(value) else None


def _date(text: str) -> str | None:
    """Return a date as Go's ``time.Time`` prints it, or None if the text is not a date."""
    match = _DATE.fullmatch(text)
    if match is None:
        return None
    year, month, day, hour, minute, second = (int(part or 0) for part in match.groups()[:6])
    fraction, zone = match[7] or "", match[8] or ""
    has_zone_form = "T" in text or "t" in text
    if has_zone_form != bool(zone):
        return None
    if not 1 <= month <= 12 or not 1 <= day <= _DAYS[month - 1] + (month == 2 and _is_leap(year)):
        return None
    if hour > 23 or minute > 59 or second > 59:
        return None
    nanoseconds = f".{fraction[:9]}".rstrip("0.")
    shown = f"{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}{nanoseconds}"
    offset = zone.replace(":", "")
    return f"{shown} {offset} {offset}" if offset.strip("Z+-0") else f"{shown} +0000 UTC"


def _is_leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def _decoded(text: str) -> str:
    try:
        octets = base64.b64decode(text.replace("\n", "").replace("\r", ""), validate=True)
    except (binascii.Error, ValueError):
        raise ScalarError("has the tag !!binary, and is not valid base64; correct it or remove the tag") from None
    return octets.decode(errors="replace")


def _go_text(value: float) -> str:
    """Return a float as Go's shortest ``%g`` writes it, read again as YAML: an integer if it has no exponent."""
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else "+Inf" if value > 0 else "-Inf"
    number = Decimal(repr(value))
    if value and not -4 <= number.adjusted() < 6:
        return _exponential(number, 2)
    return _fixed(number)


def _json_text(value: float) -> str:
    """Return a float as Go's JSON writes it (RFC 8259 §6, as ECMAScript does)."""
    number = Decimal(repr(value))
    if value and not 1e-6 <= abs(value) < 1e21:
        return _exponential(number, 1)
    return _fixed(number)


def _exponential(number: Decimal, width: int) -> str:
    sign, digits, _ = number.normalize().as_tuple()
    text = "".join(map(str, digits))
    mantissa = f"{text[0]}.{text[1:]}".rstrip(".")
    exponent = number.adjusted()
    return f"{'-' if sign else ''}{mantissa}e{'-' if exponent < 0 else '+'}{abs(exponent):0{width}}"


def _fixed(number: Decimal) -> str:
    text = format(number, "f")
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text in ("-0", "") else text
