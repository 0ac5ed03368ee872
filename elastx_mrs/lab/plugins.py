"""Makes the user's own Pulumi plugins available in the lab's Pulumi home."""

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
"""The Pulumi commands that need the plugin."""

STACK = "lab-cloudflare"
"""The stack that publishes through the lab's Cloudflare API."""


def share(own: Path, environ: Mapping[str, str] = os.environ) -> None:
    """Link the user's plugins into a lab's Pulumi home; plugins installed in the lab are then the user's, too.

    A lab with its own plugins keeps them.

    :param own: the lab's Pulumi home.
    :raises OSError: if the folder can't be used.
    """
    theirs, ours = (home(environ) / "plugins").resolve(), own / "plugins"
    if ours.resolve() == theirs:
        return  # linked already, or the shell has the lab's environment
    if ours.is_symlink():
        ours.unlink()
    with contextlib.suppress(OSError):
        ours.rmdir()
    if theirs.is_dir() and not ours.exists():
        own.mkdir(parents=True, exist_ok=True)
        ours.symlink_to(theirs)


def missing(command: Sequence[str], environ: Mapping[str, str]) -> str | None:
    """Return the fix if a command's stack publishes through Cloudflare and the plugin is missing.

    The engine's own error does not tell how to install it.

    :param environ: the command's environment.
    """
    return advice(environ) if STACK in _words(command) or _publishes(command) else None


def advice(environ: Mapping[str, str]) -> str | None:
    """Return how to install Pulumi's Cloudflare plugin, or None if a program needs none or it is installed."""
    version = plugin_version()
    if version is None or found(version, environ) is not None:
        return None
    return f"Pulumi's Cloudflare plugin is not installed; run: {' '.join(install(version))}"


def _words(command: Sequence[str]) -> list[str]:
    return re.split(r"[\s=]+", " ".join(command))


def _publishes(command: Sequence[str]) -> bool:
    """Return whether a command runs Pulumi for a stack of this folder that publishes through Cloudflare.

    Without ``--stack``, any of the folder's stacks can be the selected one.
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
    except UnreadableError:  # Pulumi reports it
        return False
