"""What a stack takes over: the published records that its publisher has, looked up without running the program.

The guard checks the records as in a preview, so ``elastx-mrs adopt`` says what the next ``pulumi preview`` would say.
"""

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import cast

import pulumi

from elastx_mrs import fault, notices
from elastx_mrs.component.places import Places, by_zones, doubt
from elastx_mrs.config.model import Arguments
from elastx_mrs.display import show
from elastx_mrs.lookup import budget
from elastx_mrs.lookup.vantage import Vantage
from elastx_mrs.publish.adoption import Get
from elastx_mrs.publish.existing import CannotAskError, Existing, difference
from elastx_mrs.publish.guard.checks import CREATE, Case
from elastx_mrs.publish.guard.guard import Memory, run
from elastx_mrs.publish.guard.rrset import shared_ttl
from elastx_mrs.publish.guard.wildcards import WILDCARDS
from elastx_mrs.publish.held import Held
from elastx_mrs.publish.publisher import Publisher, Setup
from elastx_mrs.records import TxtRecord
from elastx_mrs.records.kinds import replaces, same_value
from elastx_mrs.records.names import longest_zone

AT_ONCE = 16
"""Names that are looked up in parallel."""


class PublisherError(Exception):
    """The stack's publisher cannot be used. The message names the place in the config, the reason and what to do."""


@dataclass
class Takeover:
    """What a stack takes over, and remarks of one line each.

    :ivar owners: the names for ``elastx-mrs:adopt``.
    :ivar unchanged: how many of the stack's records are published already.
    :ivar changed: how many replace another record of their kind.
    :ivar new: how many are published nowhere yet.
    :ivar changes: what an ``up`` takes over, and what changes with it.
    :ivar faults: why an ``up`` would stop, each with what to do.
    :ivar differences: names at which the publisher and the name servers differ.
    :ivar unasked: the failed look-ups.
    """

    owners: list[str] = field(default_factory=list)
    unchanged: int = 0
    changed: int = 0
    new: int = 0
    changes: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    differences: list[str] = field(default_factory=list)
    unasked: list[str] = field(default_factory=list)

    def add(self, other: "Takeover") -> None:
        """Add what is taken over from another publisher."""
        self.owners += [owner for owner in other.owners if owner not in self.owners]
        self.unchanged += other.unchanged
        self.changed += other.changed
        self.new += other.new
        for own, more in (
            (self.changes, other.changes),
            (self.faults, other.faults),
            (self.differences, other.differences),
            (self.unasked, other.unasked),
        ):
            own += [line for line in more if line not in own]


def publishers_of(
    arguments: Arguments, component: str, get: Get, say: Callable[[str, str], None]
) -> dict[str, tuple[Publisher, Arguments]]:
    """Return the publishers that take records over by the config, each with the arguments for its domains.

    As in a program, a domain goes to the publishers that it names, or to the one that has its zone. The zones of
    publishers that import records are not looked up.

    :param component: the component's name.
    :param get: reads the stack's config.
    :param say: logs one line, given its level and the text.
    :raises PublisherError: if zones or credentials are missing, or a publisher does not answer.
    """
    setup = partial(Setup, component=cast("pulumi.Resource", None), name=component, modes={}, say=say, get=get)
    made: dict[str, tuple[Publisher, Arguments]] = {}
    try:
        places, held = _places(arguments, setup)
        for provider, settings in arguments.publishers:
            own = arguments.for_domains([domain for domain, there in places.items() if provider.name in there])
            if provider.adopts_by_config and own.published:
                publisher: Publisher = provider.make(setup(settings, own, held=held.get(provider.name)))
                publisher.adoption  # noqa: B018  it reads elastx-mrs:adopt, which may be malformed
                made[provider.name] = (publisher, own)
    except pulumi.RunError as error:
        raise PublisherError(str(error)) from None
    return made


def _places(arguments: Arguments, setup: Callable[..., Setup]) -> tuple[Places, Mapping[str, Held | None]]:
    """Return the publishers of each domain, and their zones if a domain needs them."""
    decided = arguments.publishers_by_domain
    unplaced = [domain for domain, there in decided.items() if not there]
    if not unplaced:
        return decided, {}
    looked = arguments.for_domains(unplaced)
    asked = [(provider, settings) for provider, settings in arguments.publishers if provider.adopts_by_config]
    held = {provider.name: provider.held(setup(settings, looked)) for provider, settings in asked}
    paths = {domain.name: f"domains[{index}]" for index, domain in enumerate(arguments.domains)}
    unsure: list[str] = []
    if len(asked) < len(arguments.publishers):  # one that imports records may have the others
        here = [domain for domain in unplaced if any(one and one.zone_of(domain) for one in held.values())]
        missed = {name: one for name, one in held.items() if one is not None and one.unreached}
        unsure = [] if here == unplaced else [doubt(name, one, unplaced) for name, one in missed.items()]
        unplaced = here
    found = by_zones({domain: paths[domain] for domain in unplaced}, held)
    if problems := found.problems or unsure or found.doubts:
        raise PublisherError("\n  ".join(problems))
    return decided | found.places, held


