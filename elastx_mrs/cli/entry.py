"""The entry point of the command ``elastx-mrs``."""

import atexit
import gc
import io
import os
import sys

from elastx_mrs.cli.interrupt import quiet
from elastx_mrs.descriptors import raise_limit
from elastx_mrs.display import UNENCODABLE


def run() -> None:
    """Load the command and run it."""
    quiet()
    gc.disable()  # imported modules stay in memory; main.py enables it again
    raise_limit()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=UNENCODABLE)
    from elastx_mrs.cli.main import main

    try:
        main()
    finally:
        quiet()


def script() -> None:
    """Run the command as the process's only task, and end it without delay.

    Python takes every module apart before a process ends, which is 4 % of a short command's time.
    """
    try:
        run()
    except SystemExit as end:
        _leave(0 if end.code is None else end.code)
        raise


def _leave(code: object) -> None:
    """End the process, once all that Python does at the end for others is done; return if Python must end it itself."""
    threading = sys.modules.get("threading")
    if not isinstance(code, int) or (threading is not None and threading.active_count() > 1):
        return
    atexit._run_exitfuncs()
    try:
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:
                stream.flush()
    except (OSError, ValueError):
        return
    os._exit(code & 0xFF)
