"""``make bench``: each figure is a ratio of two commands, run in turn on the same machine."""

import compileall
import copy
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import yaml

import elastx_mrs
from benchmarks import cloudflare, plugin, policy, review, rfc2136, verify
from elastx_mrs.config.parse import parse_stack
from elastx_mrs.lab.session import open_lab
from elastx_mrs.records.names import longest_zone
from tests import golden
from tests.engine.stack import Stack
from toolchain.usage import usage

DOMAINS = 100
ZONE = "example.com"
CONFIG: dict[str, Any] = {
    "accounts": ["smtp-prod@acme.example", "newsletter@acme.example"],
    "dkim": golden.DKIM,
    "domains": [f"d{number:03}.{ZONE}" for number in range(DOMAINS)],
    "rfc2136": {"zones": [ZONE]},
}
HEAD = "$TTL 3600\n@ SOA ns1 hostmaster 1 3600 900 604800 300\n@ NS ns1\nns1 A 127.0.0.1\n"
SAMPLE = {ZONE: HEAD, "elastx.email": HEAD + '@ TXT "v=spf1 ip4:192.0.2.0/24 -all"\n'}


def main() -> None:
    """Print one line a figure: the ratio, what it may be at most, and the medians behind it."""
    with tempfile.TemporaryDirectory() as folder:
        command_start(Path(folder))
        check_start()
        report("reviewing 5,000 changes / json.load of the preview", *review.measure(Path(folder)), 5.0)
        report("the same of a preview without stack traces", *review.measure(Path(folder), ()), 5.0)
        report("parsing and rendering 10,000 SPF records / pyspf's parsing", *policy.parsing(), 1.0)
        report("counting a ten-lookup tree / its longest chain of questions", *policy.tree(), 1.5)
        for figure in verify.figures(Path(folder) / "verify", CONFIG):
            report(figure.what, figure.ours, figure.other, figure.most, figure.unit)
        ours, bare, connections = rfc2136.measure(Path(folder) / "rfc2136", CONFIG)
        report("RFC 2136, own time of an up of 100 domains, resource / bare dnspython", ours, bare, 2.0)
        print(f"RFC 2136, connections that the resource opens for them: {connections}", flush=True)
        report("the plugin's start and its schema / import pulumi", *plugin.starts(), 1.3)
        used = plugin.ups(Path(folder) / "plugin", CONFIG, SAMPLE)
        report("up of 100 domains, the plugin / the Python class", *used, 1.15)
        checks(Path(folder))
        engine(Path(folder))
        through_cloudflare(Path(folder))


def report(what: str, ours: list[float], other: list[float], most: float, unit: str = "s") -> None:
    """Print a ratio of medians."""
    mine, theirs = statistics.median(ours), statistics.median(other)
    verdict = "ok" if mine <= most * theirs else "TOO SLOW"
    told = f"{what}: {mine / theirs:.2f} (at most {most:.2f}: {verdict})"
    print(f"{told}; {mine:.3f} {unit} / {theirs:.3f} {unit}", flush=True)


def timed(action: Callable[[], object]) -> float:
    """Return the seconds that an action takes."""
    started = time.perf_counter()
    action()
    return time.perf_counter() - started


def run(*command: str) -> None:
    """Run a command that must succeed, its output thrown away."""
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def command_start(folder: Path) -> None:
    """``elastx-mrs --help`` and ``records`` beside a Python that does nothing."""
    path = folder / "Pulumi.bench.yaml"
    config = {"elastx-mrs:" + key: value for key, value in CONFIG.items()} | {"elastx-mrs:domains": ["example.com"]}
    path.write_text(yaml.safe_dump({"config": config}))
    script = shutil.which("elastx-mrs") or sys.exit("elastx-mrs is not on PATH; run make bench")
    # As pip does for users. In a checkout Python does it at the first run, unless PYTHONDONTWRITEBYTECODE is set.
    compileall.compile_dir(Path(elastx_mrs.__file__).parent, quiet=1)
    helped, ours, other = [], [], []
    for _ in range(21):
        helped.append(timed(lambda: run(script, "--help")))
        ours.append(timed(lambda: run(script, "records", "--stack-config", str(path))))
        other.append(timed(lambda: run(sys.executable, "-c", "pass")))
    report("elastx-mrs --help / python -c pass", helped[1:], other[1:], 8)
    report("elastx-mrs records / python -c pass", ours[1:], other[1:], 15)


