"""The command as a program of its own: signals, terminals, and what a user's shell sees."""

import os
import pty
import select
import subprocess
import sys
import time
from collections.abc import Mapping
from functools import partial

SECONDS = 30.0
_PROGRAM = """
from elastx_mrs.cli.main import main
main(prog_name="elastx-mrs")
"""
_TERMINAL = "import fcntl, termios\nfcntl.ioctl(0, termios.TIOCSCTTY, 0)\n"


def start(*arguments: str, environment: Mapping[str, str] | None = None) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", _PROGRAM, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **(environment or {})},
    )


def interrupted(process: subprocess.Popen[str]) -> None:
    """Press Ctrl-C, and see that it ends as it should."""
    process.send_signal(2)
    output, errors = process.communicate(timeout=SECONDS)
    assert "Traceback" not in output + errors
    assert errors.endswith("interrupted\n")
    assert process.returncode == 130


def read(outer: int) -> bytes:
    """Return what a terminal shows next; nothing at its end."""
    try:
        return os.read(outer, 65536)
    except OSError:  # Linux's end of file, once nobody has the terminal open
        return b""


def shown(outer: int) -> bytes:
    """Return all that a terminal shows, to its end."""
    return b"".join(iter(partial(read, outer), b""))


def typed(*arguments: str, prompt: str, keys: str, environment: Mapping[str, str]) -> tuple[str, int]:
    """Return what a terminal shows, and the exit code, after keys are typed at a prompt."""
    outer, inner = pty.openpty()
    program = [sys.executable, "-c", _TERMINAL + _PROGRAM, *arguments]
    process = subprocess.Popen(
        program, stdin=inner, stdout=inner, stderr=inner, start_new_session=True, env=dict(environment)
    )
    os.close(inner)
    text, sent, end = "", False, time.monotonic() + SECONDS
    try:
        while time.monotonic() < end:
            if not select.select([outer], [], [], 0.1)[0]:
                continue
            if not (octets := read(outer)):
                break
            text += octets.decode(errors="replace")
            if prompt in text and not sent:
                os.write(outer, keys.encode())
                sent = True
        return text, process.wait(SECONDS)
    finally:
        os.close(outer)
        if process.poll() is None:
            process.kill()
            process.wait()
