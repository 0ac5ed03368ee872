"""Publishing by dynamic update (RFC 2136): a Pulumi dynamic resource, one per TXT record.

The provider's class is pickled by reference, so ``elastx_mrs.publish.rfc2136`` and its name are part of the state's
format. A server's address and key are read where it runs and are never inputs: they would end up in the state.
"""

import asyncio
import json
import os
import sys
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from typing import Any, ClassVar, TypeVar

import pulumi
from pulumi import dynamic

from elastx_mrs.faults import NAMESPACE
from elastx_mrs.modes import Mode
from elastx_mrs.publish import dns_update
from elastx_mrs.publish.existing import CannotAskError, Existing
from elastx_mrs.publish.primary import Primary, UnreachableError, UpdateError
from elastx_mrs.publish.probe import existing
from elastx_mrs.publish.profiles import Get, Profiles
from elastx_mrs.records import TxtRecord
from elastx_mrs.records.names import longest_zone

CONNECTIONS = 8
"""To the primary, at once."""

T = TypeVar("T")


def adopted(get: Get) -> frozenset[str]:
    """Return the owner names at which identical content may be taken over."""
    listed = json.loads(get(f"{NAMESPACE}:adopt") or "[]")
    names = [*listed, *os.environ.get("ELASTX_MRS_ADOPT", "").split(",")]
    return frozenset(name.strip().lower().removesuffix(".") for name in names if name.strip())


class TxtProvider(dynamic.ResourceProvider):
    """Creates, reads, updates and deletes one TXT record on the primary."""

    serialize_as_secret_always: ClassVar[bool] = False  # type: ignore[misc]  # it holds nothing but its own name

    _get: Get
    _profiles: Profiles

    def configure(self, req: dynamic.ConfigureRequest) -> None:
        """Keep the stack's config; it is read when something is done."""
        self._get = req.config.get
        self._profiles = Profiles(self._get)

    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> dynamic.DiffResult:
        """Compare inputs: another place is a replacement, another value or TTL an update."""
        changed = [key for key in ("profile", "zone", "owner", "value", "ttl") if _olds.get(key) != _news.get(key)]
        return dynamic.DiffResult(
            changes=bool(changed),
            replaces=[key for key in changed if key in ("profile", "zone", "owner")],
            delete_before_replace=True,
        )

    def create(self, props: dict[str, Any]) -> dynamic.CreateResult:
        """Publish the record."""
        owner, value = props["owner"], props["value"]
        adopt = owner in adopted(self._get)
        self._do(props, lambda to: dns_update.add(to, props["zone"], owner, value, _ttl(props), adopt, _only(props)))
        return dynamic.CreateResult(f"{owner}/TXT/{sha256(value.encode()).hexdigest()[:12]}", _outs(props))

    def read(self, id_: str, props: dict[str, Any]) -> dynamic.ReadResult:
        """Return what is served now: the record, what somebody made of it, or nothing.

        The TTL is the RRset's, and is read only where the record is the only one in it (RFC 2181 §5.2).
        """
        values, served = self._do(props, lambda to: dns_update.read(to, props["zone"], props["owner"]))
        value = dns_update.changed_value(values, props["value"])
        if value is None:
            return dynamic.ReadResult("", {})
        ttl = _ttl(props)
        if ttl is not None and len(values) == 1:
            ttl = served
        return dynamic.ReadResult(id_, _outs(props) | {"value": value, "ttl": ttl})

    def update(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> dynamic.UpdateResult:
        """Put the new value in the old one's place, in one message."""
        place, old, new = (_news["zone"], _news["owner"]), _olds["value"], _news["value"]
        self._do(_news, lambda to: dns_update.replace(to, *place, old, new, _ttl(_news), _only(_news)))
        return dynamic.UpdateResult(_outs(_news))

    def delete(self, _id: str, _props: dict[str, Any]) -> None:
        """Withdraw the record."""
        self._do(_props, lambda to: dns_update.remove(to, _props["zone"], _props["owner"], _props["value"]))

    def _do(self, props: dict[str, Any], action: Callable[[Primary], T]) -> T:
        try:
            return action(self._profiles.primary(props["profile"], props["zone"]))
        except UpdateError:
            sys.tracebacklimit = 0  # the engine shows the user a traceback otherwise
            raise


class TxtResource(dynamic.Resource, module="rfc2136", name="TxtRecord"):
    """One TXT record on an RFC 2136 primary."""

    def __init__(self, name: str, inputs: dict[str, Any], options: pulumi.ResourceOptions) -> None:
        super().__init__(TxtProvider(), name, inputs, options)


class Rfc2136:
    """Declares records on RFC 2136 primaries.

    :param zones: the zones that the primaries serve, each with its profile; a domain is in the longest one that it
        is, or ends in.
    :param get: reads the stack's config, for where the primaries are.
    :param modes: the guard's, by sender domain: where it is not ``require``, a second record of a kind may be created.
    """

    shares_ttl = True

    def __init__(self, zones: Mapping[str, str], get: Get, modes: Mapping[str, Mode] | None = None) -> None:
        self._zones = zones
        self._get = get
        self._modes = modes or {}
        self._profiles = Profiles(get)
        self._pool = ThreadPoolExecutor(max_workers=CONNECTIONS, thread_name_prefix="elastx-mrs-probe")
        self._dead: dict[str, str] = {}

    def check_zones(self) -> list[str]:
        """Ask the primaries for each zone, before anything is sent.

        :returns: what could not be asked, one message a cause.
        :raises UpdateError: where one answers that it refuses, or is not authoritative.
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
        return TxtResource(name, inputs, options)

    def published(self, resource: pulumi.CustomResource) -> pulumi.Output[str]:
        """Return the value in the state."""
        return pulumi.Output.all(resource.id, resource.value).apply(lambda known: str(known[1]))  # type: ignore[attr-defined]

    async def existing(self, owner: str) -> Existing:
        """Ask the primary; after it did not answer once, it is not waited for again."""
        zone = longest_zone(owner, self._zones)
        if zone is None:
            raise CannotAskError(f"{owner} is in none of rfc2136.zones ({', '.join(self._zones)}); add its zone there")
        return await asyncio.get_running_loop().run_in_executor(self._pool, self._existing, zone, owner)

    def adopted(self) -> frozenset[str]:
        """Return the owner names of stack config ``adopt``, and of ``ELASTX_MRS_ADOPT``."""
        return adopted(self._get)

    def merging(self, record: TxtRecord) -> str:
        """Return what to run to keep, and change, what is at a record's name."""
        return f"run: elastx-mrs adopt {record.domain}, and put what it prints into the config"

    def claiming(self, record: TxtRecord) -> str:
        """Return what to run where exactly a record's value is there already."""
        return f"run once with ELASTX_MRS_ADOPT={record.name}"

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


def _outs(props: dict[str, Any]) -> dict[str, Any]:
    return {key: props.get(key) for key in ("profile", "zone", "owner", "value")} | {"ttl": _ttl(props)}


def _ttl(props: dict[str, Any]) -> int | None:
    ttl = props.get("ttl")  # Pulumi hands numbers on as floats
    return None if ttl is None else int(ttl)


def _only(props: dict[str, Any]) -> bool:
    """Whether no other record of a kind may be beside this one: what the guard stops, where it is on."""
    return props.get("guard") is None