def check_start() -> None:
    """``elastx-mrs config check``, which a hook runs at every commit, beside ``records`` of the same file."""
    path = str(Path(__file__).resolve().parent.parent / "stacks" / "Pulumi.example.yaml")
    script = shutil.which("elastx-mrs") or sys.exit("elastx-mrs is not on PATH; run make bench")
    ours, other = [], []
    for _ in range(21):
        ours.append(timed(lambda: run(script, "config", "check", path)))
        other.append(timed(lambda: run(script, "records", "--stack-config", path)))
    report("elastx-mrs config check / elastx-mrs records", ours[1:], other[1:], 1.1)


def checks(folder: Path) -> None:
    """What guard and verification add, through either publisher: each is a line of its own, and has no limit."""
    publishers: dict[str, dict[str, Any]] = {
        "RFC 2136": {"rfc2136": CONFIG["rfc2136"]},
        "Cloudflare": {"cloudflare": {}},
    }
    own = {key: value for key, value in CONFIG.items() if key != "rfc2136"}
    for name, publisher in publishers.items():
        with open_lab(folder / f"checked-{name}", SAMPLE) as lab:
            stack = cloudflare.stack(folder / f"checks-{name}", lab, copy.deepcopy(own | publisher))
            adds(f"{name}: the guard in a first preview", stack.preview, "ELASTX_MRS_GUARD")
            stack.up()
            adds(f"{name}: verification in an up without changes", stack.up, "ELASTX_MRS_VERIFICATION")


def adds(what: str, action: Callable[..., object], variable: str) -> None:
    """Print what a mode of ``require`` adds to a command, against ``off``."""
    times: dict[str, list[float]] = {"require": [], "off": []}
    for _ in range(3):
        for mode, seconds in times.items():
            seconds.append(timed(partial(action, **{variable: mode})))
    with_it, without = statistics.median(times["require"]), statistics.median(times["off"])
    print(
        f"{what} of {DOMAINS} domains adds {with_it - without:.2f} s: "
        f"{with_it / without:.2f} ({with_it:.2f} s / {without:.2f} s)",
        flush=True,
    )


def engine(folder: Path) -> None:
    """``pulumi up`` and ``pulumi preview`` of the component beside a flat program with the same resources."""
    with open_lab(folder / "lab", SAMPLE) as lab:
        server = {key: value for key, value in lab.environment().items() if key.startswith("ELASTX")}
        server["ELASTX_MRS_GUARD"] = "off"  # the flat program has none; what it adds has a line of its own
        component = Stack.create(folder / "component", server, copy.deepcopy(CONFIG))
        flat = Stack.create(folder / "flat", server, copy.deepcopy(CONFIG))
        (flat.directory / "__main__.py").write_text(flat_program())
        print(f"{DOMAINS} domains, {flat_program().count('TxtResource(')} records; some minutes", flush=True)
        ups: dict[str, list[float]] = {"component": [], "flat": []}
        previews: dict[str, list[float]] = {"component": [], "flat": []}
        for _ in range(2):
            for name, stack in (("component", component), ("flat", flat)):
                ups[name].append(timed(stack.up))
                previews[name] += [timed(partial(stack.preview, "--expect-no-changes")) for _ in range(3)]
                stack.pulumi("destroy", "--yes", "--stack", "test", "--skip-preview")
    report("pulumi up, component / flat program", ups["component"], ups["flat"], 1.10)
    report("pulumi preview, component / flat program", previews["component"], previews["flat"], 1.10)


def through_cloudflare(folder: Path) -> None:
    """Ups and previews without changes beside a flat hand-written program; guard and verification off in both."""
    for domains, rounds, wall, processor in ((100, 5, 0.60, 0.65), (1000, 3, 0.85, 0.85)):
        ups, previews = cloudflare.side_by_side(folder / f"cloudflare-{domains}", domains, rounds)
        for command, used, limits in (("up", ups, (0.85, 0.85, 1.0)), ("preview", previews, (wall, processor, 1.0))):
            for (what, unit), most in zip((("wall", "s"), ("processor", "s"), ("memory", "MB")), limits, strict=True):
                ours, other = ([getattr(one, what) for one in used[name]] for name in ("component", "flat"))
                told = f"Cloudflare, {command} of {domains} domains, {what}, component / flat"
                report(told, ours, other, most, unit)


def flat_program() -> str:
    """Return a program that declares the same resources one by one, through the same publisher."""
    lines = ["from pulumi import ResourceOptions", "from elastx_mrs.publish.rfc2136 import TxtResource", ""]
    for record in parse_stack({f"elastx-mrs:{key}": value for key, value in CONFIG.items()}).records():
        inputs = {
            "profile": "default",
            "zone": longest_zone(record.domain, [ZONE]),
            "owner": record.name,
            "value": record.value,
            "ttl": None,
        }
        lines.append(f"TxtResource({f'flat-{record.domain}-{record.suffix}'!r}, {inputs!r}, ResourceOptions())")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    usage(__doc__)
    main()
