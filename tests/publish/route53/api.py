r"""A stand-in for Amazon Route 53's REST API, on loopback: what the publisher asks of it, and nothing else.

ListHostedZones, GetHostedZone, ListResourceRecordSets, ChangeResourceRecordSets (CREATE and DELETE) and GetChange, in
its XML, with these of its documented rules:

- A batch is all or nothing. DELETE must have the set's TTL and values exactly (here in their order too), CREATE must
  find none; each refusal has Route 53's own words, all of a batch's in one InvalidChangeBatch.
- Record sets: no CNAME beside others; none outside the zone; not the apex' NS and SOA; a TTL and at least one value,
  none twice; no simple set beside routed ones. At most 4,000 characters in a value, 400 values in a set, and 32,000
  characters and 1,000 values in a request.
- TXT values are in quotes, 255 octets at most in each string; octets that are not printable as ``\DDD``, in octal.
- Lists are in the order of the names' reversed labels, then types; in pages; with the newest changes. Names end in a
  dot, and have ``*`` as ``\052``.
- Elements of a request are in the order of the API's schema. An unknown zone is a 404, unknown credentials and what
  they may not do are 403 (the signature itself is not checked), more requests than ``rate`` a second are a 400.
"""

import re
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit
from xml.etree import ElementTree
from xml.sax.saxutils import escape

NAMESPACE = "https://route53.amazonaws.com/doc/2013-04-01/"
FIELDS = (
    "Name", "Type", "SetIdentifier", "Weight", "Region", "GeoLocation", "Failover", "MultiValueAnswer", "TTL",
    "ResourceRecords", "AliasTarget", "HealthCheckId", "TrafficPolicyInstanceId",
)  # fmt: skip
"""Of a record set, in the schema's order."""

TYPES = ("A", "AAAA", "CAA", "CNAME", "MX", "NS", "PTR", "SOA", "SRV", "TXT")
MAX_VALUE, MAX_VALUES, MAX_REQUEST, MAX_RECORDS = 4000, 400, 32_000, 1_000
MAX_STRING, MAX_PAGE, MAX_ZONES = 255, 300, 100

_STRING = re.compile(r'"((?:[^"\\]|\\[0-3][0-7]{2}|\\[^0-9])*)"')
_ESCAPE = re.compile(r"\\([0-3][0-7]{2}|.)")

SECRET = "canary/of+an/AWS/secret+access/key/33333"
"""It must stand in no state, no log and no message."""

Key = tuple[str, str, str]
"""Name, type and set identifier."""


