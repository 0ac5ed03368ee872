"""A publisher for Amazon Route 53, and its Pulumi resource: one for each TXT string.

The provider's class is pickled by reference, so ``route53`` and ``TxtProvider`` are part of the state's format.
boto3 finds the credentials. They are not inputs, because inputs are stored in the state.
"""

import asyncio
import os
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

import pulumi
from pulumi import dynamic
from record_sets import (
    ROUTED,
    RecordSet,
    Route53Error,
    ThrottledError,
    UnreachableError,
    Zone,
    connect,
    name_of,
    routed,
    shown,
    values,
)

from elastx_mrs.config.environment import GUARD
from elastx_mrs.config.modes import of_run
from elastx_mrs.publish.adoption import Adoption, adopted, by_config
from elastx_mrs.publish.existing import CannotAskError, Existing
from elastx_mrs.publish.listing import Listed, Listing
from elastx_mrs.records import RecordError, TxtRecord
from elastx_mrs.records.kinds import current_value
from elastx_mrs.records.names import longest_zone

if TYPE_CHECKING:  # pydantic is not for the dynamic provider's process, which every up starts
    from elastx_mrs.config.model import Arguments

ATTEMPTS, FEW_ATTEMPTS = 10, 4
"""How often boto3 sends a request. Changes have many attempts, because a stack is faster than the account's five
requests a second. Questions have few, so a run without a network ends soon."""

PLACE = ("zone", "owner")
"""A change of one of these is a replacement."""

T = TypeVar("T")

_ZONE_ID = re.compile(r"(?:/hostedzone/)?([A-Z0-9]{1,32})")
_LIST = "to list the ids, run: aws route53 list-hosted-zones"


