"""The plain shell script: each command, in a checkout that has nothing installed, against the lab."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.gitops.scene import EXAMPLES, Company, company, shell

SCRIPT = EXAMPLES / "shell" / "deploy.sh"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    with company(tmp_path_factory.mktemp("shell")) as made:
        yield made


def deploy(made: Company, workspace: Path, command: str, **environment: str) -> tuple[int, str]:
    given = made.machine() | made.secrets() | {"PULUMI_BACKEND_URL": made.backend} | environment
    return shell([str(SCRIPT), command], workspace, given)


def test_preview_up_verify_drift(made: Company) -> None:
    workspace = made.checkout()
    code, said = deploy(made, workspace, "preview", FAIL_ON="gained")
    assert code == 1
    assert "review: gained (--fail-on)" in said
    assert "**3 domains: 14 records added.**" in (workspace / "review.md").read_text()
    code, said = deploy(made, workspace, "up")
    assert code == 0, said
    assert "3 of 3 domains verified" in said
    code, said = deploy(made, workspace, "verify")
    assert code == 0, said
    assert "3 of 3 domains verified" in said
    made.change("_dmarc.example.com", "v=DMARC1; p=none;")
    code, said = deploy(made, workspace, "drift")
    assert code != 0
    assert "mail-example.com-dmarc update" in said


def test_a_preview_that_does_not_begin_fails(made: Company) -> None:
    workspace = made.checkout()
    code, said = deploy(made, workspace, "preview", PULUMI_CONFIG_PASSPHRASE="another")
    assert code == 1
    assert "incorrect passphrase" in said


@pytest.mark.parametrize("command", ["", "destroy"])
def test_another_command_is_refused(made: Company, command: str) -> None:
    assert deploy(made, made.folder, command) == (2, "usage: deploy.sh preview|up|verify|drift\n")
