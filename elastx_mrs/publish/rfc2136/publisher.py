"""Declares records on the stack's RFC 2136 primaries: one Pulumi resource for each TXT record."""

import asyncio
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pulumi

from elastx_mrs.config.modes import Mode
from elastx_mrs.identity import PLUGIN_TYPE
from elastx_mrs.publish.adoption import Adoption, Get, by_config
from elastx_mrs.publish.existing import CannotAskError, Existing
from elastx_mrs.publish.held import Held
from elastx_mrs.publish.publisher import Resource, Setup
from elastx_mrs.publish.rfc2136 import settings
from elastx_mrs.publish.rfc2136.existing import existing
from elastx_mrs.publish.rfc2136.primary import UnreachableError, UpdateError
from elastx_mrs.publish.rfc2136.profiles import Profiles
from elastx_mrs.publish.rfc2136.resource import TxtResource
from elastx_mrs.records import RecordError, TxtRecord
from elastx_mrs.records.names import longest_zone

CONNECTIONS = 8
"""To one primary, at the same time."""


class Rfc2136:
    """Declares records on RFC 2136 primaries.

    :param zones: the profile of each zone. A domain is matched to its longest matching zone.
    :param get: reads the stack's config, for the primaries' addresses and keys.
    :param modes: the guard's, by sender domain. Unless it is ``require``, a second record of a kind may be created.
    :param resource: creates the Pulumi resource: a dynamic one, only in Python programs, or the plugin's.
    """

    shares_ttl = True

    def __init__(
        self,
        zones: Mapping[str, str],
        get: Get,
        modes: Mapping[str, Mode] | None = None,
        resource: Resource = TxtResource,
    ) -> None:
        self._resource = resource
        self._zones = zones
        self._get = get
        self._modes = modes or {}
        self._profiles = Profiles(get)
        self._pool = ThreadPoolExecutor(max_workers=CONNECTIONS, thread_name_prefix="elastx-mrs-probe")
        self._dead: dict[str, str] = {}

    def check_zones(self) -> list[str]:
        """Query the primary of each zone, before anything is sent.

        :returns: the failed queries, one message per cause.
        :raises UpdateError: if a primary refuses, or is not authoritative.
        """
        problems = [found for found in self._pool.map(self._problem, self._zones) if found is not None]
        said = [str(found) for found in problems if not isinstance(found, UnreachableError)]
        if said:
            raise UpdateError("\n  ".join(dict.fromkeys(said)))
        return list(dict.fromkeys(str(found) for found in problems))

    def declare(self, name: str, record: TxtRecord, options: pulumi.ResourceOptions) -> pulumi.CustomResource:
        """Declare one record."""
        zone = longest_zone(record.domain, self._zones)
        inputs = {
            "profile": self._zones.get(zone or ""),
            "zone": zone,
            "owner": record.name,
            "value": record.value,
            "ttl": record.configured_ttl,
        }
        if (mode := self._modes.get(record.domain, "require")) != "require":
            inputs["guard"] = mode
        return self._resource(name, inputs, options)

    @property
    def adoption(self) -> Adoption:
        """A create takes over the names of stack config ``adopt``, and of ``ELASTX_MRS_ADOPT``."""
        try:
            return by_config(self._get)
        except RecordError as error:
            raise pulumi.RunError(str(error)) from None

    def value_of(self, properties: Mapping[str, Any]) -> str:
        """Return the value."""
        return str(properties.get("value", ""))

    async def existing(self, owner: str) -> Existing:
        """Query the primary. If it did not answer once, do not wait for it again."""
        zone = longest_zone(owner, self._zones)
        if zone is None:
            raise CannotAskError(f"{owner} is in none of rfc2136.zones ({', '.join(self._zones)}); add its zone there")
        return await asyncio.get_running_loop().run_in_executor(self._pool, self._existing, zone, owner)

    def _problem(self, zone: str) -> UpdateError | None:
        try:
            self._profiles.primary(self._zones[zone], zone).check_zone(zone)
        except UpdateError as error:
            return error
        return None

    def _existing(self, zone: str, owner: str) -> Existing:
        profile = self._zones[zone]
        if profile in self._dead:
            raise CannotAskError(self._dead[profile])
        try:
            return existing(self._profiles.primary(profile, zone), zone, owner)
        except UnreachableError as error:
            self._dead[profile] = str(error)
            raise CannotAskError(self._dead[profile]) from None
        except UpdateError as error:
            raise CannotAskError(str(error)) from None


def make(setup: Setup) -> Rfc2136:
    """Return the publisher of a component, after querying the primaries for their zones.

    A preview may run without access to them; it then warns and continues.

    :raises pulumi.RunError: if a primary refuses; in an ``up``, also if it does not answer.
    """
    given: settings.Rfc2136 = setup.settings
    publisher = Rfc2136(given.by_zone, setup.get, setup.modes, setup.resources.get(PLUGIN_TYPE, TxtResource))
    try:
        unasked = publisher.check_zones()
    except UpdateError as error:
        raise pulumi.RunError(str(error)) from None
    for message in unasked:
        if not pulumi.runtime.is_dry_run():
            raise pulumi.RunError(message)
        setup.say("warning", f"{message} (The preview continues without it; an up would stop here)")
    return publisher


def zones(setup: Setup) -> Held:
    """Return the zones that the config assigns to primaries."""
    given: settings.Rfc2136 = setup.settings
    return Held(tuple(given.by_zone))
