"""octoDNS through the plugin: a stack's life from YAML, and what TypeScript and Go publish; to PowerDNS's HTTP API."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from elastx_mrs.identity import PLUGIN_STRING_TYPE
from tests import golden, secrecy
from tests.languages import programs
from tests.languages.programs import Workspace
from tests.languages.test_languages import FIRST, NAMES, SECOND, token
from tests.publish.octodns.powerdns import API_KEY, PowerDns, powerdns
from tests.scaffold.plans import EXAMPLE, plan
from tests.servers.zones import FOREIGN

pytestmark = pytest.mark.engine

APEX = "example.com"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[PowerDns]:
    with powerdns(tmp_path / "server") as running:
        yield running


def test_the_life_of_a_yaml_program(server: PowerDns, tmp_path: Path, workspace: Workspace) -> None:
    environment = {key: value for key, value in server.environment().items() if key != "PDNS_API_KEY"}
    stack = workspace.example("yaml", tmp_path, environment)
    program = yaml.safe_load((stack.directory / "Pulumi.yaml").read_text())
    given = program["resources"]["mail"]["properties"]
    del given["rfc2136"]
    given["octodns"] = {}
    (stack.directory / "Pulumi.yaml").write_text(yaml.safe_dump(program))
    stack.config["octodns"] = {"pdns": server.config}
    stack.pulumi("config", "set", "--path", "--secret", "elastx-mrs:octodns.pdns.api_key", API_KEY, "--stack", "test")
    stack.config["octodns"] = stack.written()["elastx-mrs:octodns"]

    stack.up()
    made = {name for name, one in stack.resources().items() if one["type"] == PLUGIN_STRING_TYPE}
    assert made == NAMES
    spf = b"v=spf1 include:elastx.email include:_spf.google.com ~all"
    assert server.dns.txt(APEX) == FOREIGN[APEX] | dict.fromkeys((token(FIRST), token(SECOND), spf), 3600)
    assert server.dns.txt("elastx._domainkey.example.se") == {golden.DKIM.encode(): 1800}
    assert secrecy.shown(stack.state(), [API_KEY]) == []
    stack.preview("--expect-no-changes")
    stack.pulumi("refresh", "--yes", "--stack", "test", "--expect-no-changes")

    given["octodns"] = {"pdns": {"class": "octodns_powerdns.PowerDnsProvider"}}
    (stack.directory / "Pulumi.yaml").write_text(yaml.safe_dump(program))
    refused = stack.preview(check=False)
    told = refused.stdout + refused.stderr
    assert refused.returncode != 0
    assert "'elastx-mrs:index:Octodns' has no properties" in told, "a provider's keys would be in the state"

    stack.pulumi("destroy", "--yes", "--stack", "test")
    assert server.dns.txt(APEX) == FOREIGN[APEX]
    assert server.dns.txt("elastx._domainkey.example.se") == {}


@pytest.mark.parametrize(("language", "key"), [("typescript", "    octodns:"), ("go", "\t\t\tOctodns:")])
def test_the_program_that_init_writes_publishes(
    language: str,
    key: str,
    server: PowerDns,
    tmp_path: Path,
    workspace: Workspace,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    name, _, line = programs.ONCE[language]
    monkeypatch.setitem(programs.ONCE, language, (name, key, line))
    monkeypatch.setattr(programs, "PLAN", plan("octodns", EXAMPLE))
    stack = workspace.example(language, tmp_path, server.environment())
    stack.config["octodns"] = {"pdns": server.config}
    stack.up()
    assert {name for name, one in stack.resources().items() if one["type"] == PLUGIN_STRING_TYPE} == NAMES
    assert server.dns.txt(APEX).keys() >= FOREIGN[APEX].keys() | {token(FIRST), token(SECOND)}
    stack.pulumi("destroy", "--yes", "--stack", "test")
    assert server.dns.txt(APEX) == FOREIGN[APEX]
    assert server.dns.txt("elastx._domainkey.example.se") == {}
