"""Runs a workflow's job as GitHub's runner does: its steps in order, as they stand, each in a shell of its own.

https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax: ``shell: bash`` is
``bash --noprofile --norc -eo pipefail {0}``; a step runs where all before it succeeded, also one with an ``if`` that
names no status function.
"""

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.engine.stack import ROOT
from tests.gitops import expressions
from tests.gitops.comments import Forge
from tests.gitops.scene import EXAMPLES, PROJECT, TOKEN, Company, Run, shell

FOLDER = EXAMPLES / "github"
INSTALLED = ("actions/checkout", "actions/setup-python", "pulumi/actions")
"""What these actions bring is on the machine: the files, a Python, and Pulumi."""

NAMES = ("PULUMI_ACCESS_TOKEN", "PULUMI_CONFIG_PASSPHRASE", "CLOUDFLARE_API_TOKEN", "ELASTX_MRS_RFC2136_KEY")
"""Of the secrets that README.md tells of; those that are not set are empty, as GitHub has it."""

COMMIT = "0123456789abcdef0123456789abcdef01234567"
KEYS: dict[str, set[Any]] = {
    "workflow": {
        "name",
        True,
        "permissions",
        "concurrency",
        "defaults",
        "env",
        "jobs",
    },  # True is what YAML makes of on
    "job": {"if", "runs-on", "timeout-minutes", "environment", "permissions", "steps"},
    "step": {"uses", "with", "name", "id", "if", "env", "run"},
    "action": {"name", "description", "author", "branding", "inputs", "runs"},
    "input": {"description", "required", "default"},
    "action's step": {"uses", "with", "name", "id", "if", "env", "run", "shell", "working-directory"},
}

ACTION = "elastx/elastx-mrs"
"""This repository's own action, ``action.yml``."""


def workflow(name: str) -> dict[Any, Any]:
    content: dict[Any, Any] = yaml.safe_load((FOLDER / name).read_text())
    return content


def action() -> dict[str, Any]:
    """The composite action; https://docs.github.com/en/actions/reference/workflows-and-actions/metadata-syntax."""
    content: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text())
    _known("action", content)
    assert content["runs"].keys() == {"using", "steps"}
    assert content["runs"]["using"] == "composite"
    return content


def inputs(given: Mapping[str, Any], table: Mapping[str, str]) -> dict[str, str]:
    """What a step gives to the action, with the defaults: an input that there is not is a failure here."""
    known = action()["inputs"]
    assert given.keys() <= known.keys(), "GitHub warns of it, and goes on"
    found = {name: expressions.text(given.get(name, one.get("default", "")), table) for name, one in known.items()}
    assert all(found[name] for name, one in known.items() if one.get("required")), found
    return {f"inputs.{name}": value for name, value in found.items()}


