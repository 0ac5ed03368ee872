r"""The TXT record sets of a hosted zone in Amazon Route 53: changes one string, and keeps the others.

In Route 53, all TXT strings of a name are *one* record set. So every change is a compare-and-swap: one batch deletes
exactly the set that was read, and creates the new one. Route 53 applies a batch as a whole. If somebody changed the
set in between, it refuses the batch, and the set is read again.
"""

import itertools
import os
import random
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, ConnectionError, HTTPClientError

from elastx_mrs.display import quoted
from elastx_mrs.publish.adoption import taken
from elastx_mrs.records import DEFAULT_TTL, RecordError
from elastx_mrs.records.kinds import current_value, rivals, same_value
from elastx_mrs.records.text import join, parse, presentation

TRIES = 10
"""Attempts for a record set that others keep changing."""

PAUSE = 0.1
"""Seconds before the second attempt; each further pause is twice as long, up to :data:`MAX_PAUSE`."""

MAX_PAUSE = 2.0

ROUTED = ("SetIdentifier", "AliasTarget", "TrafficPolicyInstanceId")
"""Keys of a record set with more than values: a routing policy, an alias, a traffic policy."""

CURES: Mapping[str, str] = {
    "AccessDenied": "allow these credentials to do it: README.md has the policy",
    "ExpiredToken": "log in again (aws sso login), or set AWS_PROFILE",
    "InvalidClientTokenId": "set AWS_PROFILE; to see whose credentials boto3 finds, run: aws sts get-caller-identity",
    "NoSuchHostedZone": "fix zones; to list the ids that these credentials see, run: aws route53 list-hosted-zones. "
    "If the zone was deleted, take its records out of the state: pulumi state delete",
    "PriorRequestNotComplete": "others keep changing this zone; run again",
    "SignatureDoesNotMatch": "fix AWS_SECRET_ACCESS_KEY, or set AWS_PROFILE",
    "Throttling": "others use up the account's 5 requests a second; run again",
}

RecordSet = dict[str, Any]
"""A record set in boto3's form: Name, Type, TTL, ResourceRecords and so on."""

_LOCKS: dict[tuple[str, str], threading.Lock] = {}
"""By zone and owner name, so that changes of this process do not make each other fail."""

_ESCAPE = re.compile(r"\\(?:([0-3][0-7]{2})|.)", re.DOTALL)


class Route53Error(Exception):
    """Route 53 refused a request; the message names the request, the zone and the fix."""


class UnreachableError(Route53Error):
    """Route 53 did not answer."""


class ThrottledError(Route53Error):
    """At each attempt, others had used up the account's requests of that second."""


def connect(attempts: int) -> Any:
    """Return boto3's client, which several threads may use. boto3 finds the endpoint and the credentials.

    :param attempts: how often a request is sent, unless ``AWS_MAX_ATTEMPTS`` is set.
    """
    retries = {} if "AWS_MAX_ATTEMPTS" in os.environ else {"total_max_attempts": attempts}
    config = Config(retries={"mode": "standard", **retries}, connect_timeout=10, read_timeout=30)
    with _explained("hosted zones"):
        session = boto3.Session()
        # Route 53 serves all regions of a partition, but boto3 wants a region if another endpoint is set.
        return session.client("route53", region_name=session.region_name or "us-east-1", config=config)


