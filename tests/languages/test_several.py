"""Several publishers in a YAML program: the plugin looks for the zones of each, and one zone is at both."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from elastx_mrs.identity import CLOUDFLARE_TYPE, PLUGIN_STRING_TYPE
from tests.engine.cloudflare.stacks import Trial, trial
from tests.languages.programs import Example, Workspace
from tests.publish.route53.api import serve

pytestmark = pytest.mark.engine


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Trial]:
    with trial(tmp_path) as running:
        yield running


def of_type(stack: Example, kind: str) -> set[str]:
    """The domains of the records of a type."""
    found = json.loads(stack.state())["checkpoint"]["latest"]["resources"]
    return {one["urn"].rpartition("::")[2].split("-")[1] for one in found if one["type"] == kind}


def test_a_yaml_program_with_two_publishers(run: Trial, workspace: Workspace) -> None:
    with serve() as route53:
        delegated = route53.zone("Z1", "mail.example.com")
        both = route53.zone("Z2", "example.se")
        stack = workspace.example("yaml", run.directory, run.environment() | route53.environment())
        path = stack.directory / "Pulumi.yaml"
        project = yaml.safe_load(path.read_text())
        given = project["resources"]["mail"]["properties"]
        del given["rfc2136"]
        domains = [{"name": name} for name in ("example.com", "mail.example.com", "example.se")]
        given |= {"accounts": ["a@acme.example"], "domains": domains, "cloudflare": {}, "route53": {}}

        path.write_text(yaml.safe_dump(project))
        refused = stack.preview(check=False)
        said = " ".join((refused.stdout + refused.stderr).split())
        assert "domains[2]: cloudflare and route53 each have a zone example.se; write publish:" in said
        assert "Traceback" not in said

        domains[2]["publish"] = ["cloudflare", "route53"]  # type: ignore[assignment]
        path.write_text(yaml.safe_dump(project))
        stack.up()
        assert of_type(stack, CLOUDFLARE_TYPE) == {"example.com", "example.se"}
        assert of_type(stack, PLUGIN_STRING_TYPE) == {"mail.example.com", "example.se"}
        assert {owner for owner, kind, _ in delegated.sets if kind == "TXT"} == {
            f"{label}mail.example.com" for label in ("", "elastx._domainkey.", "_dmarc.")
        }
        assert len([owner for owner, kind, _ in both.sets if kind == "TXT"]) == 3
        stack.preview("--expect-no-changes")
        stack.pulumi("destroy", "--yes", "--stack", "test")
        assert {kind for _, kind, _ in (*both.sets, *delegated.sets)} == {"NS", "SOA"}
