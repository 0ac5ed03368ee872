"""The guard: reads the existing records before one is written, and stops a change that would break mail.

It is a ``before_create`` hook, in previews too, and a ``before_update`` hook for SPF and TTLs, registered once per
component. An error in it stops that record, and therefore the run.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from types import MappingProxyType

import pulumi

from elastx_mrs import descriptors, fault, limits, notices
from elastx_mrs.config.environment import GUARD
from elastx_mrs.config.modes import Mode
from elastx_mrs.display import some, visible
from elastx_mrs.lookup import budget
from elastx_mrs.lookup.answer import Answer, answer_of
from elastx_mrs.lookup.question import LookupFailure
from elastx_mrs.lookup.start import NobodyError
from elastx_mrs.lookup.vantage import Vantage
from elastx_mrs.progress import Hold, Progress
from elastx_mrs.publish.existing import CannotAskError, Existing
from elastx_mrs.publish.guard.checks import CREATE, UPDATE, Case, Check, Finding, Inherited
from elastx_mrs.publish.guard.inherited import inherited
from elastx_mrs.publish.guard.relay import RELAY, include
from elastx_mrs.publish.guard.rrset import answer_size, shared_ttl
from elastx_mrs.publish.guard.wildcards import WILDCARDS
from elastx_mrs.publish.publisher import Publisher
from elastx_mrs.records import TxtRecord
from elastx_mrs.service import ELASTX, Service

EVERY = 10.0
"""Seconds between two lines of progress."""

NAMED = 3
"""Names in such a line; the others are counted."""

_CHECK_SERVERS = "check that these servers answer this machine, or name others in verification.nameservers"


class StoppedError(Exception):
    """A record must not be written. The user reads the message on that record's row."""


class Memory:
    """The publisher's records and those of this run. Each is read once per run.

    :param vantages: the servers to query, by sender domain.
    :param records: of this run, whichever publisher has them. Its SPF and DMARC records replace the answers of DNS.
    :param called: the publisher's key in a config that names several.
    :param publishers: the keys of each domain's publishers, if there are several in the config.
    :param beside: the memories of all publishers by their keys. Each adds itself.
    :param keys: the owner names of the DKIM keys with which mail is signed, by sender domain.
    :param service: the relay service that the domains send through.
    """

    def __init__(
        self,
        publisher: Publisher,
        vantages: Mapping[str, Vantage],
        records: Iterable[TxtRecord],
        *,
        called: str = "",
        publishers: Mapping[str, Sequence[str]] | None = None,
        beside: "dict[str, Memory] | None" = None,
        keys: Mapping[str, Sequence[str]] = MappingProxyType({}),
        service: Service = ELASTX,
    ) -> None:
        self.keys = keys
        self.service = service
        self.publisher = publisher
        self._called = called
        self._publishers = publishers or {}
        self._beside = {} if beside is None else beside
        self._beside[called] = self
        self._domains: dict[str, str] = {}
        self.vantages = vantages
        self._existing: dict[str, asyncio.Future[Existing]] = {}
        self.declared: dict[str, TxtRecord] = {}
        self.values: dict[str, list[str]] = defaultdict(list)
        for record in records:
            self.values[record.name].append(record.value)
            self._domains[record.name] = record.domain
            if record.kind in ("spf", "dmarc"):
                self.declared[record.name] = record
        self.adoption = publisher.adoption

    def world(self, domain: str) -> "DomainWorld":
        """Return what checks of a sender domain's records may ask."""
        several = len(self._publishers.get(domain, ())) > 1
        return DomainWorld(self, self.vantages[domain], self._called if several else "")

    async def created(self, name: str) -> bool:
        """Whether one of this run's names exists only after it, at whichever publisher."""
        there = self._publishers.get(self._domains[name], (self._called,))
        try:
            return all([(await self._beside[one].existing(name)).empty for one in there])
        except CannotAskError:
            return False

    async def existing(self, owner: str) -> Existing:
        """Return the publisher's records at a name."""
        if owner not in self._existing:
            self._existing[owner] = asyncio.ensure_future(self.publisher.existing(owner))
        # If one check gives up, such as an SPF tree after its time, the others still get the answer.
        return await asyncio.shield(self._existing[owner])


