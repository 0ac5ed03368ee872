"""The zones of octoDNS's providers as record sets. A zone's id is ``<octoDNS's id>/<zone>``.

octoDNS has no condition: what somebody else writes between the reading right before a change and the change is lost.
It reads and changes whole zones, so changes that wait for the same zone are one plan, with one reading before it and
one after it.
"""

import math
import os
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from elastx_mrs.display import quoted
from elastx_mrs.publish.adoption import Get
from elastx_mrs.publish.existing import ancestors
from elastx_mrs.publish.octodns.configured import described
from elastx_mrs.publish.octodns.served import Served
from elastx_mrs.publish.octodns.source import Source
from elastx_mrs.publish.octodns.zone import Reading, all_octets, change, octets
from elastx_mrs.publish.rrset.gathering import Failure
from elastx_mrs.publish.rrset.record_sets import (
    ChangedError,
    LostError,
    RecordSet,
    RecordSetError,
    RecordSets,
    UnreachableError,
    Zone,
)
from elastx_mrs.records import RecordError

FRESH = 2.0
"""Seconds for which a reading answers what a name has. A change compares with a new one anyway."""


@dataclass
class _Job:
    """One swap."""

    owner: str
    old: RecordSet | None
    new: RecordSet | None
    done: bool = False
    error: Exception | None = None


@dataclass
class _Place:
    """One zone.

    :ivar reading: the last one.
    :ivar compared: the names whose sets were compared with what is served.
    """

    source: Source
    name: str
    lock: threading.Lock = field(default_factory=threading.Lock)
    reading: Reading | None = None
    failure: Failure = field(default_factory=Failure)
    waiting: list[_Job] = field(default_factory=list)
    compared: set[str] = field(default_factory=set)


