"""A kind of record as a Pulumi resource: its properties, and its operations. Dynamic resources and the plugin use it.

Every kind has the properties ``owner``, ``value``, ``ttl`` (seconds, or None) and ``guard`` (only where the guard's
mode is not ``require``).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Protocol

from elastx_mrs.publish.adoption import Get, adopted
from elastx_mrs.records import RecordError

Properties = Mapping[str, Any]


class Records(Protocol):
    """The operations of one kind of record."""

    def create(self, props: Properties) -> tuple[str, dict[str, Any]]:
        """Publish a record; return the resource's id and what the state keeps."""
        ...

    def read(self, props: Properties) -> dict[str, Any] | None:
        """Return the record as it is now, or None."""
        ...

    def update(self, olds: Properties, news: Properties) -> dict[str, Any]:
        """Replace the old value with the new one; return what the state keeps."""
        ...

    def delete(self, props: Properties) -> None:
        """Withdraw a record."""
        ...


@dataclass(frozen=True)
class Kind:
    """A kind of record.

    :param place: the properties that identify a record: a change of one is a replacement.
    :param outs: returns what the state keeps of a record.
    :param records: returns the operations, given what reads the stack's config.
    :param error: the exception of an operation that fails; its message is one line.
    """

    place: tuple[str, ...]
    outs: Callable[[Properties], dict[str, Any]]
    records: Callable[[Get], Records]
    error: type[Exception]

    @property
    def texts(self) -> tuple[str, ...]:
        """The properties that each record must have; they are texts."""
        return (*self.place, "value")

    def changed(self, olds: Properties, news: Properties) -> list[str]:
        """Return the properties that differ in the DNS."""
        return [key for key in (*self.texts, "ttl") if olds.get(key) != news.get(key)]


def id_of(props: Properties) -> str:
    """Return the id of a record's resource."""
    return f"{props['owner']}/TXT/{sha256(props['value'].encode()).hexdigest()[:12]}"


def ttl_of(props: Properties) -> int | None:
    """Return the TTL of a record. Pulumi passes numbers as floats."""
    ttl = props.get("ttl")
    return None if ttl is None else int(ttl)


def is_only(props: Properties) -> bool:
    """Return whether a create refuses a second record of the kind, as the guard does when it is on."""
    return props.get("guard") is None


def adopts(get: Get, owner: str, error: type[Exception]) -> bool:
    """Return whether a create may take over what a name has.

    :param error: raised where the stack's config is malformed.
    """
    try:
        return owner in adopted(get)
    except RecordError as malformed:
        raise error(str(malformed)) from None
