"""Checks of what runs the stack's program: Pulumi, its language host, and the Python packages or the plugin."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from importlib import metadata
from pathlib import Path
from typing import Any

from elastx_mrs import limits
from elastx_mrs.check import Check
from elastx_mrs.doctor import cli_version
from elastx_mrs.doctor.stack import Stack
from elastx_mrs.identity import NAMESPACE
from elastx_mrs.publish.home import home

PULUMI = (3, 259)
"""The oldest Pulumi that the project's tests run with."""

OWN = "elastx-mrs"
PLUGIN = f"pulumi-resource-{NAMESPACE}"

_VERSION = re.compile(r"v?(\d+)\.(\d+)[\w.+-]*")
_REQUIREMENT = re.compile(r"([A-Za-z0-9._-]+)(?:\[([^\]]*)\])?\s*([^;]*)(?:;\s*extra\s*==\s*['\"]([^'\"]+)['\"])?")
_BOUND = re.compile(r"(>=|<)\s*([0-9.]+)")
_INSTALL = f"install Pulumi {PULUMI[0]}.{PULUMI[1]} or newer, from www.pulumi.com/docs/install"


def pulumi(stack: Stack) -> Iterator[Check]:
    """Yield the checks of Pulumi and of its language host."""
    expected = f"Pulumi {PULUMI[0]}.{PULUMI[1]} or newer"
    path = stack.found("pulumi")
    if path is None:
        yield Check("pulumi", "absent", expected, "there is no pulumi on PATH", _INSTALL)
        yield Check("language", "unchecked", _host(stack), "skipped, because Pulumi is missing")
        return
    try:
        said = cli_version.printed(path, stack.environment)
    except TimeoutError:
        seen = f"{path} version printed nothing in {limits.DOCTOR_PROGRAM.text}"
        yield Check("pulumi", "unreachable", expected, seen, f"find out why it hangs, or {_INSTALL}")
        yield _language(stack, path)
        return
    version = _VERSION.fullmatch(said)
    if version is None:
        yield Check("pulumi", "wrong", expected, f"{path} version prints {said or 'nothing'}", _INSTALL)
    elif (int(version[1]), int(version[2])) < PULUMI:
        yield Check("pulumi", "wrong", expected, f"{said} at {path} is too old", _INSTALL)
    else:
        yield Check("pulumi", "pass", expected, f"{said} at {path}")
    yield _language(stack, path)


def _host(stack: Stack) -> str:
    return f"Pulumi's language host for {stack.language}"


def _language(stack: Stack, pulumi_path: str) -> Check:
    name = f"pulumi-language-{stack.language}"
    neighbour = Path(pulumi_path).resolve().with_name(name)
    path = stack.found(name) or (str(neighbour) if neighbour.is_file() else None)
    if path is not None:
        return Check("language", "pass", _host(stack), f"{name} at {path}")
    cure = f"reinstall Pulumi, which includes it, or install a Pulumi language host for {stack.language}"
    return Check("language", "absent", _host(stack), f"there is no {name} on PATH or next to pulumi", cure)


def packages(stack: Stack, extras: Sequence[str]) -> Iterator[Check]:
    """Yield the check of the Python packages that the program needs: elastx-mrs, with some of its extras.

    Programs in other languages need none, because the plugin has its own.
    """
    wanted = f"{OWN}[{','.join(extras)}]" if extras else OWN
    expected = f"{wanted} and all that it requires"
    made = stack.virtualenv
    if made is not None and not stack.site and not made.is_dir():
        yield Check(
            "packages", "absent", expected, f"the project's virtualenv {made} does not exist", "run: pulumi install"
        )
        return
    folders = {"path": list(stack.site)} if stack.site else {}
    where = f" in {made}" if stack.site else ""
    cure = f"run: {f'{made}/bin/' if stack.site else ''}pip install '{wanted}'"
    try:
        requirements = _required(OWN, extras, folders)
    except metadata.PackageNotFoundError:
        yield Check("packages", "absent", expected, f"{OWN} is not installed{where}", cure)
        return
    problems = [problem for one in requirements if (problem := _problem(*one, folders))]
    if problems:
        yield Check("packages", "absent", expected, f"{'; '.join(problems)}{where}", cure)
    else:
        yield Check("packages", "pass", expected, f"{wanted} {_version(OWN, folders)}{where}")


