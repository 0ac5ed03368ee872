"""Where the records go: a name server or an API, watched from between it and us. Each can die and comes back."""

import os
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, TypeVar

import dns.message
import dns.query
import dns.rdata
import dns.rdatatype
import dns.tsigkeyring
import dns.zone
from dns.rdtypes.txtbase import TXTBase
from starlette.requests import Request
from starlette.responses import Response

from elastx_mrs.lab.session import Lab, open_lab
from elastx_mrs.records.text import join, parse
from tests.cloudflare.which import plugin
from tests.engine.cloudflare.stacks import FAST
from tests.kill.company import APEXES, Company, Row
from tests.kill.draw import Plan, When
from tests.kill.http_proxy import HttpProxy, http_proxy
from tests.lab.cloudflare_faults import Severed
from tests.publish.octodns.powerdns import PowerDns, api_settings
from tests.publish.route53.api import RecordSet, Route53Api, serve
from tests.servers import KEY_NAME, NameServer, Setup, answers, command, free_port, start
from tests.servers.proxy import Proxy, proxy

T = TypeVar("T")

Event = Callable[[int, When], None]
"""Is called around the server's work on each change, with its number."""


class World(Protocol):
    """One publisher's server, its clients' environment, and what is in its zones."""

    shares_ttl: bool
    environment: dict[str, str]
    settings: dict[str, Any]

    def watch(self, event: Event) -> None:
        """Count the changes from one again, and call ``event`` around each."""

    def kill_server(self) -> None: ...

    def start_server(self) -> None: ...

    def contents(self) -> Counter[Row]: ...


def ignore(_number: int, _when: When) -> None:
    """Nothing happens at this event."""


@dataclass
class Daemon:
    """A name server of Debian's that keeps its port and its folder over its deaths."""

    command: list[str]
    folder: Path
    port: int
    zones: tuple[str, ...]
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with (self.folder / "log").open("a") as log:
            self.process = subprocess.Popen(self.command, cwd=self.folder, stdout=log, stderr=subprocess.STDOUT)
        log_file = self.folder / "log"
        assert answers(self.process, self.port, self.zones[-1]), log_file.read_text()[-3000:]

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()


@dataclass
class _Transferred:
    """A name server, read by zone transfer (RFC 5936)."""

    server: NameServer
    daemon: Daemon

    def kill_server(self) -> None:
        self.daemon.kill()

    def start_server(self) -> None:
        self.daemon.start()

    def contents(self) -> Counter[Row]:
        return _transferred(self.server, self.daemon.zones)


@dataclass
class _Answered:
    """An API in the tests' own process, which can be told that it is dead."""

    down: bool = field(default=False, kw_only=True)
    changes: int = field(default=0, kw_only=True)
    _event: Event = field(default=ignore, kw_only=True)

    def watch(self, event: Event) -> None:
        self._event = event
        self.changes = 0

    def kill_server(self) -> None:
        self.down = True

    def start_server(self) -> None:
        self.down = False

    def told(self, changes: bool, work: Callable[[], T]) -> T | None:
        """Return the answer to a request; None if the API is dead, or dies at the event before or after a change."""
        number = 0
        if changes and not self.down:
            self.changes += 1
            number = self.changes
            self._event(number, "before")
        result = None if self.down else work()
        if number and not self.down:
            self._event(number, "after")
        return None if self.down else result


@dataclass
class Rfc2136(_Transferred):
    """A name server, read by zone transfer (RFC 5936)."""

    passed: Proxy
    environment: dict[str, str]
    settings: dict[str, Any]
    shares_ttl: bool = True

    def watch(self, event: Event) -> None:
        self.passed.before = lambda number: event(number, "before")
        self.passed.after = lambda number: event(number, "after")
        self.passed.updates = 0


@dataclass
class Cloudflare(_Answered):
    """The lab's API, read by a listing; while it is dead each connection is cut."""

    lab: Lab
    environment: dict[str, str]
    settings: dict[str, Any] = field(default_factory=dict)
    shares_ttl: bool = False

    def __post_init__(self) -> None:
        self.lab.cloudflare.api.intercept = self._intercept

    def contents(self) -> Counter[Row]:
        zones = self.lab.cloudflare.api.zones.values()
        records = [one.fields for zone in zones for one in zone.book.all()]
        return Counter((one.name, one.type, _content(one.type, one.content), one.ttl) for one in records)

    async def _intercept(self, request: Request, work: Callable[[], Response]) -> Response:
        response = self.told(request.method != "GET", work)
        return Severed(self.lab.cloudflare) if response is None else response


@dataclass
class Octodns(_Transferred):
    """PowerDNS, whose HTTP API is reached through a proxy; read by zone transfer."""

    passed: HttpProxy
    environment: dict[str, str]
    settings: dict[str, Any]
    shares_ttl: bool = True

    def watch(self, event: Event) -> None:
        self.passed.event = event
        self.passed.changes = 0


