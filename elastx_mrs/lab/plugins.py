"""The user's own Pulumi plugins in a lab, whose Pulumi home has none."""

import contextlib
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from elastx_mrs.publish.cloudflare.plugin import found, install
from elastx_mrs.publish.cloudflare.zone import plugin_version
from elastx_mrs.publish.home import home
from elastx_mrs.stackfile.document import UnreadableError
from elastx_mrs.stackfile.stack import read_stack

_RUNS = frozenset({"preview", "up", "update", "refresh", "destroy", "import"})
"""Pulumi's commands that need the plugin."""

STACK = "lab-cloudflare"
"""The stack that publishes through the lab's Cloudflare API."""


def share(own: Path, environ: Mapping[str, str] = os.environ) -> None:
    """Let a lab's Pulumi home have the user's plugins; what is installed in the lab is then the user's too.

    A lab that has plugins of its own keeps them.

    :param own: the lab's Pulumi home.
    :raises OSError: if the folder can't be used.
    """
    theirs, ours = (home(environ) / "plugins").resolve(), own / "plugins"
    if ours.resolve() == theirs:
        return  # it has them already, or the lab's environment is the shell's
    if ours.is_symlink():
        ours.unlink()
    with contextlib.suppress(OSError):
        ours.rmdir()
    if theirs.is_dir() and not ours.exists():
        own.mkdir(parents=True, exist_ok=True)
        ours.symlink_to(theirs)


def missing(command: Sequence[str], environ: Mapping[str, str]) -> str | None:
    """Return what to do if a command's stack publishes through Cloudflare and the plugin is missing.

    The engine says only that there is none.

    :param environ: of the command.
    """
    return advice(environ) if STACK in _words(command) or _publishes(command) else None


def advice(environ: Mapping[str, str]) -> str | None:
    """Return what to do if Pulumi's Cloudflare plugin, which a program needs, is missing; None if it is there."""
    version = plugin_version()
    if version is None or found(version, environ) is not None:
        return None
    return f"Pulumi's Cloudflare plugin is not installed; run: {' '.join(install(version))}"


def _words(command: Sequence[str]) -> list[str]:
    return re.split(r"[\s=]+", " ".join(command))


def _publishes(command: Sequence[str]) -> bool:
    """Return whether a command runs Pulumi for a stack of this folder that publishes through Cloudflare.

    Without ``--stack`` any of the folder's stacks may be the selected one.
    """
    words = _words(command)
    if Path(words[0]).name != "pulumi" or not set(words) & _RUNS:
        return False
    named = [Path(f"Pulumi.{word}.yaml") for word in words[1:]]
    files = [file for file in named if file.is_file()] or sorted(Path().glob("Pulumi.*.yaml"))
    return any(map(_names_cloudflare, files))


def _names_cloudflare(file: Path) -> bool:
    try:
        return "cloudflare" in read_stack(str(file)).own
    except UnreadableError:  # Pulumi says so
        return False
