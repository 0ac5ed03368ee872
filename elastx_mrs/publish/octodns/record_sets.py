r"""The zones of octoDNS's providers as record sets. A zone's id is ``<octoDNS's id>/<zone>``.

octoDNS has no condition: what somebody else writes between the reading right before a change and the change is lost.
It reads and changes whole zones, so changes that wait for the same zone are one plan, with one reading before it and
one after it. In octoDNS a TXT value is its strings joined, in the presentation format of RFC 1035 §5.1, and ``\;``.
"""

import math
import os
import re
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
from elastx_mrs.publish.rrset import names
from elastx_mrs.publish.rrset.record_sets import ChangedError, RecordSet, RecordSetError, RecordSets, Zone
from elastx_mrs.records import RecordError

FRESH = 2.0
"""Seconds for which a reading answers what a name has. A change compares with a new one anyway."""

TRUE_TO_ESCAPES = frozenset({"octodns_powerdns"})
r"""Packages that keep a ``\`` and a ``"`` in others' strings: tried. Other packages read or write them wrong."""

_ESCAPE = re.compile(r"\\(?:([0-9]{3})|(.))", re.DOTALL)
_PLAIN = re.compile(r"(?:[ !#-\[\]-~]|\\;)*")
r"""A value without ``"``, and without ``\`` but in ``\;``."""


@dataclass(frozen=True)
class _Reading:
    """A zone, as a provider has it.

    :param began: when it was read, in seconds of the monotonic clock.
    """

    zone: Any
    sets: Sequence[RecordSet]
    began: float

    def at(self, owner: str) -> Sequence[RecordSet]:
        """Return the record sets of a name."""
        return [one for one in self.sets if one.name == owner]

    def txt(self, owner: str) -> RecordSet | None:
        """Return the TXT set of a name."""
        return next((one for one in self.at(owner) if one.type == "TXT"), None)


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
    reading: _Reading | None = None
    waiting: list[_Job] = field(default_factory=list)
    compared: set[str] = field(default_factory=set)


