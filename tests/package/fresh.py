"""The package as it is released, and empty environments to install it into, from wheels on this machine alone."""

import os
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from tests.engine import marker
from tests.engine.stack import QUICK, ROOT, SWIFT
from tests.once import once

WHEELS = ROOT / ".toolchain" / "wheels"
LAYERED = (str(Path(sys.base_prefix) / "bin" / "python3"), str(Path(__file__).with_name("layered.py")))
PYTHON3 = """#!/bin/sh
[ "$*" = "-m venv .venv" ] || exec "{python}" "$@"
exec {layered} .venv "{below}"
"""

PULUMI = """#!/bin/sh
PYTHONPATH="{quick}" exec "{pulumi}" "$@"
"""


def put(path: Path, script: str) -> None:
    """Write a program."""
    path.write_text(script)
    path.chmod(0o755)


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
            **SWIFT,
        }


def released(factory: pytest.TempPathFactory) -> Released:
    """Return what the release step builds of this checkout, once a run."""
    return once(factory, "released", build)


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
    """A virtual environment in an empty folder, and the home of a user who has it."""

    folder: Path
    released: Released
    home: Path

    @classmethod
    def base(cls, factory: pytest.TempPathFactory) -> "Environment":
        """Return the one with the package without extras, which is installed once a run."""
        release = released(factory)
        return once(factory, "base", lambda folder: cls._installed(folder, release))

    @classmethod
    def of_lab(cls, factory: pytest.TempPathFactory) -> "Environment":
        """Return the one with the extra ``lab``, once a run: what the examples' READMEs install at first."""
        below = cls.base(factory)
        return once(factory, "lab", lambda folder: below.extended(folder, "elastx-mrs[lab]"))

    @classmethod
    def _installed(cls, folder: Path, release: Released) -> "Environment":
        require_wheels()
        made = cls(folder / "venv", release, folder / "home")
        # With a pip of its own, which Pulumi asks what is installed.
        subprocess.run([sys.executable, "-m", "venv", str(made.folder)], check=True, timeout=60)
        made._install("elastx-mrs")
        return made

    def extended(self, folder: Path, requirement: str) -> "Environment":
        """Return another on top of this one, with what a requirement such as ``elastx-mrs[lab]`` brings."""
        made = Environment(folder / "venv", self.released, folder / "home")
        subprocess.run([*LAYERED, str(made.folder), str(self.folder)], check=True, timeout=60)
        made._install(requirement)
        return made

    def _install(self, requirement: str) -> None:
        self.home.mkdir()
        pip = [str(self.python), "-m", "pip", "install", "--no-compile", requirement]
        subprocess.run(pip, env=self.environ(), check=True, timeout=120)

    def stand_ins(self, folder: Path) -> Path:
        """Put two programs into a new folder, which is to be first on PATH; return it.

        ``python3 -m venv .venv`` makes an environment on top of this one. ``pulumi`` does not ask the real pip what is
        installed. ``tests/docs/test_start.py`` has neither.
        """
        folder.mkdir()
        below = {"layered": shlex.join(LAYERED), "below": self.folder}
        put(folder / "python3", PYTHON3.format(python=LAYERED[0], **below))
        put(folder / "pulumi", PULUMI.format(quick=QUICK, pulumi=shutil.which("pulumi")))
        return folder

    @property
    def python(self) -> Path:
        return self.folder / "bin" / "python"

    def at(self, home: Path) -> "Environment":
        """Return it for a user with an empty home."""
        home.mkdir()
        return replace(self, home=home)

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
