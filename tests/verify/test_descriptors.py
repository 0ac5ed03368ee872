"""Verification with fewer descriptors than name servers, as ``elastx-mrs verify`` in a process of its own."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.commands import UNASKED
from tests.servers import many
from tests.verify.scene import rows

ROOT = Path(__file__).resolve().parent.parent.parent


def verified(
    folder: Path, domains: int, addresses: int, allowed: int, *options: str, left: str = "all"
) -> tuple[int, str]:
    """Return the exit code and what was written.

    :param left: how many of the descriptors are to be had when the command begins.
    """
    (folder / "records.json").write_text(rows(*(f"d{number:03}.example" for number in range(domains))))
    with many.running(folder / "records.json", addresses, *options) as port:
        command = ["sh", "-c", f'ulimit -n {allowed}; exec "$0" "$@"', sys.executable, "-c", many.VERIFY]
        done = subprocess.run(
            [*command, str(port), str(folder / "records.json"), left],
            cwd=ROOT, capture_output=True, text=True, check=False, timeout=300,
        )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


def test_more_servers_than_descriptors(tmp_path: Path) -> None:
    code, told = verified(tmp_path, 65, 130, 64)
    assert not code, told[-2000:]


def test_connections_count_too(tmp_path: Path) -> None:
    code, told = verified(tmp_path, 20, 40, 32, "truncated")
    assert not code, told[-2000:]


@pytest.mark.parametrize("left", ["1", "3"])
def test_what_lasts_is_this_machine_s(left: str, tmp_path: Path) -> None:
    """Three descriptors are the event loop's own: with fewer it cannot begin, with no more it can open no socket."""
    code, told = verified(tmp_path, 3, 6, 64, left=left)
    assert code == UNASKED, told
    assert "this machine is short of file descriptors (this process may have 64 open)" in told
    assert "ulimit -n" in told
    assert "a bug in elastx-mrs" not in told
    assert "check that the server runs" not in told
    assert "let this machine" not in told