class Octodns(RecordSets):
    """All providers of octoDNS that a stack's config has.

    :param sources: by octoDNS's id.
    :param served: asks name servers.
    """

    title: ClassVar[str] = "octoDNS's provider"
    choice: ClassVar[str] = (
        "write zones for each of these providers, and list this zone only for the one that the domain is delegated to"
    )

    def __init__(self, sources: Mapping[str, Source], served: Served) -> None:
        self._sources = sources
        self._served = served
        self._mutex = threading.Lock()
        self._places: dict[str, _Place] = {}

    @property
    def named(self) -> Mapping[str, str]:
        """The ids of the zones that the config names, by name."""
        return {
            name: f"{one.described.id}/{name}" for one in self._sources.values() for name in one.described.zones or ()
        }

    def zones(self) -> Sequence[Zone]:
        """Return the zones that the config names, and those that the other providers list."""
        found = [Zone(name, id_) for name, id_ in self.named.items()]
        for key, source in self._sources.items():
            if source.described.zones is None:
                found += [Zone(name, f"{key}/{name}") for name in source.zones()]
        return found

    def zone(self, zone_id: str) -> Zone:
        """Read a zone that the config names."""
        place = self._place(zone_id)
        self._read(place)
        return Zone(place.name, zone_id)

    def read(self, zone: str, owner: str = "") -> Sequence[RecordSet]:
        """Return the record sets of a zone, which is read once, or of a name; its readings are shared for a moment."""
        place = self._place(zone)
        return self._read(place).at(owner) if owner else self._read(place, math.inf).sets

    def swap(self, zone: str, owner: str, old: RecordSet | None, new: RecordSet | None) -> str:
        """Change a name's set together with what else waits for the zone."""
        place, job = self._place(zone), _Job(owner, old, new)
        if (cut := self._delegation(place, owner)) is None:
            self.compare(zone, owner, old)
        elif new is not None and not set(new.values) <= set(old.values if old is not None else ()):
            what = f"{owner} lies in {cut.name}, which is delegated to {' and '.join(cut.values)}"
            raise RecordSetError(f"{what}, so a record here is never served; publish it on those servers")
        with self._mutex:
            place.waiting.append(job)
        with place.lock:
            if not job.done:
                place.source.gathering.wait()
                with place.source.writing:
                    self._make(place)
        if job.error is not None:
            raise job.error
        return ""

    def pending(self, zone: str) -> int:
        """Return how many changes wait for a zone."""
        with self._mutex:
            return len(self._places[zone].waiting) if zone in self._places else 0

    def octets(self, value: str) -> bytes:
        """Return a value's octets. A quote that has no backslash stands for itself."""
        return octets(value)

    def written(self, value: str) -> str:
        r"""Return one of our values as octoDNS has it: each ``;`` has a backslash."""
        if '"' in value or "\\" in value:
            what = "has a quote or a backslash, which octoDNS's providers write in different ways"
            raise RecordError(f"{what}; leave it out, or use another publisher")
        return value.replace(";", "\\;")

    def excess(self, zone: str, old: RecordSet | None, new: RecordSet) -> str:
        """Return why the provider's class says that it cannot hold a set. Few classes say anything."""
        place = self._place(zone)
        why = place.source.refusal(place.name, new)
        if not why:
            return ""
        text = octets(next((one for one in new.values if old is None or one not in old.values), new.values[0]))
        shown = f"{quoted(text.decode('latin-1'), 60)} ({len(text)} octets)"
        what = f"{place.source.described.where}: {place.source.described.path} cannot hold {shown}: {why}"
        return f"{what}; use another publisher for this name, or a shorter value"

    def compare(self, zone: str, owner: str, there: RecordSet | None) -> None:
        """Compare a name's set with what is served, unless that was done before.

        :raises RecordSetError: where that differs, or cannot be asked.
        """
        place = self._place(zone)
        if owner in place.compared or (there is None and self._has_wildcard(place, owner)):
            return
        self._served.check(owner, all_octets(there), place.source.described.where)
        place.compared.add(owner)

    def _place(self, zone: str) -> _Place:
        key, _, name = zone.partition("/")
        if key not in self._sources:
            what = f"{zone}: the stack's config no longer has the provider octodns.{key}"
            raise RecordSetError(f"{what}; add it again, or remove its records from the state: pulumi state delete")
        with self._mutex:
            return self._places.setdefault(zone, _Place(self._sources[key], name))

    def _has_wildcard(self, place: _Place, owner: str) -> bool:
        """Return whether a wildcard may answer at a name that has no TXT."""
        return any(owner.endswith(suffix) for suffix in self._read(place).wildcards)

    def _delegation(self, place: _Place, owner: str) -> RecordSet | None:
        """Return the NS set of the child zone that a name lies in: nobody serves what this zone has there."""
        delegated = self._read(place).delegated
        return next((delegated[name] for name in ancestors(owner, place.name) if name in delegated), None)

    def _read(self, place: _Place, age: float = FRESH) -> Reading:
        """Return a reading of at most that many seconds."""
        reading = place.reading
        if reading is not None and time.monotonic() - reading.began <= age:
            return reading  # without the lock, which a change holds while it gathers others
        asked = time.monotonic()
        with place.lock:
            if place.reading is None or time.monotonic() - place.reading.began > age:
                place.failure.repeat(asked)
                place.reading = None
                with place.failure.noted(UnreachableError), place.source.opened() as provider:
                    place.reading = self._populated(place, provider)
            return place.reading

    def _populated(self, place: _Place, provider: Any) -> Reading:
        began = time.monotonic()
        zone = place.source.populate(provider, place.name)
        return Reading.of(zone, place.source.described.package, began)

    def _make(self, place: _Place) -> None:
        """Make the swaps that wait for a zone; each job knows afterwards what became of it."""
        with self._mutex:
            jobs, place.waiting = place.waiting, []
        try:
            with place.source.gathering.measured():
                self._swapped(place, jobs)
        except Exception as error:  # it belongs to each of them, and only one thread is here
            for job in jobs:
                job.error = job.error or error
        for job in jobs:
            job.done = True

    def _swapped(self, place: _Place, jobs: Sequence[_Job]) -> None:
        failed: RecordSetError | None = None
        place.reading = None
        with place.source.opened() as provider:
            place.reading = before = self._populated(place, provider)
            ready = [job for job in jobs if self._is_there(before, job)]
            if not ready:
                return
            try:
                place.source.apply(provider, before.zone, [change(before.zone, job.owner, job.new) for job in ready])
            except RecordSetError as error:
                failed = error
        place.reading = None
        try:
            with place.source.opened() as provider:
                place.reading = after = self._populated(place, provider)
        except RecordSetError as error:
            if failed is not None and not isinstance(failed, LostError | ChangedError):
                raise failed from None
            raise LostError(str(error)) from None  # the change may have been made
        missing = [job for job in ready if not _same(after.txt(job.owner), job.new)]
        if failed is not None and len(jobs) > 1:
            for job in missing:  # one of them is refused, and another may not be
                self._swapped_alone(place, job)
            return
        for job in missing:
            there = after.txt(job.owner)
            if failed is None:
                job.error = RecordSetError(self._miswritten(place, job, there))
            else:
                left = "are unchanged" if _same(there, job.old) else "are partly changed, so check them"
                job.error = type(failed)(f"{job.owner}: its TXT records {left}: {failed}")

    def _swapped_alone(self, place: _Place, job: _Job) -> None:
        try:
            self._swapped(place, [job])
        except Exception as error:  # it is not the others', which may have been made
            job.error = error

    def _is_there(self, reading: Reading, job: _Job) -> bool:
        found = reading.txt(job.owner)
        if _same(found, job.old) and (found is None or job.old is None or found.ttl == job.old.ttl):
            return True
        job.error = ChangedError(f"{job.owner}: its TXT records were changed meanwhile; run pulumi up again")
        return False

    def _miswritten(self, place: _Place, job: _Job, found: RecordSet | None) -> str:
        wanted, there = set(all_octets(job.new)), set(all_octets(found))
        lost, added = (sorted(one) for one in (wanted - there, there - wanted))
        shown = " and ".join(quoted(one.decode("latin-1"), 60) for one in (lost or added)[:2])
        what = (
            f"{job.owner}: {place.source.described.where} was changed, and {'lacks' if lost else 'still has'} {shown}"
        )
        return f"{what}; check the TXT records there, then run pulumi up --refresh"


def connect(get: Get) -> Octodns:
    """Return the providers of a stack's config.

    :raises RecordSetError: for what is malformed there.
    """
    found = described(get, os.environ)
    return Octodns({key: Source(one) for key, one in found.items()}, Served(get))


def _same(one: RecordSet | None, other: RecordSet | None) -> bool:
    return all_octets(one) == all_octets(other)
