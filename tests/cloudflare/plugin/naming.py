"""Names: camelCase to the engine, snake_case to the API."""

from __future__ import annotations

import re
from typing import Any


def snake(name: str) -> str:
    """Return ``ipv4_only`` for ``ipv4Only``."""
    return re.sub(r"[A-Z]", lambda capital: "_" + capital[0].lower(), name)


def camel(name: str) -> str:
    """Return ``ipv4Only`` for ``ipv4_only``."""
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)


def snake_keys(value: Any) -> Any:
    """Return a value with the API's names at every depth."""
    if isinstance(value, dict):
        return {snake(key): snake_keys(item) for key, item in value.items()}
    return [snake_keys(item) for item in value] if isinstance(value, list) else value


def camel_keys(value: Any) -> Any:
    """Return a value with the engine's names at every depth, without nulls."""
    if isinstance(value, dict):
        return {camel(key): camel_keys(item) for key, item in value.items() if item is not None}
    return [camel_keys(item) for item in value] if isinstance(value, list) else value
