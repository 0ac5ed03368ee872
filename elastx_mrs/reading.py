"""Read files and JSON that others wrote, within limits: how much there is, how deep it goes, how long numbers are."""

import errno
import json
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

from elastx_mrs import limits
from elastx_mrs.limits import Limit

STANDARD_INPUT = "-"

_STRING = re.compile(r'"(?:[^"\\]|\\.)*"?', re.DOTALL)


class BeyondError(ValueError):
    """What is beyond a limit; the message reads on after its subject, and says no more than what is wrong."""


def read_octets(path: str, most: Limit) -> bytes:
    """Return a file's octets, or those of standard input if the path is ``-``.

    No more is read than is allowed, so that it may be a pipe or a device without an end.

    :raises OSError: if it cannot be read.
    :raises ValueError: for a path with a NUL in it.
    :raises BeyondError: if there is more.
    """
    if path == STANDARD_INPUT:
        if sys.stdin is None:  # the process was started without one
            raise OSError(errno.EBADF, os.strerror(errno.EBADF))
        octets = sys.stdin.buffer.read(most.most + 1)
    else:
        with Path(path).open("rb") as file:
            octets = file.read(most.most + 1)
    if len(octets) > most.most:
        raise BeyondError(f"has more than {most.text}")
    return octets


def read_json(text: str) -> Any:
    """Return what JSON text means (RFC 8259).

    :raises BeyondError: if it is beyond a limit.
    :raises ValueError: if it is no JSON.
    """
    if 1 + sum(map(text.count, ",[{")) > limits.VALUES.most:
        bare = _STRING.sub("", text)
        if 1 + sum(map(bare.count, ",[{")) > limits.VALUES.most:
            raise BeyondError(f"has more than {limits.VALUES.text}")
    try:
        content = json.loads(text, parse_int=_integer, parse_float=_float, parse_constant=_no_number)
    except RecursionError:
        raise _too_deep() from None
    if sum(map(text.count, "[{")) > limits.NESTING.most:
        _check_depth(content)
    return content


def _check_depth(content: Any) -> None:
    level = [content]
    for _ in range(limits.NESTING.most):
        level = [one for container in level for one in _children(container) if isinstance(one, dict | list)]
        if not level:
            return
    raise _too_deep()


def _children(container: Any) -> Iterator[Any]:
    if isinstance(container, dict):
        return iter(container.values())
    return iter(container if isinstance(container, list) else ())


def _too_deep() -> BeyondError:
    return BeyondError(f"has more than {limits.NESTING.most} lists and objects in one another")


def _integer(text: str) -> int:
    if len(text) > limits.DIGITS.most:
        raise BeyondError(f"has a number of more than {limits.DIGITS.text}")
    return int(text)


def _float(text: str) -> float:
    if len(text) > limits.DIGITS.most:
        raise BeyondError(f"has a number of more than {limits.DIGITS.text}")
    value = float(text)
    if value in (float("inf"), float("-inf")):
        raise BeyondError(f"has the number {text}, which is too large")
    return value


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is no number in JSON")