@dataclass(frozen=True)
class Zone:
    """A hosted zone.

    :param client: boto3's.
    :param id: without ``/hostedzone/``.
    """

    client: Any
    id: str

    def about(self) -> tuple[str, tuple[str, ...], bool]:
        """Return the zone's name, its name servers, and whether only a VPC sees it."""
        with _explained(self.id):
            found = self.client.get_hosted_zone(Id=self.id)
        servers = found.get("DelegationSet", {}).get("NameServers", ())
        name, private = found["HostedZone"]["Name"], found["HostedZone"].get("Config", {}).get("PrivateZone", False)
        return name_of(name), tuple(map(name_of, servers)), private

    def sets(self, owner: str | None = None) -> list[RecordSet]:
        """Return the current record sets of the zone, or of one name in it; pending changes are included."""
        start = {"StartRecordName": owner, "PaginationConfig": {"PageSize": 20}} if owner is not None else {}
        pages = self.client.get_paginator("list_resource_record_sets").paginate(HostedZoneId=self.id, **start)
        with _explained(self.id):
            found = (one for page in pages for one in page["ResourceRecordSets"])
            return list(itertools.takewhile(lambda one: owner is None or name_of(one["Name"]) == owner, found))

    def read(self, owner: str) -> RecordSet | None:
        """Return the TXT record set of a name."""
        return self._txt(owner, self.sets(owner))

    def add(self, owner: str, value: str, ttl: int | None, *, adopt: bool, only: bool = True) -> None:
        """Publish a value next to the name's other values.

        :param ttl: seconds, for the whole set; None keeps the set's TTL, or 1800 for a new set.
        :param adopt: True if an existing record may be taken over: the value itself, or the one record of its kind
            (SPF, DKIM, DMARC), which the value then replaces.
        :param only: False if the name may have another record of this kind, because the guard is off.
        """

        def added(found: RecordSet | None) -> RecordSet | None:
            old = current_value(values(found), value) if adopt else None
            if any(same_value(there, value) for there in values(found)) and not adopt:
                raise Route53Error(taken(owner, value))
            if only and old is None:
                _refuse_rivals(found, owner, value)
            return with_value(found, owner, value, ttl, instead=old)

        self._swap(owner, added, writes=True)

    def replace(self, owner: str, old: str, new: str, ttl: int | None, *, only: bool = True) -> None:
        """Put ``new`` in place of ``old``, in one batch; parameters as of :meth:`add`."""

        def replaced(found: RecordSet | None) -> RecordSet | None:
            if only:
                _refuse_rivals(found, owner, new, old)
            return with_value(found, owner, new, ttl, instead=old)

        self._swap(owner, replaced, writes=True)

    def remove(self, owner: str, value: str) -> None:
        """Withdraw a value, and the set with the last value. If the value is gone already, do nothing."""
        self._swap(owner, lambda found: without_value(found, value), writes=False)

    def _swap(self, owner: str, new: Callable[[RecordSet | None], RecordSet | None], *, writes: bool) -> None:
        """Replace a name's TXT set by the result of ``new``, and try again if others change the set in between."""
        refused: tuple[RecordSet | None, RecordSet | None, ClientError] | None = None
        pause = PAUSE
        with _LOCKS.setdefault((self.id, owner), threading.Lock()):
            for _ in range(TRIES):
                sets = self.sets(owner)
                found = self._txt(owner, sets)
                if (
                    refused is not None and found == refused[0]
                ):  # nobody changed it, so Route 53 does not allow the new set
                    raise _error(refused[2], self.id)
                if refused is not None and found == refused[1] and _sent_again(refused[2]):
                    return  # the first request was applied, and its answer got lost
                if writes:
                    self._refuse_obstacles(owner, sets)
                wanted = new(found)
                if wanted == found:
                    return
                try:
                    with _explained(self.id, but="InvalidChangeBatch"):
                        self.client.change_resource_record_sets(HostedZoneId=self.id, ChangeBatch=_batch(found, wanted))
                except ClientError as error:
                    refused = found, wanted, error
                else:
                    return
                time.sleep(pause * random.uniform(0.5, 1.5))  # noqa: S311  two writers do not meet again
                pause = min(2 * pause, MAX_PAUSE)
        what = f"{owner}: the TXT record set was changed by others {TRIES} times before this run could change it"
        raise Route53Error(f"{what}; this run changed nothing there (hosted zone {self.id}); run again")

    def _txt(self, owner: str, sets: Sequence[RecordSet]) -> RecordSet | None:
        """Return the simple TXT set among those of a name."""
        txt = [one for one in sets if one["Type"] == "TXT"]
        if (problem := routed(owner, txt)) is not None:
            raise Route53Error(f"{problem} (hosted zone {self.id})")
        return txt[0] if txt else None

    def _refuse_obstacles(self, owner: str, sets: Sequence[RecordSet]) -> None:
        """Refuse a name at which Route 53 would not take a TXT, or not serve it."""
        by_type = {one["Type"]: one for one in sets}
        if "CNAME" in by_type:
            what = f"{owner} is a CNAME to {shown(by_type['CNAME'])[0]}, so it cannot have a TXT (RFC 1034 §3.6.2)"
            raise Route53Error(f"{what}; remove the CNAME from the hosted zone {self.id} first")
        if "NS" in by_type and "SOA" not in by_type:
            what = f"{owner} is delegated to {' and '.join(shown(by_type['NS']))}, so {self.id} does not serve it"
            raise Route53Error(f"{what}; publish it there; if that is a hosted zone, too, add {owner} to zones")


def values(found: RecordSet | None) -> list[bytes]:
    """Return the values of a TXT record set, each with its character-strings joined."""
    return [octets(one["Value"]) for one in found["ResourceRecords"]] if found is not None else []


def octets(value: str) -> bytes:
    r"""Return a TXT value's character-strings, joined. ``\DDD`` is octal in Route 53, and decimal in RFC 1035."""
    decimal = _ESCAPE.sub(lambda match: f"\\{int(match[1], 8):03d}" if match[1] else match[0], value)
    try:
        return join(parse(decimal))
    except RecordError:
        return value.encode()  # an unreadable value is not ours, and is kept unchanged


