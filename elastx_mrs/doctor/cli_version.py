"""The output of ``pulumi version``, limited in time and octets."""

import os
import select
import signal
import subprocess
import time
from collections.abc import Mapping
from contextlib import suppress

from elastx_mrs import limits
from elastx_mrs.display import visible


def printed(path: str, environment: Mapping[str, str]) -> str:
    """Return the output of ``pulumi version``, cut; the command does not look for a newer version.

    :raises TimeoutError: if it prints nothing and does not end.
    """
    given = {**environment, "PULUMI_SKIP_UPDATE_CHECK": "1"}
    quiet = subprocess.DEVNULL
    try:
        process = subprocess.Popen(
            [path, "version"], env=given, stdin=quiet, stdout=subprocess.PIPE, stderr=quiet, start_new_session=True
        )
    except OSError:
        return ""
    with process:
        printed, ended = _read(process)
        _kill(process)
    if not (ended or printed):
        raise TimeoutError
    return visible(printed.decode(errors="replace").strip())


def _read(process: "subprocess.Popen[bytes]") -> tuple[bytes, bool]:
    """Return the output, cut, and whether it is complete: a surviving child can keep the pipe open."""
    printed = b""
    end = time.monotonic() + limits.DOCTOR_PROGRAM.most
    while process.stdout is not None and (left := limits.DOCTOR_OUTPUT.most - len(printed)) > 0:
        if not select.select([process.stdout], [], [], max(end - time.monotonic(), 0))[0]:
            return printed, False
        if not (more := os.read(process.stdout.fileno(), left)):
            break
        printed += more
    return printed, True


def _kill(process: "subprocess.Popen[bytes]") -> None:
    """Kill a program and its children."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
