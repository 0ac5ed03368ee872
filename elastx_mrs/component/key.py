"""What identifies a record's resource: its publisher and its name, which resources of two Pulumi types may share."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple


class Key(NamedTuple):
    """A record's resource at one publisher.

    :param publisher: its key in the config; empty for the program's own.
    :param resource: the resource's name.
    """

    publisher: str
    resource: str


def labels(keys: Iterable[Key]) -> Mapping[Key, str]:
    """Return what messages call each resource: its name, and its publisher if another one has the same name."""
    listed = list(keys)
    first: dict[str, Key] = {}
    shared = {key.resource for key in listed if first.setdefault(key.resource, key) != key}
    return {key: f"{key.resource} ({key.publisher})" if key.resource in shared else key.resource for key in listed}
