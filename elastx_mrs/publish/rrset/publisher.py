"""The publisher of a provider whose API owns whole record sets: one Pulumi resource for each TXT string."""

import asyncio
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import pulumi

from elastx_mrs.display import some
from elastx_mrs.identity import DYNAMIC_STRING_TYPE, PLUGIN_STRING_TYPE
from elastx_mrs.publish.adoption import Adoption, by_config
from elastx_mrs.publish.existing import CannotAskError, Existing
from elastx_mrs.publish.held import Held
from elastx_mrs.publish.listing import Listed, Listing
from elastx_mrs.publish.publisher import Setup
from elastx_mrs.publish.rrset.names import obstacle
from elastx_mrs.publish.rrset.record import connected
from elastx_mrs.publish.rrset.record_sets import RecordSet, RecordSetError, RecordSets, Zone
from elastx_mrs.publish.rrset.resource import TxtString
from elastx_mrs.publish.rrset.settling import newest, settle
from elastx_mrs.publish.rrset.strings import with_value
from elastx_mrs.publish.rrset.zones import LISTED, Asked, ask, find, placed
from elastx_mrs.records import RecordError, TxtRecord
from elastx_mrs.records.names import longest_zone

CONNECTIONS = 4
"""To the provider's API, at once."""


@dataclass(frozen=True)
class _Contents:
    """What a zone has, asked for once a run.

    :param txt: the TXT sets by name.
    """

    listing: Listing
    txt: Mapping[str, Sequence[RecordSet]]


class RrsetPublisher:
    """Declares records in the zones of one provider.

    :param key: the provider's, in a config.
    :param sets: its API.
    :param named: ids of zones by name, which are not looked up.
    :raises pulumi.RunError: naming each zone that is missing, and each value that the provider cannot hold.
    """

    shares_ttl = True
    resource_type = DYNAMIC_STRING_TYPE

    def __init__(self, key: str, sets: RecordSets, named: Mapping[str, str], setup: Setup) -> None:
        self._key = key
        self._sets = sets
        self._setup = setup
        self._records = setup.arguments.records()
        self._by_name: dict[str, list[TxtRecord]] = {}
        for record in self._records:
            self._by_name.setdefault(record.name, []).append(record)
        self._resource = setup.resources.get(PLUGIN_STRING_TYPE, TxtString)
        self._pool = ThreadPoolExecutor(max_workers=CONNECTIONS, thread_name_prefix="elastx-mrs-rrset")
        self._contents: dict[str, asyncio.Future[_Contents]] = {}
        self._declared: list[pulumi.CustomResource] = []
        self._unreachable = ""
        _refuse(self._unfit())
        self._zones = self._found(named)
        _refuse(self._too_large())

    def declare(self, name: str, record: TxtRecord, options: pulumi.ResourceOptions) -> pulumi.CustomResource:
        """Declare one record."""
        inputs = {
            "publisher": self._key,
            "zone": self._zones[longest_zone(record.name, self._zones) or ""].id,
            "owner": record.name,
            "value": record.value,
            "ttl": record.configured_ttl,
            "change": None,  # an output; a dynamic resource has those of its inputs alone
        }
        if (mode := self._setup.modes.get(record.domain, "require")) != "require":
            inputs["guard"] = mode
        resource = self._resource(name, inputs, options)
        self._declared.append(resource)
        return resource

    @property
    def adoption(self) -> Adoption:
        """A create takes over the names of stack config ``adopt``, and of ``ELASTX_MRS_ADOPT``."""
        try:
            return by_config(self._setup.get)
        except RecordError as error:
            raise pulumi.RunError(str(error)) from None

    def value_of(self, properties: Mapping[str, Any]) -> str:
        """Return the value."""
        return str(properties.get("value", ""))

    async def existing(self, owner: str) -> Existing:
        """Look in the zone's record sets, which are listed once a run."""
        name = longest_zone(owner, self._zones)
        if name is None:
            raise CannotAskError(f"{owner} is in no zone of this component ({some(list(self._zones), LISTED)})")
        if self._unreachable:
            raise CannotAskError(self._unreachable)
        zone = self._zones[name]
        if name not in self._contents:
            loop = asyncio.get_running_loop()
            self._contents[name] = asyncio.ensure_future(loop.run_in_executor(self._pool, self._list, zone))
        contents = await self._contents[name]
        txt = contents.txt.get(owner, ())
        problem = obstacle(owner, txt) or self._excess(zone, owner, txt[0] if txt else None)
        if txt and not problem and pulumi.runtime.is_dry_run():
            problem = await asyncio.get_running_loop().run_in_executor(self._pool, self.problem, zone, owner, txt[0])
        return replace(contents.listing.existing(owner), ttl=txt[0].ttl if txt else None, problem=problem)

    def problem(self, zone: Zone, owner: str, there: RecordSet) -> str:
        """Return why the provider cannot change a TXT set, and what to do; empty if it can.

        Previews call it, on a thread. An ``up`` relies on what :meth:`RecordSets.swap` refuses.

        :raises CannotAskError: if that is unknown.
        """
        return ""

    async def settled(self) -> None:
        """Wait until the provider's name servers have the last change of this run."""
        changes = [await resource.change.future() for resource in self._declared]  # type: ignore[attr-defined]
        if change := newest(changes):
            loop = asyncio.get_running_loop()

            async def ask(change: str) -> bool:
                return await loop.run_in_executor(self._pool, self._sets.settled, change)

            await settle(self._sets.title, change, ask, self._setup.say)

    def _list(self, zone: Zone) -> _Contents:
        try:
            sets = self._sets.read(zone.id)
        except RecordSetError as error:
            raise CannotAskError(str(error)) from None
        txt: dict[str, list[RecordSet]] = {}
        listed = []
        for one in sets:
            own = one.type == "TXT" and not one.problem
            listed += [Listed(one.name, one.type, self._sets.octets(text) if own else text) for text in one.values]
            if one.type == "TXT":
                txt.setdefault(one.name, []).append(one)
        servers = next((one.values for one in sets if one.type == "NS" and one.name == zone.name), ())
        return _Contents(Listing(zone.name, listed, servers), txt)

    def _excess(self, zone: Zone, owner: str, found: RecordSet | None) -> str:
        """Return which limit a name's set would exceed with all that is declared there.

        Few strings share a swap, so the last one is added to a set that has the others already.
        """
        for record in self._by_name.get(owner, ()):
            wanted = with_value(self._sets, found, owner, record.value, record.configured_ttl)
            if wanted != found and (excess := self._sets.excess(zone.id, found, wanted)):
                return f"{owner}: {excess}"
            found = wanted
        return ""

    def _unfit(self) -> list[str]:
        """Return what the provider cannot hold whatever is there: a value's form or size."""
        problems = []
        for record in self._records:
            try:
                self._sets.written(record.value)
            except RecordError as error:
                problems.append(f"{self._key}: the {record.kind} record of {record.name} {error}")
        return problems

    def _too_large(self) -> list[str]:
        """Return which of the values its zone's provider cannot hold, even alone."""
        problems = []
        for record in self._records:
            zone = self._zones[longest_zone(record.name, self._zones) or ""]
            alone = with_value(self._sets, None, record.name, record.value, record.configured_ttl)
            if excess := self._sets.excess(zone.id, None, alone):
                problems.append(f"{self._key}: the {record.kind} record of {record.name}: {excess}")
        return problems

    def _found(self, named: Mapping[str, str]) -> Mapping[str, Zone]:
        """Return the zones by name. A preview may run where the provider cannot be reached, if the config names them.

        :raises pulumi.RunError: where one is missing, or the provider refuses, or in an ``up`` does not answer.
        """
        try:
            listed = kept.listed if (kept := _kept(self._setup)) is not None else None
            found = find(self._key, self._sets, self._records, named, listed)
        except RecordSetError as error:
            raise pulumi.RunError(placed(self._key, error)) from None
        _refuse(found.problems)
        if found.unreached:
            self._unreachable = found.unreached[0]
            if not pulumi.runtime.is_dry_run():
                _refuse(found.unreached)
            self._setup.say("warning", f"{self._unreachable}. The preview continues without it; an up would stop")
        return found.zones


