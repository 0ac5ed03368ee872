"""The action's own steps, without an engine: an input that is not given leaves the job's environment alone."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from elastx_mrs.review.markdown import marker
from elastx_mrs.review.preview import read
from elastx_mrs.review.report import review
from tests.gitops.github import action
from tests.review.test_preview import GOOD

PULUMI = '#!/bin/sh\necho "{\\"token\\": \\"$PULUMI_ACCESS_TOKEN\\", \\"arguments\\": \\"$*\\"}"\n'


@pytest.mark.parametrize(
    ("given", "token"),
    [("", "of the job"), ("of the input", "of the input"), ("$(touch owned) `id` \"' of\n two", "two")],
)
def test_an_input_that_is_not_given_leaves_the_jobs_environment(tmp_path: Path, given: str, token: str) -> None:
    (step,) = [step for step in action()["runs"]["steps"] if step.get("name") == "Preview"]
    program = tmp_path / "pulumi"
    program.write_text(PULUMI)
    program.chmod(0o755)
    names = [name for name in step["env"] if name.startswith("GIVEN_")]
    environment = dict.fromkeys(names, "") | {
        "PATH": f"{tmp_path}:{os.environ['PATH']}",
        "GITHUB_OUTPUT": str(tmp_path / "output"),
        "STACK": "prod; touch owned",
        "PULUMI_ACCESS_TOKEN": "of the job",
        "GIVEN_PULUMI_ACCESS_TOKEN": given,
    }
    command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]]
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "output").read_text() == "code=0\n"
    printed = (tmp_path / "preview.json").read_text()
    assert token in printed
    assert "--stack prod; touch owned --non-interactive --json" in printed
    assert not (tmp_path / "owned").exists(), "no text is run"


@pytest.mark.parametrize("stack", ["prod", "company/prod"])
@pytest.mark.parametrize("preview", ["", '{"steps": [], "changeSummary": {}, "diagnostics": []}', GOOD])
def test_each_comment_of_a_stack_begins_alike(tmp_path: Path, stack: str, preview: str) -> None:
    """Pulumi Cloud's stacks may be named with their organisation, which no preview has."""
    (step,) = [step for step in action()["runs"]["steps"] if step.get("name") == "Review"]
    (tmp_path / "preview.json").write_text(preview)
    (tmp_path / "preview.log").write_text("error: no plugin\n")
    files = {"GITHUB_OUTPUT": str(tmp_path / "output"), "GITHUB_STEP_SUMMARY": str(tmp_path / "summary")}
    environment = os.environ | files | {"PROJECT": "acme", "STACK": stack, "FAIL_ON": "", "COMMIT": "c0ffee"}
    environment |= dict.fromkeys(("GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "GITHUB_RUN_ID"), "x")
    environment["PATH"] = f"{Path(sys.executable).parent}:{environment['PATH']}"
    command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]]
    subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, check=True, timeout=60)
    assert (tmp_path / "review.md").read_text().splitlines()[0] == marker(review(read(GOOD)))
