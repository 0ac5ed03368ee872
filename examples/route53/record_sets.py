r"""The TXT record sets of a hosted zone in Amazon Route 53: how one string is changed, and the others are kept.

All TXT strings of a name are *one* record set there. So every change is a compare-and-swap: the set is read, and one
change batch deletes exactly that and creates the new one. Route 53 makes all of a batch or nothing, and refuses to
delete what is not there any more; then it is read again.
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
"""Times that a change is tried whose record set others keep changing."""

PAUSE = 0.1
"""Seconds before the second try; twice as long before each more, up to :data:`MAX_PAUSE`."""

MAX_PAUSE = 2.0

ROUTED = ("SetIdentifier", "AliasTarget", "TrafficPolicyInstanceId")
"""What a record set has that is not simply its values: a routing policy, an alias, a traffic policy."""

CURES: Mapping[str, str] = {
    "AccessDenied": "let these credentials do it: README.md has the policy",
    "ExpiredToken": "log in again (aws sso login), or set AWS_PROFILE",
    "InvalidClientTokenId": "aws sts get-caller-identity says whose credentials boto3 finds; set AWS_PROFILE",
    "NoSuchHostedZone": "mend zones: aws route53 list-hosted-zones has the ids that these credentials see. Where the "
    "zone was deleted, take its records out of the state: pulumi state delete",
    "PriorRequestNotComplete": "others keep changing this zone; run it again",
    "SignatureDoesNotMatch": "mend AWS_SECRET_ACCESS_KEY, or set AWS_PROFILE",
    "Throttling": "others use up the account's 5 requests a second; run it again",
}

RecordSet = dict[str, Any]
"""As boto3 has it: Name, Type, TTL, ResourceRecords …"""

_LOCKS: dict[tuple[str, str], threading.Lock] = {}
"""By zone and owner name: this process's own changes need not fail for each other."""

_ESCAPE = re.compile(r"\\(?:([0-3][0-7]{2})|.)", re.DOTALL)


class Route53Error(Exception):
    """Route 53 did not do what was asked; the message says what, where, and what to do."""


class UnreachableError(Route53Error):
    """Route 53 did not answer."""


class ThrottledError(Route53Error):
    """The account's requests of this second were used up, at each try."""


def connect(attempts: int) -> Any:
    """Return boto3's client, which several threads may use; endpoint and credentials are boto3's own business.

    :param attempts: times that a request is sent, unless ``AWS_MAX_ATTEMPTS`` says.
    """
    retries = {} if "AWS_MAX_ATTEMPTS" in os.environ else {"total_max_attempts": attempts}
    config = Config(retries={"mode": "standard", **retries}, connect_timeout=10, read_timeout=30)
    with _explained("hosted zones"):
        session = boto3.Session()
        # Route 53 is one for all regions of a partition, and boto3 wants to be told where an endpoint of one's own is.
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
        """Return the record sets of the zone, or of one name in it, as they are now: pending ones too."""
        start = {"StartRecordName": owner, "PaginationConfig": {"PageSize": 20}} if owner is not None else {}
        pages = self.client.get_paginator("list_resource_record_sets").paginate(HostedZoneId=self.id, **start)
        with _explained(self.id):
            found = (one for page in pages for one in page["ResourceRecordSets"])
            return list(itertools.takewhile(lambda one: owner is None or name_of(one["Name"]) == owner, found))

    def read(self, owner: str) -> RecordSet | None:
        """Return the TXT record set of a name."""
        return self._txt(owner, self.sets(owner))

    def add(self, owner: str, value: str, ttl: int | None, *, adopt: bool, only: bool = True) -> None:
        """Publish a value beside whatever else the name has.

        :param ttl: seconds, which the whole set then has; None for the set's, else 1800.
        :param adopt: True where what is there already may be taken over: the value itself, or the one record of its
            kind (SPF, DKIM, DMARC), which the value then replaces.
        :param only: False where another record of its kind may be beside it, as where the guard is off.
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
        """Withdraw a value, and the set with the last one; that it is gone already is no fault."""
        self._swap(owner, lambda found: without_value(found, value), writes=False)

    def _swap(self, owner: str, new: Callable[[RecordSet | None], RecordSet | None], *, writes: bool) -> None:
        """Put what ``new`` makes of a name's TXT set in its place, however often others change it in between."""
        refused: tuple[RecordSet | None, RecordSet | None, ClientError] | None = None
        pause = PAUSE
        with _LOCKS.setdefault((self.id, owner), threading.Lock()):
            for _ in range(TRIES):
                sets = self.sets(owner)
                found = self._txt(owner, sets)
                if refused is not None and found == refused[0]:  # nobody changed it: what we want is not allowed
                    raise _error(refused[2], self.id)
                if refused is not None and found == refused[1] and _sent_again(refused[2]):
                    return  # it was done the first time, and that answer got lost
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
                time.sleep(pause * random.uniform(0.5, 1.5))  # noqa: S311  so that two don't meet again
                pause = min(2 * pause, MAX_PAUSE)
        what = f"the TXT record set of {owner} was changed by others {TRIES} times while this was about to"
        raise Route53Error(f"{what}, so nothing was written there (hosted zone {self.id}); run it again")

    def _txt(self, owner: str, sets: Sequence[RecordSet]) -> RecordSet | None:
        """Return the simple TXT set among those of a name."""
        txt = [one for one in sets if one["Type"] == "TXT"]
        if (problem := routed(owner, txt)) is not None:
            raise Route53Error(f"{problem} (hosted zone {self.id})")
        return txt[0] if txt else None

    def _refuse_obstacles(self, owner: str, sets: Sequence[RecordSet]) -> None:
        """Refuse what Route 53 would not take, or would not serve."""
        by_type = {one["Type"]: one for one in sets}
        if "CNAME" in by_type:
            what = f"{owner} is a CNAME to {shown(by_type['CNAME'])[0]}, so it can have no TXT (RFC 1034 §3.6.2)"
            raise Route53Error(f"{what}; remove the CNAME from the hosted zone {self.id} first")
        if "NS" in by_type and "SOA" not in by_type:
            what = f"{owner} is delegated to {' and '.join(shown(by_type['NS']))}, so that {self.id} does not serve it"
            raise Route53Error(f"{what}; publish it there: if that is a hosted zone too, add {owner} to zones")