class TxtProvider(dynamic.ResourceProvider):
    """Creates, reads, updates and deletes one TXT string. Its properties are zone, owner, value, ttl and guard."""

    serialize_as_secret_always: ClassVar[bool] = False  # type: ignore[misc]  # it holds nothing but its own name

    _get: Callable[[str], str | None]
    _client: Any

    def configure(self, req: dynamic.ConfigureRequest) -> None:
        """Keep the reader of the stack's config, and connect. Pulumi calls this once for each process."""
        self._get = req.config.get
        self._client = _neatly(lambda: connect(ATTEMPTS))

    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> dynamic.DiffResult:
        """Compare inputs: another place is a replacement, another value or TTL an update."""
        differs = [key for key in (*PLACE, "value", "ttl") if _olds.get(key) != _news.get(key)]
        return dynamic.DiffResult(
            changes=bool(differs),
            replaces=[key for key in differs if key in PLACE],
            delete_before_replace=True,
        )

    def create(self, props: dict[str, Any]) -> dynamic.CreateResult:
        """Publish the string."""
        owner, value = props["owner"], props["value"]
        adopt = owner in adopted(self._get)
        _neatly(lambda: self._zone(props).add(owner, value, _ttl(props), adopt=adopt, only=_only(props)))
        return dynamic.CreateResult(f"{owner}/TXT/{sha256(value.encode()).hexdigest()[:12]}", _outs(props))

    def read(self, id_: str, props: dict[str, Any]) -> dynamic.ReadResult:
        """Return the current string, the one that somebody replaced it with, or nothing.

        The TTL belongs to the whole set, so it is read only if the set has no other string.
        """
        found = _neatly(lambda: self._zone(props).read(props["owner"]))
        value = current_value(values(found), props["value"])
        if found is None or value is None:
            return dynamic.ReadResult("", {})
        alone = len(found["ResourceRecords"]) == 1 and _ttl(props) is not None
        ttl = found["TTL"] if alone else _ttl(props)
        return dynamic.ReadResult(id_, _outs(props) | {"value": value, "ttl": ttl})

    def update(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> dynamic.UpdateResult:
        """Put the new value in the old one's place."""
        owner, old, new = _news["owner"], _olds["value"], _news["value"]
        _neatly(lambda: self._zone(_news).replace(owner, old, new, _ttl(_news), only=_only(_news)))
        return dynamic.UpdateResult(_outs(_news))

    def delete(self, _id: str, _props: dict[str, Any]) -> None:
        """Withdraw the string."""
        _neatly(lambda: self._zone(_props).remove(_props["owner"], _props["value"]))

    def _zone(self, props: Mapping[str, Any]) -> Zone:
        return Zone(self._client, props["zone"])


def _neatly(action: Callable[[], T]) -> T:
    try:
        return action()
    except Route53Error:
        sys.tracebacklimit = 0  # the engine shows the user a traceback otherwise
        raise


def _outs(props: Mapping[str, Any]) -> dict[str, Any]:
    return {key: props.get(key) for key in (*PLACE, "value")} | {"ttl": _ttl(props)}


def _ttl(props: Mapping[str, Any]) -> int | None:
    ttl = props.get("ttl")  # Pulumi passes numbers as floats
    return None if ttl is None else int(ttl)


def _only(props: Mapping[str, Any]) -> bool:
    """Whether this must be the only record of its kind: the guard is on."""
    return props.get("guard") is None


class TxtString(dynamic.Resource, module="route53", name="TxtString"):
    """One string of a name's TXT record set."""

    value: pulumi.Output[str]

    def __init__(self, name: str, inputs: dict[str, Any], options: pulumi.ResourceOptions) -> None:
        super().__init__(TxtProvider(), name, inputs, options)


@dataclass(frozen=True)
class _Listed:
    """The records of a zone, queried once a run."""

    listing: Listing
    ttls: Mapping[str, int]
    routed: Mapping[str, str]


class Route53:
    """Declares records in hosted zones: a publisher, as described in ``docs/publishers.md``.

    :param zones: the hosted zones' ids by domain. Each record is matched to its longest matching zone.
    :param arguments: the arguments of MailRelay: everything is checked before anything is declared.
    :raises pulumi.RunError: if a zone is missing, unknown or not allowed; the message names it.
    """

    shares_ttl = True

    def __init__(self, zones: Mapping[str, str], arguments: "Arguments") -> None:
        self._zones = _checked(zones)
        configured = {domain.name: (domain.guard or arguments.guard).mode for domain in arguments.domains}
        try:
            self._modes = of_run(GUARD.name, os.environ, configured)
            self._client = connect(FEW_ATTEMPTS)
        except (RecordError, Route53Error) as error:
            raise pulumi.RunError(str(error)) from None
        self._pool = ThreadPoolExecutor(max_workers=2, thread_name_prefix="route53")
        self._servers: dict[str, tuple[str, ...]] = {}
        self._listed: dict[str, asyncio.Future[_Listed]] = {}
        self._unreachable = ""
        self._check_zones([record.name for record in arguments.records()])

    def declare(self, name: str, record: TxtRecord, options: pulumi.ResourceOptions) -> pulumi.CustomResource:
        """Declare one record as one resource; the guard reads its ``value``."""
        inputs = {
            "zone": self._zones[self._zone(record.name)],
            "owner": record.name,
            "value": record.value,
            "ttl": record.configured_ttl,
        }
        if (mode := self._modes[record.domain]) != "require":
            inputs["guard"] = mode
        return TxtString(name, inputs, options)

    @property
    def adoption(self) -> Adoption:
        """A create takes over the names of stack config ``elastx-mrs:adopt``, and of ``ELASTX_MRS_ADOPT``."""
        return by_config(lambda key: pulumi.Config(key.partition(":")[0]).get(key.partition(":")[2]))

    def value_of(self, properties: Mapping[str, Any]) -> str:
        """Return the value."""
        return str(properties.get("value", ""))

    async def existing(self, owner: str) -> Existing:
        """Look up a name in the zone's record sets, which are listed once a run."""
        zone = longest_zone(owner, self._zones)
        if zone is None:
            raise CannotAskError(
                f"{owner} is in none of zones ({', '.join(self._zones)}); add its hosted zone to zones"
            )
        if self._unreachable:
            raise CannotAskError(self._unreachable)
        if zone not in self._listed:
            loop = asyncio.get_running_loop()
            self._listed[zone] = asyncio.ensure_future(loop.run_in_executor(self._pool, self._list, zone))
        found = await self._listed[zone]
        if owner in found.routed:
            raise CannotAskError(found.routed[owner])
        return replace(found.listing.existing(owner), ttl=found.ttls.get(owner))

    def _zone(self, owner: str) -> str:
        zone = longest_zone(owner, self._zones)
        assert zone is not None, owner  # noqa: S101  the constructor checked all of them
        return zone

    def _ask(self, zone: str, question: Callable[[Zone], T]) -> T:
        """Query a zone; if only the rate is used up, perhaps by this stack's own changes, keep trying."""
        try:
            return question(Zone(self._client, self._zones[zone]))
        except ThrottledError:
            return question(Zone(connect(ATTEMPTS), self._zones[zone]))

    def _check_zones(self, owners: Sequence[str]) -> None:
        """Query each zone that has records. A preview may run where AWS cannot be reached."""
        missing = [owner for owner in dict.fromkeys(owners) if longest_zone(owner, self._zones) is None]
        problems = [_no_zone(missing, self._zones)] if missing else []
        unasked = []
        for zone in dict.fromkeys(self._zone(owner) for owner in owners if owner not in missing):
            try:
                name, servers, private = self._ask(zone, Zone.about)
            except UnreachableError as error:
                unasked.append(f"zones.{zone}: {error}")
                self._unreachable = unasked[0]
                break
            except Route53Error as error:
                problems.append(f"zones.{zone}: {error}")
                continue
            if name != zone:
                problems.append(
                    f"zones.{zone}: {self._zones[zone]} is the hosted zone of {name}; write the id of {zone}'s zone"
                )
            elif private:
                what = f"{self._zones[zone]} is private: only its VPCs see it"
                problems.append(f"zones.{zone}: {what}; write the public hosted zone's id")
            self._servers[zone] = servers
        if problems or (unasked and not pulumi.runtime.is_dry_run()):
            raise pulumi.RunError("\n  ".join([*problems, *unasked]))
        for message in unasked:
            pulumi.log.warn(f"{message}. The preview continues without it; an up would stop here")

    def _list(self, zone: str) -> _Listed:
        try:
            sets = self._ask(zone, Zone.sets)
        except Route53Error as error:
            raise CannotAskError(str(error)) from None
        txt: dict[str, list[RecordSet]] = {}
        listed = []
        for one in sets:
            name, kind = name_of(one["Name"]), one["Type"]
            if kind == "TXT":
                txt.setdefault(name, []).append(one)
            simple = kind == "TXT" and not any(key in one for key in ROUTED)
            listed += [Listed(name, kind, value) for value in (values(one) if simple else shown(one))]
        return _Listed(
            Listing(zone, listed, self._servers.get(zone, ())),
            {name: there[0]["TTL"] for name, there in txt.items() if "TTL" in there[0]},
            {name: problem for name, there in txt.items() if (problem := routed(name, there)) is not None},
        )


def _checked(zones: Mapping[str, str]) -> dict[str, str]:
    """Return the zones' ids by name in its usual form."""
    if not isinstance(zones, Mapping):
        raise pulumi.RunError("zones: write the id of each hosted zone by domain: {example.com: Z0123456789ABCDEFGHIJ}")
    ids = {str(name).lower().removesuffix("."): _ZONE_ID.fullmatch(str(value)) for name, value in dict(zones).items()}
    wrong = [name for name, match in ids.items() if match is None]
    if wrong:
        raise pulumi.RunError(
            f"zones.{wrong[0]}: is not the id of a hosted zone, such as Z0123456789ABCDEFGHIJ; {_LIST}"
        )
    return {name: match[1] for name, match in ids.items() if match is not None}


def _no_zone(owners: Sequence[str], zones: Mapping[str, str]) -> str:
    named = ", ".join(owners[:3]) + (f" and {len(owners) - 3} more" if len(owners) > 3 else "")
    there = ", ".join(zones) or "it is empty"
    return f"zones: there is no hosted zone for {named} among them ({there}); add the domain's zone; {_LIST}"
