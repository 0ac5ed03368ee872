"""The entry point of the command ``elastx-mrs``."""

import gc
import io
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
