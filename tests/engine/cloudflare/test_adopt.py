"""Foreign records in a Cloudflare zone become the stack's own: adopt, adopt --import, ``pulumi import``, an ``up``."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result

from elastx_mrs.adopt.plan import IMPORT_REQUESTS
from elastx_mrs.cli.main import main
from elastx_mrs.records.text import presentation
from tests import golden
from tests.engine.cloudflare.stacks import ELASTX, HEAD, Trial, trial
from tests.engine.stack import Stack
from tests.lab.cloudflare_faults import Fault

pytestmark = pytest.mark.engine

SPF = "v=spf1 ip4:203.0.113.0/24 ~all"
MERGED = "v=spf1 include:elastx.email ip4:203.0.113.0/24 ~all"
DMARC = "v=DMARC1; p=reject; rua=mailto:d@example.com"
ZONE = f"""{HEAD.replace("3600", "1800", 1)}@ TXT "{SPF}"
@ TXT "{golden.TOKEN}"
@ TXT "google-site-verification=abc"
_dmarc TXT "{DMARC}"
elastx._domainkey TXT "{golden.DKIM_FIRST}" "{golden.DKIM_REST}"
"""
ZONES = {"example.com": ZONE, "example.se": HEAD, "elastx.email": ELASTX}
IMPORT = ("import", "--file", "import.json", "--protect=false", "--generate-code=false", "--yes", "--stack", "test")


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Trial]:
    with trial(tmp_path, ZONES) as running:
        yield running


def adopt(run: Trial, *arguments: str) -> Result:
    result = CliRunner().invoke(main, ["adopt", *arguments], env=run.environment())
    assert isinstance(result.exception, SystemExit | None), result.exc_info
    return result


def adopt_import(run: Trial, stack: Stack, *arguments: str) -> Result:
    """Write the file beside the stack's program."""
    stack.write()
    config = stack.directory / "stacks" / "Pulumi.test.yaml"
    result = adopt(run, "--import", "--stack-config", str(config), *arguments)
    (stack.directory / "import.json").write_text(result.stdout)
    return result


def exported(stack: Stack) -> str:
    """Write what ``pulumi stack export`` prints (tests/engine/cloudflare/test_split.py runs it); return the path."""
    path = stack.directory / "state.json"
    path.write_text(json.dumps({"version": 3, "deployment": json.loads(stack.state())["checkpoint"]["latest"]}))
    return str(path)


def merged(run: Trial) -> list[dict[str, Any]]:
    """The domains as plain adopt has them, which keeps what DNS says."""
    printed = adopt(run, "--nameserver", run.lab.address, "example.com")
    assert printed.exit_code == 0, printed.output
    domains: list[dict[str, Any]] = yaml.safe_load(printed.stdout)["elastx-mrs:domains"]
    return domains


def test_foreign_records_become_the_stacks_own(run: Trial) -> None:
    before = {record.id: record for record in run.records()}
    stack = run.stack(accounts=[golden.ACCOUNT])
    refused = stack.preview(check=False)
    assert refused.returncode != 0
    assert f"example.com has the SPF record '{SPF}' already" in refused.stdout

    stack.config["domains"] = merged(run)
    run.api.log.clear()
    told = adopt_import(run, stack)
    assert told.exit_code == 0, told.stderr
    assert f"example.com SPF '{SPF}' becomes '{MERGED}'\n" in told.stderr
    assert "4 records to import; the next up changes 1 of them and creates 0 more" in told.stderr
    assert [method for method, _, _ in run.asked()] == ["GET", "GET"], "the zones, and the records of one"

    imported = stack.pulumi(*IMPORT)
    assert "= 5 imported" in imported.stdout, "four records and the component"
    assert run.asked() == [("GET", "/zones/{id}/dns_records/{id}", 200)] * 4 * IMPORT_REQUESTS, "an import only reads"
    shown = stack.preview("--diff")
    assert "~ 1 to update" in shown.stdout, shown.stdout
    assert "to create" not in shown.stdout
    assert MERGED in shown.stdout

    run.asked()
    stack.up()
    assert run.changes() == ["PUT"]
    assert run.texts("example.com") == sorted(map(presentation, [MERGED, golden.TOKEN, "google-site-verification=abc"]))
    assert {record.id for record in run.records()} == before.keys(), "no record twice, and none anew"
    stack.pulumi("refresh", "--yes", "--stack", "test", "--expect-no-changes")
    assert run.asked() == [("GET", "/zones/{id}/dns_records/{id}", 200)] * 4, "one for each record"