async def look(
    publisher: Publisher, title: str, records: Sequence[TxtRecord], every: Sequence[TxtRecord],
    vantages: Mapping[str, Vantage], elsewhere: Collection[str] = (),
) -> Takeover:  # fmt: skip
    """Look up which of a stack's records are published already.

    :param title: the publisher's name, for messages.
    :param records: those to look up.
    :param every: all records of the stack.
    :param vantages: the servers to query, by sender domain.
    :param elsewhere: the domains that a publisher may have whose zones are not looked up; it has the delegated ones.
    """
    found, memory, places = Takeover(), Memory(publisher, vantages, every), asyncio.Semaphore(AT_ONCE)
    owners = {record.name: record for record in records}

    async def at(record: TxtRecord) -> Existing | None:
        async with places:
            return await _existing(found, memory, record, title)

    there = dict(zip(owners, await asyncio.gather(*map(at, owners.values())), strict=True))
    records = _left(found, records, there, elsewhere, title)
    _count(found, records, there)
    memory.adoption = replace(memory.adoption, names=frozenset(found.owners))

    async def checked(record: TxtRecord) -> None:
        async with places:
            await _check(found, memory, record)

    await asyncio.gather(*(checked(record) for record in records if there[record.name] is not None))
    for lines in (found.changes, found.faults, found.differences, found.unasked):
        lines[:] = sorted(dict.fromkeys(lines))
    return found


def _left(
    found: Takeover, records: Sequence[TxtRecord], there: Mapping[str, Existing | None], elsewhere: Collection[str],
    title: str,
) -> Sequence[TxtRecord]:  # fmt: skip
    """Return the records without those of domains that are delegated to another publisher of the stack."""
    delegated = {
        record.domain: zone
        for record in records
        if record.domain in elsewhere and (existing := there[record.name]) is not None
        if (zone := existing.child) and longest_zone(record.domain, [zone])
    }
    for domain, zone in delegated.items():
        why = f"{title} delegates {zone}, so its records are another publisher's"
        found.changes.append(f"{domain}: is left out: {why}. If they are not, write publish: [{title}] for the domain")
    return [record for record in records if record.domain not in delegated]


async def _existing(found: Takeover, memory: Memory, record: TxtRecord, title: str) -> Existing | None:
    """Return what a name has at the publisher, and compare that with what is served there."""
    try:
        there = await memory.existing(record.name)
        with budget.of_record(f"asking what the name servers serve at {record.name}"):
            await _compare(found, there, memory.world(record.domain).vantage, title)
    except CannotAskError as error:
        found.unasked.append(str(error))
        return None
    except Exception as error:  # a bug that shows at one name hides no other
        found.unasked.append(f"{record.name}: {fault.contained(error)}; {fault.CURE}")
        return None
    return there


async def _compare(found: Takeover, there: Existing, vantage: Vantage, title: str) -> None:
    owner = there.owner
    if there.child or there.dname or "CNAME" in there.others or "CNAME" in there.synthesised:
        return  # the guard says so
    seen = await vantage.observer.txt(owner)
    if seen.aliases:
        found.differences.append(f"{owner}: DNS has a CNAME to {seen.aliases[0]}, which {title} does not have{_CURE}")
        return
    answers = [one for one in seen.sightings if one.answer.status != "failed"]
    if not answers:
        why = next((one.answer.problem for one in seen.sightings), seen.problem) or "it has no name server"
        found.unasked.append(f"{owner}: no name server answered: {why}")
    expected = sorted(there.served_txt)
    for one in answers:
        served = sorted(map(show, one.answer.texts()))
        if served != expected:
            found.differences.append(f"{owner}: {title} has {difference(expected, served)} {one.host}{_CURE}")
            return


_CURE = "; before the next up, make both the same, or wait until all name servers have the change"


def _count(found: Takeover, records: Sequence[TxtRecord], there: Mapping[str, Existing | None]) -> None:
    """Count the records that are published already, and collect their names."""
    for record in records:
        existing = there[record.name]
        values = existing.txt if existing is not None else ()
        same = any(same_value(value, record.value) for value in values)
        other = any(replaces(record.kind, record.value, value) for value in values)
        found.unchanged += same
        found.changed += other and not same
        found.new += existing is not None and not (same or other)
        if (same or other) and record.name not in found.owners:
            found.owners.append(record.name)


async def _check(found: Takeover, memory: Memory, record: TxtRecord) -> None:
    world = memory.world(record.domain)
    with budget.of_record(f"checking {record.name}") as own:
        findings = world.merged(await run((*CREATE, *WILDCARDS, shared_ttl), Case(record, None, True, world)))
    if own.exhausted:
        found.unasked.append(f"{record.name} was not checked in full: {own.story()}")
    for one in findings:
        if one.level == "stop":
            found.faults.append(one.text)
        elif one.level == "unasked":
            found.unasked.append(one.text)
        elif one.level == "warning" or one.notice == notices.SHARED_TTL.name:
            found.changes.append(one.text)
