"""Which Pulumi is used: the machine's where it is new enough, else one that is built, else a clear word."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from toolchain import build

ROOT = Path(__file__).resolve().parents[2]


def fake(folder: Path, name: str, says: str) -> None:
    folder.mkdir(exist_ok=True)
    program = folder / name
    program.write_text(f"#!/bin/sh\necho {says}\n")
    program.chmod(0o755)


def run(project: Path, path: Path) -> subprocess.CompletedProcess[str]:
    """Run the script in a copy of its folder, with only ``path`` to find programs in."""
    (project / "toolchain" / "cli").mkdir(parents=True, exist_ok=True)
    for name in ("build.py", "cli/go.mod"):
        (project / "toolchain" / name).write_text((ROOT / "toolchain" / name).read_text())
    environment = {key: value for key, value in os.environ.items() if key != "PATH"} | {"PATH": str(path)}
    command = [sys.executable, str(project / "toolchain" / "build.py")]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)


@pytest.mark.parametrize("version", ["v3.259.0", "v3.300.1", "v4.0.0"])
def test_a_pulumi_that_is_new_enough_is_used(tmp_path: Path, version: str) -> None:
    fake(tmp_path / "bin", "pulumi", version)
    fake(tmp_path / "bin", "pulumi-language-python", "")
    result = run(tmp_path / "project", tmp_path / "bin")
    assert result.returncode == 0, result.stderr
    assert f"using {tmp_path / 'bin' / 'pulumi'} ({version})" in result.stdout
    assert not (tmp_path / "project" / ".toolchain").exists()


def test_where_it_is_too_old_and_go_is_missing_it_says_what_to_do(tmp_path: Path) -> None:
    fake(tmp_path / "bin", "pulumi", "v3.66.0")
    fake(tmp_path / "bin", "pulumi-language-python", "")
    result = run(tmp_path / "project", tmp_path / "bin")
    assert result.returncode == 1
    assert "is v3.66.0, older than v3.259.0" in result.stdout
    assert "no Go to build it with. Install either" in result.stderr
    assert "Traceback" not in result.stderr


def test_the_error_of_go_is_shown(tmp_path: Path) -> None:
    fake(tmp_path / "bin", "go", "no such module >&2; exit 1")
    (tmp_path / "project" / "toolchain" / "languages").mkdir(parents=True)
    result = run(tmp_path / "project", tmp_path / "bin")
    assert result.returncode == 1
    assert "no such module" in result.stderr


def test_versions() -> None:
    assert build.numbers("v3.259.0") == (3, 259, 0)
    assert build.numbers("v3.259.0-alpha.1") == (3, 259, 0)
    assert build.numbers("dev") < build.numbers("v3.0.0")
