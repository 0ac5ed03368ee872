"""Route 53 through the plugin: a stack's life from YAML, and one that moves between the class and the plugin."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from elastx_mrs.identity import DYNAMIC_STRING_TYPE, PLUGIN_STRING_TYPE
from tests import golden, secrecy
from tests.languages import programs
from tests.languages.programs import CLASS, Example, Workspace
from tests.languages.test_languages import FIRST, NAMES, SECOND, SERVED, token
from tests.publish.route53.api import SECRET, RecordSet, Route53Api, serve
from tests.scaffold.plans import EXAMPLE, plan
from tests.servers import start

pytestmark = pytest.mark.engine

THEIRS = ('"google-site-verification=abc"', r'"octets \303\245" "cut"')


@pytest.fixture
def api() -> Iterator[Route53Api]:
    with serve() as api:
        api.zone("Z1", "example.com", RecordSet("example.com", "TXT", 3600, THEIRS))
        api.zone("Z2", "example.se")
        yield api


@pytest.fixture
def environment(api: Route53Api, tmp_path: Path) -> Iterator[dict[str, str]]:
    with start("lab", tmp_path / "server", SERVED) as server:
        yield api.environment() | {"ELASTX_MRS_NAMESERVERS": server.address}


def write(stack: Example, program: dict[str, Any]) -> None:
    (stack.directory / "Pulumi.yaml").write_text(yaml.safe_dump(program))


def changes(api: Route53Api) -> int:
    return len(api.codes("ChangeResourceRecordSets"))


def ids(stack: Example, kind: str) -> dict[str, str]:
    """The ids of the records of a type, by their resources' names."""
    return {name: one["id"] for name, one in stack.resources().items() if one["type"] == kind}


def test_the_life_of_a_yaml_program(
    api: Route53Api, environment: dict[str, str], tmp_path: Path, workspace: Workspace
) -> None:
    stack = workspace.example("yaml", tmp_path, environment)
    program = yaml.safe_load((stack.directory / "Pulumi.yaml").read_text())
    given = program["resources"]["mail"]["properties"]
    del given["rfc2136"]
    given["route53"] = {}
    write(stack, program)
    api.zones["Z1"].append("example.com", f'"{token(FIRST).decode()}"')
    refused = stack.up(check=False)
    assert "example.com has this TXT already, and this stack did not publish it" in refused.stdout + refused.stderr
    assert "Traceback" not in refused.stdout + refused.stderr
    stack.config["adopt"] = ["example.com"]
    listed = f"guard: example.com: '{token(FIRST).decode()[:60]}…' is taken over unchanged; from then on the stack"
    shown = stack.preview().stdout
    assert listed in shown, shown
    stack.up()
    del stack.config["adopt"]
    assert ids(stack, PLUGIN_STRING_TYPE).keys() == NAMES
    apex = api.zones["Z1"].txt("example.com")
    assert apex[:2] == THEIRS
    assert set(apex[2:]) == {
        f'"{token(FIRST).decode()}"',
        f'"{token(SECOND).decode()}"',
        '"v=spf1 include:elastx.email include:_spf.google.com ~all"',
    }
    dkim = api.zones["Z2"].txt("elastx._domainkey.example.se")
    assert dkim == (f'"{golden.DKIM_FIRST}" "{golden.DKIM_REST}"',)
    assert "AKIDEXAMPLE" not in stack.state()
    assert secrecy.shown(stack.state(), [SECRET]) == []

    sent = changes(api)
    stack.preview("--expect-no-changes")
    stack.pulumi("refresh", "--yes", "--stack", "test", "--expect-no-changes")
    assert changes(api) == sent

    given["domains"][0]["spf"] = {"include": ["_spf.google.com"]}
    assert given["domains"].pop()["name"] == "example.se"
    write(stack, program)
    stack.up()
    assert '"v=spf1 include:elastx.email include:_spf.google.com -all"' in api.zones["Z1"].txt("example.com")
    assert api.zones["Z2"].txt("example.se") == ()
    stack.pulumi("destroy", "--yes", "--stack", "test")
    assert api.zones["Z1"].txt("example.com") == THEIRS
    assert {kind for _, kind, _ in api.zones["Z1"].sets} == {"NS", "SOA", "TXT"}


@pytest.mark.parametrize(("language", "key"), [("typescript", "    route53:"), ("go", "\t\t\tRoute53:")])
def test_the_program_that_init_writes_publishes(
    language: str,
    key: str,
    api: Route53Api,
    environment: dict[str, str],
    tmp_path: Path,
    workspace: Workspace,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    name, _, line = programs.ONCE[language]
    monkeypatch.setitem(programs.ONCE, language, (name, key, line))
    monkeypatch.setattr(programs, "PLAN", plan("route53", EXAMPLE))
    stack = workspace.example(language, tmp_path, environment)
    stack.up()
    assert ids(stack, PLUGIN_STRING_TYPE).keys() == NAMES
    assert api.zones["Z1"].txt("example.com")[:2] == THEIRS
    stack.pulumi("destroy", "--yes", "--stack", "test")
    assert api.zones["Z1"].txt("example.com") == THEIRS
    assert api.zones["Z2"].txt("example.se") == ()


def test_a_stack_moves_to_the_class_and_back(
    api: Route53Api, environment: dict[str, str], tmp_path: Path, workspace: Workspace
) -> None:
    stack = workspace.example("python", tmp_path, environment)
    program = stack.directory / "__main__.py"
    plugin = program.read_text().replace('rfc2136={"zones": ["example.com", "example.se"]}', "route53={}")
    program.write_text(plugin)
    stack.up()
    before, sent = ids(stack, PLUGIN_STRING_TYPE), changes(api)
    assert before.keys() == NAMES
    of_class = CLASS.replace('"rfc2136": {"zones": ["example.com", "example.se"]}', '"route53": {}')
    for text, kind in ((of_class, DYNAMIC_STRING_TYPE), (plugin, PLUGIN_STRING_TYPE)):
        program.write_text(text)
        stack.up("--expect-no-changes")
        assert ids(stack, kind) == before
        assert changes(api) == sent
    stack.pulumi("destroy", "--yes", "--stack", "test")
    assert api.zones["Z1"].txt("example.com") == THEIRS
