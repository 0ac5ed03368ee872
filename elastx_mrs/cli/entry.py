"""Where the command ``elastx-mrs`` begins."""

import gc
import io
import sys

from elastx_mrs.cli.interrupt import quiet
from elastx_mrs.descriptors import raise_limit
from elastx_mrs.display import UNENCODABLE


def run() -> None:
    """Load the command and run it."""
    quiet()
    gc.disable()  # what is imported stays; the command that runs enables it again (elastx_mrs/cli/main.py)
    raise_limit()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=UNENCODABLE)
    from elastx_mrs.cli.main import main

    try:
        main()
    finally:
        quiet()