def with_value(
    found: RecordSet | None, owner: str, value: str, ttl: int | None, instead: str | None = None
) -> RecordSet:
    """Return a TXT set with a value, in the place of ``instead`` or at the end; the other values do not change."""
    records: list[dict[str, str]] = []
    place = None
    for record in found["ResourceRecords"] if found is not None else ():
        there = octets(record["Value"])
        if same_value(there, value) or (instead is not None and same_value(there, instead)):
            place = len(records) if place is None else place
        else:
            records.append(record)
    records.insert(len(records) if place is None else place, {"Value": presentation(value)})
    old = found if found is not None else {"Name": f"{owner}.", "Type": "TXT", "TTL": DEFAULT_TTL}
    return {**old, "TTL": old["TTL"] if ttl is None else ttl, "ResourceRecords": records}


def without_value(found: RecordSet | None, value: str) -> RecordSet | None:
    """Return a TXT set without a value; None if it was the last one."""
    records = [one for one in found["ResourceRecords"] if not same_value(octets(one["Value"]), value)] if found else []
    return {**found, "ResourceRecords": records} if found is not None and records else None


def routed(owner: str, txt: Sequence[RecordSet]) -> str | None:
    """Return why the TXT sets of a name cannot be changed here; None if they can."""
    odd = [one for one in txt if any(key in one for key in ROUTED)]
    if not odd:
        return None
    named = ", ".join(quoted(one["SetIdentifier"]) if "SetIdentifier" in one else "an alias" for one in odd)
    what = f"{owner} has TXT record sets with a routing policy or an alias ({named}), so not everybody "
    return f"{what}gets the same answer; make them one simple record set first"


def _batch(found: RecordSet | None, wanted: RecordSet | None) -> dict[str, Any]:
    """Return the change from one set to another. It never uses UPSERT, which has no condition."""
    changes = [("DELETE", found), ("CREATE", wanted)]
    return {
        "Comment": "elastx-mrs",
        "Changes": [{"Action": action, "ResourceRecordSet": one} for action, one in changes if one is not None],
    }


def _sent_again(error: ClientError) -> bool:
    return bool(error.response["ResponseMetadata"].get("RetryAttempts"))


def _refuse_rivals(found: RecordSet | None, owner: str, value: str, old: str = "") -> None:
    """Refuse a second record of a kind that a name may have once: somebody published one after the guard had looked."""
    others = rivals(values(found), value, old)
    if others:
        what = f"{owner} has {' and '.join(map(quoted, others))}, which this stack did not publish"
        cure = "run pulumi up --refresh, which names the fix"
        raise Route53Error(f"{what}; {quoted(value, 60)} next to it would make both invalid; {cure}")


def name_of(text: str) -> str:
    r"""Return a name without its final dot. Of Route 53's octal escapes, only ``*`` occurs in owners here."""
    return text.lower().removesuffix(".").replace("\\052", "*")


def shown(found: RecordSet) -> list[str]:
    """Return a record set's values as in a zone file, names without their final dot; of an alias, its target."""
    if "AliasTarget" in found:
        return [name_of(found["AliasTarget"]["DNSName"])]
    return [one["Value"].removesuffix(".") for one in found.get("ResourceRecords", ())]


@contextmanager
def _explained(zone: str, but: str = "") -> Iterator[None]:
    """Turn an exception of boto3 into a message of one line.

    :param but: an error code that is passed on unchanged.
    """
    try:
        yield
    except ClientError as error:
        if but and error.response["Error"]["Code"] == but:
            raise
        raise _error(error, zone) from None
    except (BotoCoreError, ValueError) as error:  # ValueError: an endpoint that is not a URL
        raise _error(error, zone) from None


def _error(error: Exception, zone: str) -> Route53Error:
    if isinstance(error, ClientError):
        code, said = error.response["Error"]["Code"], error.response["Error"].get("Message") or "no reason given"
        what = f"Route 53 answers {code} to {error.operation_name} of {zone}: {' '.join(said.split())}"
        kind = ThrottledError if code == "Throttling" else Route53Error
        return kind(f"{what}; {CURES[code]}" if code in CURES else what)
    what = f"Route 53 could not be queried about {zone}: {' '.join(str(error).split())}"
    if isinstance(error, ConnectionError | HTTPClientError):
        return UnreachableError(f"{what.removesuffix('.')}; check the network, the proxy and AWS_ENDPOINT_URL_ROUTE_53")
    return Route53Error(
        f"{what.removesuffix('.')}; boto3 finds credentials by AWS_PROFILE, aws configure or aws sso login"
    )
