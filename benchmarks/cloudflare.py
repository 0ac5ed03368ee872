"""Publishing through Cloudflare beside a flat program of the same records, through the same plugin and the lab's API.

Guard and verification are off in both; what they cost has a line of its own.
"""

import contextlib
import os
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from elastx_mrs.config.environment import GUARD, LAB_CLOCK
from elastx_mrs.config.parse import parse_stack
from elastx_mrs.lab.cloudflare.zone import LAB
from elastx_mrs.lab.session import Lab, open_lab
from elastx_mrs.records.text import presentation
from tests import golden
from tests.cloudflare.which import plugin
from tests.engine.stack import Stack
from toolchain.usage import usage

ACCOUNTS = ["smtp-prod@acme.example", "newsletter@acme.example"]
QUICK = {"PULUMI_EXPERIMENTAL": "true", "PULUMI_SKIP_CHECKPOINTS": "true"}
"""The state is written once, at the end: what is measured is the preview after it, and 5,000 records are soon made."""

CLOCK = 10_000
"""So many times faster does the rate limit's clock run: no run waits for it."""

CURVE = (10, 30, 100, 300, 1000)
"""Domains, of five records each."""

SLOW = 300
"""Up to so many domains is the state written at every step, as it is unless told: its time grows with the square."""

HEAD = "$TTL 3600\n@ SOA ns1 hostmaster 1 3600 900 604800 300\n@ NS ns1\nns1 A 127.0.0.1\n"


@dataclass(frozen=True)
class Usage:
    """What a command took: seconds on the wall, seconds of processors, MB of its largest process."""

    wall: float
    processor: float
    memory: float


def names(domains: int) -> list[str]:
    """Return domains, each a zone of its own."""
    return [f"d{number:04}.example" for number in range(domains)]


def config(domains: int) -> dict[str, Any]:
    """Return the stack config of so many domains, five records each."""
    return {"accounts": ACCOUNTS, "dkim": golden.DKIM, "domains": names(domains), "cloudflare": {}}


def flat_program(domains: int) -> str:
    """Return a program that declares the same resources one by one, as a careful hand would."""
    lines = [
        "import pulumi_cloudflare as cloudflare",
        "from pulumi import ResourceOptions",
        "listed = cloudflare.get_zones_output(max_items=1000000)",
        "zones = listed.results.apply(lambda found: {one.name: one.id for one in found})",
    ]
    given = {f"elastx-mrs:{key}": value for key, value in config(domains).items()}
    for record in parse_stack(given).records():
        lines.append(
            f"cloudflare.DnsRecord({record.resource('flat')!r}, zone_id=zones[{record.domain!r}], "
            f"name={record.name!r}, type='TXT', content={presentation(record.value)!r}, ttl={record.ttl}, "
            "opts=ResourceOptions(delete_before_replace=True))"
        )
    return "\n".join(lines) + "\n"


@contextlib.contextmanager
def api(folder: Path, domains: int) -> Iterator[Lab]:
    """Serve so many zones, in the API alone."""
    with open_lab(folder, {"example.com": HEAD}) as lab:
        lab.cloudflare.api.limit.requests = 10**9
        for name in names(domains):
            lab.cloudflare.api.add_zone(name, LAB)
        yield lab


def stack(folder: Path, lab: Lab, given: dict[str, Any], program: str = "") -> Stack:
    """Return a stack of a config, of the project's program or another; the guard is off unless a run turns it on."""
    own = {key: value for key, value in lab.environment().items() if key.startswith(("CLOUDFLARE", "ELASTX"))}
    own["PATH"] = f"{plugin().folder}{os.pathsep}{os.environ['PATH']}"
    own |= {GUARD.name: "off", LAB_CLOCK.name: str(CLOCK)}
    made = Stack.create(folder, own, given)
    if program:
        (made.directory / "__main__.py").write_text(program)
    return made


def measured(made: Stack, *arguments: str, **environment: str) -> Usage:
    """Run ``pulumi`` and return what it took, with all that it started and waited for."""
    made.write()
    command = ["pulumi", *arguments, "--stack", "test", "--non-interactive", "--color", "never"]
    started = time.perf_counter()
    process = subprocess.Popen(
        command, cwd=made.directory, env=made.environ() | environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    assert process.stdout is not None
    said = process.stdout.read()
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}: {said.decode()[-2000:]}")
    return Usage(time.perf_counter() - started, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


def side_by_side(folder: Path, domains: int, rounds: int) -> tuple[dict[str, list[Usage]], dict[str, list[Usage]]]:
    """Return what ups that create all records took, and previews without changes, of either program in turn.

    Up to ``SLOW`` domains the ups write the state at every step, as they do unless told.
    """
    ups: dict[str, list[Usage]] = {"component": [], "flat": []}
    previews: dict[str, list[Usage]] = {"component": [], "flat": []}
    how = {} if domains <= SLOW else QUICK
    with contextlib.ExitStack() as labs:
        both = {}
        for name, program in (("component", ""), ("flat", flat_program(domains))):
            lab = labs.enter_context(api(folder / f"{name}-lab", domains))
            both[name] = stack(folder / name, lab, config(domains), program)
            ups[name].append(measured(both[name], "up", "--yes", "--skip-preview", **how))
            requests = [one.method for one in lab.cloudflare.api.log]
            made, pages = requests.count("POST"), requests.count("GET")
            print(f"  {name}: {made} records, {pages} pages, {len(both[name].state()):,} octets of state", flush=True)
        for _ in range(rounds):
            for name, one in both.items():
                previews[name].append(measured(one, "preview", "--expect-no-changes"))
    return ups, previews


def curve(folder: Path) -> None:
    """Print what each command takes by the number of domains, for ``docs/scale.md``."""
    print("domains  records  up  up, one write  preview  refresh  requests of the up", flush=True)
    for domains in CURVE:
        with api(folder / f"lab-{domains}", domains) as lab:
            made = stack(folder / f"stack-{domains}", lab, config(domains))
            slow = None
            if domains <= SLOW:
                slow = measured(made, "up", "--yes", "--skip-preview").wall
                measured(made, "destroy", "--yes", "--skip-preview", **QUICK)
            lab.cloudflare.api.log.clear()
            quick = measured(made, "up", "--yes", "--skip-preview", **QUICK).wall
            requests = len(lab.cloudflare.api.log)
            preview = measured(made, "preview", "--expect-no-changes").wall
            refresh = measured(made, "refresh", "--yes", "--skip-preview", **QUICK).wall
            shown = "-" if slow is None else f"{slow:.0f} s"
            print(
                f"{domains}  {5 * domains}  {shown}  {quick:.0f} s  {preview:.1f} s  {refresh:.0f} s  {requests}",
                flush=True,
            )


if __name__ == "__main__":
    usage(__doc__)
    with tempfile.TemporaryDirectory() as name:
        curve(Path(name))
