"""The test Internet with a company for each thing that can be the matter, for verification and for its judges.

:mod:`tests.verify.namespace` runs its servers; here are its zones, and the servers that no real one can be.
"""

import json
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

import pytest

from tests.servers import require
from tests.verify.namespace import KNOT, START_SECONDS, World, world
from tests.verify.world import hostile, odd
from tests.verify.world.company import CUTTING, DEAD_SIX, SILENT, SLOW
from tests.verify.world.zones import zones

ANCHORS = "bind.keys"
"""The root's key as BIND's delv takes it, in the world's folder."""

_ODD = [
    odd.Odd(SILENT, "nothing"),
    odd.Odd(DEAD_SIX, "nothing"),
    odd.Odd(SLOW, "late", KNOT),
    odd.Odd(CUTTING, "cut", KNOT),
    odd.Odd(hostile.ENDLESS, "endless"),
    *(odd.Odd(address, "nothing") for address in hostile.DEAD),
]


@contextmanager
def open_world(folder: Path) -> Iterator[World]:
    """Run all of it."""
    made, digest = zones(folder / "keys")
    anchor = f'  trust-anchor: ". DS {digest}"\n'
    with world(folder / "world", made, anchor) as running, _odd_servers(running, _ODD):
        tag, algorithm, kind, *hexadecimal = digest.split()
        (running.folder / ANCHORS).write_text(
            f'trust-anchors {{ . static-ds {tag} {algorithm} {kind} "{"".join(hexadecimal)}"; }};\n'
        )
        yield running


@contextmanager
def _odd_servers(running: World, odds: Sequence[odd.Odd]) -> Iterator[None]:
    for one in odds:
        # nodad: an IPv6 address can otherwise not be used before others had time to claim it.
        more = ["/128", "nodad"] if ":" in one.address else ["/8"]
        if one.address not in hostile.DEAD:  # all of 127.0.0.0/8 is this machine; the others are so in ``ip addr`` too
            added = running.run("ip", "addr", "add", one.address + more[0], "dev", "lo", *more[1:])
            assert added.returncode == 0, added.stderr
    listed, log = running.folder / "odd.json", running.folder / "odd.log"
    listed.write_text("".join(json.dumps(asdict(one)) + "\n" for one in odds))
    command = [
        require("setpriv"),
        "--pdeathsig",
        "KILL",
        *running.enter([sys.executable, "-P", odd.__file__, str(listed)]),
    ]
    with log.open("w") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, env=running.environment)
    try:
        end = time.monotonic() + START_SECONDS
        while "ready" not in log.read_text():
            if process.poll() is not None or time.monotonic() > end:
                pytest.fail(f"the odd servers did not start:\n{log.read_text()[-2000:]}")
            time.sleep(0.05)
        yield
    finally:
        process.kill()
        process.wait()
