"""A conversation with the command on a terminal: it waits for each prompt, and types an answer.

The command runs in a process of its own, forked from one that has loaded the package once: loading it is nearly all
that a conversation costs.
"""

import fcntl
import multiprocessing
import os
import pty
import re
import select
import struct
import sys
import termios
import time
from collections.abc import Mapping, Sequence
from multiprocessing.context import ForkServerContext
from pathlib import Path

from tests.cli.terminal import SECONDS

CTRL_C, CTRL_D = "\x03", "\x04"


def _forking() -> ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["elastx_mrs.cli.init"])
    return context


def _run(terminal: str, arguments: Sequence[str], folder: str, environment: Mapping[str, str]) -> None:
    """Run the command as the one program on a terminal."""
    os.setsid()
    inner = os.open(terminal, os.O_RDWR)
    fcntl.ioctl(inner, termios.TIOCSCTTY, 0)
    for descriptor in range(3):
        os.dup2(inner, descriptor)
    sys.stdin, sys.stdout, sys.stderr = (os.fdopen(one, mode) for one, mode in enumerate(("r", "w", "w")))
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    from elastx_mrs.cli.main import main

    main(list(arguments), prog_name="elastx-mrs")


def talk(
    arguments: Sequence[str],
    answers: Sequence[tuple[str, str]],
    folder: Path,
    environment: Mapping[str, str],
    columns: int = 80,
) -> tuple[str, int]:
    """Return what a terminal shows, and the exit code.

    :param answers: pairs of what a prompt ends with, as a regular expression, and the keys that are typed then.
    """
    outer, inner = pty.openpty()
    fcntl.ioctl(inner, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    given = (os.ttyname(inner), list(arguments), str(folder), dict(environment))
    process = _forking().Process(target=_run, args=given)
    process.start()
    shown, seen, left, end = "", 0, list(answers), time.monotonic() + SECONDS
    try:
        while time.monotonic() < end and (process.is_alive() or select.select([outer], [], [], 0)[0]):
            if not select.select([outer], [], [], 0.05)[0]:
                continue
            shown += os.read(outer, 65536).decode(errors="replace").replace("\r\n", "\n")
            if left and re.search(f"{left[0][0]}$", shown[seen:]):
                seen = len(shown)
                os.write(outer, left.pop(0)[1].encode())
        process.join(SECONDS)
        assert not left, f"never asked: {left[0][0]}\n{shown}"
        assert process.exitcode is not None, shown
        return shown, process.exitcode
    finally:
        process.kill()
        process.join()
        os.close(inner)
        os.close(outer)
