"""Makes the requirements of the folders that Pulumi installs the plugin from: those of ``requirements.txt`` it needs.

A package that nobody uses is not only a longer download: Pulumi downloads the plugin of every Pulumi SDK that it finds
in the environment. So ``plugin`` is for name servers of your own, ``plugin/cloudflare`` adds Cloudflare, and
``plugin/route53`` adds Route 53.
"""

import re
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from toolchain.schema import ROOT, keep

PINNED = ROOT / "requirements.txt"
PLUGIN = ROOT / "plugin" / "requirements.txt"
ADDED: Mapping[str, str] = {"cloudflare": "pulumi-cloudflare", "route53": "boto3"}
"""The package that each folder below adds; an extra of elastx-mrs may have more, which only the command needs."""

HEAD = "# Generated from {} by: python -m toolchain.plugin\n"
_PIN = re.compile(r"(?m)^([a-z0-9-]+)==(?:.*\n)(?:[ ]+.*\n)*")
_VIA = re.compile(r"(?m)^    # via (\S+)|^    #   (\S+)")


class Pin(NamedTuple):
    """A pinned package: its lines, and the packages that need it."""

    text: str
    needed_by: frozenset[str]


def main() -> None:
    """Write the files, or print a line and end with 1 where one is not current (``--check``)."""
    for target, made in made_files().items():
        keep("requirements", target, made, "toolchain.plugin")


def made_files() -> Mapping[Path, str]:
    """Return the text of each file."""
    pins = pinned(PINNED.read_text(encoding="utf-8"))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    base = needed(pins, names([*project["dependencies"], *project["optional-dependencies"]["doh"]]))
    head = f"{HEAD.format('../../requirements.txt')}-r ../requirements.txt\n"
    return {PLUGIN: HEAD.format("../requirements.txt") + _text(pins, base)} | {
        PLUGIN.parent / folder / PLUGIN.name: head + _text(pins, needed(pins, [package]) - base)
        for folder, package in ADDED.items()
    }


def pinned(text: str) -> Mapping[str, Pin]:
    """Return each package of a requirements file that uv compiled, by its name."""
    found = {}
    for match in _PIN.finditer(text):
        needed_by = frozenset(one or other for one, other in _VIA.findall(match[0]))
        found[match[1]] = Pin(match[0], needed_by)
    return found


def needed(pins: Mapping[str, Pin], roots: Iterable[str]) -> set[str]:
    """Return the names of packages and of all that they need."""
    found: set[str] = set()
    new = set(roots)
    while new:
        found |= new
        new = {name for name, pin in pins.items() if pin.needed_by & new} - found
    return found


def names(requirements: Iterable[str]) -> list[str]:
    """Return the names of the packages in requirements, such as ``dnspython`` for ``dnspython[doh]>=2.9``."""
    return [re.split(r"[^A-Za-z0-9_.-]", one)[0].lower() for one in requirements]


def _text(pins: Mapping[str, Pin], wanted: set[str]) -> str:
    return "".join(re.sub(r"(?m)^    # .*\n", "", pins[name].text) for name in sorted(wanted))


if __name__ == "__main__":
    main()
