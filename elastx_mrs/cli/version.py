"""``elastx-mrs --version``: the versions to report with a problem."""

import os
import platform
import shutil
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version

from elastx_mrs import __version__, limits
from elastx_mrs.doctor import cli_version

PACKAGES = ("pulumi", "pulumi-cloudflare", "dnspython")


def versions() -> Iterator[str]:
    """Yield a line for each version; Pulumi's command comes last, because it takes a moment."""
    yield f"elastx-mrs {__version__}"
    yield f"Python {platform.python_version()}"
    for name in PACKAGES:
        yield f"{name} {_installed(name)}"
    yield f"Pulumi CLI {_of_cli()}"


def _installed(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "is not installed"


def _of_cli() -> str:
    path = shutil.which("pulumi")
    if path is None:
        return "is not on PATH"
    try:
        return cli_version.printed(path, os.environ).removeprefix("v") or "prints no version"
    except TimeoutError:
        return f"printed nothing in {limits.DOCTOR_PROGRAM.text}"
