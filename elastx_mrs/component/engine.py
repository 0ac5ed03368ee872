"""What the engine does not tell a program: which command runs it; and what the SDK is slow at: waiting for its end."""

import asyncio
import os
import subprocess
from pathlib import Path, PurePath

from elastx_mrs.publish.sdk import calls_begun

PROC = Path("/proc")
_COMMANDS = frozenset(["up", "update", "preview", "pre", "destroy", "down", "dn", "refresh", "watch", "import"])
_TEARS_DOWN = {"destroy": "destroy", "down": "destroy", "dn": "destroy", "refresh": "refresh"}
MOST = 12


def operation() -> str:
    """Return ``destroy`` or ``refresh`` where one of these runs the program (``--run-program``), else ``up``.

    Looked up in the processes that started this one: ``pulumi`` is among them, under the Automation API too. Where
    they cannot be seen it is taken for ``up``, which is the stricter.
    """
    pid = os.getppid()
    for _ in range(MOST):
        parent, arguments = _process(pid)
        if arguments and PurePath(arguments[0]).stem == "pulumi":
            command = next((word for word in arguments[1:] if word in _COMMANDS), "")
            return _TEARS_DOWN.get(command, "up")
        if parent <= 1:
            break
        pid = parent
    return "up"


def _process(pid: int) -> tuple[int, list[str]]:
    """Return a process's parent and its arguments; (0, []) where it cannot be seen."""
    try:
        status = (PROC / str(pid) / "stat").read_text()
        arguments = (PROC / str(pid) / "cmdline").read_bytes().decode(errors="replace").split("\0")
        return int(status.rpartition(")")[2].split()[1]), arguments
    except (OSError, ValueError, IndexError):
        return _by_ps(pid)


def _by_ps(pid: int) -> tuple[int, list[str]]:
    """Ask ``ps`` (POSIX), where there is no /proc, as on macOS.

    Each column has an ``-o`` of its own: what follows an ``=`` in one is the column's heading, commas included.
    It is given no more of the environment, which may have keys in it, than to be found.
    """
    own = {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL") if name in os.environ}
    asked = ["ps", "-o", "ppid=", "-o", "args=", "-p", str(pid)]
    try:
        done = subprocess.run(asked, capture_output=True, text=True, check=True, timeout=5, env=own)
        parent, _, command = done.stdout.strip().partition(" ")
        return int(parent), command.split()
    except (OSError, ValueError, subprocess.SubprocessError):
        return 0, []


def registrations_first() -> None:
    """Let the program's registrations begin before the SDK waits for its outputs.

    At a program's end the SDK waits for the calls that have begun, one by one, and then for all outputs at once, again
    after each one that is done, which takes the square of their number: 18 s of 24 for 1,000 records. No call has begun
    by then, for none begins before the event loop has had a turn; one that only yields gives it that turn.
    """
    calls = calls_begun()
    if calls is not None:
        calls.append(asyncio.ensure_future(asyncio.sleep(0)))
