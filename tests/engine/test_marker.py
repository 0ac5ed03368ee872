"""A test that starts the engine without the marker fails, and the failure says what to add."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.engine.stack import ROOT

TESTS = """
import subprocess
import pytest
from tests.package import fresh

{mark}

@pytest.fixture(scope="module")
def stack():
    subprocess.run(["sh", "-c", "pulumi stack init || true"])

def test_in_a_fixture(stack):
    pass

def test_in_a_script():
    subprocess.run(["sh", "-c", "pulumi preview || true"])

def test_an_installation(tmp_path):
    fresh.Released(tmp_path, tmp_path).environment(tmp_path)

def test_that_starts_nothing():
    pass
"""


def run(folder: Path, mark: str) -> subprocess.CompletedProcess[str]:
    """Run the tests above in a pytest of their own, with a ``pulumi`` that does nothing."""
    (folder / "bin").mkdir()
    (folder / "bin" / "pulumi").write_text("#!/bin/sh\n")
    (folder / "bin" / "pulumi").chmod(0o755)
    (folder / "test_it.py").write_text(TESTS.format(mark=mark))
    path = f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}"
    command = [sys.executable, "-m", "pytest", "-c", str(ROOT / "pyproject.toml"), "-p", "tests.conftest"]
    return subprocess.run(
        [*command, "-p", "no:cacheprovider", f"--rootdir={folder}", str(folder / "test_it.py")],
        cwd=ROOT, env=os.environ | {"PATH": path}, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("name", "started"),
    [
        ("test_in_a_fixture", "'pulumi stack init'"),
        ("test_in_a_script", "'pulumi preview'"),
        ("test_an_installation", "'an installation of the released package'"),
    ],
)
def test_without_the_marker_it_fails(unmarked: subprocess.CompletedProcess[str], name: str, started: str) -> None:
    assert unmarked.returncode == 1, unmarked.stdout
    said = unmarked.stdout.partition(f"__ {'ERROR at setup of ' if 'fixture' in name else ''}{name} __")[2]
    assert f"this test starts {started} and is not marked; add to its file: pytestmark = pytest.mark.engine" in said


@pytest.fixture(scope="module")
def unmarked(tmp_path_factory: pytest.TempPathFactory) -> subprocess.CompletedProcess[str]:
    return run(tmp_path_factory.mktemp("unmarked"), "")


def test_a_test_that_starts_nothing_needs_no_marker(unmarked: subprocess.CompletedProcess[str]) -> None:
    assert "2 failed, 1 passed, 1 error" in unmarked.stdout


def test_with_the_marker_it_passes(tmp_path: Path) -> None:
    said = run(tmp_path, "pytestmark = pytest.mark.engine").stdout
    assert "4 passed" in said, said
