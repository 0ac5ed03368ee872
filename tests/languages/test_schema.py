"""The plugin's schema: current, complete, and of use to every language's compiler."""

import importlib.util
import json
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest

from elastx_mrs.records.names import TSIG_ALGORITHMS
from tests.engine.stack import ROOT
from tests.languages.programs import SCHEMA, Workspace, require
from toolchain import reference, schema

KEPT: dict[str, Any] = json.loads(SCHEMA.read_text())


def test_it_is_current() -> None:
    assert SCHEMA.read_text() == schema.text(), "run: python -m toolchain.schema"


def test_every_property_has_a_type_and_a_description() -> None:
    resources = KEPT["resources"].values()
    groups = [KEPT["config"]["variables"], KEPT["provider"]["inputProperties"]]
    groups += [one["properties"] for one in KEPT["types"].values() if "properties" in one]
    groups += [one[key] for one in resources for key in ("inputProperties", "properties")]
    for name, one in (item for group in groups for item in group.items()):
        assert one.get("type") or one.get("$ref") or one.get("oneOf"), name
        assert len(one["description"]) > 10, name
    values = [value for one in KEPT["types"].values() for value in one.get("enum", [])]
    assert all(one["description"] for one in (*KEPT["types"].values(), *resources, *values))


def test_each_value_of_a_list_is_one_that_the_component_takes() -> None:
    """And the only ones: the model has them, in whichever case."""
    of = {name.rpartition(":")[2]: one for name, one in KEPT["types"].items()}
    listed = {name: {value["value"] for value in one["enum"]} for name, one in of.items() if "enum" in one}
    assert listed == {
        "SpfAll": {"fail", "softfail", "neutral"},
        "DmarcPolicy": {"none", "quarantine", "reject"},
        "DmarcAlignment": {"r", "s"},
        "DmarcTesting": {"y", "n"},
        "Mode": {"require", "warn", "off"},
        "Via": {"delegation", "resolvers"},
        "TsigAlgorithm": set(TSIG_ALGORITHMS),
    }
    for name, key in [("Dmarc", "p"), ("Dmarc", "aspf"), ("Spf", "all"), ("Guard", "mode"), ("Verification", "via")]:
        assert of[name]["properties"][key]["$ref"].rpartition(":")[2] in listed


def test_who_publishes_it_and_where() -> None:
    assert KEPT["name"] == "elastx-mrs", "tokens in states, keys of configs and the plugin's executable begin with it"
    assert KEPT["namespace"] == "elastx"
    assert KEPT["language"]["nodejs"]["packageName"] == "@elastx/mail-relay"
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert KEPT["license"] == project["license"]
    assert KEPT["homepage"] == KEPT["repository"] == project["urls"]["Homepage"]
    assert (ROOT / KEPT["logoUrl"].partition("/main/")[2]).exists()


def test_its_python_sdk_and_the_package_can_be_installed_together() -> None:
    own = KEPT["language"]["python"]["packageName"]
    assert own != "elastx_mrs"
    assert importlib.util.find_spec(own) is None


def test_a_key_is_a_secret_wherever_it_stands() -> None:
    for properties in (KEPT["config"]["variables"], KEPT["provider"]["inputProperties"]):
        assert properties["tsigKey"]["secret"]
        assert properties["tsigKeys"]["secret"]


@pytest.mark.engine
def test_the_engine_is_given_it(tmp_path: Path) -> None:
    plugin = ROOT / ".venv" / "bin" / "pulumi-resource-elastx-mrs"
    said = subprocess.run(
        ["pulumi", "package", "get-schema", str(plugin)], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    given = json.loads(said.stdout)
    assert given["name"] == "elastx-mrs"
    for key in ("resources", "types"):
        assert set(given[key]) == set(KEPT[key])


@pytest.mark.engine
def test_a_program_s_types_are_checked_by_the_python_sdk(tmp_path: Path, workspace: Workspace) -> None:
    """TypeScript's and Go's compilers do that for the stacks of ``test_languages.py``.

    As any user's program is checked that imports it; what the generator writes is not strict in itself.
    """
    require("python")
    program = tmp_path / "program.py"
    wrong = 'elastx.MailRelay("wrong", dmarc={"p": "qarantine"})  # type: ignore[call-overload]\n'  # strict: it is used
    program.write_text((ROOT / "examples" / "python" / "__main__.py").read_text() + wrong)
    command = ["mypy", "--strict", "--no-incremental", "--follow-imports=silent", str(program)]
    environment = {"MYPYPATH": str(workspace.python()), "PATH": str(ROOT / ".venv" / "bin")}
    checked = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_the_reference_is_current() -> None:
    assert reference.TARGET.read_text() == reference.text(), "run: python -m toolchain.reference"
