"""The package as it is released, and empty environments to install it into, from wheels on this machine alone."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.engine import marker
from tests.engine.stack import ROOT

WHEELS = ROOT / ".toolchain" / "wheels"


@dataclass(frozen=True)
class Released:
    """What the release step builds."""

    wheel: Path
    sdist: Path

    def environment(self, home: Path, *first_on_path: Path) -> dict[str, str]:
        """Return the whole environment of a user who has Pulumi and Python, and whose pip finds this release.

        :param home: the user's, empty.
        """
        marker.require("an installation of the released package")
        found = [*map(str, first_on_path), str(ROOT / ".toolchain" / "bin"), str(Path(sys.base_prefix) / "bin")]
        # Pulumi may be the machine's; nothing of the project's own environment is to be found.
        others = [path for path in os.environ["PATH"].split(os.pathsep) if not path.startswith(str(ROOT))]
        return {
            "PATH": os.pathsep.join([*found, *others]),
            "HOME": str(home),
            "LANG": "C.UTF-8",
            "PIP_NO_INDEX": "1",
            "PIP_FIND_LINKS": f"{WHEELS} {self.wheel.parent}",
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
            "PIP_NO_INPUT": "1",
            "PIP_QUIET": "1",
            # What is imported is compiled then; most of what is installed never is.
            "PIP_NO_COMPILE": "1",
        }


def build(folder: Path, source: Path = ROOT, target: str = "") -> Released:
    """Build as the release step does."""
    targets = ["-t", target] if target else []
    command = [sys.executable, "-m", "hatchling", "build", "-d", str(folder), *targets]
    subprocess.run(command, cwd=source, check=True, capture_output=True, timeout=60)
    return Released(
        *(next(folder.glob(pattern), folder / "not built") for pattern in ("*-py3-none-any.whl", "*.tar.gz"))
    )


def require_wheels() -> None:
    """Skip where the pinned packages are not there; in CI that fails."""
    if not WHEELS.is_dir():
        reason = "there are no wheels to install; run make wheels"
        pytest.fail(reason) if os.environ.get("CI") == "true" else pytest.skip(reason)


@dataclass(frozen=True)
class Environment:
    """A virtual environment in an empty folder."""

    folder: Path
    released: Released

    @classmethod
    def create(cls, folder: Path, released: Released, requirement: str) -> "Environment":
        """Make one with what a requirement such as ``elastx-mrs[lab]`` brings."""
        require_wheels()
        made = cls(folder / "venv", released)
        (folder / "home").mkdir(parents=True)
        # With a pip of its own, which Pulumi asks what is installed.
        subprocess.run([sys.executable, "-m", "venv", str(made.folder)], check=True, timeout=60)
        pip = [str(made.python), "-m", "pip", "install", "--no-compile", requirement]
        subprocess.run(pip, env=made.environ(), check=True, timeout=120)
        return made

    @property
    def python(self) -> Path:
        return self.folder / "bin" / "python"

    @property
    def home(self) -> Path:
        return self.folder.parent / "home"

    def environ(self) -> dict[str, str]:
        return self.released.environment(self.home, self.folder / "bin")

    def run(self, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run a command of the environment, where there is nothing of this repository."""
        return subprocess.run(
            command,
            cwd=self.home,
            env=self.environ() | environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
