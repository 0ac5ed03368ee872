"""One TXT record on an RFC 2136 primary: its operations, shared by both kinds of Pulumi resource.

Its properties are ``profile``, ``zone``, ``owner``, ``value``, ``ttl`` (seconds, or None) and ``guard`` (only where the
guard's mode is not ``require``). A server's address and key are read at update time and are not properties: the state
would store them.
"""

from collections.abc import Callable
from typing import Any, TypeVar

from elastx_mrs.publish.adoption import Get
from elastx_mrs.publish.record_kind import Kind, Properties, adopts, id_of, is_only, ttl_of
from elastx_mrs.publish.rfc2136 import update
from elastx_mrs.publish.rfc2136.primary import Primary, UpdateError
from elastx_mrs.publish.rfc2136.profiles import Profiles
from elastx_mrs.records.kinds import current_value

PLACE = ("profile", "zone", "owner")
"""The properties that identify a record: a change of one is a replacement."""

T = TypeVar("T")


def outs(props: Properties) -> dict[str, Any]:
    """Return the properties of a record that the state stores."""
    return {key: props.get(key) for key in (*PLACE, "value")} | {"ttl": ttl_of(props)}


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
        adopt = adopts(self._get, owner, UpdateError)
        self._do(props, lambda to: update.add(to, props["zone"], owner, value, ttl_of(props), adopt, is_only(props)))
        return id_of(props), outs(props)

    def read(self, props: Properties) -> dict[str, Any] | None:
        """Return the served record, its changed form, or None.

        The TTL belongs to the RRset, and is read only if the record is alone in it (RFC 2181 §5.2).
        """
        values, served = self._do(props, lambda to: update.read(to, props["zone"], props["owner"]))
        value = current_value(values, props["value"])
        if value is None:
            return None
        ttl = ttl_of(props)
        if ttl is not None and len(values) == 1:
            ttl = served
        return outs(props) | {"value": value, "ttl": ttl}

    def update(self, olds: Properties, news: Properties) -> dict[str, Any]:
        """Replace the old value with the new one, in one message; return what the state keeps."""
        place, old, new = (news["zone"], news["owner"]), olds["value"], news["value"]
        self._do(news, lambda to: update.replace(to, *place, old, new, ttl_of(news), is_only(news)))
        return outs(news)

    def delete(self, props: Properties) -> None:
        """Withdraw the record."""
        self._do(props, lambda to: update.remove(to, props["zone"], props["owner"], props["value"]))

    def _do(self, props: Properties, action: Callable[[Primary], T]) -> T:
        return action(self._profiles.primary(props["profile"], props["zone"]))


KIND = Kind(PLACE, outs, TxtRecords, UpdateError)
"""The kind of these records."""
