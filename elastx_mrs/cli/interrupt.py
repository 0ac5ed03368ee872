"""Ctrl-C ends the command quietly while it is still loading and cannot handle a KeyboardInterrupt."""

import os
import signal

INTERRUPTED = 130
"""128 and SIGINT's number, which is what shells report."""


def quiet() -> None:
    """Let Ctrl-C end the process without a message."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # unless a shell ignores it
        signal.signal(signal.SIGINT, _end)


def loud() -> None:
    """Let Ctrl-C raise KeyboardInterrupt again, which commands handle."""
    if signal.getsignal(signal.SIGINT) is _end:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _end(signum: int, frame: object) -> None:
    os._exit(INTERRUPTED)
