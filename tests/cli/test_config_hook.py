"""The hook of pre-commit that this repository offers to others."""

import os
import re
import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cli.stackfiles import GOOD, write
from tests.engine.stack import ROOT

(HOOK,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())


def hook(*files: str) -> subprocess.CompletedProcess[str]:
    """Run the hook's entry as it stands, with files as pre-commit puts them behind it."""
    path = f"{ROOT / '.venv' / 'bin'}{os.pathsep}{os.environ['PATH']}"
    command = [*shlex.split(HOOK["entry"]), *HOOK.get("args", []), *files]
    return subprocess.run(
        command, capture_output=True, text=True, check=False, env={**os.environ, "PATH": path}, timeout=60
    )


def test_it_has_what_pre_commit_needs() -> None:
    given: dict[str, Any] = HOOK
    assert given["id"] == "elastx-mrs-config"
    assert given["language"] == "python"  # pip install of this repository, which brings the command
    assert given["name"]


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("Pulumi.prod.yaml", True),
        ("stacks/Pulumi.prod.yaml", True),
        ("infra/mail/stacks/Pulumi.mail-0.yml", True),
        ("Pulumi.acme.se.yaml", True),
        ("Pulumi.yaml", False),
        ("Pulumi.yml", False),
        ("stacks/Pulumi.prod.yaml.bak", False),
        ("MyPulumi.prod.yaml", False),
        ("Pulumi.prod/values.yaml", False),
        ("pulumi.prod.yaml", False),
        ("Pulumi.prod.json", False),
    ],
)
def test_it_gets_the_files_of_stacks_and_no_others(name: str, wanted: bool) -> None:
    assert bool(re.search(HOOK["files"], name)) == wanted  # as pre-commit does


def test_its_entry_passes_what_is_right_and_stops_what_is_wrong(tmp_path: Path) -> None:
    good = write(tmp_path / "Pulumi.good.yaml", GOOD)
    other = write(tmp_path / "Pulumi.other.yaml", "config:\n  aws:region: eu-north-1\n")
    bad = write(tmp_path / "Pulumi.bad.yaml", GOOD + "  elastx-mrs:domian: [example.se]\n")
    assert hook(good, other).returncode == 0
    stopped = hook(good, bad)
    assert stopped.returncode == 1
    assert f"{bad}:6:3: domian: is not a key here; did you mean domains?" in stopped.stdout
