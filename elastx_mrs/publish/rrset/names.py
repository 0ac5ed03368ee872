"""Changes the TXT record sets of names by compare-and-swap: however often others change them in between.

Changes of one name that wait for each other are made together, in one swap.
"""

import math
import random
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from elastx_mrs import limits
from elastx_mrs.publish.rrset.gathering import Failure, Gathering
from elastx_mrs.publish.rrset.record_sets import (
    ChangedError,
    LostError,
    RecordSet,
    RecordSetError,
    RecordSets,
    UnreachableError,
)
from elastx_mrs.records import RecordError

CONTENTION = float(limits.CONTENTION_SECONDS.most)
"""Seconds for which a change is tried whose record set others keep changing."""

LOSSES = 3
"""Times that a change is sent whose answer gets lost, and that was not made."""

REFUSALS = 2
"""Times that a change is sent that is refused though nobody else changed the set: what was read may have been old."""

PAUSE, MAX_PAUSE = 0.1, 2.0
"""Seconds before the second try; twice as long before each more, up to the maximum."""

Edit = Callable[[RecordSet | None, bool], RecordSet | None]
"""Returns the new set of the old one, and of whether an earlier try may have made the change already."""


@dataclass
class _Job:
    """One change.

    :param writes: whether it adds a string: then nothing may stand in the way.
    :ivar lost: whether it was in a swap that the provider may have made.
    """

    edit: Edit
    writes: bool
    lost: bool = False
    done: bool = False
    change: str = ""
    error: Exception | None = None


@dataclass
class _Place:
    """One name.

    :ivar began: when its sets were read for the last time, in seconds of the monotonic clock.
    :ivar there: what that read found; None where it failed.
    """

    lock: threading.Lock = field(default_factory=threading.Lock)
    waiting: list[_Job] = field(default_factory=list)
    began: float = -math.inf
    there: Sequence[RecordSet] | None = None
    failure: Failure = field(default_factory=Failure)


@dataclass(frozen=True)
class _Try:
    """A swap that failed.

    :param lost: whether the provider may have made it.
    :param times: how often it failed with this set.
    """

    found: RecordSet | None
    wanted: RecordSet | None
    error: RecordSetError
    lost: bool
    times: int

    @property
    def hopeless(self) -> bool:
        """Whether it is no use to try again as long as nobody changes the set."""
        return self.times >= (LOSSES if self.lost else REFUSALS)


