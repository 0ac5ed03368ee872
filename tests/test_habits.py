"""What a contributor meets first: the hooks before a commit, the CI, and the forms of the repository."""

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from typing import Any

import pytest
import yaml

from tests.engine.stack import ROOT
from tests.gitops import expressions
from tests.gitops.test_judged import needed

GITHUB = ROOT / ".github"
WORKFLOW = ".github/workflows/ci.yml"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
MANIFESTS = {"pip": "requirements*.txt", "github-actions": "*.yml", "gomod": "go.mod", "npm": "package.json"}
"""What dependabot looks for, by ecosystem."""

MAKEFILE = (ROOT / "Makefile").read_text()


def loaded(path: str) -> Any:
    return yaml.safe_load((ROOT / path).read_text())


def recipe(target: str) -> list[str]:
    """Return the commands of a target of the Makefile."""
    match = re.search(rf"^{target}:.*\n((?:\t.*\n)+)", MAKEFILE, re.MULTILINE)
    assert match is not None, f"make {target}"
    return [line.strip().removeprefix("@") for line in match[1].splitlines()]


def test_the_hooks_are_make_check() -> None:
    (own,) = loaded(".pre-commit-config.yaml")["repos"]
    assert own["repo"] == "local"
    assert [hook["entry"] for hook in own["hooks"]] == [f".venv/bin/{command}" for command in recipe("check")]
    for hook in own["hooks"]:
        assert (hook["language"], hook["pass_filenames"]) == ("system", False)
        re.compile(hook.get("files", ""))


def test_the_lockfile_of_npm_has_hashes_and_no_address() -> None:
    """npm writes ``resolved`` and ``funding``; take them out. ``npm ci`` needs neither."""
    lock = (ROOT / "toolchain" / "node" / "package-lock.json").read_text()
    assert "://" not in lock
    packages = json.loads(lock)["packages"]
    assert all("integrity" in one for name, one in packages.items() if name and not one.get("inBundle"))


def job() -> Any:
    (found,) = loaded(WORKFLOW)["jobs"].values()
    return found


def test_the_ci_runs_what_everybody_runs_on_every_python_that_the_package_claims() -> None:
    matrix = job()["strategy"]["matrix"]
    claimed = re.findall(r"Python :: (3\.\d+)'", str(PROJECT["classifiers"]))
    assert matrix["python"] == claimed
    assert PROJECT["requires-python"] == f">={claimed[0]}"
    assert matrix["command"] == [".ci/run"]
    assert os.access(ROOT / ".ci" / "run", os.X_OK)
    assert [one["command"] for one in matrix["include"]] == ["make coverage", "make docs"]
    assert {one["python"] for one in matrix["include"]} <= set(claimed)


def test_each_job_of_the_ci_uses_its_own_python() -> None:
    table = {"matrix.python": "3.12", "matrix.command": ".ci/run"}
    assert expressions.text(job()["env"]["PYTHON"], table) == "python3.12"
    steps = job()["steps"]
    (python,) = (step["with"] for step in steps if step.get("uses", "").startswith("actions/setup-python@"))
    assert expressions.text(python["python-version"], table) == "3.12"
    assert expressions.text(steps[-1]["run"], table) == ".ci/run"
    (check,) = (step["run"] for step in steps if ".venv/bin/python" in step.get("run", ""))
    assert 'grep --fixed-strings "Python ${PYTHON#python}."' in check


def test_the_ci_may_only_read_and_its_actions_are_pinned_by_commit() -> None:
    assert loaded(WORKFLOW)["permissions"] == {"contents": "read"}
    assert "permissions" not in job()
    assert job()["timeout-minutes"] <= 90
    assert job()["steps"][0]["with"] == {"persist-credentials": False}
    text = (ROOT / WORKFLOW).read_text()
    assert "secrets." not in text
    used = [line.strip() for line in text.splitlines() if "uses:" in line]
    one = re.compile(r"- uses: actions/(?:checkout|setup-python|setup-go)@[0-9a-f]{40} # v\d+\.\d+\.\d+(?:;.*)?")
    assert used
    assert [line for line in used if not one.fullmatch(line)] == []


def test_files_that_the_ci_names_are_there() -> None:
    named = [
        value
        for step in job()["steps"]
        for key, value in step.get("with", {}).items()
        if "file" in key or "path" in key
    ]
    assert len(named) == 3
    for name in named:
        assert list(ROOT.glob(name)), name


def test_actionlint_has_nothing_to_say_of_the_ci() -> None:
    program = needed(shutil.which("actionlint"), "actionlint")
    command = [program, "-no-color", "-shellcheck=", "-pyflakes=", str(ROOT / WORKFLOW)]
    said = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
    assert said.returncode == 0, said.stdout + said.stderr


@pytest.mark.parametrize(
    ("schema", "files"),
    [
        ("github-workflows", "workflows/*.yml"),
        ("dependabot", "dependabot.yml"),
        ("github-issue-config", "ISSUE_TEMPLATE/config.yml"),
        ("github-issue-forms", "ISSUE_TEMPLATE/[!c]*.yml"),
    ],
)
def test_the_published_schemas_hold(schema: str, files: str) -> None:
    found = sorted(map(str, GITHUB.glob(files)))
    check = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", f"vendor.{schema}", *found]
    said = subprocess.run(check, capture_output=True, text=True, check=False, timeout=60)
    assert said.returncode == 0, said.stdout + said.stderr


def test_dependabot_looks_where_something_is_pinned() -> None:
    looked = {
        (one["package-ecosystem"], folder.strip("/"))
        for one in loaded(".github/dependabot.yml")["updates"]
        for folder in one.get("directories", [one.get("directory")])
    }
    for ecosystem, folder in looked:
        # Of the root it reads the folder where GitHub itself looks.
        place = GITHUB / "workflows" if (ecosystem, folder) == ("github-actions", "") else ROOT / folder
        assert list(place.glob(MANIFESTS[ecosystem])), (ecosystem, folder)
    names = {"go.mod": "gomod", "package.json": "npm"}
    pinned = {
        (ecosystem, f"{top}/{path.parent.name}")
        for name, ecosystem in names.items()
        for top in ("examples", "toolchain")
        for path in (ROOT / top).glob(f"*/{name}")
    }
    assert pinned == {one for one in looked if one[0] in ("gomod", "npm")}


def test_a_vulnerability_is_reported_in_private() -> None:
    place = f"{PROJECT['urls']['Homepage']}/security/advisories/new"
    config = loaded(".github/ISSUE_TEMPLATE/config.yml")
    assert config["blank_issues_enabled"] is False
    assert config["contact_links"][0]["url"] == place
    for page in ("SECURITY.md", "CODE_OF_CONDUCT.md"):
        assert f"]({place})" in (ROOT / page).read_text(), page
