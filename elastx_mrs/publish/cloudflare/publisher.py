"""Publishing through Cloudflare: one ``DnsRecord`` per TXT record, however large the account."""

import asyncio
import math
import os
from collections.abc import Awaitable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

import pulumi

from elastx_mrs.display import quoted
from elastx_mrs.extras import NotInstalledError
from elastx_mrs.identity import CLOUDFLARE_TYPE
from elastx_mrs.progress import Hold
from elastx_mrs.publish.adoption import Adoption
from elastx_mrs.publish.clock import Clock
from elastx_mrs.publish.cloudflare import cures, errors, room
from elastx_mrs.publish.cloudflare import settings as config
from elastx_mrs.publish.cloudflare.failures import Failures, hooks, import_file
from elastx_mrs.publish.cloudflare.invoke import InvokeError, progress
from elastx_mrs.publish.cloudflare.rate import Pace
from elastx_mrs.publish.cloudflare.resource import DnsRecord, DnsRecordInputs, list_records, list_zones, zone_name
from elastx_mrs.publish.cloudflare.settings import MAX_COMMENT
from elastx_mrs.publish.cloudflare.zone import ZoneInfo, content_text, find_zones, plugin_version
from elastx_mrs.publish.existing import CannotAskError, Existing
from elastx_mrs.publish.held import Held
from elastx_mrs.publish.listing import Listed, Listing
from elastx_mrs.publish.publisher import Say, Setup
from elastx_mrs.publish.sdk import is_mocked, waited
from elastx_mrs.records import RecordError, TxtRecord
from elastx_mrs.records.names import longest_zone
from elastx_mrs.records.text import presentation

T = TypeVar("T")

ZONES = "the list of zones"

ZONES_PER_PAGE, RECORDS_PER_PAGE = 20, 100
"""The plugin's page sizes. It ends a list only at an empty page."""


@dataclass(frozen=True)
class Settings:
    """The publisher's settings.

    :param account_id: list only the zones of this account; None for all that the token sees.
    :param zones: the zone ids by domain, which may be Outputs. A domain that is missing here is looked up.
    :param domains: all domains that records will be declared for. Zones are then listed at most once.
    :param comment: of each record, with the placeholders ``{project}``, ``{stack}`` and ``{component}``; or None.
    :param records: the records that will be declared.
    :param listed: the zones, if they were listed before.
    """

    account_id: str | None = None
    zones: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)
    domains: Sequence[str] = ()
    comment: str | None = None
    records: Sequence[TxtRecord] = ()
    listed: Sequence[ZoneInfo] | None = None


