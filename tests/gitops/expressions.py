"""GitHub's expressions, as far as the workflows use them: a value by its path; ``==``, ``!=`` and ``||`` in an ``if``.

Anything else, and every path that is not in the table, is a failure: a test that guesses proves nothing.
"""

import re
from collections.abc import Mapping

_IN_TEXT = re.compile(r"\$\{\{\s*(.*?)\s*\}\}")
_OPERAND = re.compile(r"'([^']*)'|([a-z_]+(?:\.[A-Za-z0-9_-]+)+)")


class UnknownError(Exception):
    """An expression that the table does not have, or a form that the files do not use."""


def text(value: object, table: Mapping[str, str]) -> str:
    """Return a text with its expressions replaced."""
    return _IN_TEXT.sub(lambda match: _value(match[1], table), str(value))


def holds(condition: str, table: Mapping[str, str]) -> bool:
    """Say whether the ``if`` of a job or a step holds; without regard to case, as GitHub compares."""
    return any(_compared(part, table) for part in condition.split("||"))


def _compared(part: str, table: Mapping[str, str]) -> bool:
    left, operator, right = re.fullmatch(r"\s*(.*?)\s*(?:(==|!=)\s*(.*?)\s*)?", part).groups()  # type: ignore[union-attr]
    if operator is None:
        raise UnknownError(f"{part!r}: not a comparison")
    equal = _value(left, table).casefold() == _value(right, table).casefold()
    return equal == (operator == "==")


def _value(operand: str, table: Mapping[str, str]) -> str:
    match = _OPERAND.fullmatch(operand)
    if match is None:
        raise UnknownError(f"{operand!r}: not a path, nor a string")
    if match[1] is not None:
        return match[1]
    if match[2] not in table:
        raise UnknownError(f"{operand}: not in the table")
    return table[match[2]]
