"""Worlds whose resource is our own: :class:`TxtStrings`, or :class:`TxtRecords`, which have the same methods."""

import json
from abc import abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, TypeVar

from elastx_mrs.publish.adoption import Get
from elastx_mrs.publish.rfc2136.primary import UpdateError
from elastx_mrs.publish.rfc2136.record import TxtRecords
from elastx_mrs.publish.rrset.record import TxtStrings
from elastx_mrs.publish.rrset.record_sets import RecordSetError
from tests.publish.contract.world import APEX, Made, Refused, World

T = TypeVar("T")


class OwnWorld(World):
    """A world with a resource of ours.

    :cvar place: the inputs that say where a record is, but for its owner.
    :cvar make: makes what creates, reads, updates and deletes.
    """

    place: ClassVar[dict[str, str]]
    make: ClassVar[type[TxtStrings] | type[TxtRecords]]

    @abstractmethod
    def config(self) -> dict[str, Any]:
        """Return the stack's config."""

    def get(self, **more: Any) -> Get:
        """Return what reads the stack's config."""
        return {f"elastx-mrs:{key}": _text(value) for key, value in (self.config() | more).items()}.get

    def create(
        self, owner: str, value: str, *, ttl: int | None = None, guard: str | None = None, zone: str = ""
    ) -> Made:
        more = {"guard": guard} if guard else {}
        return self._create(self.place | ({"zone": zone} if zone else {}) | more, owner, value, ttl)

    def adopt(self, owner: str, value: str) -> Made:
        return self._create(self.place, owner, value, None, adopt=[owner])

    def read(self, made: Made) -> Made | None:
        found = _told(lambda: self._resource().read(made.outputs))
        return Made(made.id, found) if found is not None else None

    def update(self, made: Made, value: str = "", *, ttl: int | None = None) -> Made:
        news = {**made.outputs, "value": value or made.outputs["value"]}
        news |= {"ttl": float(ttl)} if ttl is not None else {}
        return Made(made.id, _told(lambda: self._resource().update(made.outputs, news)))

    def delete(self, made: Made) -> None:
        _told(lambda: self._resource().delete(made.outputs))

    def _create(self, place: Mapping[str, Any], owner: str, value: str, ttl: int | None, **config: Any) -> Made:
        props = {**place, "owner": owner, "value": value, "ttl": None if ttl is None else float(ttl)}
        return Made(*_told(lambda: self._resource(**config).create(props)))

    def _resource(self, **config: Any) -> TxtStrings | TxtRecords:
        return self.make(self.get(**config))


def arguments(**publisher: Any) -> dict[str, Any]:
    """Return a stack's config for the domain whose names the cases have."""
    return {"accounts": ["a@acme.example"], "dkim": {"external": True}, "domains": [APEX]} | publisher


def _told(work: Callable[[], T]) -> T:
    try:
        return work()
    except (RecordSetError, UpdateError) as error:
        raise Refused(str(error)) from error


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