class Cloudflare:
    """Declares records in Cloudflare's zones.

    :param component: the component. Its provider is used for look-ups too.
    :param name: the component's name.
    :param hold: a context that is entered while the rate limit delays records.
    """

    shares_ttl = False

    def __init__(
        self, settings: Settings, component: pulumi.Resource, name: str, say: Say, hold: Hold = nullcontext
    ) -> None:
        """List the zones, unless every domain's zone is given."""
        _check_usable(component)
        self._component = component
        self._name = name
        self._say = say
        self._comment = _comment(settings.comment, name)
        clock = Clock.of(os.environ)
        self._pace = Pace(clock, pulumi.runtime.is_dry_run(), lambda text: say("warning", text), hold=hold)
        self._progress = progress(lambda text: say("progress", text), clock)
        self._hold = hold
        self._zones: dict[str, ZoneInfo] = {}
        self._listings: dict[str, asyncio.Future[Listing]] = {}
        self._values: dict[str, list[str]] = {}
        for record in settings.records:
            self._values.setdefault(record.name, []).append(record.value)
        paced = len(settings.records) + len(settings.domains) > self._pace.requests
        failures = Failures(component, name, self._pace, say, self._records)
        self._hooks = hooks(component, name, self._pace if paced else None, failures)
        missing = [domain for domain in settings.domains if domain not in settings.zones]
        self._zone_ids: dict[str, pulumi.Input[str]] = {
            domain: settings.zones[domain] for domain in settings.domains if domain in settings.zones
        }
        if missing:
            account, listed = settings.account_id, settings.listed
            found: pulumi.Output[Any] = pulumi.Output.from_input(self._find(missing, account, listed))
            self._zone_ids |= {domain: found[domain] for domain in missing}

    def declare(self, name: str, record: TxtRecord, options: pulumi.ResourceOptions) -> pulumi.CustomResource:
        """Declare one record, in the content format that Cloudflare gives back unchanged."""
        inputs = DnsRecordInputs(
            zoneId=self._zone_ids[record.domain],
            name=record.name,
            type="TXT",
            content=presentation(record.value),
            ttl=record.ttl,
        )
        if self._comment:
            inputs["comment"] = self._comment
        # The API refuses a duplicate, so a replacement must delete the old record first.
        own = pulumi.ResourceOptions(delete_before_replace=True, hooks=self._hooks)
        return DnsRecord(name, inputs, pulumi.ResourceOptions.merge(options, own))

    @property
    def adoption(self) -> Adoption:
        """No create takes records over. Users import existing ones (``pulumi import``)."""
        return Adoption(frozenset(), self._merge, lambda _: import_file(self._name))

    def value_of(self, properties: Mapping[str, Any]) -> str:
        """Return the value in ``content``, without its quotes."""
        return content_text(str(properties.get("content") or ""))

    async def existing(self, owner: str) -> Existing:
        """Search the zone's records, which are listed once per run through the component's own provider."""
        zone_id = await self._zone(owner)
        if zone_id not in self._listings:
            self._listings[zone_id] = asyncio.ensure_future(self._list(zone_id))
        found = (await self._listings[zone_id]).existing(owner)
        return replace(found, problem=room.excess(owner, found.txt, self._values.get(owner, ())))

    def _merge(self, record: TxtRecord) -> str:
        return f"run: elastx-mrs adopt {record.domain}, put its output into the config, then {import_file(self._name)}"

    async def _find(
        self, domains: Sequence[str], account_id: str | None, listed: Sequence[ZoneInfo] | None
    ) -> dict[str, Any]:
        """Return the id of each domain's zone; unknown ids if the provider is not known yet, as in a preview."""
        try:
            zones = listed
            if zones is None:
                zones = await self._answer(ZONES, list_zones(account_id, self._component))
        except InvokeError as error:
            raise pulumi.RunError(_unlisted(error)) from None
        if zones is None:
            return dict.fromkeys(domains, pulumi.UNKNOWN)
        await self._pace.look(math.ceil(len(zones) / ZONES_PER_PAGE) + 1)
        try:
            found = find_zones(domains, zones)
        except RecordError as error:
            raise pulumi.RunError("\n  ".join(error.problems)) from None
        self._zones = {zone.id: zone for zone in found.values()}
        for zone in self._zones.values():
            if zone.status != "active":
                self._say("warning", _inactive(zone))
        return {domain: zone.id for domain, zone in found.items()}

    async def _list(self, zone_id: str) -> Listing:
        zone = self._zones.get(zone_id)
        await self._pace.look(2 if zone is not None else 3)
        name = zone.name if zone is not None else await self._zone_name(zone_id)
        try:
            records = await self._records(zone_id)
        except InvokeError as error:
            raise CannotAskError(f"Cloudflare does not list the records of {name}: {_explained(error)}") from None
        if name is None or records is None:
            raise CannotAskError(f"zone {zone_id} cannot be read yet, because its provider is not configured")
        await self._pace.look(math.ceil(len(records) / RECORDS_PER_PAGE) - 1 if records else 0)
        return Listing(name, records, zone.name_servers if zone is not None else ())

    async def _answer(self, what: str, work: Awaitable[T]) -> T:
        """Wait for an answer. Meanwhile, do not report the records that wait for it too."""
        with self._hold():
            return await self._progress.wait(what, work)

    async def _records(self, zone_id: str) -> list[Listed] | None:
        zone = self._zones.get(zone_id)
        what = f"the records of {zone.name if zone is not None else f'zone {zone_id}'}"
        return await self._answer(what, list_records(zone_id, self._component))

    async def _zone(self, owner: str) -> str:
        """Return the id of a name's zone. The name may be above the domains, because the guard reads its DMARC."""
        domain = longest_zone(owner, self._zone_ids)
        # Zones are listed once any domain's id is known.
        zone_id = await pulumi.Output.from_input(self._zone_ids[domain or next(iter(self._zone_ids))]).future()
        if zone_id is None:
            raise CannotAskError(f"the zone of {owner} is known only after it, or its provider, is created")
        if domain is not None:
            return zone_id
        by_name = {zone.name: zone.id for zone in self._zones.values()}
        name = longest_zone(owner, by_name)
        if name is None:
            raise CannotAskError(f"{owner} is in no zone of this component")
        return by_name[name]

    async def _zone_name(self, zone_id: str) -> str | None:
        try:
            return await self._answer(f"the name of zone {zone_id}", zone_name(zone_id, self._component))
        except InvokeError as error:
            if not cures.answered(str(error)):
                raise CannotAskError(f"Cloudflare does not name the zone {zone_id}: {_explained(error)}") from None
            raise CannotAskError(
                f"cloudflare.zones: {zone_id} is not a zone that the token sees; copy its id from the zone's Overview, "
                f"and check the token's zone resources ({_shown(str(error))})"
            ) from None


