"""Where Pulumi keeps what is the user's, such as plugins: for the lab and for ``elastx-mrs doctor``."""

from collections.abc import Mapping
from pathlib import Path


def home(environ: Mapping[str, str]) -> Path:
    """Return the folder in which Pulumi keeps what is the user's, as Pulumi itself finds it."""
    return Path(environ.get("PULUMI_HOME") or Path(environ.get("HOME") or "/") / ".pulumi")
