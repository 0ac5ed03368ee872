"""The operator's manifests: the Stack by Pulumi's Automation API, as the operator's workspace runs it, and the Job.

That workspace (2.9) selects or makes the stack, gives all of ``spec.config`` to ``pulumi config set-all --json``, and
runs ``up``; ``spec.envRefs`` are its environment. No cluster is here: what Kubernetes makes of the rest stays untried.
"""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from pulumi import automation

from tests.gitops.scene import EXAMPLES, PASSPHRASE, Company, Prepared, company, shell

FOLDER = EXAMPLES / "operator"


def manifest(file: str, kind: str) -> dict[str, Any]:
    found = [one for one in yaml.safe_load_all((FOLDER / file).read_text()) if one["kind"] == kind]
    assert len(found) == 1
    content: dict[str, Any] = found[0]
    return content


SPEC = manifest("stack.yaml", "Stack")["spec"]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, prepared: Prepared) -> Iterator[Company]:
    with company(tmp_path_factory.mktemp("operator"), prepared) as made:
        yield made


def workspace(made: Company) -> automation.Stack:
    """A workspace's pod, new: what the Stack sets is all that it has beside the program."""
    folder = made.checkout()
    (folder / "Pulumi.prod.yaml").unlink()
    (folder / ".venv").symlink_to(made.venv)
    secret = {"passphrase": PASSPHRASE, "tsigKey": made.secrets()["ELASTX_MRS_RFC2136_KEY"]}
    environment = {name: secret[reference["secret"]["key"]] for name, reference in SPEC["envRefs"].items()}
    environment |= made.machine() | {"PULUMI_BACKEND_URL": made.backend}
    environment["PATH"] = f"{made.venv / 'bin'}:{environment['PATH']}"
    stack = automation.create_or_select_stack(
        SPEC["stack"], work_dir=str(folder), opts=automation.LocalWorkspaceOptions(env_vars=environment)
    )
    stack.set_all_config_json(json.dumps({key: _value(value) for key, value in SPEC["config"].items()}))
    return stack


def _value(value: Any) -> dict[str, Any]:
    """A value as the operator's workspace passes it on."""
    if isinstance(value, str):
        return {"value": value, "secret": False}
    return {"value": json.dumps(value), "objectValue": value, "secret": False}


@pytest.mark.engine
def test_the_stack_publishes_and_puts_drift_right_also_in_a_workspace_made_anew(made: Company) -> None:
    first = workspace(made).up(refresh=SPEC["refresh"])
    assert first.summary.resource_changes == {"create": 16}
    assert "3 of 3 domains verified" in first.stdout
    assert "v=DMARC1; p=quarantine; adkim=r; aspf=r;" in made.txt("_dmarc.example.se")
    made.change("_dmarc.example.com", "v=DMARC1; p=none;")
    assert workspace(made).up(refresh=SPEC["refresh"]).summary.resource_changes == {"same": 15, "update": 1}
    assert made.txt("_dmarc.example.com") == {"v=DMARC1; p=quarantine; adkim=r; aspf=r;"}
    code, said = verification(made)
    assert code == 0, said
    assert "3 of 3 domains verified" in said


def verification(made: Company) -> tuple[int, str]:
    """Run the Job's container, with the folder that is mounted in a place of the test's own."""
    pod = manifest("verify-job.yaml", "CronJob")["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    (mount,), (volume,) = container["volumeMounts"], pod["volumes"]
    assert mount["name"] == volume["name"]
    folder = made.folder / "mounted"
    folder.mkdir()
    for file in mounted(volume["configMap"]["name"]):
        shutil.copyfile(FOLDER / file, folder / file)
    own = {one["name"]: f"{folder}{one['value'].removeprefix(mount['mountPath'])}" for one in container["env"]}
    return shell([*container["command"], *container["args"]], made.folder, made.machine() | own)


def mounted(name: str) -> list[str]:
    """The files of a ConfigMap, as kustomization.yaml has it."""
    found = [one for one in _kustomization()["configMapGenerator"] if one["name"] == name]
    assert len(found) == 1
    files: list[str] = found[0]["files"]
    return files


def _kustomization() -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load((FOLDER / "kustomization.yaml").read_text())
    return content


def test_every_manifest_is_in_the_kustomization() -> None:
    here = {path.name for path in FOLDER.glob("*.yaml")} - {"kustomization.yaml"}
    assert set(_kustomization()["resources"]) == here


def test_the_stack_declares_what_the_project_does() -> None:
    project = yaml.safe_load((EXAMPLES / "project" / "Pulumi.prod.yaml").read_text())
    assert SPEC["config"] == project["config"]


def test_the_stack_names_no_secret_but_by_reference() -> None:
    assert {reference["type"] for reference in SPEC["envRefs"].values()} == {"Secret"}


@pytest.mark.engine
def test_the_automation_api_does_not_find_settings_in_another_folder(tmp_path: Path) -> None:
    """Why the Stack sets all of its config: of stackConfigDir the Automation API knows nothing (pulumi#10305)."""
    (tmp_path / "stacks").mkdir()
    (tmp_path / "Pulumi.yaml").write_text("name: mail\nruntime: python\nstackConfigDir: stacks\n")
    (tmp_path / "stacks" / "Pulumi.prod.yaml").write_text("config: {mail:a: b}\n")
    with pytest.raises(FileNotFoundError):
        automation.LocalWorkspace(work_dir=str(tmp_path)).stack_settings("prod")
