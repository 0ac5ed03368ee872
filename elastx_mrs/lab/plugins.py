"""The user's own Pulumi plugins in a lab, whose Pulumi home has none."""

import contextlib
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from elastx_mrs.publish.cloudflare.plugin import found, home, install
from elastx_mrs.publish.cloudflare.zone import plugin_version

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
    """Say what to do if a command is for the stack ``lab-cloudflare`` and the plugin is not there; else None.

    The engine says only that there is none.

    :param environ: of the command.
    """
    version = plugin_version()
    if version is None or STACK not in re.split(r"[\s=]+", " ".join(command)):
        return None
    if found(version, environ) is not None:
        return None
    return f"Pulumi's Cloudflare plugin is not installed; run: {' '.join(install(version))}"
