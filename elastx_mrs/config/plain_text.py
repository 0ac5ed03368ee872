"""Keys and tokens that stand in a stack's config in plain text: one rule for ``config check`` and for each run."""

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
"""What a server may be called, in either case."""

_HIDDEN = {"secure": ""}
"""What stands for an encrypted value that was opened: what a stack's file has, without its content."""


def in_plain_text(known: Sequence[Provider], get: Callable[[str], Any]) -> Iterator[Fault]:
    """Yield each key and token that everybody can read who has the repository; what it is is never told.

    :param known: the providers of the config.
    :param get: returns the value of a key, with its namespace, as a stack's file has it: an encrypted one is what
        ``pulumi config set --secret`` wrote.
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
        for path, cure in provider.open_secrets.items():
            if _is_open(get(path)):
                yield Fault(path, _FOR_EVER + cure)


def as_in_the_file(value: str | None, *, encrypted: bool) -> Any:
    """Return a value that Pulumi has given to a run as the stack's file has it.

    :param value: text; of an object, its JSON.
    :param encrypted: whether it is encrypted there, or a part of it is.
    """
    if encrypted:
        return _HIDDEN
    try:
        return read_json(value) if value is not None and value.lstrip().startswith("{") else value
    except ValueError:  # what is beyond a limit too
        return value


def _values(key: StackKey, value: Any) -> Iterator[tuple[str, Any]]:
    """Yield each secret of a key, with its path; that of a name that can be none, for a secret may stand there too."""
    if key.kind == "secrets" and isinstance(value, Mapping) and not is_encrypted(value):
        for name, one in value.items():
            yield f"{key.name}.{name}" if _NAME.fullmatch(name) else key.name, one
    else:
        yield key.name, value


def _is_open(value: Any) -> bool:
    return value not in (None, "", {}) and not is_encrypted(value)
