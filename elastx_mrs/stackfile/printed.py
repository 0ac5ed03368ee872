"""A stack's config as ``pulumi config --json`` prints it."""

from typing import Any

from elastx_mrs.config.parse import SHOW_CONFIG
from elastx_mrs.stackfile.document import UnreadableError


def values_of(content: Any, path: str) -> dict[str, Any]:
    """Return the values by key with its namespace, as :func:`elastx_mrs.stackfile.stack.read_stack` does.

    A secret that is not shown is ``{"secure": ""}``.

    :param content: the parsed JSON.
    :param path: the file's, for errors.
    :raises UnreadableError: if it is not what Pulumi prints.
    """
    if not isinstance(content, dict) or not all(isinstance(value, dict) for value in content.values()):
        raise UnreadableError(path, f"is not what {SHOW_CONFIG} prints; pipe the output of that command")
    return {key: _shown(value) for key, value in content.items()}


def _shown(value: dict[str, Any]) -> Any:
    if value.get("secret") and "value" not in value:
        return {"secure": ""}
    return value.get("objectValue", value.get("value"))
