"""Verifying 1,000 domains: beside a bare loop of dnspython over the same questions, and with servers far away."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import yaml

from benchmarks.relay import DELAY
from elastx_mrs.records.text import cut
from elastx_mrs.verify.sources import IN_FLIGHT, IN_FLIGHT_PER_SERVER
from tests.servers import start
from toolchain.usage import part

DOMAINS = 1_000
SAMPLE = 20
"""Domains that checkdmarc is timed with: it asks one question after the other."""

ROUNDS = 3
HEAD = "$TTL 3600\n@ SOA ns1 hostmaster 1 3600 900 604800 300\n@ NS ns1\nns1 A 127.0.0.1\n"


@dataclass(frozen=True)
class Figure:
    """One figure: ours over the other's, and what that may be at most."""

    what: str
    ours: list[float]
    other: list[float]
    most: float
    unit: str = "s"


@dataclass(frozen=True)
class Cost:
    """What processes came to, one entry a round; seconds, and MB of the peak RSS."""

    wall: list[float]
    cpu: list[float]
    peak: list[float]


def figures(folder: Path, config: Mapping[str, Any]) -> Iterator[Figure]:
    """Give each figure as it is known."""
    folder.mkdir()
    rows = _records(folder, {**config, "domains": [f"d{number:04}.example.com" for number in range(DOMAINS)]})
    names, domains = folder / "names", folder / "domains"
    names.write_text("\n".join(dict.fromkeys(row["name"] for row in rows)))
    domains.write_text("\n".join(list(dict.fromkeys(row["domain"] for row in rows))[:SAMPLE]))
    zones = {"elastx.email": HEAD + '@ TXT "v=spf1 ip4:192.0.2.0/24 -all"\n', "example.com": _zone(rows)}
    with start("bind", folder / "bind", zones) as bind, start("knot", folder / "knot", zones) as knot:
        yield from _near(folder, names, [bind.address, knot.address])
        with _relayed([bind.address, knot.address]) as far:
            yield from _far(folder, names, domains, far)


def _near(folder: Path, names: Path, servers: Sequence[str]) -> Iterator[Figure]:
    bare, network, verify = _costs(
        ["bare", str(names), *servers],
        ["network", str(names), *servers],
        ["command", *_verify(folder, servers)],
    )
    questions = f"{len(names.read_text().split()) * len(servers):,} questions"
    yield Figure(f"{questions} through the network / a bare loop of dnspython", network.wall, bare.wall, 1.0)
    yield Figure(f"elastx-mrs verify of {DOMAINS:,} domains / the same loop", verify.wall, bare.wall, 1.0)
    yield Figure("its peak RSS / 120 MB", verify.peak, [120.0], 1.0, "MB")


def _far(folder: Path, names: Path, domains: Path, servers: Sequence[str]) -> Iterator[Figure]:
    bare, verify = _costs(["bare", str(names), *servers], ["command", *_verify(folder, servers)])
    in_flight = min(IN_FLIGHT, IN_FLIGHT_PER_SERVER * len(servers))
    bound = len(names.read_text().split()) * len(servers) * DELAY / in_flight
    limit = max(bound, median(bare.cpu))
    which = f"the larger of {in_flight} in flight, {bound:.2f} s, and the bare loop's CPU {median(bare.cpu):.2f} s"
    yield Figure(f"servers {DELAY * 1000:.0f} ms away, verify / {which}", verify.wall, [limit], 1.3)
    (other,) = _costs(["checkdmarc", str(domains), servers[0]], rounds=1)
    scaled = [seconds * DOMAINS / SAMPLE for seconds in other.wall]
    yield Figure("the same / checkdmarc's SPF and DMARC", verify.wall, scaled, 1 / 20)


def _verify(folder: Path, servers: Sequence[str]) -> list[str]:
    asked = [part for server in servers for part in ("--nameserver", server)]
    return ["verify", "--records", str(folder / "records.json"), *asked, "--timeout", "0", "--format", "json"]


def _costs(*processes: Sequence[str], rounds: int = ROUNDS) -> list[Cost]:
    """Run each in turn, and that some times."""
    found = [Cost([], [], []) for _ in processes]
    for _ in range(rounds):
        for process, cost in zip(processes, found, strict=True):
            command = [sys.executable, "-m", "benchmarks.asking", *process]
            done = subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
            for value, values in zip(json.loads(done.stdout), (cost.wall, cost.cpu, cost.peak), strict=True):
                values.append(value)
    return found


def _records(folder: Path, config: Mapping[str, Any]) -> list[dict[str, str]]:
    """Return what ``elastx-mrs records`` says, which is then in records.json."""
    stack = folder / "Pulumi.bench.yaml"
    stack.write_text(yaml.safe_dump({"config": {f"elastx-mrs:{key}": value for key, value in config.items()}}))
    script = shutil.which("elastx-mrs") or sys.exit("elastx-mrs is not on PATH; run make bench")
    command = [script, "records", "--stack-config", str(stack), "--format", "json"]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    (folder / "records.json").write_bytes(done.stdout)
    rows: list[dict[str, str]] = json.loads(done.stdout)
    return rows


def _zone(rows: Sequence[Mapping[str, str]]) -> str:
    lines = [
        f"{row['name']}. TXT " + " ".join(f'"{part.decode()}"' for part in cut(row["value"].encode())) for row in rows
    ]
    return HEAD + "\n".join(lines) + "\n"


@contextmanager
def _relayed(servers: Sequence[str]) -> Iterator[list[str]]:
    """Put a relay before each server, all in a process of their own."""
    command = [sys.executable, "-m", "benchmarks.relay", *servers]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield [f"127.0.0.1:{port}" for port in process.stdout.readline().split()]
        # Leaving closes its standard input, which ends it.


if __name__ == "__main__":
    part(__doc__)
