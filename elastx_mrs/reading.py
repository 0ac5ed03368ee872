"""Read files and JSON that others wrote, within limits: how much there is, how deep it goes, how long numbers are."""

import errno
import json
import os
import re
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

_STRING = re.compile(r'"(?:[^"\\]|\\.)*"?', re.DOTALL)


class BeyondError(ValueError):
    """What is beyond a limit; the message reads on after its subject, and says no more than what is wrong."""


def read_octets(path: str, most: Limit) -> bytes:
    """Return a file's octets, or those of standard input if the path is ``-``.

    No more is read than is allowed, so that it may be a pipe or a device without an end. Where it waits for a pipe
    that nobody writes to, or for somebody who types, it says so.

    :raises OSError: if it cannot be read.
    :raises ValueError: for a path with a NUL in it.
    :raises BeyondError: if there is more.
    """
    if path == STANDARD_INPUT:
        if sys.stdin is None:  # the process was started without one
            raise OSError(errno.EBADF, os.strerror(errno.EBADF))
        with _telling("standard input; end it with Ctrl-D") if sys.stdin.isatty() else nullcontext():
            octets = sys.stdin.buffer.read(most.most + 1)
    else:
        waits = stat.S_ISFIFO(os.stat(path).st_mode)  # noqa: PTH116  as the path was given, an empty one too
        with _telling(f"{path!r}, a pipe; write to it, or stop this with Ctrl-C") if waits else nullcontext():
            octets = _content(path, most)
    if len(octets) > most.most:
        raise BeyondError(f"has more than {most.text}")
    return octets


def _content(path: str, most: Limit) -> bytes:
    with Path(path).open("rb") as file:
        return file.read(most.most + 1)


@contextmanager
def _telling(source: str) -> Iterator[None]:
    """Say on standard error, where reading takes a while, what it waits for: nobody may ever write there."""

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
