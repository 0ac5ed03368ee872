"""docs/release.md as it is followed: its own commands, in a copy of the checkout, and what users then find."""

import os
import re
import shutil
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

from elastx_mrs import __version__
from tests.engine.stack import ROOT
from tests.examples import readme

HEADING = re.compile(r"## (\d+\.\d+\.\d+) \((not released|20\d\d-[01]\d-[0-3]\d)\)")
COPIED = (
    "elastx_mrs", "toolchain", "docs", "stacks",
    "CHANGELOG.md", "LICENSE", "README.md", "hatch_build.py", "pyproject.toml",
)  # fmt: skip


def test_the_changelog_has_a_heading_for_each_version_and_begins_with_this_one() -> None:
    lines = (ROOT / "CHANGELOG.md").read_text().splitlines()
    headings = [HEADING.fullmatch(line) for line in lines if line.startswith("## ")]
    assert all(headings), "## <version> (not released), or the day of its release"
    found = [(match[1], match[2]) for match in headings if match]
    assert found[0][0] == __version__
    assert all(day != "not released" for _, day in found[1:])
    numbers = [tuple(map(int, version.split("."))) for version, _ in found]
    assert all(newer > older for newer, older in pairwise(numbers))


def git(folder: Path, *arguments: str) -> str:
    command = ["git", "-c", "user.name=Test", "-c", "user.email=test@acme.example", *arguments]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True, timeout=60).stdout


def test_its_commands_make_a_release(tmp_path: Path) -> None:
    checkout, remote = tmp_path / "checkout", tmp_path / "remote.git"
    checkout.mkdir()
    for name in COPIED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, checkout / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copyfile(ROOT / name, checkout / name)
    (checkout / ".gitignore").write_text("dist/\n.venv\n__pycache__/\n")
    (checkout / ".venv").symlink_to(sys.prefix)
    git(tmp_path, "init", "--quiet", "--bare", str(remote))
    git(checkout, "init", "--quiet", "--initial-branch=main")
    git(checkout, "add", ".")
    git(checkout, "commit", "--quiet", "-m", "Before")
    git(checkout, "remote", "add", "origin", str(remote))

    init = checkout / "elastx_mrs" / "__init__.py"
    init.write_text(init.read_text().replace(f'"{__version__}"', '"77.0.0"'))
    changelog = checkout / "CHANGELOG.md"
    changelog.write_text(HEADING.sub("## 77.0.0 (2027-01-15)", changelog.read_text(), count=1))

    make, tag, upload = (step.command for step in readme.steps((ROOT / "docs" / "release.md").read_text()))
    assert "twine upload" in upload, "to an index, which there is none of here"
    (tmp_path / "bin").mkdir()
    asked = tmp_path / "bin" / "make"
    asked.write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/made\n')
    asked.chmod(0o755)
    identity = {"GIT_AUTHOR_NAME": "Test", "GIT_COMMITTER_NAME": "Test"}
    identity |= {"GIT_AUTHOR_EMAIL": "test@acme.example", "GIT_COMMITTER_EMAIL": "test@acme.example"}
    done = subprocess.run(
        ["sh", "-e", "-c", f"{make}\n{tag}"],
        cwd=checkout,
        env=os.environ | identity | {"PATH": f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}"},
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "made").read_text() == "check test\n"
    assert {path.name for path in (checkout / "dist").iterdir()} == {
        "elastx_mrs-77.0.0-py3-none-any.whl",
        "elastx_mrs-77.0.0.tar.gz",
    }
    assert git(checkout, "status", "--porcelain") == ""
    assert git(remote, "tag").split() == ["v77.0.0"]
    for path in ("elastx_mrs/__init__.py", "elastx_mrs/plugin/schema.json"):
        assert '"77.0.0"' in git(remote, "show", f"v77.0.0:{path}")
    assert git(remote, "rev-parse", "v77.0.0^{commit}") == git(checkout, "rev-parse", "HEAD")