def values(found: RecordSet | None) -> list[bytes]:
    """Return the values of a TXT record set, each one's character-strings joined."""
    return [octets(one["Value"]) for one in found["ResourceRecords"]] if found is not None else []


def octets(value: str) -> bytes:
    r"""Return a TXT value's character-strings, joined; Route 53's ``\DDD`` is octal, and RFC 1035's decimal."""
    decimal = _ESCAPE.sub(lambda match: f"\\{int(match[1], 8):03d}" if match[1] else match[0], value)
    try:
        return join(parse(decimal))
    except RecordError:
        return value.encode()  # what can't be read is not ours, and kept as it is


def with_value(
    found: RecordSet | None, owner: str, value: str, ttl: int | None, instead: str | None = None
) -> RecordSet:
    """Return a TXT set with a value, in the place of ``instead`` or at its end; the others stay exactly as they are."""
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
    """Return a TXT set without a value; None where it was the last."""
    records = [one for one in found["ResourceRecords"] if not same_value(octets(one["Value"]), value)] if found else []
    return {**found, "ResourceRecords": records} if found is not None and records else None


def routed(owner: str, txt: Sequence[RecordSet]) -> str | None:
    """Say why the TXT sets of a name can't be changed here; None where they can."""
    odd = [one for one in txt if any(key in one for key in ROUTED)]
    if not odd:
        return None
    named = ", ".join(quoted(one["SetIdentifier"]) if "SetIdentifier" in one else "an alias" for one in odd)
    what = f"{owner} has TXT record sets with a routing policy or an alias ({named}), so that not everybody "
    return f"{what}gets what is in one of them; make them one simple record set first"


def _batch(found: RecordSet | None, wanted: RecordSet | None) -> dict[str, Any]:
    """Return the change from one set to another: never UPSERT, which asks for no condition."""
    changes = [("DELETE", found), ("CREATE", wanted)]
    return {
        "Comment": "elastx-mrs",
        "Changes": [{"Action": action, "ResourceRecordSet": one} for action, one in changes if one is not None],
    }


def _sent_again(error: ClientError) -> bool:
    return bool(error.response["ResponseMetadata"].get("RetryAttempts"))


def _refuse_rivals(found: RecordSet | None, owner: str, value: str, old: str = "") -> None:
    """Refuse a second record of a kind that may be there once: somebody was faster than the guard could see."""
    others = rivals(values(found), value, old)
    if others:
        what = f"{owner} has {' and '.join(map(quoted, others))}, which this stack did not publish"
        cure = "run pulumi up --refresh, which prints what to do"
        raise Route53Error(f"{what}; {quoted(value, 60)} next to it would make both invalid; {cure}")


def name_of(text: str) -> str:
    r"""Return a name without its final dot. Of Route 53's octal escapes ``*``'s is undone: no owner here has others."""
    return text.lower().removesuffix(".").replace("\\052", "*")


def shown(found: RecordSet) -> list[str]:
    """Return a record set's values as in a zone file, names without their final dot; of an alias what it is one of."""
    if "AliasTarget" in found:
        return [name_of(found["AliasTarget"]["DNSName"])]
    return [one["Value"].removesuffix(".") for one in found.get("ResourceRecords", ())]


@contextmanager
def _explained(zone: str, but: str = "") -> Iterator[None]:
    """Make one line of what boto3 raises.

    :param but: an error code that is passed on as it is.
    """
    try:
        yield
    except ClientError as error:
        if but and error.response["Error"]["Code"] == but:
            raise
        raise _error(error, zone) from None
    except (BotoCoreError, ValueError) as error:  # ValueError: an endpoint that is no URL
        raise _error(error, zone) from None


def _error(error: Exception, zone: str) -> Route53Error:
    if isinstance(error, ClientError):
        code, said = error.response["Error"]["Code"], error.response["Error"].get("Message") or "no reason given"
        what = f"Route 53 answers {code} to {error.operation_name} of {zone}: {' '.join(said.split())}"
        kind = ThrottledError if code == "Throttling" else Route53Error
        return kind(f"{what}; {CURES[code]}" if code in CURES else what)
    what = f"Route 53 could not be asked about {zone}: {' '.join(str(error).split())}"
    if isinstance(error, ConnectionError | HTTPClientError):
        return UnreachableError(f"{what.removesuffix('.')}; see to the network, a proxy, AWS_ENDPOINT_URL_ROUTE_53")
    return Route53Error(f"{what.removesuffix('.')}; credentials are boto3's: AWS_PROFILE, aws configure, aws sso login")
