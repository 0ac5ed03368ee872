"""Reads files and JSON from untrusted sources, with limits on size, nesting and the length of numbers."""

import errno
import json
import os
import re
import select
import stat
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any, NoReturn

from elastx_mrs import limits
from elastx_mrs.limits import Limit

STANDARD_INPUT = "-"

LOOK = 0.5
"""Seconds after which a wait for input checks for Ctrl-C."""

_PIECE = 1 << 16

_STRING = re.compile(r'"(?:[^"\\]|\\.)*"?', re.DOTALL)


class BeyondError(ValueError):
    """The input exceeds a limit. The message is a phrase that follows its subject, without a fix."""


def read_octets(path: str, most: Limit) -> bytes:
    """Return a file's octets, or those of standard input if the path is ``-``.

    It reads no more than allowed, so the path may be a pipe or an endless device. If it waits for a pipe or for typed
    input, it prints a line after a while.

    :raises OSError: if it cannot be read.
    :raises ValueError: for a path with a NUL in it.
    :raises BeyondError: if it is too large.
    """
    if path == STANDARD_INPUT:
        if sys.stdin is None:  # the process was started without one
            raise OSError(errno.EBADF, os.strerror(errno.EBADF))
        with _telling("standard input; end it with Ctrl-D") if sys.stdin.isatty() else nullcontext():
            octets = _standard_input(most.most + 1)
    else:
        waits = stat.S_ISFIFO(os.stat(path).st_mode)  # noqa: PTH116  as the path was given, an empty one too
        with _telling(f"{path!r}, a pipe; write to it, or stop this with Ctrl-C") if waits else nullcontext():
            octets = _content(path, most.most + 1, waits=waits)
    if len(octets) > most.most:
        raise BeyondError(f"has more than {most.text}")
    return octets


def _content(path: str, most: int, *, waits: bool) -> bytes:
    with Path(path).open("rb") as file:
        return _awaited(file.fileno(), most) if waits else file.read(most)


def _standard_input(most: int) -> bytes:
    try:
        descriptor = sys.stdin.fileno()
    except OSError:  # a replacement of standard input has none
        return sys.stdin.buffer.read(most)
    return _awaited(descriptor, most)


def _awaited(descriptor: int, most: int) -> bytes:
    """Read to the end, or to a limit, and check for Ctrl-C: Python does not end a read if it came just before."""
    octets = bytearray()
    while len(octets) < most:
        await_input(descriptor)
        piece = os.read(descriptor, min(_PIECE, most - len(octets)))
        if not piece:
            break
        octets += piece
    return bytes(octets)


def await_input(descriptor: int) -> None:
    """Wait until there is input, or until Ctrl-C."""
    while not select.select([descriptor], [], [], LOOK)[0]:
        pass


@contextmanager
def _telling(source: str) -> Iterator[None]:
    """Print on standard error what it waits for, if that takes a while: perhaps nobody ever writes there."""

    def tell() -> None:
        print(f"waiting for {source} …", file=sys.stderr, flush=True)

    timer = threading.Timer(limits.QUIET, tell)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def read_json(text: str) -> Any:
    """Return the value of a JSON text (RFC 8259).

    :raises BeyondError: if it is beyond a limit.
    :raises ValueError: if it is not JSON.
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
    return BeyondError(f"has more than {limits.NESTING.most} nested lists and objects")


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
    raise ValueError(f"{text} is not a number in JSON")
