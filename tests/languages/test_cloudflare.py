"""Cloudflare through the plugin, on the lab's API: records, guard, verification, an explicit provider, late ids."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from elastx_mrs.lab.cloudflare.zone import Token
from tests import golden
from tests.engine.cloudflare.stacks import Trial, trial
from tests.languages.programs import Example, Workspace

pytestmark = pytest.mark.engine

ACCOUNT = "a@acme.example"
OWN = "own-" + "1" * 36
"""A token; the plugin takes from 40 characters."""
RECORD = "cloudflare:index/dnsRecord:DnsRecord"
TOKEN = "elastx-mrs=" + hashlib.sha256(ACCOUNT.encode()).hexdigest()
EXPLICIT_PROVIDER = """
import pulumi
import pulumi_cloudflare as cloudflare
import elastx_mail_relay as elastx

config = pulumi.Config()
own = cloudflare.Provider("own", api_token=config.require_secret("token"), base_url=config.require("url"))
elastx.MailRelay(
    "mail",
    accounts=["a@acme.example"],
    dkim={"record": config.require("dkim")},
    domains=[{"name": "example.com"}],
    cloudflare={},
    opts=pulumi.ResourceOptions(providers={"cloudflare": own}),
)
"""
LATE_ID = """
import pulumi
import elastx_mail_relay as elastx
from pulumi import dynamic

config = pulumi.Config()


class Made(dynamic.ResourceProvider):
    def create(self, props):
        return dynamic.CreateResult("zone", {"zone_id": props["told"]})


class Zone(dynamic.Resource):
    zone_id: pulumi.Output[str]

    def __init__(self):
        super().__init__(Made(), "zone", {"told": config.require("zoneId"), "zone_id": None})


elastx.MailRelay(
    "mail",
    accounts=["a@acme.example"],
    dkim={"record": config.require("dkim")},
    domains=[{"name": "example.com"}],
    cloudflare={"zones": {"example.com": Zone().zone_id}},
)
"""


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Trial]:
    with trial(tmp_path) as running:
        yield running


def of_yaml(run: Trial, workspace: Workspace, **properties: Any) -> Example:
    """The YAML example with Cloudflare in place of RFC 2136, for one domain."""
    stack = workspace.example("yaml", run.directory, run.environment() | {"ELASTX_MRS_VERIFICATION": ""})
    path = stack.directory / "Pulumi.yaml"
    project = yaml.safe_load(path.read_text())
    given = project["resources"]["mail"]["properties"]
    del given["rfc2136"]
    given |= {"accounts": [ACCOUNT], "domains": [{"name": "example.com"}], "cloudflare": {}} | properties
    path.write_text(yaml.safe_dump(project))
    return stack


def of_python(run: Trial, workspace: Workspace, program: str) -> Example:
    stack = workspace.example("python", run.directory, run.environment())
    (stack.directory / "__main__.py").write_text(program)
    return stack


def records(stack: Example) -> dict[str, dict[str, Any]]:
    return {name: one for name, one in stack.resources().items() if one["type"] == RECORD}


def test_a_component_s_life(run: Trial, workspace: Workspace) -> None:
    stack = of_yaml(run, workspace)
    foreign = {"name": "example.com", "type": "TXT", "content": '"v=spf1 -all"', "ttl": 300}
    there = run.api.zone("example.com").book.add(foreign)
    assert "example.com has the SPF record 'v=spf1 -all' already" in refused(stack)
    run.api.zone("example.com").book.remove(there.id)
    run.asked()

    done = stack.up().stdout
    assert "verification: 1 of 1 domain verified" in done, done
    assert run.changes() == ["POST"] * 4
    assert run.texts("example.com") == [f'"{TOKEN}"', '"v=spf1 include:elastx.email -all"']
    assert set(records(stack)) == {
        f"mail-example.com-{kind}" for kind in ("challenge-" + TOKEN[11:23], "spf", "dkim", "dmarc")
    }
    assert stack.resources()["acme-mail-test"]["outputs"]["verification"] == {
        "require": ["example.com"],
        "warn": [],
        "off": [],
    }

    run.api.zone("example.com").book.add(foreign)
    failed = stack.up(check=False)
    assert failed.returncode != 0
    assert "example.com is not verified:" in failed.stdout
    assert run.changes() == [], "the records are as they should be"
    stack.pulumi("destroy", "--yes", "--stack", "test")
    assert run.texts("example.com") == ['"v=spf1 -all"']


def test_what_is_wrong_is_told_without_a_traceback(run: Trial, workspace: Workspace) -> None:
    stack = of_yaml(run, workspace, domains=[{"name": "nowhere.example"}])
    assert "domains: Cloudflare lists no zone for nowhere.example" in refused(stack)
    del stack.environment["CLOUDFLARE_API_TOKEN"]
    assert "CLOUDFLARE_API_TOKEN" in refused(stack)


def refused(stack: Example) -> str:
    """What a preview says that fails: to the user, and nothing of the plugin's inside."""
    result = stack.preview(check=False)
    said = " ".join((result.stdout + result.stderr).split())
    assert result.returncode != 0, said
    assert "Traceback" not in said
    assert "Unexpected <class" not in said
    return said


def test_records_and_look_ups_use_an_explicit_provider(run: Trial, workspace: Workspace) -> None:
    run.api.tokens = {OWN: Token()}
    stack = of_python(run, workspace, EXPLICIT_PROVIDER)
    url = stack.environment.pop("CLOUDFLARE_BASE_URL")
    del stack.environment["CLOUDFLARE_API_TOKEN"]
    stack.others |= {"acme-mail:url": url}
    stack.pulumi("config", "set", "--secret", "token", OWN, "--stack", "test")
    stack.others |= {"acme-mail:token": stack.written()["acme-mail:token"]}
    stack.up()
    assert run.changes() == ["POST"] * 4
    assert all(one["provider"].split("::")[-2] == "own" for one in records(stack).values())
    result = stack.pulumi("destroy", "--yes", "--stack", "test")
    assert run.texts("example.com") == []
    assert OWN not in result.stdout + result.stderr


def test_a_zone_that_is_made_in_the_same_run(run: Trial, workspace: Workspace) -> None:
    stack = of_python(run, workspace, LATE_ID)
    stack.others |= {"acme-mail:zoneId": run.api.zone("example.com").id}
    said = stack.preview().stdout
    assert "the zone of example.com is known only after it, or its provider, is created" in said
    stack.up()
    assert run.changes() == ["POST"] * 4
    assert len(run.texts("example.com")) == 2
    stack.up("--expect-no-changes")
    assert golden.DKIM[:40] in run.texts("elastx._domainkey.example.com")[0]
