"""Publishing through Cloudflare: one ``DnsRecord`` per TXT record. The only module that imports Cloudflare's SDK."""

from __future__ import annotations

import gc
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pulumi

from elastx_mrs.records import TxtRecord
from elastx_mrs.records.names import longest_zone, to_ascii
from elastx_mrs.records.text import presentation

if TYPE_CHECKING:
    from types import ModuleType


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
