"""One provider of octoDNS: how its zones are listed, and how a zone is read and changed. Each call has a bound."""

import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from typing import Any, TypeVar

from elastx_mrs import limits
from elastx_mrs.publish.octodns.configured import Described
from elastx_mrs.publish.octodns.logs import redacted
from elastx_mrs.publish.octodns.zone import txt_record
from elastx_mrs.publish.rrset.gathering import Gathering
from elastx_mrs.publish.rrset.record_sets import ChangedError, LostError, RecordSet, RecordSetError, UnreachableError
from elastx_mrs.records import RecordError
from elastx_mrs.records.names import to_ascii

T = TypeVar("T")

_BUSY = 429
"""HTTP's status of a request that the provider had no time for."""

TRIES = 3
"""How often a request is sent, if the provider does not answer or has no time."""

PAUSE = 0.5
"""Seconds before the second try; twice as long before the third."""
_NOT_ALLOWED = (401, 403)
"""HTTP's statuses of a request with wrong keys."""

_CURES = {
    RecordSetError: "correct its keys, or their permissions",
    ChangedError: "correct the value, or the provider's keys and their permissions, or use another publisher",
}
_AGAIN = "check the network and its host, or run this again later"

ONE_WRITER = frozenset({"octodns_powerdns"})
"""Packages whose server may refuse two writers at once, even of two zones: PowerDNS does with SQLite."""

QUIET = ("Record", "Zone", "Plan")
"""octoDNS's loggers, which warn of every odd record of a zone."""