@dataclass
class Runner:
    """GitHub, for one company.

    :param variables: of the repository, beside the place of Pulumi's state.
    :param secrets: in place of the company's own.
    :param fork: whether the pull request is one's.
    """

    company: Company
    forge: Forge
    variables: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict)
    fork: bool = False
    token: str = TOKEN

    def run(self, file: str, job: str) -> Run:
        """Run one job; its workspace is a new checkout."""
        content = workflow(file)
        _known("workflow", content)
        found = content["jobs"][job]
        _known("job", found)
        table = self._table()
        expressions.text((content.get("concurrency") or {}).get("group", ""), table)
        run = Run("skipped")
        if "if" not in found or expressions.holds(found["if"], table):
            if any("run" in step for step in found["steps"]):
                assert content["defaults"] == {"run": {"shell": "bash"}}
            run = self._steps(found["steps"], content.get("env", {}), table)
        self.company.runs.append(run)
        return run

    def _steps(self, steps: list[dict[str, Any]], shared: Mapping[str, str], table: dict[str, str]) -> Run:
        run = Run("success", workspace=self.company.checkout())
        files = self.company.folder / f"{run.workspace.name}-files"
        files.mkdir()
        environment = self.company.machine() | self._environment(run.workspace, files)
        environment |= {key: expressions.text(value, table) for key, value in shared.items()}
        for step in steps:
            _known("step", step)
            if step.get("uses", "").partition("@")[0] == ACTION:
                # Neither secrets nor variables reach an action but as its inputs, nor the outputs of other steps.
                github = {key: value for key, value in table.items() if key.startswith("github.")}
                within = github | inputs(step["with"], table)
                for inner in action()["runs"]["steps"]:
                    _known("action's step", inner)
                    self._step(inner, run, environment, within, files)
            else:
                self._step(step, run, environment, table, files)
        assert (files / "env").read_text() == "", "this runner knows nothing of GITHUB_ENV"
        run.summary = (files / "summary").read_text()
        return run

    def _step(
        self, step: dict[str, Any], run: Run, environment: dict[str, str], table: dict[str, str], files: Path
    ) -> None:
        if "uses" in step:
            assert step["uses"].partition("@")[0] in INSTALLED, step["uses"]
            return
        if run.outcome == "failure" or not ("if" not in step or expressions.holds(step["if"], table)):
            return
        assert step.get("shell", "bash") == "bash"
        own = {key: expressions.text(value, table) for key, value in step.get("env", {}).items()}
        script = files / f"step-{len(run.done)}.sh"
        script.write_text(step["run"])
        command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)]
        folder = run.workspace / expressions.text(step.get("working-directory", "."), table)
        code, said = shell(command, folder, environment | own)
        run.log += f"=== {step['name']}: {code}\n{said}"
        run.done[step["name"]] = code == 0
        if code != 0:
            run.outcome = "failure"
        if "id" in step:
            table |= _outputs(step["id"], files / "output")
        (files / "output").write_text("")
        added = (files / "path").read_text().split()
        environment["PATH"] = ":".join([*reversed(added), self.company.machine()["PATH"]])

    def _table(self) -> dict[str, str]:
        secrets = dict.fromkeys(NAMES, "") | self.company.secrets() | dict(self.secrets)
        variables = {"PULUMI_BACKEND_URL": self.company.backend, "FAIL_ON": ""} | dict(self.variables)
        return {
            "github.repository": "acme/mail",
            "github.token": self.token,
            "github.event.pull_request.number": "7",
            "github.event.pull_request.head.sha": COMMIT,
            "github.event.pull_request.head.repo.full_name": "somebody/mail" if self.fork else "acme/mail",
            **{f"secrets.{name}": value for name, value in secrets.items()},
            **{f"vars.{name}": value for name, value in variables.items()},
        }

    def _environment(self, workspace: Path, files: Path) -> dict[str, str]:
        for name in ("output", "env", "path", "summary"):
            (files / name).touch()
        return {
            "GITHUB_ACTIONS": "true",
            "GITHUB_REPOSITORY": "acme/mail",
            "GITHUB_SERVER_URL": "https://github.example",
            "GITHUB_API_URL": self.forge.url,
            "GITHUB_RUN_ID": "42",
            "GITHUB_WORKSPACE": str(workspace),
            "GITHUB_OUTPUT": str(files / "output"),
            "GITHUB_ENV": str(files / "env"),
            "GITHUB_PATH": str(files / "path"),
            "GITHUB_STEP_SUMMARY": str(files / "summary"),
        }


GH = f"""#!/bin/sh
exec "{sys.executable}" "{Path(__file__).with_name("gh.py")}" "$@"
"""
"""The stand-in for GitHub's CLI, which is on its machines."""


def _known(what: str, content: Mapping[Any, Any]) -> None:
    unknown = set(content) - KEYS[what]
    assert not unknown, f"this runner does not know a {what}'s {unknown}"


def _outputs(step: str, file: Path) -> dict[str, str]:
    pairs = [line.partition("=") for line in file.read_text().splitlines()]
    return {f"steps.{step}.outputs.{name}": value for name, _, value in pairs}


MARKER = f"<!-- elastx-mrs review {PROJECT}/prod -->"
"""By which a run finds the comment of the one before."""
