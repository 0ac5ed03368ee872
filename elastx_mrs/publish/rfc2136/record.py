"""One TXT record on an RFC 2136 primary: its operations, shared by both kinds of Pulumi resource.

Its properties are ``profile``, ``zone``, ``owner``, ``value``, ``ttl`` (seconds, or None) and ``guard`` (only where the
guard's mode is not ``require``). A server's address and key are read at update time and are not properties: the state
would store them.
"""

from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Any, TypeVar

from elastx_mrs.publish.adoption import Get, adopted
from elastx_mrs.publish.rfc2136 import update
from elastx_mrs.publish.rfc2136.primary import Primary, UpdateError
from elastx_mrs.publish.rfc2136.profiles import Profiles
from elastx_mrs.records import RecordError
from elastx_mrs.records.kinds import current_value

PLACE = ("profile", "zone", "owner")
"""The properties that identify a record: a change of one is a replacement."""

Properties = Mapping[str, Any]

T = TypeVar("T")


def changed(olds: Properties, news: Properties) -> list[str]:
    """Return the properties that differ in the DNS."""
    return [key for key in (*PLACE, "value", "ttl") if olds.get(key) != news.get(key)]


def outs(props: Properties) -> dict[str, Any]:
    """Return the properties of a record that the state stores."""
    return {key: props.get(key) for key in (*PLACE, "value")} | {"ttl": _ttl(props)}


class TxtRecords:
    """Creates, reads, updates and deletes TXT records; each raises :class:`UpdateError` if it fails.

    :param get: reads the stack's config.
    """

    def __init__(self, get: Get) -> None:
        self._get = get
        self._profiles = Profiles(get)

    def create(self, props: Properties) -> tuple[str, dict[str, Any]]:
        """Publish the record; return the resource's id and what is kept."""
        owner, value = props["owner"], props["value"]
        try:
            adopt = owner in adopted(self._get)
        except RecordError as error:
            raise UpdateError(str(error)) from None
        self._do(props, lambda to: update.add(to, props["zone"], owner, value, _ttl(props), adopt, _only(props)))
        return f"{owner}/TXT/{sha256(value.encode()).hexdigest()[:12]}", outs(props)

    def read(self, props: Properties) -> dict[str, Any] | None:
        """Return the served record, its changed form, or None.

        The TTL belongs to the RRset, and is read only if the record is alone in it (RFC 2181 §5.2).
        """
        values, served = self._do(props, lambda to: update.read(to, props["zone"], props["owner"]))
        value = current_value(values, props["value"])
        if value is None:
            return None
        ttl = _ttl(props)
        if ttl is not None and len(values) == 1:
            ttl = served
        return outs(props) | {"value": value, "ttl": ttl}

    def update(self, olds: Properties, news: Properties) -> dict[str, Any]:
        """Replace the old value with the new one, in one message; return what the state keeps."""
        place, old, new = (news["zone"], news["owner"]), olds["value"], news["value"]
        self._do(news, lambda to: update.replace(to, *place, old, new, _ttl(news), _only(news)))
        return outs(news)

    def delete(self, props: Properties) -> None:
        """Withdraw the record."""
        self._do(props, lambda to: update.remove(to, props["zone"], props["owner"], props["value"]))

    def _do(self, props: Properties, action: Callable[[Primary], T]) -> T:
        return action(self._profiles.primary(props["profile"], props["zone"]))


def _ttl(props: Properties) -> int | None:
    ttl = props.get("ttl")  # Pulumi passes numbers as floats
    return None if ttl is None else int(ttl)


def _only(props: Properties) -> bool:
    """Whether a second record of the kind is refused, as the guard does when it is on."""
    return props.get("guard") is None
