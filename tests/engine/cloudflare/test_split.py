"""A stack is split: a domain goes from one to another, as ``docs/scale.md`` says, and DNS sees nothing of it."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engine.cloudflare.stacks import Trial, trial

pytestmark = pytest.mark.engine

IMPORT = """set -e
pulumi stack export --stack test > state.json
pulumi config --show-secrets --json --stack test |
  elastx-mrs adopt --import --config - --state state.json example.se > import.json
pulumi import --file import.json --protect=false --generate-code=false --yes --non-interactive --stack test
"""


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Trial]:
    with trial(tmp_path) as running:
        yield running


def test_a_domain_goes_to_another_stack_without_a_change_in_dns(run: Trial) -> None:
    old = run.stack(domains=["example.com", "example.se"])
    old.up()
    new = run.stack(domains=["elastx.email"], spf={"external": True})
    new.up()
    before = [record.answer() for record in run.records("example.se")]
    run.asked()

    new.config |= {"domains": [{"name": "elastx.email"}, {"name": "example.se", "spf": {}}]}
    new.write()
    command = ["bash", "-o", "pipefail", "-c", IMPORT]
    subprocess.run(command, cwd=new.directory, env=new.environ(), check=True, capture_output=True)
    for name, resource in old.resources().items():
        if name.startswith("mail-example.se-"):
            old.pulumi("state", "delete", resource["urn"], "--yes", "--stack", "test")
    old.config["domains"] = ["example.com"]

    for stack in (old, new):
        said = stack.up()
        assert "created" not in said.stdout.partition("Resources:")[2]
        assert "deleted" not in said.stdout.partition("Resources:")[2]
    assert run.changes() == []
    assert [record.answer() for record in run.records("example.se")] == before
    assert (
        {name for name in new.resources() if "example.se" in name}
        == {name for name in new.resources() if name.startswith("mail-example.se-")}
        != set()
    )
