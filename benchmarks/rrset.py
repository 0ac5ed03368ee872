"""Route 53 and octoDNS's PowerDNS: an ``up`` of 100 domains beside the same requests alone, plus the engine's own time.

``python -m benchmarks.rrset`` runs it alone, in about nine minutes; ``python -m benchmarks`` leaves it out. The
requests alone are sent by boto3 and by requests, from a process that has started, by as many threads as Pulumi's host
of dynamic providers has. The engine's own time is an ``up`` of as many dynamic resources that do nothing. Guard and
verification are off. The APIs are on this machine: the tests' stand-in for Route 53, and Debian's PowerDNS.

The limit is for an ``up`` that writes the state at every step, as it does unless told. Where it is written once, the
same comparison shows what we add, without the engine's share.
"""

import copy
import itertools
import multiprocessing
import os
import re
import statistics
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.cloudflare import ACCOUNTS, QUICK, measured, names
from elastx_mrs.config.environment import GUARD, VERIFICATION
from elastx_mrs.config.parse import parse_stack
from elastx_mrs.records import TxtRecord
from tests import golden
from tests.engine.stack import Stack
from tests.publish.octodns.powerdns import API_KEY, powerdns
from tests.publish.route53.api import serve
from tests.servers.zones import HEAD
from toolchain.usage import usage

DOMAINS, ROUNDS, MOST = 100, 2, 1.3
THREADS = 4
"""Of Pulumi's host of dynamic providers."""

LOGGED = "webserver-loglevel=normal\nloglevel=6\n"
"""Has PowerDNS write a line into its log for each request."""

NOTHING = '''"""A dynamic resource that does nothing."""
from typing import ClassVar

from pulumi import dynamic


class Nothing(dynamic.ResourceProvider):
    serialize_as_secret_always: ClassVar[bool] = False

    def create(self, props):
        return dynamic.CreateResult("nothing", props)


class Idle(dynamic.Resource):
    def __init__(self, name, inputs):
        super().__init__(Nothing(), name, inputs)
'''

Requests = Mapping[str, int]
"""How many of each kind an ``up`` has sent."""


@dataclass
class Figures:
    """Seconds by round: of our ``up``, and of what it is compared with."""

    ours: list[float] = field(default_factory=list)
    other: list[float] = field(default_factory=list)
    requests: Requests = field(default_factory=dict)


@contextmanager
def route53() -> Iterator[tuple[dict[str, Any], dict[str, str], Callable[[], Requests], Callable[[Requests], float]]]:
    """Serve the zones; give a stack's config, its variables, what counts requests, and what sends them alone."""
    with serve() as api:

        def reset() -> None:
            for number, name in enumerate(names(DOMAINS)):
                api.zone(f"Z{number}", name)
            api.log.clear()

        def alone(requests: Requests) -> float:
            reset()
            return elsewhere(boto3_alone, api.url, requests, owners())

        def sent() -> Requests:
            return Counter(operation for _, operation, _ in api.log)

        reset()
        yield {"route53": {}}, api.environment(), sent, alone


@contextmanager
def octodns() -> Iterator[tuple[dict[str, Any], dict[str, str], Callable[[], Requests], Callable[[Requests], float]]]:
    """Serve the zones by PowerDNS, in the same way."""
    zones = {name: HEAD.format(name=name) for name in names(DOMAINS)}
    with tempfile.TemporaryDirectory() as folder, powerdns(Path(folder), zones, LOGGED) as server:
        before = len(server.dns.log)

        def alone(requests: Requests) -> float:
            server.reset()
            return elsewhere(requests_alone, server.port, requests, owners())

        def sent() -> Requests:
            lines = re.findall(r'"(GET|PATCH) /api/v1/servers/localhost/zones(/?)', server.dns.log[before:])
            return Counter({"GET/": "zone", "GET": "zones", "PATCH/": "change"}["".join(one)] for one in lines)

        yield {"octodns": {"pdns": server.config}}, server.environment(), sent, alone


PUBLISHERS = {"Route 53": route53, "octoDNS's PowerDNS": octodns}


def config() -> dict[str, Any]:
    """Return what every stack has: five records a domain, in three record sets."""
    return {"accounts": ACCOUNTS, "dkim": golden.DKIM, "domains": names(DOMAINS)}


def records(publisher: Mapping[str, Any]) -> Sequence[TxtRecord]:
    """Return the records of the stack."""
    return parse_stack({f"elastx-mrs:{key}": value for key, value in {**config(), **publisher}.items()}).records()


def owners() -> list[tuple[int, str]]:
    """Return the number of its zone and the name of each record set."""
    found = dict.fromkeys((one.domain, one.name) for one in records({"route53": {}}))
    number = {name: at for at, name in enumerate(names(DOMAINS))}
    return [(number[domain], owner) for domain, owner in found]


def idle_program() -> str:
    """Return a program of as many resources that do nothing, with inputs of the same size."""
    lines = ["from nothing import Idle", ""]
    for one in records({"route53": {}}):
        inputs = {"publisher": "route53", "zone": "Z1", "owner": one.name, "value": one.value, "ttl": None}
        lines.append(f"Idle({one.resource('idle')!r}, {inputs | {'change': None}!r})")
    return "\n".join(lines) + "\n"