class Names:
    """The names of one provider.

    :param sets: its API.
    """

    def __init__(self, sets: RecordSets) -> None:
        self._sets = sets
        self._mutex = threading.Lock()
        self._places: dict[tuple[str, str], _Place] = {}
        self._readings, self._changes = Gathering(), Gathering()

    def read(self, zone: str, owner: str) -> RecordSet | None:
        """Return the TXT record set of a name; what asks for a name at the same time shares the answer.

        :raises RecordSetError: where it cannot be read, or cannot be changed here.
        """
        place, asked = self._place(zone, owner), time.monotonic()
        with place.lock:
            if place.there is None or place.began < asked:
                place.failure.repeat(asked)
                self._readings.wait()
                place.began, place.there = time.monotonic(), None
                with place.failure.noted(UnreachableError), self._readings.measured():
                    place.there = self._sets.read(zone, owner)
            return _txt(owner, place.there)

    def change(self, zone: str, owner: str, edit: Edit, *, writes: bool) -> str:
        """Put what ``edit`` makes of a name's TXT set in its place; return the id of the change.

        :raises RecordSetError: where that cannot be done; ``edit`` raises it too.
        """
        job = _Job(edit, writes)
        place = self._place(zone, owner)
        with self._mutex:
            place.waiting.append(job)
        with place.lock:
            if not job.done:
                self._changes.wait()
                with self._mutex:
                    jobs, place.waiting = place.waiting, []
                self._make(zone, owner, jobs)
        if job.error is not None:
            raise job.error
        return job.change

    def _place(self, zone: str, owner: str) -> _Place:
        with self._mutex:
            return self._places.setdefault((zone, owner), _Place())

    def _make(self, zone: str, owner: str, jobs: Sequence[_Job]) -> None:
        """Make the changes of one name; each job knows afterwards what became of it.

        What the provider refuses together is made one by one: only it knows which of them it minds.
        """
        error: Exception | None = None
        change = ""
        try:
            change = self._swapped(zone, owner, jobs)
        except ChangedError as failed:
            left = [job for job in jobs if job.error is None]
            if len(left) > 1:
                for job in left:
                    self._make(zone, owner, [job])
                jobs = [job for job in jobs if job not in left]
            error = failed
        except Exception as failed:  # it belongs to each of them, and only one thread is here
            error = failed
        for job in jobs:
            job.done, job.change, job.error = True, change, job.error or error

    def _swapped(self, zone: str, owner: str, jobs: Sequence[_Job]) -> str:
        """Read and swap until it is done; return the id of the change, empty where nothing had to be changed."""
        failed: _Try | None = None
        pause, end = PAUSE, time.monotonic() + CONTENTION
        while True:
            there = self._sets.read(zone, owner)
            found = _txt(owner, there)
            if failed is not None and failed.lost and found == failed.wanted:
                return ""  # it was made, and only the answer got lost
            again = failed is not None and found == failed.found
            if failed is not None and again and failed.hopeless:
                raise failed.error  # nobody else changed it
            before = failed.times if failed is not None and again else 0
            wanted = self._wanted(zone, owner, found, there, jobs)
            if wanted == found:
                return ""
            try:
                with self._changes.measured():
                    return self._sets.swap(zone, owner, found, wanted)
            except (LostError, UnreachableError) as error:
                failed = _Try(found, wanted, error, True, before + 1)
                for job in jobs:
                    job.lost = job.lost or job.error is None
            except ChangedError as error:
                failed = _Try(found, wanted, error, False, before + 1)
            if time.monotonic() > end:
                what = f"the TXT records of {owner} at {self._sets.title} were changed by others again and again"
                raise RecordSetError(f"{what} for {CONTENTION:.0f} s, and nothing was changed; run pulumi up again")
            time.sleep(pause * random.uniform(0.5, 1.5))  # noqa: S311  so that two writers do not meet again
            pause = min(2 * pause, MAX_PAUSE)

    def _wanted(
        self, zone: str, owner: str, found: RecordSet | None, there: Sequence[RecordSet], jobs: Sequence[_Job]
    ) -> RecordSet | None:
        """Return the set that all jobs together want; one that is refused has its error, and no part in it."""
        wanted = found
        for job in jobs:
            job.error = None
            try:
                if job.writes:
                    _refuse_obstacles(self._sets.title, owner, there)
                edited = job.edit(wanted, job.lost)
                if job.writes and edited is not None and (excess := self._sets.excess(zone, found, edited)):
                    raise RecordSetError(f"{owner}: {excess}")
                wanted = edited
            except RecordSetError as error:
                job.error = error
            except RecordError as error:  # a program that declares such a string itself had no preview that says so
                job.error = RecordSetError(f"the TXT record of {owner} {error}")
        return wanted


def _txt(owner: str, there: Sequence[RecordSet]) -> RecordSet | None:
    """Return the TXT set among those of a name."""
    txt = [one for one in there if one.type == "TXT"]
    if problem := obstacle(owner, txt):
        raise RecordSetError(problem)
    return txt[0] if txt else None


def obstacle(owner: str, there: Sequence[RecordSet]) -> str:
    """Return why the TXT sets of a name cannot be changed here, and what to do; empty where they can."""
    return next((f"{owner} {one.problem}" for one in there if one.type == "TXT" and one.problem), "")


def _refuse_obstacles(title: str, owner: str, there: Sequence[RecordSet]) -> None:
    """Refuse what the provider would not accept, or would not serve."""
    by_type = {one.type: one for one in there}
    if "CNAME" in by_type and "SOA" not in by_type:
        what = f"{owner} is a CNAME to {by_type['CNAME'].values[0]} and cannot have a TXT record (RFC 1034 §3.6.2)"
        raise RecordSetError(f"{what}; remove the CNAME at {title} first")
    if "NS" in by_type and "SOA" not in by_type:
        what = f"{owner} is delegated to {' and '.join(by_type['NS'].values)}, and a record here is never served"
        raise RecordSetError(f"{what}; publish it on those servers")