class Octodns(RecordSets):
    """All providers of octoDNS that a stack's config has.

    :param sources: by octoDNS's id.
    :param served: asks name servers.
    """

    title: ClassVar[str] = "octoDNS's provider"
    choice: ClassVar[str] = (
        "list the zone under zones of the one that the domain is delegated to, and the zones of the other provider too"
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
            raise RecordSetError(f"{what}, and a record here is never served; publish it on those servers")
        with self._mutex:
            place.waiting.append(job)
        with place.lock:
            if not job.done:
                time.sleep(names.GATHER)
                with self._mutex:
                    jobs, place.waiting = place.waiting, []
                self._make(place, jobs)
        if job.error is not None:
            raise job.error
        return ""

    def pending(self, zone: str) -> int:
        """Return how many changes wait for a zone."""
        with self._mutex:
            return len(self._places[zone].waiting) if zone in self._places else 0

    def octets(self, value: str) -> bytes:
        """Return a value's octets. A quote that has no backslash stands for itself."""
        return b"".join(_pieces(value))

    def written(self, value: str) -> str:
        r"""Return one of our values as octoDNS has it: each ``;`` has a backslash."""
        if '"' in value or "\\" in value:
            what = "has a quote or a backslash, which octoDNS's providers write in different ways"
            raise RecordError(f"{what}; leave it out, or use another publisher")
        return value.replace(";", "\\;")

    def compare(self, zone: str, owner: str, there: RecordSet | None) -> None:
        """Compare a name's set with what is served, unless that was done before.

        :raises RecordSetError: where that differs, or cannot be asked.
        """
        place = self._place(zone)
        if owner in place.compared or (there is None and self._has_wildcard(place, owner)):
            return
        values = [self.octets(value) for value in there.values] if there is not None else []
        self._served.check(owner, values, place.source.described.where)
        place.compared.add(owner)

    def _place(self, zone: str) -> _Place:
        key, _, name = zone.partition("/")
        if key not in self._sources:
            what = f"{zone}: the stack's config has no provider octodns.{key} any more"
            raise RecordSetError(f"{what}; write it again, or take its records out of the state: pulumi state delete")
        with self._mutex:
            return self._places.setdefault(zone, _Place(self._sources[key], name))

    def _has_wildcard(self, place: _Place, owner: str) -> bool:
        """Return whether a wildcard may answer at a name that has no TXT."""
        return any(
            one.name.startswith("*.") and owner.endswith(one.name.removeprefix("*")) for one in self._read(place).sets
        )

    def _delegation(self, place: _Place, owner: str) -> RecordSet | None:
        """Return the NS set of the child zone that a name lies in: nobody serves what this zone has there."""
        above = ancestors(owner, place.name)
        return next((one for one in self._read(place).sets if one.type == "NS" and one.name in above), None)

    def _read(self, place: _Place, age: float = FRESH) -> _Reading:
        """Return a reading of at most that many seconds."""
        reading = place.reading
        if reading is not None and time.monotonic() - reading.began <= age:
            return reading  # without the lock, which a change holds while it gathers others
        with place.lock:
            if place.reading is None or time.monotonic() - place.reading.began > age:
                place.reading = None
                with place.source.opened() as provider:
                    place.reading = self._populated(place, provider)
            return place.reading

    def _populated(self, place: _Place, provider: Any) -> _Reading:
        began = time.monotonic()
        zone = place.source.populate(provider, place.name)
        module = place.source.described.path.partition(".")[0]
        soa = RecordSet(place.name, "SOA", (), None)  # octoDNS leaves it out; it tells the apex from a delegation
        return _Reading(zone, [soa, *(self._set(one, module) for one in sorted(zone.records))], began)

    def _set(self, record: Any, module: str) -> RecordSet:
        given = getattr(record, "values", None)
        text = str if record._type == "TXT" else _text
        values = [text(one) for one in (given if given is not None else [record.value])]
        name = record.fqdn.lower().removesuffix(".")
        problem = ""
        if record._type == "TXT" and module not in TRUE_TO_ESCAPES:
            odd = next((one for one in values if not _PLAIN.fullmatch(one)), None)
            what = "in which octoDNS's provider may lose quotes and backslashes"
            cure = "remove it at the provider first, or use another publisher"
            problem = f"has {quoted(odd, 60)}, {what}; {cure}" if odd is not None else ""
        return RecordSet(name, record._type, tuple(values), record.ttl, problem)

    def _make(self, place: _Place, jobs: Sequence[_Job]) -> None:
        """Make swaps of one zone; each job knows afterwards what became of it."""
        try:
            with place.source.writing:
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
                place.source.apply(provider, before.zone, [_change(before.zone, job) for job in ready])
            except RecordSetError as error:
                failed = error
        place.reading = None
        with place.source.opened() as provider:
            place.reading = after = self._populated(place, provider)
        missing = [job for job in ready if not self._same(after.txt(job.owner), job.new)]
        if failed is not None and len(jobs) > 1:
            for job in missing:  # one of them is refused, and another may not be
                self._swapped_alone(place, job)
            return
        for job in missing:
            job.error = failed or RecordSetError(self._miswritten(place, job, after.txt(job.owner)))

    def _swapped_alone(self, place: _Place, job: _Job) -> None:
        try:
            self._swapped(place, [job])
        except RecordSetError as error:
            job.error = error

    def _is_there(self, reading: _Reading, job: _Job) -> bool:
        found = reading.txt(job.owner)
        if self._same(found, job.old) and (found is None or job.old is None or found.ttl == job.old.ttl):
            return True
        job.error = ChangedError(f"{job.owner}: its TXT records were changed meanwhile; run pulumi up again")
        return False

    def _same(self, one: RecordSet | None, other: RecordSet | None) -> bool:
        return sorted(map(self.octets, one.values if one else ())) == sorted(
            map(self.octets, other.values if other else ())
        )

    def _miswritten(self, place: _Place, job: _Job, found: RecordSet | None) -> str:
        wanted = set(map(self.octets, job.new.values if job.new else ()))
        there = set(map(self.octets, found.values if found else ()))
        lost, added = (sorted(one) for one in (wanted - there, there - wanted))
        shown = " and ".join(quoted(one.decode("latin-1"), 60) for one in (lost or added)[:2])
        what = (
            f"{job.owner}: {place.source.described.where} was changed, and {'lacks' if lost else 'still has'} {shown}"
        )
        return f"{what}; look there, and run pulumi up --refresh"


def connect(get: Get) -> Octodns:
    """Return the providers of a stack's config.

    :raises RecordSetError: for what is malformed there.
    """
    found = described(get, os.environ)
    return Octodns({key: Source(one) for key, one in found.items()}, Served(get))


def _pieces(value: str) -> list[bytes]:
    """Return the parts of a value between its escapes, and the octets that those stand for."""
    found, last = [], 0
    for one in _ESCAPE.finditer(value):
        found.append(value[last : one.start()].encode())
        number = int(one[1]) if one[1] else -1
        found.append(bytes([number]) if 0 <= number < 256 else (one[2] or one[0]).encode())
        last = one.end()
    return [*found, value[last:].encode()]


def _text(value: Any) -> str:
    """Return a record's value as in a zone file, without a final dot."""
    if hasattr(value, "exchange"):
        return f"{value.preference} {value.exchange}".removesuffix(".")
    text = str(value)
    return text.removesuffix(".") if text.count(" ") == 0 else text


def _change(zone: Any, job: _Job) -> Any:
    """Return octoDNS's change for a swap."""
    from octodns.record import Create, Delete, Record, Update

    name = zone.hostname_from_fqdn(f"{job.owner}.")
    existing = next((one for one in zone.records if one._type == "TXT" and one.name == name), None)
    if job.new is None:
        return Delete(existing)
    data = {"type": "TXT", "ttl": job.new.ttl, "values": list(job.new.values)}
    new = Record.new(zone, name, data, lenient=True)
    return Create(new) if existing is None else Update(existing, new)
