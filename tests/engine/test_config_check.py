"""What ``elastx-mrs config check`` takes for a stack's config is what Pulumi takes for it."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from elastx_mrs.config import is_given
from elastx_mrs.stackfile.check import check
from elastx_mrs.stackfile.stack import read_stack
from tests.cli.stackfiles import GOOD
from tests.cli.test_config_project import PROJECT
from tests.engine.stack import Stack

pytestmark = pytest.mark.engine


def pulumi_s(stack: Stack) -> subprocess.CompletedProcess[str]:
    """Ask for the config, of the files as they are."""
    command = ["pulumi", "config", "--json", "--stack", "test", "--non-interactive"]
    return subprocess.run(
        command, cwd=stack.directory, env=stack.environ(), capture_output=True, text=True, check=False, timeout=60
    )


def test_both_take_the_same_of_the_project_and_of_the_stack(tmp_path: Path) -> None:
    own: dict[str, Any] = {"domains": ["example.com"], "dmarc": {"rua": ["mailto:a@b.se"]}}
    stack = Stack.create(tmp_path, {}, own)
    (stack.directory / "Pulumi.yaml").write_text(PROJECT)
    (file,) = (stack.directory / "stacks").glob("*.yaml")
    without = file.read_text().replace("elastx-mrs:domains", "domains")  # the project's own namespace, unsaid
    file.write_text(without)
    given = json.loads(pulumi_s(stack).stdout)
    theirs = {key: one.get("objectValue", one["value"]) for key, one in given.items()}
    assert theirs["elastx-mrs:accounts"] == ["smtp-prod@acme.example", "newsletter@acme.example"]
    assert theirs["elastx-mrs:dmarc"] == own["dmarc"]
    ours = read_stack(str(file)).values
    assert ours == {key: value for key, value in theirs.items() if is_given(key.partition(":")[2], value)}


def test_both_refuse_a_key_that_is_there_twice(tmp_path: Path) -> None:
    stack = Stack.create(tmp_path, {}, {})
    (file,) = (stack.directory / "stacks").glob("*.yaml")
    file.write_text(GOOD + "  elastx-mrs:ttl: 300\n")
    assert pulumi_s(stack).returncode == 0
    assert not any(one.level == "error" for one in check(str(file)).findings)
    file.write_text(GOOD + "  elastx-mrs:ttl: 300\n  elastx-mrs:ttl: 600\n")
    assert 'mapping key "elastx-mrs:ttl" already defined at line 6' in pulumi_s(stack).stderr
    (fault,) = (one for one in check(str(file)).findings if one.level == "error")
    assert "is in line 6 already" in fault.problem
