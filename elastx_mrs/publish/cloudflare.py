"""Publishing through Cloudflare: one ``DnsRecord`` per TXT record. The only module that imports Cloudflare's SDK."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pulumi

from elastx_mrs.publish.existing import CannotAskError, Existing
from elastx_mrs.publish.listing import Listed, Listing
from elastx_mrs.records import TxtRecord
from elastx_mrs.records.names import longest_zone, to_ascii
from elastx_mrs.records.text import join, parse, presentation

if TYPE_CHECKING:
    from types import ModuleType

MAX_RECORDS = 100_000
"""Of one zone; Cloudflare's own limits are far below."""


def _sdk() -> ModuleType:
    """Import the SDK: 160 MB that stay. Out of the garbage collector's sight, they don't slow what follows."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        import pulumi_cloudflare
    except ModuleNotFoundError as error:
        raise pulumi.RunError(
            "cloudflare: the package pulumi-cloudflare is not installed; run: pip install 'elastx-mrs[cloudflare]'"
        ) from error
    finally:
        if collecting:
            gc.enable()
    gc.freeze()
    return pulumi_cloudflare


class Cloudflare:
    """Declares records in Cloudflare's zones.

    :param account_id: the account whose zones are listed; None for all that the token sees.
    :param zones: the zone's id by domain, which may be an Output; a domain that is missing here is looked up.
    :param domains: every domain that records will be declared for, so that zones are listed once at most.
    :param parent: the component; its provider is used for the look-up too.
    """

    def __init__(
        self,
        account_id: str | None,
        zones: Mapping[str, pulumi.Input[str]],
        domains: Sequence[str],
        parent: pulumi.Resource,
    ) -> None:
        """List the zones, unless every domain's is given."""
        self._sdk = _sdk()
        self._zone_ids: dict[str, pulumi.Input[str]] = {}
        missing = [domain for domain in domains if domain not in zones]
        if missing:
            listed = self._sdk.get_zones_output(
                account={"id": account_id} if account_id else None, opts=pulumi.InvokeOptions(parent=parent)
            )
            found = listed.apply(lambda answer: find_zones(missing, answer.results))
            self._zone_ids = {domain: found[domain] for domain in missing}
        self._zone_ids |= {domain: zones[domain] for domain in domains if domain in zones}
        self._invoke = pulumi.InvokeOptions(parent=parent)
        self._listings: dict[str, asyncio.Future[Listing]] = {}

    def declare(self, name: str, record: TxtRecord, options: pulumi.ResourceOptions) -> pulumi.CustomResource:
        """Declare one record, in the content format that Cloudflare gives back unchanged."""
        # The API refuses a record that is there already, so a replacement's old one has to go first.
        first = pulumi.ResourceOptions(delete_before_replace=True)
        resource: pulumi.CustomResource = self._sdk.DnsRecord(
            name,
            zone_id=self._zone_ids[record.domain],
            name=record.name,
            type="TXT",
            content=presentation(record.value),
            ttl=record.ttl,
            opts=pulumi.ResourceOptions.merge(options, first),
        )
        return resource

    def published(self, resource: pulumi.CustomResource) -> pulumi.Output[str]:
        """Return the value in the state, out of its quotes."""
        content = resource.content  # type: ignore[attr-defined]
        return pulumi.Output.all(resource.id, content).apply(
            lambda known: join(parse(known[1])).decode("ascii", "replace")
        )

    async def existing(self, owner: str) -> Existing:
        """Look in the zone's records, which are listed once, through the component's own provider."""
        domain = longest_zone(owner, list(self._zone_ids))
        if domain is None:
            raise CannotAskError(f"{owner} is in no zone of this component")
        zone_id = await pulumi.Output.from_input(self._zone_ids[domain]).future()
        if zone_id is None:
            raise CannotAskError(f"the id of {domain}'s zone is known only when it is there")
        if zone_id not in self._listings:
            self._listings[zone_id] = asyncio.ensure_future(self._list(zone_id))
        return (await self._listings[zone_id]).existing(owner)

    def adopted(self) -> frozenset[str]:
        """Return nothing: what is there already is imported (``pulumi import``), and no create sees it then."""
        return frozenset()

    async def _list(self, zone_id: str) -> Listing:
        try:
            zone = self._sdk.get_zone_output(zone_id=zone_id, opts=self._invoke)
            listed = self._sdk.get_dns_records_output(zone_id=zone_id, max_items=MAX_RECORDS, opts=self._invoke)
            name, records = await zone.name.future(), await listed.results.future()
        except Exception as error:  # the SDK raises a bare Exception for whatever the provider says
            raise CannotAskError(f"Cloudflare does not list the records of zone {zone_id}: {error}") from None
        if name is None or records is None:
            raise CannotAskError(f"Cloudflare can't be asked for zone {zone_id} yet: its provider is not configured")
        return Listing(to_ascii(name), [_listed(record) for record in records])


def _listed(record: Any) -> Listed:
    """Return one of the API's records: TXT content is in quotes, or, as older ones are, without."""
    name, content = to_ascii(record.name), record.content or ""
    if record.type == "TXT":
        return Listed(name, "TXT", join(parse(content)) if content.startswith('"') else content.encode())
    if record.type == "MX":
        return Listed(name, "MX", f"{int(record.priority or 0)} {content.removesuffix('.') or '.'}")
    return Listed(name, record.type, content)


def find_zones(domains: Sequence[str], listed: Sequence[Any] | None) -> dict[str, str]:
    """Return the id of each domain's zone: the longest listed one that the domain is, or ends in.

    :param listed: objects with ``name`` and ``id``.
    :raises pulumi.RunError: naming every domain without a zone.
    """
    ids = {to_ascii(zone.name): str(zone.id) for zone in listed or ()}
    zones = {domain: longest_zone(domain, list(ids)) for domain in domains}
    lost = [domain for domain, zone in zones.items() if zone is None]
    if lost:
        raise pulumi.RunError(
            f"domains: Cloudflare lists no zone for {', '.join(lost)} ({len(ids)} zones seen); add the zone there, "
            "let the token read it (Zone:Read), or write its id under cloudflare.zones"
        )
    return {domain: ids[zone] for domain, zone in zones.items() if zone is not None}
