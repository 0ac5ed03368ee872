"""Ctrl-C while the command is still loading ends it quietly: nobody can handle a KeyboardInterrupt yet."""

import os
import signal

INTERRUPTED = 130
"""128 and SIGINT's number, which is what shells report."""


def quiet() -> None:
    """Have Ctrl-C end the process, without a word."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # not where a shell has it ignored
        signal.signal(signal.SIGINT, _end)


def loud() -> None:
    """Have Ctrl-C raise KeyboardInterrupt again, which commands handle."""
    if signal.getsignal(signal.SIGINT) is _end:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _end(signum: int, frame: object) -> None:
    os._exit(INTERRUPTED)
