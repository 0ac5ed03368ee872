"""What judges of such files say: actionlint, the published schemas, the operator's own schema, and rules of ours."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from elastx_mrs import __version__
from tests.engine.stack import ROOT
from tests.gitops.github import ACTION, FOLDER, INSTALLED, action, workflow
from tests.gitops.gitlab import FILE, pipeline
from tests.gitops.scene import DRIFT, EXAMPLES, PREVIEW, STACK, UP
from tests.gitops.test_operator import manifest

WORKFLOWS = sorted(FOLDER.glob("*.yml"))
STACK_SCHEMA = ROOT / ".toolchain" / "languages" / "pulumi.com_stacks.yaml"

ADDED: dict[str, Any] = {
    "config": {"type": "object"},
    "serviceAccountName": {"type": "string"},
    "shallow": {"type": "boolean"},
    "retryMaxBackoffDurationSeconds": {"type": "integer"},
    "workspaceTemplate": {
        "type": "object",
        "properties": {"spec": {"type": "object", "properties": {"image": {"type": "string"}}}},
    },
}
"""Of the fields that are used, those that the operator's 2.9 has and 1.16, which the schema is of, has not.

https://github.com/pulumi/pulumi-kubernetes-operator/blob/v2.9.0/docs/stacks.md
"""


def needed(path: Path | str | None, what: str) -> str:
    """Skip where a judge is not here; where CI runs, fail."""
    if path is None or not Path(path).exists():
        reason = f"{what} is not here; run: make languages"
        pytest.fail(reason) if os.environ.get("CI") == "true" else pytest.skip(reason)
    return str(path)


def test_actionlint_has_nothing_to_say() -> None:
    program = needed(shutil.which("actionlint"), "actionlint")
    # Of other programs it would ask, where they are installed: the same must be said everywhere.
    command = [program, "-no-color", "-shellcheck=", "-pyflakes=", *map(str, WORKFLOWS)]
    said = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
    assert said.returncode == 0, said.stdout + said.stderr


@pytest.mark.parametrize(
    ("schema", "files"),
    [("github-workflows", WORKFLOWS), ("gitlab-ci", [FILE]), ("github-actions", [ROOT / "action.yml"])],
)
def test_the_published_schemas_hold(schema: str, files: list[Path]) -> None:
    check = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", f"vendor.{schema}", *map(str, files)]
    said = subprocess.run(check, capture_output=True, text=True, check=False, timeout=60)
    assert said.returncode == 0, said.stdout + said.stderr


def test_the_stack_is_what_the_operators_schema_knows() -> None:
    assert list(_judge().iter_errors(manifest("stack.yaml", "Stack"))) == []


def test_the_operators_schema_would_find_a_fault() -> None:
    stack = manifest("stack.yaml", "Stack")
    stack["spec"]["branhc"] = stack["spec"].pop("branch")
    stack["spec"]["workspaceTemplate"]["spec"]["imgae"] = "x"
    del stack["spec"]["envRefs"]["PULUMI_CONFIG_PASSPHRASE"]["secret"]["key"]
    found = sorted(error.json_path for error in _judge().iter_errors(stack))
    place = "$.spec.envRefs.PULUMI_CONFIG_PASSPHRASE.secret"
    assert found == ["$.spec", place, "$.spec.workspaceTemplate.spec"]


def _judge() -> Any:
    content = yaml.safe_load(Path(needed(STACK_SCHEMA, "the schema of the operator's Stack")).read_text())
    versions = {version["name"]: version["schema"]["openAPIV3Schema"] for version in content["spec"]["versions"]}
    schema = _strict(versions["v1"])
    schema["properties"]["metadata"] = {"type": "object", "required": ["name"]}  # Kubernetes' own
    schema["properties"]["spec"]["properties"] |= _strict(ADDED) | {"config": ADDED["config"]}
    return jsonschema.Draft7Validator(schema)


def _strict(schema: Any) -> Any:
    """Return a schema by which a field that it does not name is a fault; Kubernetes would drop it without a word."""
    if isinstance(schema, list):
        return [_strict(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    found = {key: _strict(value) for key, value in schema.items()}
    if isinstance(schema.get("properties"), dict) and not schema.get("x-kubernetes-preserve-unknown-fields"):
        found.setdefault("additionalProperties", False)
    return found


def steps() -> Iterator[tuple[str, dict[str, Any]]]:
    for path in WORKFLOWS:
        for job in workflow(path.name)["jobs"].values():
            yield from ((path.name, step) for step in job["steps"])
    yield from (("action.yml", step) for step in action()["runs"]["steps"])


def test_actions_are_pinned_by_commit_with_the_version_beside() -> None:
    files = [*WORKFLOWS, ROOT / "action.yml"]
    lines = [line.strip() for path in files for line in path.read_text().splitlines() if "uses:" in line]
    assert len(lines) >= 9
    own = [line for line in lines if ACTION in line]
    assert [line.partition("#")[0].strip() for line in own] == [f"- uses: {ACTION}@v{__version__}"]
    assert own[0].partition(" #")[0] in (ROOT / "docs" / "gitops.md").read_text()
    lines = [line for line in lines if line not in own]
    one = re.compile(rf"- uses: (?:{'|'.join(INSTALLED)})@[0-9a-f]{{40}} # v\d+\.\d+\.\d+(?:;.*)?")
    assert [line for line in lines if not one.fullmatch(line)] == []
    assert len({line.partition("#")[0] for line in lines}) == len(INSTALLED)


def test_no_text_of_others_is_put_into_a_script() -> None:
    assert [name for name, step in steps() if "${{" in step.get("run", "")] == []


def test_a_token_may_only_what_its_job_needs() -> None:
    for path in WORKFLOWS:
        content = workflow(path.name)
        assert content["permissions"] == {}
        for name, job in content["jobs"].items():
            comments = {"pull-requests": "write"} if name == "preview" else {}
            assert job["permissions"] == {"contents": "read"} | comments
            assert job["timeout-minutes"] <= 60
    for _, step in steps():
        if step.get("uses", "").startswith("actions/checkout@"):
            assert step["with"] == {"persist-credentials": False}


def test_secrets_are_given_to_the_steps_that_need_them() -> None:
    named = {(name, step.get("name")) for name, step in steps() if "secrets." in str(step.get("env", ""))}
    assert named == {("up.yml", "Up"), ("verify.yml", "Drift")}
    given = [name for name, step in steps() if "secrets." in str(step.get("with", ""))]
    assert given == ["preview.yml"], "to the action"
    texts = [path.read_text() for path in WORKFLOWS]
    assert sum(text.count("secrets.") for text in texts) == 4 * 3


def test_the_action_gives_its_secrets_to_pulumi_alone() -> None:
    secret = {"access-token", "passphrase", "cloudflare-api-token", "rfc2136-key"}
    for _, step in steps():
        used = set(re.findall(r"inputs\.([a-z0-9-]+)", str(step)))
        assert used & secret in ((secret, set()) if step.get("name") == "Preview" else (set(),)), step.get("name")


def test_the_action_uses_every_input_and_the_page_lists_them() -> None:
    known = action()["inputs"]
    used = set(re.findall(r"inputs\.([a-z0-9-]+)", str(action()["runs"])))
    assert used == known.keys()
    page = (ROOT / "docs" / "gitops.md").read_text()
    for name, one in known.items():
        default = "required" if one.get("required") else f"`{one['default']}`" if one["default"] else ""
        assert f"| `{name}` | {one['description']} | {default} |".replace("|  |", "| |") in page, name


def test_the_example_gives_the_action_inputs_that_it_has() -> None:
    (step,) = [step for _, step in steps() if step.get("uses", "").startswith(ACTION)]
    assert step["with"].keys() <= action()["inputs"].keys()


def test_ups_of_a_stack_run_one_after_the_other() -> None:
    assert workflow("up.yml")["concurrency"] == {"group": "mail-up-prod", "cancel-in-progress": False}
    assert pipeline()["up"]["resource_group"] == "mail-prod"


def test_every_pipeline_gives_pulumi_the_same_commands() -> None:
    """So that what the engine makes of one need not be tried in each."""
    texts = {
        "github": "\n".join(step.get("run", "") for _, step in steps()),
        "gitlab": "\n".join(line for name in ("preview", "up", "drift") for line in pipeline()[name]["script"]),
        "shell": (EXAMPLES / "shell" / "deploy.sh").read_text(),
    }
    for name, text in texts.items():
        found = re.findall(r"\bpulumi ((?:preview|up) [^>|{;\n]*)", text.replace('"$STACK"', STACK))
        assert sorted(command.strip() for command in found) == sorted((PREVIEW, UP, DRIFT)), name


@pytest.mark.parametrize(
    "path",
    [path for path in EXAMPLES.glob("*/*") if path.suffix in (".yml", ".yaml", ".sh")],
    ids=lambda path: path.name,
)
def test_nothing_shows_secrets(path: Path) -> None:
    text = path.read_text()
    assert not re.search(r"--show-secrets|set -\w*x|set -o xtrace|CI_DEBUG_TRACE|ACTIONS_STEP_DEBUG", text)
