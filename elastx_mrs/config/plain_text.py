"""Finds keys and tokens in plain text in a stack's config, for ``config check`` and for each run."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from elastx_mrs.config.base import is_encrypted
from elastx_mrs.config.parse import stack_keys
from elastx_mrs.config.rules import Fault
from elastx_mrs.identity import NAMESPACE
from elastx_mrs.reading import read_json
from elastx_mrs.registry import Provider, StackKey

_FOR_EVER = "is in plain text, and Git keeps it forever: "
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,30}", re.IGNORECASE)
"""A valid name of a server, in either case."""

_HIDDEN = {"secure": ""}
"""Replaces a decrypted value: the form in a stack's file, without the content."""


def in_plain_text(known: Sequence[Provider], get: Callable[[str], Any]) -> Iterator[Fault]:
    """Yield a fault for each key and token that everybody with the repository can read, without its value.

    :param known: the providers of the config.
    :param get: returns the value of a key, with its namespace, as in the stack's file; an encrypted value has the form
        that ``pulumi config set --secret`` writes.
    """
    for key in stack_keys(known).values():
        if key.kind == "names":
            continue
        for path, value in _values(key, get(f"{NAMESPACE}:{key.name}")):
            if _is_open(value):
                name = f"{key.name}.NAME" if key.kind == "secrets" and path == key.name else path
                run = f"pulumi config set {'--path ' if '.' in name else ''}--secret {NAMESPACE}:{name}"
                yield Fault(path, f"{_FOR_EVER}{key.cure}, and run: {run}")
    for provider in known:
        for path, cure in provider.in_plain_text(get(f"{NAMESPACE}:{provider.name}")):
            yield Fault(path, _FOR_EVER + cure)
        for path, cure in provider.open_secrets.items():
            if _is_open(get(path)):
                yield Fault(path, _FOR_EVER + cure)


def as_in_the_file(value: str | None, *, encrypted: bool) -> Any:
    """Return a value that Pulumi passed to a run in the form of the stack's file.

    :param value: text; for an object, its JSON.
    :param encrypted: whether it, or a part of it, is encrypted there.
    """
    if encrypted:
        return _HIDDEN
    try:
        return read_json(value) if value is not None and value.lstrip().startswith("{") else value
    except ValueError:  # also beyond a limit
        return value


def _values(key: StackKey, value: Any) -> Iterator[tuple[str, Any]]:
    """Yield each secret of a key with its path. Its path has no invalid name, which may be a secret."""
    if key.kind == "secrets" and isinstance(value, Mapping) and not is_encrypted(value):
        for name, one in value.items():
            yield f"{key.name}.{name}" if _NAME.fullmatch(name) else key.name, one
    else:
        yield key.name, value


def _is_open(value: Any) -> bool:
    return value not in (None, "", {}) and not is_encrypted(value)
