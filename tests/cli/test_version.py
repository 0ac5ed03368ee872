"""``--version`` names what matters when something does not work, and hangs on nothing."""

import os
import platform
import signal
from importlib.metadata import version
from pathlib import Path

import pytest

from elastx_mrs import __version__, limits
from tests.cli.commands import completed


def program(folder: Path, text: str) -> str:
    """Put a ``pulumi`` of the test's own first on PATH."""
    path = folder / "pulumi"
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return f"{folder}{os.pathsep}{os.environ['PATH']}"


@pytest.mark.parametrize("option", ["--version", "-V"])
def test_it_names_each_version(option: str, tmp_path: Path) -> None:
    done = completed(option, PATH=program(tmp_path, "echo v3.999.1"))
    assert done.stdout.splitlines() == [
        f"elastx-mrs {__version__}",
        f"Python {platform.python_version()}",
        f"pulumi {version('pulumi')}",
        f"pulumi-cloudflare {version('pulumi-cloudflare')}",
        f"dnspython {version('dnspython')}",
        "Pulumi CLI 3.999.1",
    ]
    assert (done.returncode, done.stderr) == (0, "")


SOON = limits.DOCTOR_PROGRAM._replace(most=1)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("exit 3", "prints no version"),
        ("printf 'v1\\033[31m'", "1<U+001B>[31m"),
        ("exec sleep 60", f"printed nothing in {SOON.text}"),
    ],
)
def test_a_pulumi_that_is_none(text: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "DOCTOR_PROGRAM", SOON)
    assert completed("--version", PATH=program(tmp_path, text)).stdout.splitlines()[-1] == f"Pulumi CLI {said}"


@pytest.mark.parametrize(("text", "said"), [("exit 0", f"printed nothing in {SOON.text}"), ("echo v3.9", "3.9")])
def test_what_outlives_pulumi_is_not_waited_for(
    text: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A child in a session of its own keeps the pipe, and nobody ends it."""
    monkeypatch.setattr(limits, "DOCTOR_PROGRAM", SOON)
    pid = tmp_path / "pid"
    begun = f"setsid sh -c 'echo $$ > {pid}.new; mv {pid}.new {pid}; exec sleep 30' &\nuntil [ -e {pid} ]; do :; done"
    assert completed("--version", PATH=program(tmp_path, f"{begun}\n{text}")).stdout.splitlines()[-1] == (
        f"Pulumi CLI {said}"
    )
    child = int(pid.read_text())
    assert b"sleep" in Path(f"/proc/{child}/cmdline").read_bytes(), "it goes on"
    os.kill(child, signal.SIGKILL)


def test_without_pulumi(tmp_path: Path) -> None:
    assert completed("--version", PATH=str(tmp_path)).stdout.splitlines()[-1] == "Pulumi CLI is not on PATH"
