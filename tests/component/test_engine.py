"""Which Pulumi command runs the program: seen in the processes above it."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from elastx_mrs.component import engine
from tests import secrecy

PROGRAM = f"{sys.executable} -c 'from elastx_mrs.component.engine import operation; print(operation())'; true"
SHELL = "/bin/bash\0-c\0program"
TURNS_UP = ["up --yes", "--cwd /tmp up --refresh", "watch", "preview", ""]
TEARS_DOWN = ["destroy --run-program --yes", "-s dev down --run-program"]

PS = """#!/bin/sh
case "$1 $2 $3 $4 $5" in
  "-o ppid= -o args= -p") format="$6" ;;
  "-o ppid="*) echo "${2#ppid=}"; format="alone $4" ;;
esac
case "$format" in
  300) echo "  200 /bin/zsh -c program" ;;
  200) echo "    1 /opt/homebrew/bin/pulumi destroy --run-program" ;;
  "alone 300") echo "  200" ;;
  "alone 200") echo "    1" ;;
  *) exit 1 ;;
esac
"""
"""As macOS and the BSDs have it: in ``-o ppid=,args=``, ``,args=`` is the first column's heading, and there is no
second one (POSIX, ps: "the rest of the characters in the argument shall be used as the header text")."""


def seen(patch: pytest.MonkeyPatch, folder: Path, above: Sequence[str]) -> None:
    """Let these processes' arguments be all that is above the program, the nearest first."""
    for pid, arguments in enumerate(above, start=1000):
        own = folder / str(pid)
        own.mkdir(parents=True)
        parent = pid + 1 if pid < 999 + len(above) else 1
        (own / "stat").write_text(f"{pid} (a (b) c) S {parent} 1 1 0 -1 4194560")
        (own / "cmdline").write_text(f"{arguments}\0")
    patch.setattr(engine, "PROC", folder)
    patch.setattr(os, "getppid", lambda: 1000)
    patch.setenv("PATH", "/nowhere")


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        *((command, "up") for command in TURNS_UP),
        *((command, "destroy") for command in TEARS_DOWN),
        ("refresh --run-program", "refresh"),
    ],
)
def test_the_command_is_found_above(
    arguments: str, expected: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    pulumi = "\0".join(["/usr/local/bin/pulumi", *arguments.split()])
    seen(monkeypatch, tmp_path, [SHELL, pulumi, "-bash"])
    assert engine.operation() == expected


def test_it_is_looked_for_among_the_nearest_only(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pulumi = "pulumi\0destroy"
    seen(monkeypatch, tmp_path / "near", [SHELL] * (engine.MOST - 1) + [pulumi])
    assert engine.operation() == "destroy"
    seen(monkeypatch, tmp_path / "far", [SHELL] * engine.MOST + [pulumi])
    assert engine.operation() == "up"


def test_without_proc_ps_is_asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    seen(monkeypatch, tmp_path / "none", [])
    assert engine.operation() == "up", "there is no ps either"
    (tmp_path / "ps").write_text(PS)
    (tmp_path / "ps").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    monkeypatch.setattr(os, "getppid", lambda: 300)
    assert engine.operation() == "destroy"
    monkeypatch.setattr(os, "getppid", lambda: 400)  # it has ended meanwhile
    assert engine.operation() == "up"


def test_a_real_process_above() -> None:
    # A process whose first argument is pulumi, as the engine's; the program is below it.
    command = ["bash", "-c", 'exec -a pulumi bash -c "$0" "$@"', PROGRAM, "x", "destroy", "--run-program"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=100)
    assert done.stdout.strip() == "destroy"


def test_without_pulumi_above_it_is_taken_for_the_stricter() -> None:
    assert engine.operation() == "up"


def test_ps_is_given_no_secret(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    seen(monkeypatch, tmp_path / "none", [])
    script = tmp_path / "ps"
    script.write_text(f"#!/bin/sh\necho 1 $(env | tee -a {tmp_path}/environment)\n")
    script.chmod(0o755)
    for name, value in secrecy.environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    assert engine.operation() == "up"
    given = (tmp_path / "environment").read_text()
    assert "PATH=" in given
    assert secrecy.shown(given, secrecy.values()) == []
