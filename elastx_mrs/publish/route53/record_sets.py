r"""Amazon Route 53's API: hosted zones, record sets, and change batches.

A batch deletes exactly the set that was read and creates the new one. Route 53 makes all of it or nothing, and refuses
to delete what is not there any more. It never uses UPSERT, which has no condition.
"""

import itertools
import re
import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any, ClassVar

from elastx_mrs import limits
from elastx_mrs.publish.adoption import Get
from elastx_mrs.publish.route53.client import Client
from elastx_mrs.publish.rrset.record_sets import ChangedError, RecordSet, RecordSetError, RecordSets, Zone
from elastx_mrs.records import RecordError
from elastx_mrs.records.text import join, parse, presentation

ROUTED = ("SetIdentifier", "AliasTarget", "TrafficPolicyInstanceId", "HealthCheckId")
"""What a record set has that is not simply its values: a routing policy, an alias, a traffic policy, a health check."""

MAX_VALUE, MAX_VALUES = 4_000, 400
"""Characters of a value, and values of a record set: ``ResourceRecord`` in AWS's API reference, and "Quotas on records"
on the page "Quotas" of its developer guide.
"""

MAX_REQUEST, MAX_RECORDS = 32_000, 1_000
"""Characters of all values, and records, in one request ("Maximums on API requests" on the same page).

A change has the old set and the new one in its request.
"""

AT_ONE_NAME = "20"
"""Record sets in an answer that is about one name."""

_FEWER = "remove strings that nobody needs, or give each domain only the accounts that send from it"

_ESCAPE = re.compile(r"\\(?:([0-3][0-7]{2})|.)", re.DOTALL)


class Route53(RecordSets):
    """The hosted zones of the account whose credentials boto3 finds."""

    title: ClassVar[str] = "Route 53"

    def __init__(self, client: Client) -> None:
        self._client = client

    def zones(self) -> Sequence[Zone]:
        """List the hosted zones, 100 in an answer."""
        pages = self._pages("list_hosted_zones", "the hosted zones", {"Marker": "NextMarker"})
        return [_zone(one) for page in pages for one in page["HostedZones"]]

    def zone(self, zone_id: str) -> Zone:
        """Ask for one hosted zone."""
        return _zone(self._client.ask("get_hosted_zone", zone_id, Id=zone_id)["HostedZone"])

    def try_read(self, zone: str) -> None:
        """Ask for one record set of a zone."""
        self._client.ask("list_resource_record_sets", zone, HostedZoneId=zone, MaxItems="1")

    def read(self, zone: str, owner: str = "") -> Sequence[RecordSet]:
        """List the record sets of a zone, 300 in an answer, or those of one name: pending changes too."""
        start = {"StartRecordName": owner, "MaxItems": AT_ONE_NAME} if owner else {}
        places = {f"StartRecord{key}": f"NextRecord{key}" for key in ("Name", "Type", "Identifier")}
        pages = self._pages("list_resource_record_sets", zone, places, HostedZoneId=zone, **start)
        sets = (one for page in pages for one in page["ResourceRecordSets"])
        return [_set(one) for one in itertools.takewhile(lambda one: not owner or name_of(one["Name"]) == owner, sets)]

    def swap(self, zone: str, owner: str, old: RecordSet | None, new: RecordSet | None) -> str:
        """Send one change batch."""
        changes = [
            {"Action": action, "ResourceRecordSet": _wire(one)}
            for action, one in (("DELETE", old), ("CREATE", new))
            if one is not None
        ]
        batch = {"Comment": "elastx-mrs", "Changes": changes}
        info = self._client.change(zone, HostedZoneId=zone, ChangeBatch=batch)["ChangeInfo"]
        return str(info["Id"]).removeprefix("/change/")

    def octets(self, value: str) -> bytes:
        r"""Return a value's character-strings, joined. Route 53's ``\DDD`` is octal, and RFC 1035's decimal."""
        decimal = _ESCAPE.sub(lambda match: f"\\{int(match[1], 8):03d}" if match[1] else match[0], value)
        try:
            return join(parse(decimal))
        except RecordError:
            return value.encode()  # what cannot be read is not ours, and kept as it is

    def written(self, value: str) -> str:
        """Return a value in quoted strings of 255 octets."""
        text = presentation(value)
        if len(text) > MAX_VALUE:
            raise RecordError(f"has {len(text)} characters; Route 53 takes {MAX_VALUE}, so publish a shorter value")
        return text

    def excess(self, zone: str, old: RecordSet | None, new: RecordSet) -> str:
        """Return whether the new set has too many values, or the old and the new set are too large for one request."""
        if len(new.values) > MAX_VALUES:
            what = f"the TXT record set would have {len(new.values)} values; Route 53 takes {MAX_VALUES} in one"
            return f"{what}, so {_FEWER}"
        values = [value for one in (old, new) if one is not None for value in one.values]
        size = sum(map(len, values))
        if size <= MAX_REQUEST and len(values) <= MAX_RECORDS:
            return ""
        has = f"{len(values)} values and {size} characters, in the TXT record set as it is and as it is to be"
        what = f"the change has {has}; Route 53 takes {MAX_RECORDS} and {MAX_REQUEST} in one request"
        return f"{what}, so {_FEWER}"

    def settled(self, change: str) -> bool:
        """Ask whether a change is on all of Route 53's name servers."""
        return bool(self._client.ask("get_change", change, Id=change)["ChangeInfo"]["Status"] == "INSYNC")

    def try_change(self, zone: str, owners: Sequence[str]) -> None:
        """Send a batch that cannot be made, which changes nothing: it deletes a TXT set that nobody can have.

        Route 53 looks at the permissions first.

        :raises RecordSetError: where these credentials may not change the names.
        """
        value = f'"elastx-mrs doctor {secrets.token_hex(16)}"'
        sets = [RecordSet(owner, "TXT", (value,), 1) for owner in owners]
        batch = {"Changes": [{"Action": "DELETE", "ResourceRecordSet": _wire(one)} for one in sets]}
        with suppress(ChangedError):
            self._client.change(zone, HostedZoneId=zone, ChangeBatch=batch)

    def _pages(
        self, operation: str, about: str, places: Mapping[str, str], **given: Any
    ) -> Iterator[Mapping[str, Any]]:
        """Yield the answers to a list.

        :param places: what an answer calls the place where the next one begins, by what a request calls it.
        """
        for _ in range(limits.ROUTE53_PAGES.most):
            page = self._client.ask(operation, about, **given)
            yield page
            if not page["IsTruncated"]:
                return
            kept = {key: value for key, value in given.items() if key not in places}
            given = kept | {ours: page[theirs] for ours, theirs in places.items() if theirs in page}
        raise RecordSetError(f"Route 53 lists more than {limits.ROUTE53_PAGES.text} of {about}, and that is too many")


