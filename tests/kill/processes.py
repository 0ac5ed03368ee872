"""The processes of one run, by what Pulumi calls them; those of other runs have another ``PULUMI_HOME``."""

import os
import signal
import time
from contextlib import suppress
from pathlib import Path

from tests.kill.draw import Victim

NAMES: dict[Victim, frozenset[str]] = {
    "engine": frozenset({"pulumi"}),
    "language host": frozenset({"pulumi-language-python", "pulumi-language-yaml"}),
    "program": frozenset({"pulumi-language-python-exec"}),
    "dynamic provider": frozenset({"pulumi-resource-pulumi-python", "pulumi.dynamic"}),
    "plugin": frozenset({"pulumi-resource-elastx-mrs"}),
    "Cloudflare's plugin": frozenset({"pulumi-resource-cloudflare"}),
}
"""The last part of an argument that only these have."""

ARGUMENTS = 5
"""In how many of the first arguments a name stands, behind an interpreter and its options."""


def running(home: Path, names: frozenset[str] | None = None) -> dict[int, str]:
    """Return a run's processes of these names, or all, and what they are called.

    :param home: the run's ``PULUMI_HOME``.
    """
    mine = f"PULUMI_HOME={home}".encode()
    found = {}
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            arguments = (process / "cmdline").read_bytes().decode(errors="replace").split("\0")
            called = {argument.rpartition("/")[2] for argument in arguments[:ARGUMENTS]}
            known = called & (names or frozenset.union(*NAMES.values()))
            if known and mine in (process / "environ").read_bytes().split(b"\0"):
                found[int(process.name)] = min(known)
    return found


def kill(home: Path, names: frozenset[str] | None = None) -> list[str]:
    """Kill a run's processes of these names, or all; return what they are called."""
    killed = []
    for number, called in running(home, names).items():
        with suppress(ProcessLookupError):
            os.kill(number, signal.SIGKILL)
            killed.append(called)
    return killed


def outlived(home: Path, seconds: float) -> list[str]:
    """Wait until no process of a run is left; kill those that outlive that, and return what they are called."""
    end = time.monotonic() + seconds
    while running(home):
        if time.monotonic() > end:
            return kill(home)
        time.sleep(0.05)
    return []
