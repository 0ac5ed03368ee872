"""How a command that checks things ends: one number for each kind of ending, and no traceback after Ctrl-C."""

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click

from elastx_mrs.extras import NotInstalledError
from elastx_mrs.interrupt import INTERRUPTED

EXIT_WRONG = 1
"""Something is not as it should be."""

EXIT_UNASKED = 2
"""Nothing is known to be wrong, and something could not be asked, or not be verified here."""

EXIT_INPUT = 3
"""The command was given something that it cannot work with."""


_TICK = 0.2
"""Seconds."""


def exit_code(*, wrong: bool, unasked: bool) -> int:
    """Return what a command that did its work ends with: what is wrong outweighs what could not be asked."""
    if wrong:
        return EXIT_WRONG
    return EXIT_UNASKED if unasked else 0


class Checking(click.Command):
    """A command that ends so, alone or in a group: ``@click.command("smtp", cls=Checking)``.

    Click's own numbers are 2 for an option that it does not know, which is here what could not be asked, and 1 for
    Ctrl-C, which is here what is wrong: what runs the command could not tell them apart.
    """

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        """Read the options."""
        with ending():
            return super().make_context(info_name, args, parent, **extra)

    def invoke(self, ctx: click.Context) -> Any:
        """Do the work."""
        with ending():
            return super().invoke(ctx)


@contextmanager
def ending() -> Iterator[None]:
    """Give what click is told of these numbers: bad input, of ours or of its own, and Ctrl-C, at a prompt too.

    An extra that is not there is no bad input: what needs it could not be asked.
    """
    try:
        with _ticking():
            yield
    except click.ClickException as error:
        error.show()
        raise click.exceptions.Exit(EXIT_INPUT) from None
    except NotInstalledError as error:
        click.ClickException(str(error)).show()
        raise click.exceptions.Exit(EXIT_UNASKED) from None
    except (KeyboardInterrupt, click.Abort):
        print("\ninterrupted", file=sys.stderr, flush=True)
        raise click.exceptions.Exit(INTERRUPTED) from None


@contextmanager
def _ticking() -> Iterator[None]:
    """Have the system interrupt what waits, every tick, so that Ctrl-C is heeded then at the latest.

    Python heeds a signal between two instructions, or when it interrupts a wait: one that comes just before a wait
    begins would be heeded only when that ends. asyncio knows that; reading a socket or a pipe does not.
    """
    free = hasattr(signal, "setitimer") and threading.current_thread() is threading.main_thread()
    if not free or signal.getsignal(signal.SIGALRM) is not signal.SIG_DFL:  # somebody else has the alarm
        yield
        return
    signal.signal(signal.SIGALRM, lambda signum, frame: None)
    signal.setitimer(signal.ITIMER_REAL, _TICK, _TICK)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