def make(setup: Setup) -> Cloudflare:
    """Return the publisher of a component."""
    given: config.Cloudflare = setup.settings
    arguments = setup.arguments
    domains = [domain.name for domain in arguments.published]
    listed = setup.held.kept if setup.held is not None else None
    settings = Settings(given.account_id, given.zones, domains, given.comment, arguments.records(), listed)
    return Cloudflare(settings, setup.component, setup.name, setup.say, setup.hold)


def zones(setup: Setup) -> Held:
    """Return which zones the token sees. They are listed unless the config has the id of each domain's.

    :raises pulumi.RunError: if Cloudflare refuses to list them.
    """
    given: config.Cloudflare = setup.settings
    named = tuple(given.zones)
    if all(domain.name in given.zones for domain in setup.arguments.published):
        return Held(named)
    _check_usable(setup.component)
    waiting = progress(lambda text: setup.say("progress", text), Clock.of(os.environ))
    try:
        listed = waited(waiting.wait(ZONES, list_zones(given.account_id, setup.component)))
    except InvokeError as error:
        if cures.answered(str(error)):
            raise pulumi.RunError(_unlisted(error)) from None
        return Held(named, _unlisted(error))
    if listed is None:
        return Held(named, "cloudflare: its zones are known only after its provider is created")
    return Held(tuple(dict.fromkeys([*named, *(zone.name for zone in listed)])), kept=listed)


def _unlisted(error: InvokeError) -> str:
    return f"cloudflare: zones could not be listed: {_explained(error)}"


def _comment(template: str | None, component: str) -> str | None:
    """Return a record's comment.

    :raises pulumi.RunError: if it is too long for the free plan.
    """
    if template is None:
        return None
    names = {"project": pulumi.get_project(), "stack": pulumi.get_stack(), "component": component}
    comment = template
    for key, value in names.items():
        comment = comment.replace(f"{{{key}}}", value)
    if len(comment) > MAX_COMMENT:
        raise pulumi.RunError(
            f"cloudflare.comment: becomes {quoted(comment, 200)}, {len(comment)} characters; Cloudflare's free plan "
            f"has room for {MAX_COMMENT}"
        )
    return comment


def _check_usable(component: pulumi.Resource) -> None:
    """Fail early without the package or a token for the default provider, which the plugin's errors do not name."""
    if plugin_version() is None:
        raise pulumi.RunError(f"cloudflare: {NotInstalledError('pulumi-cloudflare', 'cloudflare')}")
    if component.get_provider(CLOUDFLARE_TYPE) is not None or is_mocked():
        return
    problem = errors.credentials(pulumi.Config("cloudflare").get, os.environ)
    if problem:
        raise pulumi.RunError(f"cloudflare: {problem}")


def _explained(error: Exception) -> str:
    text = str(error)
    if cures.limited(text):
        return cures.LIMITED
    cure = cures.cure(text)
    return f"{cure} ({_shown(text)})" if cure else _shown(text)


def _shown(text: str) -> str:
    return errors.shorten(text, errors.secrets(pulumi.Config("cloudflare").get, os.environ))


def _inactive(zone: ZoneInfo) -> str:
    servers = " and ".join(zone.name_servers)
    cure = f"it is not served until the registrar delegates {zone.name} to {servers}" if servers else "check it there"
    return f"cloudflare: the zone {zone.name} is {zone.status}: {cure}"