class DomainWorld:
    """The look-ups for checks of one sender domain (``checks.World``)."""

    def __init__(self, memory: Memory, vantage: Vantage, one_of_several: str = "") -> None:
        self._memory = memory
        self.vantage = vantage
        self.one_of_several = one_of_several
        self.adoption = memory.adoption
        self.declared = memory.declared
        self.values = memory.values
        self.existing = memory.existing
        self.service = memory.service
        self.keys = memory.keys

    async def ask(self, name: str, rdtype: str) -> Answer:
        """Query the DNS, with this run's records instead of the existing ones.

        It does not query a name that this run creates: a resolver would cache the negative answer for hours.
        """
        declared = self.declared.get(name)
        if declared is not None and rdtype == "TXT":
            return answer_of(name, [declared.value.encode("ascii")])
        if name in self.values and await self._memory.created(name):
            return Answer(name, rdtype, "nodata", canonical=name)
        return await self.vantage.ask(name, rdtype)

    async def child_zone(self, owner: str, zone: str) -> str | None:
        """Return the child zone that a name lies in, by its delegation."""
        try:
            return await self.vantage.authorities.child_zone(owner, zone)
        except NobodyError as nobody:
            raise CannotAskError(nobody.problem) from None
        except LookupFailure as error:
            raise CannotAskError(f"child zones of {zone} could not be looked up: {_with_cure(error)}") from None

    async def delegated_to(self, zone: str) -> tuple[str, ...] | None:
        """Return the name servers that a zone is delegated to; None if configured servers replace the delegation."""
        try:
            return await self.vantage.authorities.delegated_to(zone)
        except NobodyError as nobody:
            raise CannotAskError(nobody.problem) from None
        except LookupFailure as error:
            raise CannotAskError(f"the delegation of {zone} could not be looked up: {_with_cure(error)}") from None

    async def inherited(self, domain: str) -> Inherited | None:
        """Return the DMARC policy that a domain inherits."""
        return await inherited(self, domain)

    def merged(self, findings: Iterable[Finding]) -> list[Finding]:
        """Return findings without repeats. If no server answers, that is one finding for all look-ups."""
        nobody = self.vantage.nobody
        found = (
            Finding("unasked", nobody) if nobody and finding.level == "unasked" and nobody in finding.text else finding
            for finding in findings
        )
        return list(dict.fromkeys(found))


