"""docs/support.md and docs/versions.md: their versions are those of the package, of CI and of the pinned packages."""

import re
import tomllib
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.version import Version

from elastx_mrs import __version__
from elastx_mrs.cli.main import main
from elastx_mrs.doctor import program
from tests.engine.stack import ROOT

TEXT = (ROOT / "docs" / "support.md").read_text(encoding="utf-8")
VERSIONS = (ROOT / "docs" / "versions.md").read_text(encoding="utf-8")
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
NEEDED = {
    one.name: {each.operator: each.version for each in one.specifier}
    for text in [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["cloudflare"]]
    if (one := Requirement(text))
}
PINNED = dict(re.findall(r"^([\w-]+)==(\S+)", (ROOT / "requirements-dev.txt").read_text(), re.MULTILINE))


def row(title: str) -> tuple[str, str]:
    """The two further cells of a row of the first table."""
    (found,) = re.findall(rf"^\| {re.escape(title)} \| (.*) \| (.*) \|$", TEXT.partition("## Extras")[0], re.MULTILINE)
    return found[0], found[1]


def test_python_is_what_ci_runs() -> None:
    jobs = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yml").read_text())["jobs"]
    tested = jobs["test"]["strategy"]["matrix"]["python"]
    named = [one.rpartition(" ")[2] for one in PROJECT["classifiers"] if re.search(r":: 3\.\d+$", one)]
    assert tested == named
    assert PROJECT["requires-python"] == f">={tested[0]}"
    assert row("Python") == (f"{tested[0]} to {tested[-1]}", "all four, in CI")
    assert len(tested) == 4


def test_pulumi_is_what_doctor_wants_and_what_make_builds() -> None:
    supported, tested = row("Pulumi CLI")
    assert supported == "{}.{} or newer".format(*program.PULUMI)
    assert f"github.com/pulumi/pulumi/pkg/v3 v{tested}" in (ROOT / "toolchain" / "cli" / "go.mod").read_text()


@pytest.mark.parametrize(
    ("title", "package"), [("Pulumi's Python SDK", "pulumi"), ("`pulumi-cloudflare`", "pulumi-cloudflare")]
)
def test_packages_are_those_that_are_required_and_pinned(title: str, package: str) -> None:
    needed = NEEDED[package]
    assert row(title) == (f"{needed['>=']} or newer, below {needed['<']}", PINNED[package])


def test_every_extra_is_there() -> None:
    listed = re.findall(r"^\| `elastx-mrs\[(\w+)\]` \|", TEXT, re.MULTILINE)
    assert sorted(listed) == sorted(PROJECT["optional-dependencies"])


def test_the_servers_are_those_that_the_tests_install() -> None:
    installed = (ROOT / "tests" / "servers" / "install.sh").read_text()
    for name, program_ in {
        "BIND": "named",
        "Knot": "knotd",
        "PowerDNS": "pdns_server",
        "NSD": "nsd",
        "unbound": "unbound",
    }.items():
        assert name in TEXT
        assert f"{program_}:" in installed


def test_the_pin_is_of_this_version() -> None:
    one = Version(__version__)
    assert f"\nelastx-mrs>={one.major}.{one.minor}.0,<{one.major}.{one.minor + 1}\n" in VERSIONS, "write the new pin"


def test_nothing_is_deprecated() -> None:
    """Where something is, the page lists it."""
    assert "Nothing is deprecated today." in VERSIONS
    marked = [name for name, one in main.commands.items() if one.deprecated]
    assert marked == []