def made(key: str, named: Mapping[str, str], setup: Setup) -> RrsetPublisher:
    """Return the publisher of a component.

    :param key: the provider's, in a config.
    :param named: ids of zones by name, where the config names any.
    :raises pulumi.RunError: as :class:`RrsetPublisher`, and where the provider's package is not installed.
    """
    return RrsetPublisher(key, connection(key, setup), named, setup)


def connection(key: str, setup: Setup) -> RecordSets:
    """Return a provider's API, with which its zones may have been looked for.

    :raises pulumi.RunError: where its package is not installed, or its config is malformed.
    """
    if (kept := _kept(setup)) is not None:
        return kept.sets
    try:
        return connected(key, setup.get)
    except RecordSetError as error:
        raise pulumi.RunError(placed(key, error)) from None


def zones(key: str, named: Mapping[str, str], setup: Setup) -> Held:
    """Return which zones a provider has, for the domains of the setup's arguments.

    :param named: ids of zones by name, where the config names any. If all domains are in these, none are listed.
    :raises pulumi.RunError: where the provider refuses to list them.
    """
    return zones_of(key, connection(key, setup), named, setup)


def zones_of(key: str, sets: RecordSets, named: Mapping[str, str], setup: Setup) -> Held:
    """Return the same of a provider's API, as :func:`connection` returns it; its config may name zones too."""
    try:
        return ask(key, sets, [domain.name for domain in setup.arguments.published], named)
    except RecordSetError as error:
        raise pulumi.RunError(placed(key, error)) from None


def _kept(setup: Setup) -> Asked | None:
    return setup.held.kept if setup.held is not None else None


def _refuse(problems: Sequence[str]) -> None:
    if problems:
        raise pulumi.RunError("\n  ".join(problems))
