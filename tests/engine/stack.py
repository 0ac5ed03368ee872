"""The real engine and the real program, in a folder, a backend and a PULUMI_HOME of their own."""

import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import pytest
import yaml

from tests.engine import vault

ROOT = Path(__file__).resolve().parents[2]
QUICK = Path(__file__).with_name("quick")
TIMEOUT = 180
MEASURED = "COVERAGE_PROCESS_CONFIG"
"""The variable with which ``make coverage`` measures what a test starts."""

SWIFT = {"GOGC": "off", "GOMEMLIMIT": "1GiB"}
"""Has Go's programs collect no garbage until there is a lot: it is a seventh of the CPU seconds of a short run.

``tests/conftest.py`` sets it for this process, so what is started with this process's variables has it too.
"""

INHERITED = ("PATH", "HOME", "TMPDIR", "LANG", MEASURED, *SWIFT)
"""Variables that a run has of this process."""


def require_pulumi() -> None:
    """Skip where Pulumi is not here; where CI runs, fail."""
    if shutil.which("pulumi") is None:
        reason = "pulumi is not on PATH; run the tests with make test"
        pytest.fail(reason) if os.environ.get("CI") == "true" else pytest.skip(reason)


def inherited(*names: str) -> dict[str, str]:
    """Return those of this process's variables that are set."""
    return {name: os.environ[name] for name in names if name in os.environ}


@dataclass(frozen=True)
class _Made:
    """What ``pulumi stack init`` leaves: the files of the state by their path, and those of the stack's keys."""

    state: dict[Path, bytes]
    keys: dict[str, str]


_MADE: dict[str, _Made] = {}
"""By project. A start of Pulumi is 0.4 CPU seconds."""


@dataclass
class Stack:
    """One stack of the project's own program.

    ``config`` may be changed between runs; it is written to the stack's file before each. ``others`` are keys of
    other namespaces, with these. ``timeout``: the seconds that a run may take.
    """

    directory: Path
    environment: dict[str, str]
    config: dict[str, Any]
    others: dict[str, Any] = field(default_factory=dict)
    enter: Callable[[Sequence[str]], Sequence[str]] = list
    """Makes a command one that runs elsewhere, such as in a network namespace."""
    timeout: float = TIMEOUT

    @classmethod
    def create(cls, directory: Path, environment: dict[str, str], config: dict[str, Any]) -> "Stack":
        project = directory / "project"
        (project / "stacks").mkdir(parents=True)
        (directory / "state").mkdir()
        for name in ("Pulumi.yaml", "__main__.py"):
            shutil.copyfile(ROOT / name, project / name)
        # Current language hosts want the virtual environment that Pulumi.yaml names.
        (project / ".venv").symlink_to(ROOT / ".venv")
        stack = cls(project, environment, config)
        stack.init()
        return stack

    def init(self) -> None:
        """Make the stack: by Pulumi for a process's first of a project, and as a copy of that one for the others."""
        require_pulumi()
        state = self.directory.parent / "state"
        project = self._project()
        if project in _MADE:
            for path, content in _MADE[project].state.items():
                (state / path).parent.mkdir(parents=True, exist_ok=True)
                (state / path).write_bytes(content)
            self._file.write_text(yaml.safe_dump(_MADE[project].keys))
            self._select(project, state)
            return
        self.pulumi("stack", "init", "test", "--secrets-provider", vault.PROVIDER)
        files = {path.relative_to(state): path.read_bytes() for path in state.rglob("*") if path.is_file()}
        written = yaml.safe_load(self._file.read_text())
        _MADE[project] = _Made(files, {key: value for key, value in written.items() if key != "config"})

    def pulumi(self, *arguments: str, check: bool = True, **environment: str) -> subprocess.CompletedProcess[str]:
        self.write()
        if arguments[0] in ("refresh", "destroy") and "--yes" in arguments and "--skip-preview" not in arguments:
            arguments = (*arguments, "--skip-preview")  # which would do the same twice
        result = subprocess.run(
            self._command(arguments),
            cwd=self.directory,
            env=self.environ() | environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=self.timeout,
        )
        if check and result.returncode != 0:
            pytest.fail(
                f"pulumi {' '.join(arguments)} exited with {result.returncode}:\n{result.stdout}{result.stderr}"
            )
        return result

    def start(self, *arguments: str, output: int | IO[bytes] = subprocess.DEVNULL) -> subprocess.Popen[bytes]:
        """A run that is not waited for."""
        self.write()
        return subprocess.Popen(
            self._command(arguments),
            cwd=self.directory,
            env=self.environ(),
            stdout=output,
            stderr=output,
            start_new_session=True,
        )

    def _command(self, arguments: Sequence[str]) -> Sequence[str]:
        return self.enter(["pulumi", *arguments, "--non-interactive", "--color", "never"])

    def up(self, *arguments: str, check: bool = True, **environment: str) -> subprocess.CompletedProcess[str]:
        return self.pulumi("up", "--yes", "--skip-preview", "--stack", "test", *arguments, check=check, **environment)

    def preview(self, *arguments: str, check: bool = True, **environment: str) -> subprocess.CompletedProcess[str]:
        return self.pulumi("preview", "--stack", "test", *arguments, check=check, **environment)

    def resources(self) -> dict[str, dict[str, Any]]:
        found = json.loads(self.state())["checkpoint"]["latest"].get("resources", [])
        return {item["urn"].rpartition("::")[2]: item for item in found}

    def state(self) -> str:
        """The state as it lies in the backend: what ``pulumi stack export`` shows, and faster."""
        stacks = self.directory.parent / "state" / ".pulumi" / "stacks"
        return (stacks / self._project() / "test.json").read_text()

    def _select(self, project: str, state: Path) -> None:
        """Let commands without ``--stack`` find it, where Pulumi's CLI keeps that."""
        settings = hashlib.sha1(str(self.directory / "Pulumi.yaml").encode(), usedforsecurity=False).hexdigest()
        path = self.directory.parent / "home" / "workspaces" / f"{project}-{settings}-workspace.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({"stacks": {f"file://{state}": f"organization/{project}/test"}}))

    def _project(self) -> str:
        return str(yaml.safe_load((self.directory / "Pulumi.yaml").read_text())["name"])

    def written(self) -> dict[str, Any]:
        """The config as it stands in the stack's file, by key with its namespace."""
        config: dict[str, Any] = yaml.safe_load(self._file.read_text())["config"]
        return config

    @property
    def _file(self) -> Path:
        return self.directory / "stacks" / "Pulumi.test.yaml"

    def write(self) -> None:
        """Write the stack's file, as each run does before it begins."""
        path = self._file
        before = yaml.safe_load(path.read_text()) if path.exists() else {}
        kept = {key: value for key, value in (before or {}).items() if key != "config"}  # the encrypted key
        config = {f"elastx-mrs:{key}": value for key, value in self.config.items()}
        path.write_text(yaml.safe_dump(kept | {"config": config | self.others}, allow_unicode=True))

    def environ(self) -> dict[str, str]:
        return inherited(*INHERITED) | {
            "PULUMI_BACKEND_URL": f"file://{self.directory.parent / 'state'}",
            "PULUMI_HOME": str(self.directory.parent / "home"),
            "PULUMI_CONFIG_PASSPHRASE": "test",
            "PULUMI_SKIP_UPDATE_CHECK": "1",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
            "PYTHONPATH": str(QUICK),
            **vault.environment(),
            # Most tests are about publishing, on servers that know nothing of Elastx's SPF.
            "ELASTX_MRS_VERIFICATION": "off",
            **self.environment,
        }