class Source:
    """A provider.

    :ivar writing: held by what changes something there.
    :ivar gathering: the waits before a plan.
    """

    def __init__(self, described: Described) -> None:
        self.described = described
        self.gathering = Gathering()
        self._judging = threading.Lock()
        self._judge: Any = None
        self._judges = True
        alone = described.package in ONE_WRITER
        self.writing: AbstractContextManager[object] = threading.Lock() if alone else nullcontext()

    @contextmanager
    def opened(self) -> Iterator[Any]:
        """Give a new object of the provider's class, and close its connections.

        :raises RecordSetError: where it cannot be made, or cannot hold TXT records.
        """
        for name in QUIET:
            logging.getLogger(name).setLevel(logging.ERROR)
        provider = self._bounded(self.described.made, "set it up", UnreachableError)
        try:
            if "TXT" not in provider.SUPPORTS:
                raise RecordSetError(
                    f"{self.described.where}: {self.described.path} cannot publish TXT records; use another"
                )
            yield provider
        finally:
            for one in list(vars(provider).values()):
                with suppress(Exception):  # somebody else's code, and nothing depends on it
                    if callable(close := getattr(one, "close", None)):
                        close()

    def zones(self) -> Sequence[str]:
        """Return the names of the zones that the provider lists, without final dots.

        :raises RecordSetError: where it cannot list them.
        """
        where = f"{self.described.where}: {self.described.path}"
        with self.opened() as provider:
            if not callable(getattr(provider, "list_zones", None)):
                raise RecordSetError(f"{where} cannot list zones; write {self.described.where}.zones: [<zone>, …]")
            cure = f", or write {self.described.where}.zones: [<zone>, …]"
            found = self._asked(lambda: list(provider.list_zones()), "list its zones", cure)
        return [_a_labels(str(name).removesuffix(".")) for name in found]

    def populate(self, provider: Any, name: str) -> Any:
        """Return a zone as it is now, as octoDNS has it.

        :raises RecordSetError: where the provider has no such zone. octoDNS would make one.
        """
        from octodns.zone import Zone

        def read() -> Any:
            zone = Zone(f"{name}.", [])
            return zone if provider.populate(zone, target=True, lenient=True) else None

        zone = self._asked(read, f"read the zone {name}")
        if zone is None:
            what = f"{self.described.where}: {self.described.path} has no zone {name}"
            cure = f"create it there, or correct {self.described.where}.zones"
            gone = "If the zone was deleted, remove its records from the state: pulumi state delete"
            raise RecordSetError(f"{what}; {cure}. {gone}")
        return zone

    def refusal(self, name: str, txt: RecordSet) -> str:
        """Return what the class itself says against a TXT set, without sending anything.

        octoDNS calls the same methods while it plans, but then for the whole zone. One object answers every time.
        Empty where the class has nothing against the set, or cannot tell.
        """
        from octodns.provider import ProviderException
        from octodns.zone import Zone

        def asked() -> str:
            if not self.described.judges:
                self._judges = False
                return ""
            if self._judge is None:
                self._judge = self.described.made()
                self._judge.root_ns_warnings = False
            zone = Zone(f"{name}.", [])
            given = txt_record(zone, txt)
            zone.add_record(given, lenient=True)
            try:
                found = [one for one in self._judge._process_desired_zone(zone).records if one._type == "TXT"]
            except ProviderException as error:
                return self.described.told(error)
            if not found:
                return "it would leave the record out"
            return "" if found[0].values == given.values else "it would change the value"

        with self._judging:
            try:
                return self._bounded(asked, "judge a value", UnreachableError) if self._judges else ""
            except RecordSetError:  # it may need what it has read before, as in octoDNS's own plan
                self._judges = False
                return ""

    def apply(self, provider: Any, existing: Any, changes: Sequence[Any]) -> None:
        """Make changes of a zone, and nothing else. Never the plan that octoDNS would make: it owns whole zones.

        :raises LostError: where they may have been made.
        :raises ChangedError: where the provider refuses them.
        :raises RecordSetError: where it refuses the keys.
        """
        from octodns.provider.plan import Plan

        def send() -> int:
            desired = existing.copy()
            desired.apply(changes)
            made: int = provider.apply(Plan(existing, desired, list(changes), True))
            return made

        what = f"change the zone {existing.name.removesuffix('.')}"
        if self._bounded(send, what, LostError, refused=ChangedError) == 0:
            raise RecordSetError(f"{self.described.where}.apply_disabled: is true, so nothing is changed; remove it")

    def _asked(self, ask: Callable[[], T], what: str, cure: str = "") -> T:
        """Return an answer, and ask again where there is none; as often as that fits into the time of one question."""
        end, pause = time.monotonic() + limits.OCTODNS_SECONDS.most, PAUSE
        for _ in range(TRIES - 1):
            try:
                return self._bounded(ask, what, UnreachableError, cure)
            except UnreachableError:
                if time.monotonic() + pause > end:
                    raise
            time.sleep(pause)
            pause *= 2
        return self._bounded(ask, what, UnreachableError, cure)

    def _bounded(
        self,
        work: Callable[[], T],
        what: str,
        lost: type[RecordSetError],
        cure: str = "",
        refused: type[RecordSetError] = RecordSetError,
    ) -> T:
        """Return what somebody else's code returns; it runs in a thread of its own, which may never end.

        :param lost: what is raised where no answer came.
        :param refused: what is raised where the provider refuses, unless it does not know the keys.
        """
        results: list[T] = []
        errors: list[BaseException] = []

        def run() -> None:
            try:
                with redacted(self.described.secrets):
                    results.append(work())
            except BaseException as error:
                errors.append(error)

        thread = threading.Thread(target=run, daemon=True, name=f"elastx-mrs-octodns-{self.described.id}")
        thread.start()
        thread.join(limits.OCTODNS_SECONDS.most)
        where = f"{self.described.where}: {self.described.path}"
        if results:
            return results[0]
        if not errors:
            raise lost(f"{where} could not {what} within {limits.OCTODNS_SECONDS.text}; check the network and its host")
        error = errors[0]
        if isinstance(error, RecordSetError):
            raise error
        kind = lost if _is_lost(error) else RecordSetError if _status(error) in _NOT_ALLOWED else refused
        raise kind(f"{where} could not {what}: {self.described.told(error)}; {_CURES.get(kind, _AGAIN)}{cure}")


def _a_labels(zone: str) -> str:
    """Return the name of a zone as DNS has it; a provider may list it in Unicode, or a name that DNS cannot have."""
    try:
        return to_ascii(zone)
    except RecordError:
        return zone.lower()


def _status(error: BaseException) -> int | None:
    """Return the HTTP status of an answer that is an error."""
    status = getattr(getattr(error, "response", None), "status_code", None)
    return status if isinstance(status, int) else None


def _is_lost(error: BaseException) -> bool:
    """Return whether the provider did not answer, or had no time: by an HTTP status, or by what kind of error it is."""
    status = _status(error)
    if status is not None:
        return status >= 500 or status == _BUSY
    kinds = [one.__name__ for one in type(error).__mro__]
    return isinstance(error, OSError) or any("Timeout" in one or "Connect" in one for one in kinds)
