"""The plain shell script: the README's commands, as they stand, and what fails."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.examples import readme
from tests.gitops.scene import EXAMPLES, Company, Prepared, company, shell

pytestmark = pytest.mark.engine

SCRIPT = EXAMPLES / "shell" / "deploy.sh"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, prepared: Prepared) -> Iterator[Company]:
    with company(tmp_path_factory.mktemp("shell"), prepared) as made:
        yield made


def deploy(made: Company, workspace: Path, command: str, **environment: str) -> tuple[int, str]:
    given = made.machine() | made.secrets() | {"PULUMI_BACKEND_URL": made.backend} | environment
    return shell([str(SCRIPT), command], workspace, given)


def test_the_readmes_commands(made: Company) -> None:
    checkout = made.folder / "checkout"
    shutil.copytree(EXAMPLES, checkout / "examples" / "gitops", ignore=shutil.ignore_patterns(".venv"))
    bare = {name: value for name, value in made.machine().items() if not name.startswith("ELASTX_")}
    bare["PATH"] = f"{bare['PATH']}:{made.venv / 'bin'}"
    text = (EXAMPLES / "README.md").read_text(encoding="utf-8")
    assert len(readme.run(text, checkout, bare)) == 6
    assert "**3 domains: 14 records will be added.**" in (checkout / "mail" / "review.md").read_text()


def test_a_preview_that_does_not_begin_fails(made: Company) -> None:
    workspace = made.checkout()
    code, said = deploy(made, workspace, "preview", PULUMI_CONFIG_PASSPHRASE="another", FAIL_ON="failed")
    assert code == 1
    assert "review: failed (--fail-on)" in said
    assert "incorrect passphrase" in (workspace / "review.md").read_text()


@pytest.mark.parametrize(("fail_on", "code"), [("gained", 1), ("nothing", 2)])
def test_a_preview_ends_with_the_exit_code_of_its_review(
    made: Company, prepared: Prepared, fail_on: str, code: int
) -> None:
    with made.replayed(prepared.preview):
        ended, said = deploy(made, made.checkout(), "preview", FAIL_ON=fail_on)
    assert ended == code, said


@pytest.mark.parametrize("command", ["", "destroy"])
def test_another_command_is_refused(made: Company, command: str) -> None:
    assert deploy(made, made.folder, command) == (2, "usage: deploy.sh preview|up|verify|drift\n")