def test_the_state_says_what_is_left_to_import(run: Trial) -> None:
    stack = run.stack(accounts=[golden.ACCOUNT])
    stack.config["domains"] = merged(run)
    assert adopt_import(run, stack, "--state", exported(stack)).exit_code == 0, "an empty state has no resources"
    run.asked()
    stack.pulumi(*IMPORT, "--skip-preview")
    assert [method for method, _, _ in run.asked()] == ["GET"] * 4 * 2, "its preview is half of what it asks"

    stack.config["domains"] = [*stack.config["domains"], "example.se"]
    run.faults.append(Fault("POST", status=0, reset="after"))
    broken = stack.up(check=False)
    assert "this exact record already exists" in broken.stdout, "its answer got lost, and the plugin sent it again"
    adopt_import(run, stack)
    refused = stack.pulumi(*IMPORT, check=False)
    assert refused.returncode != 0
    assert "mail-example.com-spf' already exists" in refused.stdout, "the engine takes no file that names these"

    told = adopt_import(run, stack, "--state", exported(stack))
    assert told.exit_code == 0, told.stderr
    assert "1 record to import; the next up changes 0 of them and creates 0 more; 7 are" in told.stderr
    assert "1 imported" in stack.pulumi(*IMPORT).stdout
    run.asked()
    stack.up("--expect-no-changes")
    assert run.changes() == []
    assert len(run.texts("example.se", "example.se")) == 2

    told = adopt_import(run, stack, "--state", exported(stack))
    assert "there is nothing to import" in told.stderr
    stack.pulumi(*IMPORT)  # which Pulumi takes too


def test_what_is_said_to_change_is_what_changes(run: Trial) -> None:
    book = run.api.zone("example.se").book
    texts: dict[str, dict[str, Any]] = {
        "example.se": {"content": golden.SPF},  # without quotes, as older records are
        "_dmarc.example.se": {"content": '"v=DMARC1; p=none;"', "ttl": 1},
        "elastx._domainkey.example.se": {"content": f'"{golden.DKIM_FIRST}" "{golden.DKIM_REST}"', "comment": "mine"},
    }
    for name, fields in texts.items():
        book.add({"type": "TXT", "name": name, "ttl": 1800} | fields)
    book.add({"type": "TXT", "name": "example.se", "ttl": 1800, "content": f'"{golden.TOKEN}"'})
    stack = run.stack(accounts=[golden.ACCOUNT], domains=["example.se"])
    told = adopt_import(run, stack)
    assert told.stderr.splitlines() == [
        "example.se SPF is put in quotes, as Cloudflare requires; its value in DNS stays the same",
        "elastx._domainkey.example.se DKIM key comment 'mine' becomes none",
        "_dmarc.example.se DMARC TTL automatic becomes 1800",
        "4 records to import; the next up changes 3 of them and creates 0 more",
        "pulumi import will send 16 requests to Cloudflare, 4 for each record; Cloudflare accepts 1,200 in 5 minutes",
    ]
    stack.pulumi(*IMPORT)
    shown = stack.preview().stdout
    for row in ("spf update [diff: ~content]", "dkim update [diff: -comment]", "dmarc update [diff: ~ttl]"):
        assert f"mail-example.se-{row}" in shown, shown
    assert "~ 3 to update" in shown
    run.asked()
    stack.up()
    assert run.changes() == ["PUT"] * 3
    stack.preview("--expect-no-changes")


PROGRAM = """
import os, pulumi
from elastx_mrs import MailRelay
from elastx_mrs.component.relay import stack_config

outer = pulumi.ComponentResource("test:index:Outer", "outer")
token = pulumi.Output.secret(os.environ["CLOUDFLARE_API_TOKEN"])
dns = pulumi.ProviderResource("cloudflare", "dns", {"apiToken": token})  # as its SDK does, whose import takes long
MailRelay("relay", stack_config(), pulumi.ResourceOptions(parent=outer, provider=dns))
"""


def test_a_component_below_another_with_a_provider_of_its_own(run: Trial) -> None:
    stack = run.stack(PROGRAM)
    comment = {"comment": "{project}/{stack} {component}"}
    stack.config = {"accounts": [golden.ACCOUNT], "dkim": golden.DKIM, "domains": ["example.se"], "cloudflare": comment}
    stack.up()
    stack.config["domains"] = ["example.se", *merged(run)]
    (provider,) = [one["urn"] for one in stack.resources().values() if one["urn"].endswith("::dns")]
    options = ("--component", "relay", "--provider", f"dns={provider}", "--state", exported(stack))
    told = adopt_import(run, stack, *options)
    assert told.exit_code == 0, told.stderr
    assert "4 records to import; the next up changes 4 of them" in told.stderr, "each of them gets the comment"
    assert "4 imported" in stack.pulumi(*IMPORT).stdout
    assert "~ 4 to update" in stack.preview().stdout
    run.asked()
    stack.up()
    assert run.changes() == ["PUT"] * 4
    records = [one for one in stack.resources().values() if "DnsRecord" in one["type"]]
    assert {one["provider"].rpartition("::")[0] for one in records} == {provider}
    told = adopt_import(run, stack, "--component", "relay", "--state", exported(stack))
    assert "; 8 are already in the state" in told.stderr
    assert provider in told.stdout, "the state has it"
