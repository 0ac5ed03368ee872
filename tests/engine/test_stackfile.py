"""The table of tests/stackfile holds for Pulumi itself: what it says there is what ``pulumi config --json`` prints."""

import json
import subprocess
from typing import Any

import pytest

from elastx_mrs.stackfile.stack import read_stack
from tests.engine.stack import Stack
from tests.stackfile.table import DEEP, OBJECTS, PROJECTS, PROJECTS_REFUSED, REFUSED, SCALARS, WHOLE

pytestmark = pytest.mark.engine


class Project:
    """A project on disk, with one stack."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self.folder = stack.directory
        self.file = self.folder / "stacks" / "Pulumi.test.yaml"

    def ask(
        self, stack: str | bytes, config: str = "", stack_config_dir: str = "stacks"
    ) -> subprocess.CompletedProcess[str]:
        """Ask Pulumi for the config.

        :param config: what is below ``config`` in the project's file.
        """
        project = f"name: elastx-mrs\nruntime: yaml\nstackConfigDir: {stack_config_dir}\nconfig:\n  {config}\n"
        (self.folder / "Pulumi.yaml").write_text(project)
        self.file = self.folder / stack_config_dir.lstrip("/") / "Pulumi.test.yaml"
        self.file.parent.mkdir(exist_ok=True)
        self.file.write_bytes(stack if isinstance(stack, bytes) else stack.encode())
        command = ["pulumi", "config", "--show-secrets", "--json", "--stack", "test", "--non-interactive"]
        return subprocess.run(
            command,
            cwd=self.folder,
            env=self._stack.environ(),
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    def theirs(self, stack: str | bytes, config: str = "", stack_config_dir: str = "stacks") -> dict[str, Any]:
        """Return the values that Pulumi prints."""
        done = self.ask(stack, config, stack_config_dir)
        assert done.returncode == 0, done.stderr
        return {key: _exactly(value) for key, value in json.loads(done.stdout).items()}

    def ours(self) -> dict[str, Any]:
        """Return the values that we read from the same files."""
        read = read_stack(str(self.file))
        assert read.refusals == ()
        return read.values


def _exactly(value: dict[str, Any]) -> Any:
    """Return a value from the text that the program gets; ``objectValue`` has its large integers rounded."""
    return json.loads(value["value"]) if "objectValue" in value else value["value"]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return Project(Stack.create(tmp_path_factory.mktemp("stackfile"), {}, {}))


def test_scalars_objects_and_lists(project: Project) -> None:
    wanted: dict[str, Any] = {}
    lines = []
    for index, row in enumerate(SCALARS):
        lines += [f"top{index}: {row.written}", f"inside{index}: [{row.written}]", f"key{index}: {{{row.written}: x}}"]
        wanted |= {f"a:top{index}": row.top, f"a:inside{index}": [row.inside], f"a:key{index}": {row.key: "x"}}
    for index, (written, value) in enumerate(OBJECTS):
        lines.append(f"object{index}: {written}")
        wanted[f"a:object{index}"] = value
    text = "config:\n" + "".join(f"  a:{line}\n" for line in lines)
    # JSON text tells 1 from 1.0 and from true.
    assert json.dumps(project.theirs(text), sort_keys=True) == json.dumps(wanted, sort_keys=True)
    assert json.dumps(project.ours(), sort_keys=True) == json.dumps(wanted, sort_keys=True)


@pytest.mark.parametrize(("octets", "wanted"), WHOLE)
def test_a_whole_file(project: Project, octets: bytes, wanted: dict[str, Any]) -> None:
    assert project.theirs(octets) == wanted


@pytest.mark.parametrize("octets", [*(octets for octets, _ in REFUSED), DEEP])
def test_what_is_refused(project: Project, octets: bytes) -> None:
    assert project.ask(octets).returncode != 0


@pytest.mark.parametrize(("config", "stack", "wanted"), PROJECTS)
def test_the_project_s_values(project: Project, config: str, stack: str, wanted: dict[str, Any]) -> None:
    assert project.theirs(f"config:\n  {stack}\n", config) == wanted


@pytest.mark.parametrize("config", PROJECTS_REFUSED)
def test_a_project_that_is_refused(project: Project, config: str) -> None:
    assert project.ask("config: {elastx-mrs:ttl: 1}\n", config).returncode != 0


@pytest.mark.parametrize("folder", ["stacks", "../elsewhere", "/absolute", "."])
def test_the_folder_of_the_stacks(project: Project, folder: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """``stackConfigDir`` may lead out of the project's folder; then the current folder tells which project it is."""
    theirs = project.theirs("config: {ttl: 1}\n", "dmarc: {value: {p: reject}}", folder)
    assert theirs == {"elastx-mrs:dmarc": {"p": "reject"}, "elastx-mrs:ttl": "1"}
    monkeypatch.chdir(project.folder)
    assert project.ours() == theirs
