"""What the shape of every part of a config has in common: frozen objects, strict types, keys in both casings."""

from typing import Any

from pydantic import BaseModel, BeforeValidator, ConfigDict
from pydantic.alias_generators import to_camel


class Shape(BaseModel):
    """A part of a config. Its keys are camelCase in a stack's file, and snake_case in a Python program."""

    model_config = ConfigDict(
        alias_generator=to_camel, extra="forbid", frozen=True, strict=True, hide_input_in_errors=True
    )


def bare(key: str) -> BeforeValidator:
    """Let a bare string stand for an object with only ``key``."""
    return BeforeValidator(lambda value: {key: value} if isinstance(value, str) else value)


def is_encrypted(value: Any) -> bool:
    """Return whether a value is one that ``pulumi config set --secret`` wrote, which only Pulumi can open."""
    return isinstance(value, dict) and set(value) == {"secure"}
