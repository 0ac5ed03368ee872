"""The installed command ends at once, and nothing that was left for the end is lost."""

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = "from elastx_mrs.cli.entry import script; script()"


def ended(before: str, arguments: list[str]) -> "subprocess.CompletedProcess[str]":
    """Run the command in a Python of its own, after some lines."""
    program = f"import sys; sys.argv = ['elastx-mrs', *{arguments!r}]\n{before}\n{SCRIPT}"
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize(("arguments", "code"), [(["--help"], 0), (["--nothing"], 2)])
def test_what_others_left_for_the_end_is_done(arguments: list[str], code: int) -> None:
    done = ended("import atexit; atexit.register(print, 'the end')", arguments)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (code, "the end")


def test_long_output_reaches_a_pipe() -> None:
    plain = subprocess.run(
        [sys.executable, "-c", f"from elastx_mrs.cli.main import main; main({['adopt', '--help']!r})"],
        capture_output=True,
        text=True,
    ).stdout
    assert ended("", ["adopt", "--help"]).stdout.splitlines()[1:] == plain.splitlines()[1:]
    assert len(plain) > 1000


def test_a_thread_may_end_its_work() -> None:
    slow = "import threading, time\n"
    slow += "threading.Thread(target=lambda: (time.sleep(0.5), print('the thread', flush=True))).start()"
    done = ended(slow, ["--help"])
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "the thread")


def test_output_that_cannot_be_written_is_no_success() -> None:
    program = f"import sys; sys.argv = ['elastx-mrs', '--help']\n{SCRIPT}"
    with Path("/dev/full").open("w") as full:
        done = subprocess.run([sys.executable, "-c", program], stdout=full, stderr=subprocess.PIPE, text=True)
    assert (done.returncode, "No space left" in done.stderr) == (2, True)
