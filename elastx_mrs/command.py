"""Where the command ``elastx-mrs`` begins."""

import io
import sys

from elastx_mrs.display import UNENCODABLE
from elastx_mrs.interrupt import quiet


def run() -> None:
    """Load the command and run it."""
    quiet()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=UNENCODABLE)
    from elastx_mrs.cli import main

    try:
        main()
    finally:
        quiet()
