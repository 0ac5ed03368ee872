"""Find Pulumi's Cloudflare plugin on this machine, for the lab and for ``elastx-mrs doctor``."""

import os
import shutil
from collections.abc import Iterator, Mapping

from elastx_mrs.check import Check
from elastx_mrs.publish.cloudflare.zone import plugin_version
from elastx_mrs.publish.examination import Subject
from elastx_mrs.publish.home import home

EXECUTABLE = "pulumi-resource-cloudflare"
CHECK = "cloudflare-plugin"
_EXPECTED = "Pulumi's Cloudflare plugin, of the version of the package pulumi-cloudflare"
_NO_DOWNLOADS = "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION"


def install(version: str) -> list[str]:
    """Return the command that installs the plugin."""
    return ["pulumi", "plugin", "install", "resource", "cloudflare", version]


def found(version: str, environ: Mapping[str, str]) -> str | None:
    """Return the path of the plugin that Pulumi would start: any version on PATH, or the one in Pulumi's home."""
    kept = home(environ) / "plugins" / f"resource-cloudflare-v{version}"
    programs = (shutil.which(EXECUTABLE, path=path) for path in (environ.get("PATH", os.defpath), str(kept)))
    return next(filter(None, programs), None)


def examine(subject: Subject) -> Iterator[Check]:
    """Yield the check of the plugin."""
    version = plugin_version(tuple(subject.site))
    if version is None:  # the check of the packages reports it
        yield Check(CHECK, "unchecked", _EXPECTED, "the package pulumi-cloudflare, which names it, is not installed")
        return
    path = found(version, subject.environment)
    if path is not None:
        yield Check(CHECK, "pass", _EXPECTED, f"{version}, at {path}")
        return
    run = f"run: {' '.join(install(version))}"
    if subject.environment.get(_NO_DOWNLOADS, "").lower() in ("1", "true"):
        yield Check(CHECK, "absent", _EXPECTED, f"{version} is not installed, and {_NO_DOWNLOADS} is set", run)
        return
    seen = f"{version} is not installed; Pulumi downloads it in the next preview or up"
    yield Check(CHECK, "unchecked", _EXPECTED, seen, f"without internet access, {run}")