class RefusedError(Exception):
    """An answer that is no success."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code = status, code


@dataclass(frozen=True)
class RecordSet:
    name: str
    type: str
    ttl: int | None = 300
    values: tuple[str, ...] = ()
    identifier: str = ""
    weight: int | None = None
    alias: str = ""

    @property
    def key(self) -> Key:
        return self.name, self.type, self.identifier

    @property
    def order(self) -> tuple[str, str, str]:
        return f"{'.'.join(reversed(self.name.split('.')))}.", self.type, self.identifier

    def xml(self) -> str:
        parts = [f"<Name>{escape(escaped(self.name))}</Name><Type>{self.type}</Type>"]
        if self.identifier:
            parts.append(f"<SetIdentifier>{self.identifier}</SetIdentifier><Weight>{self.weight}</Weight>")
        if self.alias:
            target = f"<HostedZoneId>Z0</HostedZoneId><DNSName>{self.alias}.</DNSName>"
            parts.append(f"<AliasTarget>{target}<EvaluateTargetHealth>false</EvaluateTargetHealth></AliasTarget>")
        else:
            records = "".join(f"<ResourceRecord><Value>{escape(one)}</Value></ResourceRecord>" for one in self.values)
            parts.append(f"<TTL>{self.ttl}</TTL><ResourceRecords>{records}</ResourceRecords>")
        return f"<ResourceRecordSet>{''.join(parts)}</ResourceRecordSet>"


@dataclass
class HostedZone:
    id: str
    name: str
    private: bool = False
    sets: dict[Key, RecordSet] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.put(RecordSet(self.name, "NS", 172_800, tuple(f"{one}." for one in self.servers)))
        self.put(RecordSet(self.name, "SOA", 900, (f"{self.servers[0]}. awsdns-hostmaster.amazon.com. 1 2 3 4 5",)))

    @property
    def servers(self) -> list[str]:
        return [f"ns-{number}.awsdns-00.{end}" for number, end in enumerate(("com", "net", "org", "co.uk"))]

    def put(self, *sets: RecordSet) -> None:
        """Let somebody else write a set, whatever is there."""
        for one in sets:
            self.sets[one.key] = one

    def txt(self, owner: str) -> tuple[str, ...]:
        """The values of the simple TXT set at a name, as they are stored."""
        found = self.sets.get((owner, "TXT", ""))
        return found.values if found is not None else ()

    def append(self, owner: str, value: str) -> None:
        """Let somebody else add a string to a TXT set that is there."""
        found = self.sets[owner, "TXT", ""]
        self.put(replace(found, values=(*found.values, value)))


@dataclass
class Fault:
    """What happens to requests of an operation, so many times."""

    operation: str
    code: str
    times: int = 1
    status: int = 400
    message: str = "Rate exceeded"


@dataclass
class Route53Api:
    """The account; tests read and change it as they like.

    :ivar users: what each access key id may not do.
    :ivar meanwhile: each runs once, after a change was sent, and before it is looked at.
    :ivar lose: answers to changes that get lost, once the change is made.
    :ivar pages: what somebody on the way puts in the place of the next answers, once the work is done.
    :ivar changed: told of each name whose TXT set has changed.
    :ivar pending: how many questions about a change are answered with PENDING.
    :ivar log: access key id, operation and the code of the answer, of each request.
    """

    zones: dict[str, HostedZone] = field(default_factory=dict)
    users: dict[str, tuple[str, ...]] = field(default_factory=lambda: {"AKIDEXAMPLE": ()})
    meanwhile: deque[Callable[[str], None]] = field(default_factory=deque)
    faults: list[Fault] = field(default_factory=list)
    lose: int = 0
    pages: deque[str] = field(default_factory=deque)
    rate: int | None = None
    changed: Callable[[HostedZone, str], None] = lambda _zone, _owner: None
    log: list[tuple[str, str, str]] = field(default_factory=list)
    pending: int = 0
    changes: int = 0
    url: str = ""
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _times: deque[float] = field(default_factory=deque)

    def zone(self, identifier: str, name: str, *sets: RecordSet, private: bool = False) -> HostedZone:
        made = HostedZone(identifier, name, private)
        made.put(*sets)
        self.zones[identifier] = made
        return made

    def environment(self, user: str = "AKIDEXAMPLE") -> dict[str, str]:
        """What boto3 needs to find this and nothing else."""
        return {
            "AWS_ENDPOINT_URL_ROUTE_53": self.url,
            "AWS_ACCESS_KEY_ID": user,
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_CONFIG_FILE": "/nonexistent",
            "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent",
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def codes(self, operation: str) -> list[str]:
        return [code for _, asked, code in self.log if asked == operation]

    def answer(self, method: str, url: str, key: str, body: bytes) -> tuple[int, str, bool]:
        """Return status, body, and whether the answer gets lost."""
        parts = urlsplit(url)
        path = unquote(parts.path).strip("/").split("/")
        query = {name: value[0] for name, value in parse_qs(parts.query).items()}
        operation = _operation(method, path)
        lost = False
        try:
            if not operation:
                raise RefusedError(404, "UnknownOperationException", f"{method} {url} is not for this stand-in")
            if operation == "ChangeResourceRecordSets":
                self._let_others(key)
            with self._lock:
                self._allow(operation, key, path[2] if len(path) > 2 else "*")
                if operation == "ListHostedZones":
                    answer = _list_zones([*self.zones.values()], query)
                elif operation == "GetChange":
                    answer = self._progress(path[2])
                elif operation == "GetHostedZone":
                    answer = _about(self._zone(path[2]))
                elif operation == "ListResourceRecordSets":
                    answer = _list(self._zone(path[2]), query)
                else:
                    self._change(self._zone(path[2]), body)
                    self.changes += 1
                    info = _change_info(f"C{self.changes}", "PENDING")
                    answer = _element("ChangeResourceRecordSetsResponse", info)
                    lost = self.lose > 0
                    self.lose -= lost
        except RefusedError as refused:
            self.log.append((key, operation, refused.code))
            said = f"<Type>Sender</Type><Code>{refused.code}</Code><Message>{escape(str(refused))}</Message>"
            return refused.status, _element("ErrorResponse", f"<Error>{said}</Error><RequestId>0</RequestId>"), False
        self.log.append((key, operation, "lost" if lost else "OK"))
        return 200, self.pages.popleft() if self.pages else answer, lost

    def _let_others(self, key: str) -> None:
        try:
            others = self.meanwhile.popleft()
        except IndexError:
            return
        others(key)

    def _progress(self, change: str) -> str:
        if not 0 < int(change.removeprefix("C")) <= self.changes:
            raise RefusedError(404, "NoSuchChange", f"A change with the specified change ID {change} does not exist")
        still = self.pending > 0
        self.pending -= still
        return _element("GetChangeResponse", _change_info(change, "PENDING" if still else "INSYNC"))

    def _zone(self, zone: str) -> HostedZone:
        if zone not in self.zones:
            raise RefusedError(404, "NoSuchHostedZone", f"No hosted zone found with ID: {zone}")
        return self.zones[zone]

    def _allow(self, operation: str, key: str, zone: str) -> None:
        if key not in self.users:
            raise RefusedError(403, "InvalidClientTokenId", "The security token included in the request is invalid.")
        now = time.monotonic()
        while self._times and self._times[0] <= now - 1:
            self._times.popleft()
        if self.rate is not None and len(self._times) >= self.rate:
            raise RefusedError(400, "Throttling", "Rate exceeded")
        self._times.append(now)
        if operation in self.users[key]:
            what = f"User: arn:aws:iam::123456789012:user/acme is not authorized to perform: route53:{operation}"
            where = f"on resource: arn:aws:route53:::hostedzone/{zone}"
            why = f"because no identity-based policy allows the route53:{operation} action"
            raise RefusedError(403, "AccessDenied", f"{what} {where} {why}")
        for fault in self.faults:
            if fault.operation == operation and fault.times > 0:
                fault.times -= 1
                raise RefusedError(fault.status, fault.code, fault.message)

    def _change(self, zone: HostedZone, body: bytes) -> None:
        """Make all of a batch, or nothing of it."""
        changes = _changes(body)
        sizes = sum(len(value) for _, one in changes for value in one.values)
        if sizes > MAX_REQUEST:
            raise _invalid([f"The sum of characters of values is {sizes}, and at most {MAX_REQUEST}"])
        if (count := sum(len(one.values) for _, one in changes)) > MAX_RECORDS:
            raise _invalid([f"Number of records limit of {MAX_RECORDS} exceeded: {count}"])
        sets, problems = dict(zone.sets), []
        for action, one in changes:
            if (problem := _problem(zone, sets, action, one)) is not None:
                problems.append(problem)
            elif action == "DELETE":
                del sets[one.key]
            else:
                sets[one.key] = one
        if problems:
            raise _invalid(problems)
        names = {one.name for _, one in changes}
        for name in names:
            beside = {kind for owner, kind, _ in sets if owner == name}
            if "CNAME" in beside and len(beside) > 1:
                what = f"RRSet of type CNAME with DNS name {name}. is not permitted as it conflicts with other records"
                raise _invalid([f"{what} with the same DNS name in zone {zone.name}."])
        zone.sets = sets
        for name in names:
            self.changed(zone, name)


def _operation(method: str, path: list[str]) -> str:
    """Return what a request asks for; empty for what this is no stand-in for."""
    match method, path:
        case "GET", ["2013-04-01", "hostedzone"]:
            return "ListHostedZones"
        case "GET", ["2013-04-01", "hostedzone", _]:
            return "GetHostedZone"
        case "GET", ["2013-04-01", "hostedzone", _, "rrset"]:
            return "ListResourceRecordSets"
        case "POST", ["2013-04-01", "hostedzone", _, "rrset"]:
            return "ChangeResourceRecordSets"
        case "GET", ["2013-04-01", "change", _]:
            return "GetChange"
        case _:
            return ""


def escaped(name: str) -> str:
    return "".join(c if re.fullmatch(r"[a-z0-9._-]", c) else f"\\{ord(c):03o}" for c in name) + "."


def strings(value: str) -> list[bytes] | None:
    """The character-strings of a TXT value; None where it is none."""
    if re.fullmatch(rf"{_STRING.pattern}(?:[ \t]*{_STRING.pattern})*", value) is None:
        return None
    return [
        _ESCAPE.sub(lambda m: chr(int(m[1], 8)) if len(m[1]) == 3 else m[1], one).encode("latin-1")
        for one in _STRING.findall(value)
    ]


def _problem(zone: HostedZone, sets: Mapping[Key, RecordSet], action: str, one: RecordSet) -> str | None:
    """Say why a change is refused, as Route 53 does."""
    found = sets.get(one.key)
    named = f"resource record set [name='{one.name}.', type='{one.type}']"
    if one.name != zone.name and not one.name.endswith(f".{zone.name}"):
        return f"RRSet with DNS name {one.name}. is not permitted in zone {zone.name}."
    if action == "DELETE":
        if found is None:
            return f"Tried to delete {named} but it was not found"
        if found != one:
            return f"Tried to delete {named} but the values provided do not match the current values"
        if one.name == zone.name and one.type in ("NS", "SOA"):
            return f"A HostedZone must contain at least one {one.type} record for the zone itself."
        return None
    if found is not None:
        return f"Tried to create {named} but it already exists"
    if any(key[:2] == one.key[:2] and bool(key[2]) != bool(one.identifier) for key in sets):
        return f"RRSet with DNS name {one.name}., type {one.type} cannot be created as other RRSets exist with its name"
    return _malformed(one)


def _malformed(one: RecordSet) -> str | None:
    if one.type not in TYPES or one.ttl is None or not 0 <= one.ttl < 2**31 or not one.values:
        return f"Invalid request: Expected a type, a TTL and at least one value for {one.name}."
    if len(one.values) > MAX_VALUES:
        return f"Number of values limit of {MAX_VALUES} exceeded for {one.name}."
    for value in one.values:
        said = f"encountered with '{value[:60]}'"
        if one.values.count(value) > 1:
            return f"Duplicate Resource Record: '{value[:60]}'"
        if len(value) > MAX_VALUE:
            return f"Invalid Resource Record: FATAL problem: ValueTooLong (at most {MAX_VALUE} characters) {said}"
        if one.type == "TXT":
            found = strings(value)
            if found is None:
                why = "InvalidCharacterString (Value should be enclosed in quotation marks)"
                return f"Invalid Resource Record: FATAL problem: {why} {said}"
            if not all(len(string) <= MAX_STRING for string in found):
                return f"Invalid Resource Record: FATAL problem: CharacterStringTooLong (Value is too long) {said}"
    return None


def _invalid(problems: list[str]) -> RefusedError:
    return RefusedError(400, "InvalidChangeBatch", f"[{', '.join(problems)}]")


def _changes(body: bytes) -> list[tuple[str, RecordSet]]:
    root = ElementTree.fromstring(body)  # noqa: S314  it is our own boto3's
    found = []
    for change in root.iterfind(f"./{{{NAMESPACE}}}ChangeBatch/{{{NAMESPACE}}}Changes/{{{NAMESPACE}}}Change"):
        action = change.findtext(f"{{{NAMESPACE}}}Action", "")
        one = change.find(f"{{{NAMESPACE}}}ResourceRecordSet")
        if action not in ("CREATE", "DELETE") or one is None:
            raise RefusedError(400, "InvalidInput", f"{action} is not for this stand-in")
        fields = [child.tag.partition("}")[2] for child in one]
        if fields != [name for name in FIELDS if name in fields]:
            raise RefusedError(400, "InvalidInput", "Invalid XML ; cvc-complex-type.2.4.a: Invalid content was found")
        if set(fields) - {"Name", "Type", "TTL", "ResourceRecords"}:
            raise RefusedError(400, "InvalidInput", f"{fields} are not for this stand-in")
        text: dict[str, Any] = {name: one.findtext(f"{{{NAMESPACE}}}{name}", "") for name in fields}
        values = [item.text or "" for item in one.iter(f"{{{NAMESPACE}}}Value")]
        ttl = int(text["TTL"]) if "TTL" in text else None
        found.append((action, RecordSet(_plain(text["Name"]), text["Type"], ttl, tuple(values))))
    if not found:
        raise RefusedError(400, "InvalidInput", "Invalid XML ; the batch has no changes")
    return found


def _plain(name: str) -> str:
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), name).lower().removesuffix(".")


def _hosted(zone: HostedZone) -> str:
    config = f"<Config><PrivateZone>{str(zone.private).lower()}</PrivateZone></Config>"
    what = f"<Id>/hostedzone/{zone.id}</Id><Name>{zone.name}.</Name><CallerReference>0</CallerReference>{config}"
    return f"<HostedZone>{what}</HostedZone>"


def _about(zone: HostedZone) -> str:
    servers = "".join(f"<NameServer>{one}</NameServer>" for one in zone.servers)
    served = "" if zone.private else f"<DelegationSet><NameServers>{servers}</NameServers></DelegationSet>"
    return _element("GetHostedZoneResponse", f"{_hosted(zone)}{served}")


def _list_zones(zones: list[HostedZone], query: Mapping[str, str]) -> str:
    size = min(int(query.get("maxitems", MAX_ZONES)), MAX_ZONES)
    start = next((at for at, zone in enumerate(zones) if zone.id == query.get("marker")), 0)
    rest = start + size < len(zones)
    more = f"<IsTruncated>{str(rest).lower()}</IsTruncated><MaxItems>{size}</MaxItems>"
    more += f"<NextMarker>{zones[start + size].id}</NextMarker>" if rest else ""
    listed = "".join(map(_hosted, zones[start : start + size]))
    return _element("ListHostedZonesResponse", f"<HostedZones>{listed}</HostedZones>{more}")


def _list(zone: HostedZone, query: Mapping[str, str]) -> str:
    size = min(int(query.get("maxitems", MAX_PAGE)), MAX_PAGE)
    start = RecordSet(
        _plain(query.get("name", "")), query.get("type", ""), identifier=query.get("identifier", "")
    ).order
    found = sorted(zone.sets.values(), key=lambda one: one.order)
    found = [one for one in found if "name" not in query or one.order >= start]
    page, rest = found[:size], found[size:]
    more = f"<IsTruncated>{str(bool(rest)).lower()}</IsTruncated>"
    if rest:
        more += (
            f"<NextRecordName>{escaped(rest[0].name)}</NextRecordName><NextRecordType>{rest[0].type}</NextRecordType>"
        )
        if rest[0].identifier:
            more += f"<NextRecordIdentifier>{rest[0].identifier}</NextRecordIdentifier>"
    sets = "".join(one.xml() for one in page)
    listed = f"<ResourceRecordSets>{sets}</ResourceRecordSets>{more}<MaxItems>{size}</MaxItems>"
    return _element("ListResourceRecordSetsResponse", listed)


_WHEN = "2026-01-01T00:00:00Z"


def _change_info(change: str, status: str) -> str:
    what = f"<Id>/change/{change}</Id><Status>{status}</Status><SubmittedAt>{_WHEN}</SubmittedAt>"
    return f"<ChangeInfo>{what}</ChangeInfo>"


def _element(name: str, inner: str) -> str:
    return f'<?xml version="1.0"?>\n<{name} xmlns="{NAMESPACE}">{inner}</{name}>'


class QuietServer(ThreadingHTTPServer):
    """A server whose clients may be killed."""

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


@contextmanager
def serve() -> Iterator[Route53Api]:
    """Serve an empty account on a port of its own."""
    api = Route53Api()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # an answer is one packet: of two, the second waits 40 ms for the first to be confirmed

        def do_GET(self) -> None:
            self._answer()

        def do_POST(self) -> None:
            self._answer()

        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            match = re.search(r"AWS4-HMAC-SHA256 Credential=([^/]+)/", self.headers.get("Authorization", ""))
            status, text, lost = api.answer(self.command, self.path, match[1] if match else "", body)
            if lost:
                self.close_connection = True
                return
            self.send_response(status)
            self.send_header("Content-Type", "text/xml")
            self.send_header("Content-Length", str(len(text.encode())))
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = QuietServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    api.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield api
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