def _required(name: str, extras: Sequence[str], folders: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the requirements of a package, including those of requested extras, each with its versions."""
    found: list[tuple[str, str]] = []
    for package, more, versions, extra in _requirements(name, folders):
        if extra and extra not in extras:
            continue
        found.append((package, versions))
        with suppress(metadata.PackageNotFoundError):  # another check reports a missing package
            asked = more.replace(",", " ").split()
            found += [(below, bounds) for below, _, bounds, one in _requirements(package, folders) if one in asked]
    return found


def _requirements(name: str, folders: Mapping[str, Any]) -> Iterator[tuple[str, str, str, str]]:
    """Yield each requirement of a package: name, extras, versions, and the extra that it belongs to."""
    for text in _distribution(name, folders).requires or ():
        if (found := _REQUIREMENT.match(text)) is not None:
            yield found[1], found[2] or "", found[3], found[4] or ""


def _problem(name: str, wanted: str, folders: Mapping[str, Any]) -> str:
    """Return the problem with an installed package; empty if there is none."""
    try:
        version = _version(name, folders)
    except metadata.PackageNotFoundError:
        return f"{name} is not installed"
    fits = all(
        (_numbers(version) >= _numbers(bound)) == (sign == ">=") for sign, bound in _BOUND.findall(wanted)
    )  # fmt: skip
    return "" if fits else f"{name} is {version}, not {wanted.strip()}"


def _distribution(name: str, folders: Mapping[str, Any]) -> metadata.Distribution:
    found = next(iter(metadata.Distribution.discover(name=name, **folders)), None)
    if found is None:
        raise metadata.PackageNotFoundError(name)
    return found


def _version(name: str, folders: Mapping[str, Any]) -> str:
    return _distribution(name, folders).version


def _numbers(version: str) -> tuple[int, ...]:
    """Return the numbers at the start of a version, without zeros at their end: 3.10.0rc1 is 3.10."""
    found = re.match(r"\d+(?:\.\d+)*", version)
    numbers = [int(number) for number in found[0].split(".")] if found else []
    while numbers and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers)


def plugin(stack: Stack) -> Iterator[Check]:
    """Yield the check of our plugin, which programs in other languages than Python need."""
    expected = f"{PLUGIN}, for a program in {stack.language}"
    if (path := stack.found(PLUGIN)) is not None:
        yield Check("plugin", "pass", expected, f"at {path}")
        return
    for source in _named(stack):
        below = stack.folder / source
        if source.startswith((".", "/")) and not below.exists():
            cure = "correct the path in Pulumi.yaml, or run: pulumi package add SOURCE"
            yield Check("plugin", "wrong", expected, f"Pulumi.yaml names {source}, which does not exist", cure)
        else:
            yield Check("plugin", "pass", expected, f"Pulumi.yaml names {source}")
        return
    kept = sorted((home(stack.environment) / "plugins").glob(f"resource-{NAMESPACE}-v*"))
    if kept:
        yield Check("plugin", "pass", expected, f"at {kept[-1]}")
        return
    cure = "run: pulumi package add SOURCE (docs/plugin.md lists the sources)"
    yield Check("plugin", "absent", expected, "it is not on PATH, in Pulumi.yaml or in Pulumi's home", cure)


def _named(stack: Stack) -> Iterator[str]:
    """Yield the sources of the plugin that the project names."""
    content = stack.project.document.content if stack.project is not None else None
    given = content if isinstance(content, Mapping) else {}
    added = given.get("packages")
    if isinstance(added, Mapping) and (source := added.get(NAMESPACE)) is not None:
        named = source.get("source") if isinstance(source, Mapping) else source
        if isinstance(named, str):
            yield named
    plugins = given.get("plugins")
    listed = plugins.get("providers") if isinstance(plugins, Mapping) else None
    for one in listed if isinstance(listed, list) else ():
        if isinstance(one, Mapping) and one.get("name") == NAMESPACE and isinstance(one.get("path"), str):
            yield one["path"]
