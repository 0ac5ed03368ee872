"""Stacks to examine, and what an examination says of them."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from elastx_mrs.check import Check
from elastx_mrs.config.parse import parse_stack
from elastx_mrs.doctor.examine import examinations
from elastx_mrs.doctor.stack import Stack
from elastx_mrs.lookup.vantage import Run
from elastx_mrs.stackfile.project import project_of
from tests import golden

CONFIG: Mapping[str, Any] = {"accounts": [golden.ACCOUNT], "dkim": golden.DKIM, "domains": ["example.com"]}
PROJECT = "name: mail\nruntime: python\n"


def stack(
    folder: Path,
    config: Mapping[str, Any],
    environment: Mapping[str, str] | None = None,
    *,
    project: str = PROJECT,
    others: Mapping[str, Any] | None = None,
) -> Stack:
    """A stack of a project in ``folder``.

    :param config: over ``CONFIG``, without the namespace.
    :param others: keys of other namespaces.
    """
    (folder / "Pulumi.yaml").write_text(project)
    file = folder / "Pulumi.dev.yaml"
    file.write_text("config: {}\n")
    values = {f"elastx-mrs:{key}": value for key, value in {**CONFIG, **config}.items()} | dict(others or {})
    environment = environment or {}
    return Stack(
        parse_stack(values, publisher=False), values, project_of(str(file)), Run.of(environment), dict(environment)
    )


def provider(examined: Stack) -> list[Check]:
    """What the examinations of a stack's providers come to."""
    names = ("pulumi", "packages", "plugin", "port-53-udp", "dns")
    return [check for one in examinations(examined) if one.name not in names for check in one.work()]


def verdicts(checks: Iterable[Check]) -> list[tuple[str, str]]:
    return [(check.name, check.verdict) for check in checks]
