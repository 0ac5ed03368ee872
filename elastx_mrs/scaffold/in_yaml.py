"""Values in YAML on one line."""

from typing import Any

import yaml


def in_yaml(value: Any) -> str:
    """Return a value in YAML's flow style, quoted if YAML would read it differently."""
    text = yaml.safe_dump(value, default_flow_style=True, sort_keys=False, width=100_000, allow_unicode=True)
    return text.removesuffix("\n").removesuffix("\n...")


def entry(key: str, value: Any) -> str:
    """Return a key with its value in YAML."""
    return in_yaml({key: value})[1:-1]
