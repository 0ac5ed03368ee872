"""Which owner names a stack may take over, for the publishers that adopt by config."""

import json
import os
from collections.abc import Callable
from typing import Any

from elastx_mrs.identity import NAMESPACE

Get = Callable[[str], Any]
"""The value of a stack config key, with its namespace, or None."""


def adopted(get: Get) -> frozenset[str]:
    """Return the owner names at which identical content may be taken over."""
    listed = json.loads(get(f"{NAMESPACE}:adopt") or "[]")
    names = [*listed, *os.environ.get("ELASTX_MRS_ADOPT", "").split(",")]
    return frozenset(name.strip().lower().removesuffix(".") for name in names if name.strip())
