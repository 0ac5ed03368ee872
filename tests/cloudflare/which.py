"""Which Cloudflare plugin the engine tests use: the real one where this machine has it, else the stand-in.

The stand-in comes in ages (``plugin/ages.py``). ``STAND_IN_AGE=6.10 pytest …`` runs all tests with the oldest.
"""

import itertools
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from elastx_mrs.publish.cloudflare import plugin as plugins
from elastx_mrs.publish.home import home
from tests.cloudflare.plugin.ages import CURRENT, OLDEST, VARIABLE, age_of

EXECUTABLE = plugins.EXECUTABLE
STAND_IN = Path(__file__).parent / "plugin" / "bin"


@dataclass(frozen=True)
class Plugin:
    """A plugin, and the folder to put first on PATH for the engine to find it."""

    kind: Literal["real", "stand-in"]
    folder: Path


def plugin(environ: Mapping[str, str] = os.environ) -> Plugin:
    """Return the real plugin that is on PATH or that Pulumi has installed for the user; else the stand-in."""
    real = next(itertools.chain(_on_path(environ), _installed(environ)), None)
    return Plugin("stand-in", STAND_IN) if real is None else Plugin("real", real)


def environment(environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return what a run of the engine needs to find this run's plugin, of this run's age."""
    age = {VARIABLE: environ[VARIABLE]} if VARIABLE in environ else {}
    return age | {"PATH": f"{plugin(environ).folder}{os.pathsep}{environ.get('PATH', '')}"}


def describe(environ: Mapping[str, str] = os.environ) -> str:
    """Return the line for the head of a test report, so that nobody takes the one for the other."""
    found = plugin(environ)
    if found.kind == "real":
        return f"Cloudflare plugin: the real one, {_version(found.folder)}, {found.folder}"
    return f"Cloudflare plugin: a stand-in for pulumi-cloudflare {age_of(environ)} and what waits alike, {found.folder}"


def ages(environ: Mapping[str, str] = os.environ) -> list[dict[str, str]]:
    """Return the environment of each plugin that a test of waits is to pass on.

    That is the one of this run and the oldest stand-in; the real plugin has the age that it has.
    """
    if plugin(environ).kind == "real":
        return [{}]
    return [{VARIABLE: age} for age in dict.fromkeys((environ.get(VARIABLE) or CURRENT, OLDEST))]


def _version(folder: Path) -> str:
    """Return what a plugin says that it is; it need not say."""
    try:
        said = subprocess.run(
            [folder / EXECUTABLE, "-version"], capture_output=True, text=True, timeout=30, check=True
        ).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        said = ""
    return said or "of unknown version"


def _on_path(environ: Mapping[str, str]) -> Iterator[Path]:
    for folder in environ.get("PATH", "").split(os.pathsep):
        found = shutil.which(EXECUTABLE, path=folder) if folder else None
        if found is not None and Path(found).resolve() != (STAND_IN / EXECUTABLE).resolve():
            yield Path(found).parent


def _installed(environ: Mapping[str, str]) -> list[Path]:
    """Return the folders in which Pulumi keeps the plugin, the newest version first."""
    versions = {
        tuple(map(int, match.groups())): folder
        for folder in home(environ).glob("plugins/resource-cloudflare-v*")
        if (match := re.search(r"-v(\d+)\.(\d+)\.(\d+)", folder.name))
        and shutil.which(EXECUTABLE, path=str(folder)) is not None
    }
    return [versions[version] for version in sorted(versions, reverse=True)]
