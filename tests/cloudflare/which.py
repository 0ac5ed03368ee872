"""Which Cloudflare plugin the engine tests use: the real one where this machine has it, else the stand-in."""

import itertools
import os
import re
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

EXECUTABLE = "pulumi-resource-cloudflare"
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


def describe() -> str:
    """Return the line for the head of a test report, so that nobody takes the one for the other."""
    found = plugin()
    told = "the real one" if found.kind == "real" else "a stand-in that replays what the real one was seen to do"
    return f"Cloudflare plugin: {told}, {found.folder}"


def _on_path(environ: Mapping[str, str]) -> Iterator[Path]:
    for folder in environ.get("PATH", "").split(os.pathsep):
        found = shutil.which(EXECUTABLE, path=folder) if folder else None
        if found is not None and Path(found).resolve() != (STAND_IN / EXECUTABLE).resolve():
            yield Path(found).parent


def _installed(environ: Mapping[str, str]) -> list[Path]:
    """Return the folders in which Pulumi keeps the plugin, the newest version first."""
    home = Path(environ.get("PULUMI_HOME") or Path(environ.get("HOME", "/")) / ".pulumi")
    versions = {
        tuple(map(int, match.groups())): folder
        for folder in home.glob("plugins/resource-cloudflare-v*")
        if (match := re.search(r"-v(\d+)\.(\d+)\.(\d+)", folder.name))
        and shutil.which(EXECUTABLE, path=str(folder)) is not None
    }
    return [versions[version] for version in sorted(versions, reverse=True)]