def idle_up(folder: Path, **how: str) -> float:
    """Return the seconds of an ``up`` of resources that do nothing.

    :param how: variables of the engine.
    """
    stack = Stack.create(folder, {}, {**config(), "route53": {}})
    (stack.directory / "nothing.py").write_text(NOTHING)
    (stack.directory / "__main__.py").write_text(idle_program())
    return measured(stack, "up", "--yes", "--skip-preview", **how).wall


def figures(folder: Path, **how: str) -> Mapping[str, Figures]:
    """Return the figures of each publisher, measured in turn.

    :param how: variables of the engine.
    """
    found = {name: Figures() for name in PUBLISHERS}
    for number in range(ROUNDS):
        for name, publisher in PUBLISHERS.items():
            with publisher() as (given, environment, sent, alone):
                off = {GUARD.name: "off", VERIFICATION.name: "off"}
                own = folder / f"{next(iter(given))}-{number}"
                stack = Stack.create(own / "ours", environment | off, copy.deepcopy(config() | given))
                ours = measured(stack, "up", "--yes", "--skip-preview", **how).wall
                found[name].requests = sent()
                bare, idle = alone(found[name].requests), idle_up(own / "idle", **how)
                found[name].ours.append(ours)
                found[name].other.append(bare + idle)
                print(f"  {name}: up {ours:.1f} s, requests {bare:.1f} s, engine {idle:.1f} s", flush=True)
    return found


def elsewhere(work: Callable[..., float], *given: Any) -> float:
    """Return the seconds that work takes in a process of its own, which has started."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        return pool.submit(work, *given).result()


def boto3_alone(url: str, requests: Requests, sets: Sequence[tuple[int, str]]) -> float:
    """Send so many requests of each kind to Route 53; return the seconds."""
    import boto3

    os.environ["AWS_EC2_METADATA_DISABLED"] = "true"
    keys = {"aws_access_key_id": "AKIDEXAMPLE", "aws_secret_access_key": "a secret"}
    client = boto3.client("route53", region_name="us-east-1", endpoint_url=url, **keys)

    def send(operation: str, at: int) -> object:
        zone, owner = sets[at % len(sets)]
        match operation:
            case "ListHostedZones":
                return client.list_hosted_zones()
            case "ListResourceRecordSets":
                return client.list_resource_record_sets(HostedZoneId=f"Z{zone}", StartRecordName=owner, MaxItems="20")
            case "GetChange":
                return client.get_change(Id="C1")
        value = f'"v=spf1 include:elastx.email {at} -all"'
        one = {"Name": f"n{at}.{owner}", "Type": "TXT", "TTL": 300, "ResourceRecords": [{"Value": value}]}
        batch = {"Changes": [{"Action": "CREATE", "ResourceRecordSet": one}]}
        return client.change_resource_record_sets(HostedZoneId=f"Z{zone}", ChangeBatch=batch)

    return seconds_of(send, requests)


def requests_alone(port: int, requests: Requests, sets: Sequence[tuple[int, str]]) -> float:
    """Send so many requests of each kind to PowerDNS, changes one at a time; return the seconds."""
    from requests import Session

    local, writing, zones = threading.local(), threading.Lock(), names(DOMAINS)
    base = f"http://127.0.0.1:{port}/api/v1/servers/localhost/zones"

    def send(kind: str, at: int) -> None:
        if not hasattr(local, "session"):
            local.session = Session()
            local.session.headers["X-API-Key"] = API_KEY
        zone, owner = sets[at % len(sets)]
        if kind != "change":
            answer = local.session.get(base if kind == "zones" else f"{base}/{zones[zone]}.", timeout=10)
        else:
            contents = [{"content": f'"v=spf1 include:elastx.email {at} -all"', "disabled": False}]
            one = {"name": f"{owner}.", "type": "TXT", "ttl": 300, "changetype": "REPLACE", "records": contents}
            with writing:
                answer = local.session.patch(f"{base}/{zones[zone]}.", json={"rrsets": [one]}, timeout=10)
        answer.raise_for_status()

    return seconds_of(send, requests)


def seconds_of(send: Callable[[str, int], object], requests: Requests) -> float:
    """Return the seconds that requests take which are sent by several threads, the kinds in turn."""
    kinds = [[(kind, at) for at in range(times)] for kind, times in requests.items()]
    jobs = [one for row in itertools.zip_longest(*kinds) for one in row if one is not None]
    started = time.perf_counter()
    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(lambda job: send(*job), jobs))
    return time.perf_counter() - started


if __name__ == "__main__":
    usage(__doc__)
    from benchmarks.__main__ import report

    with tempfile.TemporaryDirectory() as folder:
        for name, one in figures(Path(folder) / "plain").items():
            counted = ", ".join(f"{times} {kind}" for kind, times in sorted(one.requests.items()))
            print(f"{name}, requests of an up of {DOMAINS} domains: {sum(one.requests.values())} ({counted})")
            report(
                f"{name}, up of {DOMAINS} domains / its requests alone and idle resources", one.ours, one.other, MOST
            )
        for name, one in figures(Path(folder) / "quick", **QUICK).items():
            ours, other = statistics.median(one.ours), statistics.median(one.other)
            print(f"{name}, the same where the state is written once: {ours / other:.2f}; {ours:.1f} s / {other:.1f} s")