@dataclass
class Guard:
    """Runs the checks for each record, by its resource's name.

    :param modes: by sender domain.
    :param say: logs one line, given a level (``warning``, ``notice`` or ``progress``), a text, and a resource or "".
    :param acknowledged: names of notices to leave out, by sender domain.
    """

    records: Mapping[str, TxtRecord]
    modes: Mapping[str, Mode]
    memory: Memory
    preview: bool
    say: Callable[[str, str, str], None]
    create: Sequence[Check] = (*CREATE, *WILDCARDS, *RELAY, shared_ttl, answer_size)
    update: Sequence[Check] = (*UPDATE, include, shared_ttl, answer_size)
    acknowledged: Mapping[str, frozenset[str]] = field(default_factory=dict)
    _said: set[str] = field(default_factory=set)
    _unanswered: set[str] = field(default_factory=set)
    _stopped: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Report all waiting records in one line, because an engine checks hundreds in parallel."""
        self._progress = Progress(self._tell, limits.QUIET, EVERY)

    async def before(self, name: str, old_value: str | None) -> None:
        """Check one resource's record.

        :param old_value: the value it has now, for an update; None for a create.
        :raises StoppedError: if it must not be written.
        """
        record = self.records.get(name)
        mode = self.modes.get(record.domain, "require") if record is not None else "off"
        if record is None or mode == "off":
            return
        world = self.memory.world(record.domain)
        case = Case(record, old_value, self.preview, world)
        with budget.of_record(f"checking {record.name}") as own:
            found = await self._progress.wait(record.name, run(self.create if old_value is None else self.update, case))
        if own.exhausted:
            found.append(Finding("unasked", f"{record.name} was not checked in full: {own.story()}"))
        findings = world.merged(found)
        stops = []
        for finding in findings:
            if finding.level == "stop" and mode == "require":
                stops.append(finding.text)
            elif finding.level == "unasked" and mode == "require" and not self.preview:
                stops.append(self._unasked(finding.text))
            else:
                self._remark(name, record.domain, finding)
        if stops:
            if cause := self._cause(name, stops):
                raise StoppedError(notices.STOPPED_TOO.format(visible(record.name), cause))
            way_out = f"(to continue anyway: guard: {{mode: warn}} on {record.domain}; or {GUARD}=warn for one run)"
            raise StoppedError("\n  ".join([*map(visible, stops), way_out]))

    def _tell(self, owners: Sequence[str], _: float) -> None:
        self.say("progress", f"guard: waiting for answers, to check {some(owners, NAMED)} …", "")

    def _cause(self, name: str, stops: Sequence[str]) -> str:
        """Return the record whose error already lists all of this; empty for the first, and outside a preview.

        An update may end before it shows the errors of other records, so there each error lists everything.
        """
        first = self._stopped.setdefault("\n".join(stops), name)
        return first if self.preview and first != name else ""

    def _unasked(self, text: str) -> str:
        """Return the message for a record that could not be checked. Only the first one in a run gives the reason."""
        if text in self._unanswered:
            return "could not be checked either: the error of another record says why"
        self._unanswered.add(text)
        return f"{text}. To continue without this check, once: {GUARD}=warn"

    def _remark(self, name: str, domain: str, finding: Finding) -> None:
        notice = finding.notice
        if notice in self.acknowledged.get(domain, ()):
            text, name = notices.acknowledged({notice: ""}), ""
        else:
            text = notices.GUARD + notices.with_name(finding.text, notice)
        if finding.level == "unasked":
            text += ". Not checked here" + ("; an up would stop" if self.preview else "")
        if text not in self._said:
            self._said.add(text)
            self.say("notice" if finding.level == "notice" else "warning", text, name)


async def run(checks: Iterable[Check], case: Case) -> list[Finding]:
    """Run checks in parallel. A failed look-up is a finding too, and so is a bug in a check."""

    async def one(check: Check) -> list[Finding]:
        try:
            return await check(case)
        except CannotAskError as error:
            return [Finding("unasked", str(error))]
        except Exception as error:
            return [Finding("unasked", f"{case.owner} was not checked: {fault.contained(error)}; {fault.CURE}")]

    found = await asyncio.gather(*(one(check) for check in checks))
    return [finding for findings in found for finding in findings]


def hook(guard: Guard, name: str, checking: Hold = nullcontext, publisher: str = "") -> pulumi.ResourceHook:
    """Register the guard as the hook ``<component>-guard``, or ``<component>-guard-<publisher>``.

    :param publisher: its key, if the component has several.
    :param checking: a context that is entered while a record is checked.
    """

    async def before(args: pulumi.ResourceHookArgs) -> None:
        before = args.old_outputs or args.old_inputs  # a refresh updates the outputs
        with checking():
            await guard.before(args.name, None if before is None else guard.memory.publisher.value_of(before))

    called = f"{name}-guard-{publisher}" if publisher else f"{name}-guard"
    return pulumi.ResourceHook(called, before, pulumi.ResourceHookOptions(on_dry_run=True))


def binding(registered: pulumi.ResourceHook, record: TxtRecord, *, shared: bool) -> pulumi.ResourceHookBinding:
    """Return when the guard runs for a record: before it is created, and before an SPF record or a shared TTL changes.

    :param shared: True if all records of a name share one TTL.
    """
    changing: list[pulumi.ResourceHook | pulumi.ResourceHookFunction] = []
    if record.kind == "spf" or (shared and record.configured_ttl is not None):
        changing = [registered]
    return pulumi.ResourceHookBinding(before_create=[registered], before_update=changing)


def _with_cure(failure: LookupFailure) -> str:
    return f"{failure}; {descriptors.cure(str(failure), _CHECK_SERVERS)}"
