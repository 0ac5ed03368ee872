"""One TXT string as a resource: what is done about it, whichever kind of Pulumi resource it is.

Its properties are ``publisher`` (the provider's key), ``zone`` (as the provider's API has it), ``owner``, ``value``,
``ttl`` (seconds, or None), ``guard`` (only where the guard's mode is not ``require``) and, as an output, ``change``.
Credentials are read where it runs, and are none of them: they would end up in the state.
"""

from typing import Any

from elastx_mrs import registry
from elastx_mrs.publish.adoption import Get
from elastx_mrs.publish.record_kind import Kind, Properties, adopts, id_of, is_only, ttl_of
from elastx_mrs.publish.rrset.record_sets import RecordSetError, RecordSets
from elastx_mrs.publish.rrset.settling import stamped
from elastx_mrs.publish.rrset.strings import Strings

PLACE = ("publisher", "zone", "owner")
"""Another one of these is another record."""


def outs(props: Properties, change: str = "") -> dict[str, Any]:
    """Return what is kept of a record in the state.

    :param change: the provider's id of the change that was just made; empty where there was none to make.
    """
    kept = {key: props.get(key) for key in (*PLACE, "value")} | {"ttl": ttl_of(props)}
    return kept | {"change": stamped(change) or props.get("change") or ""}


def connected(publisher: str, get: Get) -> RecordSets:
    """Return a provider's API.

    :param publisher: its key in a config.
    :param get: reads the stack's config.
    :raises RecordSetError: where its package is not installed.
    """
    try:
        module = registry.beside(publisher, "record_sets")
    except registry.RegistryError as error:
        raise RecordSetError(str(error)) from None
    found: RecordSets = module.connect(get)
    return found


class TxtStrings:
    """Creates, reads, updates and deletes TXT strings; each raises :class:`RecordSetError` where it cannot.

    :param get: reads the stack's config.
    """

    def __init__(self, get: Get) -> None:
        self._get = get
        self._known: dict[str, Strings] = {}

    def create(self, props: Properties) -> tuple[str, dict[str, Any]]:
        """Publish the string; return the resource's id and what is kept."""
        owner, value = props["owner"], props["value"]
        adopt = adopts(self._get, owner, RecordSetError)
        strings = self._of(props)
        change = strings.add(props["zone"], owner, value, ttl_of(props), adopt=adopt, only=is_only(props))
        return id_of(props), outs(props, change)

    def read(self, props: Properties) -> dict[str, Any] | None:
        """Return what is there now: the string, what somebody made of it, or None.

        The TTL is the set's, and is read only where the string is the only one in it (RFC 2181 §5.2).
        """
        found = self._of(props).read(props["zone"], props["owner"], props["value"])
        if found is None:
            return None
        value, ttl = found
        own = ttl_of(props)
        return outs(props) | {"value": value, "ttl": own if own is None or ttl is None else ttl}

    def update(self, olds: Properties, news: Properties) -> dict[str, Any]:
        """Put the new value in the old one's place; return what is kept."""
        strings, old, new = self._of(news), olds["value"], news["value"]
        change = strings.replace(news["zone"], news["owner"], old, new, ttl_of(news), only=is_only(news))
        return outs({**news, "change": olds.get("change")}, change)

    def delete(self, props: Properties) -> None:
        """Withdraw the string."""
        self._of(props).remove(props["zone"], props["owner"], props["value"])

    def _of(self, props: Properties) -> Strings:
        publisher = props["publisher"]
        if publisher not in self._known:
            made = Strings(connected(publisher, self._get))
            self._known.setdefault(publisher, made)  # of two threads' at once, all use one: its names are locked
        return self._known[publisher]


KIND = Kind(PLACE, outs, TxtStrings, RecordSetError)
"""The kind of these records."""
