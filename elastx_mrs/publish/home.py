"""Pulumi's folder for the user's files, such as plugins: for the lab and for ``elastx-mrs doctor``."""

from collections.abc import Mapping
from pathlib import Path


def home(environ: Mapping[str, str]) -> Path:
    """Return Pulumi's folder for the user's files, found as Pulumi finds it."""
    return Path(environ.get("PULUMI_HOME") or Path(environ.get("HOME") or "/") / ".pulumi")
