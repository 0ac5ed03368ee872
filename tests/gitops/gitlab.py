"""Runs a pipeline's jobs as GitLab's runner does: before_script and script, in one shell that ends at a failure.

https://docs.gitlab.com/ci/yaml/. Where the image has no bash that shell is ``sh -e``, which has no pipefail: the
scripts must do with the less that it gives.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from tests.gitops.comments import Forge
from tests.gitops.scene import EXAMPLES, TOKEN, Company, Run, shell

FILE = EXAMPLES / "gitlab" / ".gitlab-ci.yml"
GLOBAL = {"variables", "default"}
KEYS = {
    "stage",
    "interruptible",
    "timeout",
    "rules",
    "script",
    "artifacts",
    "resource_group",
    "environment",
}
COMMIT = "0123456789abcdef0123456789abcdef01234567"
JOB = "https://gitlab.example/acme/mail/-/jobs/42"
SOURCES = {
    "merge request": {
        "CI_PIPELINE_SOURCE": "merge_request_event",
        "CI_MERGE_REQUEST_IID": "7",
        "CI_MERGE_REQUEST_PROJECT_ID": "5",
        "CI_MERGE_REQUEST_SOURCE_PROJECT_ID": "5",
    },
    "fork": {
        "CI_PIPELINE_SOURCE": "merge_request_event",
        "CI_MERGE_REQUEST_IID": "7",
        "CI_MERGE_REQUEST_PROJECT_ID": "5",
        "CI_MERGE_REQUEST_SOURCE_PROJECT_ID": "6",
    },
    "branch": {"CI_PIPELINE_SOURCE": "push", "CI_COMMIT_BRANCH": "topic"},
    "main": {"CI_PIPELINE_SOURCE": "push", "CI_COMMIT_BRANCH": "main"},
    "schedule": {"CI_PIPELINE_SOURCE": "schedule", "CI_COMMIT_BRANCH": "main"},
}
"""The variables that GitLab sets, by what a pipeline is for."""


def pipeline() -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load(FILE.read_text())
    return content


def jobs_of(source: str) -> set[str]:
    """Return which jobs a pipeline has."""
    given = SOURCES[source] | {"CI_DEFAULT_BRANCH": "main"}
    jobs = {name: job for name, job in pipeline().items() if name not in GLOBAL}
    return {name for name, job in jobs.items() if any(_holds(rule, given) for rule in job["rules"])}


def _holds(rule: Mapping[str, str], given: Mapping[str, str]) -> bool:
    assert set(rule) == {"if"}
    parts = [part.split("==") for part in rule["if"].split("&&")]
    return all(_value(left, given) == _value(right, given) for left, right in parts)


def _value(operand: str, given: Mapping[str, str]) -> str | None:
    """Return a string's text or a variable's value; None where it is not set, which is equal to nothing that is."""
    match = re.fullmatch(r'\s*(?:"([^"]*)"|\$(\w+))\s*', operand)
    assert match is not None, f"this runner does not know {operand!r}"
    return match[1] if match[1] is not None else given.get(match[2])


@dataclass
class Runner:
    """GitLab, for one company.

    :param variables: of the project, beside the place of Pulumi's state, or in place of the company's secrets.
    """

    company: Company
    forge: Forge
    variables: Mapping[str, str] = field(default_factory=dict)

    def run(self, source: str, name: str) -> Run:
        """Run one job; its workspace is a new checkout."""
        content = pipeline()
        run = Run("skipped")
        if name in jobs_of(source):
            job = content[name]
            assert set(job) <= KEYS, f"this runner does not know {set(job) - KEYS}"
            assert set(content["default"]) == {"image", "before_script"}
            run = self._scripts(source, content, job)
        self.company.runs.append(run)
        return run

    def _secrets(self) -> dict[str, str]:
        """The key as a variable of type File, for one of several lines cannot be masked."""
        secrets = self.company.secrets()
        file = self.company.folder / "ELASTX_MRS_RFC2136_KEY_FILE"
        file.write_text(secrets.pop("ELASTX_MRS_RFC2136_KEY"))
        return secrets | {file.name: str(file)}

    def _scripts(self, source: str, content: Mapping[str, Any], job: Mapping[str, Any]) -> Run:
        run = Run("success", workspace=self.company.checkout())
        script = self.company.folder / f"{run.workspace.name}.sh"
        script.write_text("\n".join([*content["default"]["before_script"], *job["script"]]) + "\n")
        environment = (
            self.company.machine()
            | {"GITLAB_CI": "true", "CI_DEFAULT_BRANCH": "main", "CI_COMMIT_SHA": COMMIT, "CI_JOB_URL": JOB}
            | {"CI_API_V4_URL": f"{self.forge.url}/api/v4", "CI_PROJECT_DIR": str(run.workspace)}
            | SOURCES[source]
            | content["variables"]
            | {"PULUMI_BACKEND_URL": self.company.backend, "REVIEW_TOKEN": TOKEN}
            | self._secrets()
            | dict(self.variables)
        )
        code, run.log = shell(["sh", "-e", str(script)], run.workspace, environment)
        run.outcome = "success" if code == 0 else "failure"
        return run