@dataclass
class Route53(_Answered):
    """The tests' copy of Route 53's API; while it is dead no request is answered."""

    api: Route53Api
    environment: dict[str, str]
    settings: dict[str, Any] = field(default_factory=dict)
    shares_ttl: bool = True

    def __post_init__(self) -> None:
        work = self.api.answer

        def answer(method: str, url: str, key: str, body: bytes) -> tuple[int, str, bool]:
            found = self.told(method == "POST", lambda: work(method, url, key, body))
            return (503, "", True) if found is None else found

        self.api.answer = answer  # type: ignore[method-assign]

    def contents(self) -> Counter[Row]:
        sets = [one for zone in self.api.zones.values() for one in zone.sets.values()]
        rows = [(one, value) for one in sets if one.type != "SOA" for value in one.values]
        return Counter((one.name, one.type, _content(one.type, value), one.ttl or 0) for one, value in rows)


def hosted(zones: Mapping[str, str], api: Route53Api) -> None:
    """Put zones into an account."""
    for number, (name, text) in enumerate(zones.items()):
        zone = dns.zone.from_text(text, origin=name, relativize=False)
        made = api.zone(f"Z{number}", name)
        for owner, found in zone.iterate_rdatasets():
            kind, called = dns.rdatatype.to_text(found.rdtype), owner.to_text(omit_final_dot=True).lower()
            if kind not in ("SOA", "NS"):
                made.put(RecordSet(called, kind, found.ttl, tuple(rdata.to_text() for rdata in found)))


def _transferred(server: NameServer, zones: Sequence[str]) -> Counter[Row]:
    """Return what is in a server's zones (RFC 5936)."""
    found: Counter[Row] = Counter()
    for name in zones:
        zone = dns.zone.Zone(name, relativize=False)
        query = dns.message.make_query(name, dns.rdatatype.AXFR)
        query.use_tsig(dns.tsigkeyring.from_text({server.key_name: server.key}), algorithm="hmac-sha256")
        dns.query.inbound_xfr(server.host, zone, query, port=server.port, timeout=10)
        for owner, ttl, rdata in zone.iterate_rdatas():
            if rdata.rdtype != dns.rdatatype.SOA:
                called = owner.to_text(omit_final_dot=True).lower()
                found[called, dns.rdatatype.to_text(rdata.rdtype), _text(rdata), ttl] += 1
    return found


def _text(rdata: dns.rdata.Rdata) -> str:
    return join(rdata.strings).decode("latin-1") if isinstance(rdata, TXTBase) else rdata.to_text()


def _content(kind: str, content: str) -> str:
    return join(parse(content)).decode("latin-1") if kind == "TXT" else content


@contextmanager
def world(plan: Plan, directory: Path) -> Iterator[World]:
    """Begin the world that a plan names, with the company's zones."""
    zones = Company(plan.domains).zones()
    if plan.publisher == "cloudflare":
        with open_lab(directory / "lab", zones) as lab:
            own = {key: value for key, value in lab.environment().items() if key.startswith(("CLOUDFLARE_", "ELASTX_"))}
            path = {"PATH": f"{plugin().folder}{os.pathsep}{os.environ['PATH']}"}
            yield Cloudflare(lab, {k: v for k, v in own.items() if "RFC2136" not in k} | path | FAST)
        return
    if plan.publisher == "route53":
        with serve() as api, start("lab", directory / "lab", zones) as server:
            hosted({name: zones[name] for name in APEXES}, api)
            yield Route53(api, api.environment() | {"ELASTX_MRS_NAMESERVERS": server.address})
        return
    port = free_port()
    daemon = _daemon(plan.server, directory / plan.server, zones, api_settings(port))
    try:
        daemon.start()
        server = NameServer(plan.server, "127.0.0.1", daemon.port, folder=daemon.folder)
        if plan.publisher == "octodns":
            with http_proxy(port) as passed:
                powerdns = PowerDns(server, passed.port)
                yield Octodns(server, daemon, passed, powerdns.environment(), {"pdns": powerdns.config})
            return
        with proxy(server) as (through, passed_updates):
            environment = server.environment() | {"ELASTX_MRS_RFC2136_SERVER": through.address}
            yield Rfc2136(server, daemon, passed_updates, environment, {"zones": list(APEXES)})
    finally:
        daemon.kill()


def _daemon(kind: str, folder: Path, zones: Mapping[str, str], settings: str) -> Daemon:
    """Write what a name server of this kind reads, with transfers let through for the key.

    :param settings: lines of PowerDNS's configuration.
    """
    key = f"{{ key {KEY_NAME}; }}"
    setups = {
        "bind": Setup(zones=dict.fromkeys(zones, f"allow-update {key}; allow-transfer {key};")),
        "knot": Setup(),
        "powerdns": Setup(
            extra="\n".join(f"set-meta {name} TSIG-ALLOW-AXFR {KEY_NAME[:-1]}" for name in zones), settings=settings
        ),
    }
    port = free_port()
    return Daemon(command(kind, folder, port, zones, setups[kind]), folder, port, tuple(zones))
