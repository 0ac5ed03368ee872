"""What ``pulumi version`` prints, bounded in time and octets."""

import os
import signal
import subprocess
import threading
from collections.abc import Mapping
from contextlib import suppress

from elastx_mrs import limits
from elastx_mrs.display import visible


def printed(path: str, environment: Mapping[str, str]) -> str:
    """Return what ``pulumi version`` prints, cut; it asks nobody for a newer one.

    :raises TimeoutError: where it prints nothing, and does not end.
    """
    given = {**environment, "PULUMI_SKIP_UPDATE_CHECK": "1"}
    quiet = subprocess.DEVNULL
    try:
        process = subprocess.Popen(
            [path, "version"], env=given, stdin=quiet, stdout=subprocess.PIPE, stderr=quiet, start_new_session=True
        )
    except OSError:
        return ""
    timer = threading.Timer(limits.DOCTOR_PROGRAM.most, _kill, [process])
    timer.start()
    with process:
        printed = process.stdout.read(limits.DOCTOR_OUTPUT.most) if process.stdout is not None else b""
        late = not timer.is_alive()
        timer.cancel()
        _kill(process)
    if late and not printed:
        raise TimeoutError
    return visible(printed.decode(errors="replace").strip())


def _kill(process: "subprocess.Popen[bytes]") -> None:
    """End a program, and those that it has started."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
