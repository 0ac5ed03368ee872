"""Pulumi Outputs in a program's arguments: known values are used, and secret ones are never shown.

A preview must know the values that decide which records exist. A secret from the stack's config is known, such as
``config.require_secret_object("accounts")``.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import pulumi

from elastx_mrs import limits, registry
from elastx_mrs.config.faults import path_of
from elastx_mrs.config.parse import all_values
from elastx_mrs.config.rules import Fault
from elastx_mrs.display import visible
from elastx_mrs.publish.sdk import now

_SHORTEST = 4
"""The shortest secret that is searched for in a message: every sentence contains shorter texts."""

_Path = tuple[str | int, ...]


class Opened(NamedTuple):
    """A program's arguments without the Outputs that are known.

    :param secrets: the paths of secrets, each with the texts in it.
    """

    values: dict[str, Any]
    secrets: Mapping[str, tuple[str, ...]]

    @property
    def refused(self) -> list[Fault]:
        """Errors for values that must not be secret, because names of resources and messages contain the domains."""
        return [Fault(path, _IN_NAMES) for path in self.secrets if _names_domains(path)]

    def told(self, fault: Fault) -> Fault:
        """Return a fault without a secret in it."""
        is_secret = any(fault.path == path or fault.path.startswith((f"{path}.", f"{path}[")) for path in self.secrets)
        known = (text for found in self.secrets.values() for text in found if len(text) >= _SHORTEST)
        if is_secret or any(visible(text)[:_LONGEST] in fault.problem for text in known):
            return Fault(fault.path, _HIDDEN)
        return fault

    def all_told(self, faults: Sequence[Fault]) -> list[Fault]:
        """Return all faults without secrets. Those beyond the limit are counted, and not searched: that is slow."""
        shown = limits.FAULTS.most
        return [*map(self.told, faults[:shown]), *(Fault(fault.path, "") for fault in faults[shown:])]


_LONGEST = 20
"""Characters of a secret that are compared, because a message may cut it."""

_HIDDEN = f"is wrong, and is not shown because a secret is in it; to see what is wrong, run: {all_values()}"
_IN_NAMES = (
    "is secret, but domains are in the names of resources; remove pulumi.Output.secret, and make accounts secret"
)


class _Known(NamedTuple):
    value: Any
    secret: bool


def opened(args: Mapping[str, Any]) -> Opened:
    """Return a program's arguments with the values of known Outputs. Unknown ones stay, for others to refuse or use."""
    secrets: dict[str, tuple[str, ...]] = {}
    free = {(provider.name, key) for provider in registry.providers(args) for key in provider.outputs}
    return Opened(_opened(dict(args), (), free, secrets), secrets)


def _opened(value: Any, path: _Path, free: set[tuple[str, str]], secrets: dict[str, tuple[str, ...]]) -> Any:
    if path in free:
        return dict(value) if isinstance(value, Mapping) else value
    if len(path) > limits.NESTING.most:  # deeper than any of our keys; the value may contain itself
        return value
    if isinstance(value, pulumi.Output):
        known = now(_known(value))
        if known is None:
            return value
        if known.secret:
            secrets[path_of(path)] = tuple(texts(known.value))
        value = known.value
    if isinstance(value, Mapping):
        return {key: _opened(child, (*path, key), free, secrets) for key, child in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return [_opened(child, (*path, index), free, secrets) for index, child in enumerate(value)]
    return value


async def _known(output: "pulumi.Output[Any]") -> _Known | None:
    """Return an Output's value; None if it is not known yet, or is a resource's, which a preview may not know."""
    if not await output.is_known() or await output.resources():
        return None
    return _Known(await output.future(), await output.is_secret())


def texts(value: Any) -> Iterator[str]:
    """Yield every text in a value, except keys; each list and object once, because it may contain itself."""
    waiting, seen = [value], set[int]()
    while waiting:
        one = waiting.pop()
        if isinstance(one, str):
            yield one
        elif isinstance(one, Mapping | list) and id(one) not in seen:
            seen.add(id(one))
            children = list(one.values()) if isinstance(one, Mapping) else one
            waiting += reversed(children)


def _names_domains(path: str) -> bool:
    below = path.partition("[")[2].partition("]")[2]
    return path.startswith("domains") and below in ("", ".name")