def connect(get: Get) -> Route53:
    """Return the API with the credentials that boto3 finds."""
    return Route53(Client())


def name_of(text: str) -> str:
    r"""Return a name without its final dot. Of Route 53's octal escapes ``*``'s is undone: no owner here has others."""
    return text.lower().removesuffix(".").replace("\\052", "*")


def _zone(found: Mapping[str, Any]) -> Zone:
    private = found.get("Config", {}).get("PrivateZone", False)
    problem = "is private: only its VPCs see it" if private else ""
    return Zone(name_of(found["Name"]), found["Id"].removeprefix("/hostedzone/"), problem)


def _set(found: Mapping[str, Any]) -> RecordSet:
    name, kind = name_of(found["Name"]), found["Type"]
    if "AliasTarget" in found:
        values: Iterable[str] = [name_of(found["AliasTarget"]["DNSName"])]
    else:
        values = [one["Value"] for one in found.get("ResourceRecords", ())]
    if kind != "TXT":
        values = [value.removesuffix(".") for value in values]
    return RecordSet(name, kind, tuple(values), found.get("TTL"), _routed(found) if kind == "TXT" else "")


def _routed(found: Mapping[str, Any]) -> str:
    """Return why a TXT set cannot be changed here, and what to do."""
    if not any(key in found for key in ROUTED):
        return ""
    named = f" ({found['SetIdentifier']!r})" if "SetIdentifier" in found else ""
    what = f"has a TXT record set with a routing policy, a health check or an alias{named}"
    return f"{what}, and not every resolver gets its strings; replace it with one simple record set first"


def _wire(one: RecordSet) -> Mapping[str, Any]:
    records = [{"Value": value} for value in one.values]
    return {"Name": f"{one.name}.", "Type": one.type, "TTL": one.ttl, "ResourceRecords": records}
