"""The exit codes, and the one place that applies them to every command."""

import errno
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

import click

from elastx_mrs import __version__, descriptors
from elastx_mrs.cli.group import Group
from elastx_mrs.cli.help import taught
from elastx_mrs.cli.interrupt import INTERRUPTED
from elastx_mrs.config.environment import DEBUG
from elastx_mrs.extras import NotInstalledError

OK = 0
WRONG = 1
INPUT = 2
UNASKED = 3
INTERNAL = 70
"""EX_SOFTWARE of ``sysexits.h``."""

CLOSED = 141
"""128 and the number of SIGPIPE, which is what shells report for other programs."""

MEANINGS: Mapping[int, str] = {
    OK: "success",
    WRONG: "a check failed",
    INPUT: "bad usage or input, or a missing extra",
    UNASKED: "a server could not be queried",
    INTERNAL: "an internal error of elastx-mrs",
    INTERRUPTED: "Ctrl-C",
    CLOSED: "the output was closed early, such as by head",
}
"""The table: each exit code with its meaning, the same for every command."""

EPILOG = f"Exit codes: {'; '.join(f'{code} {meaning}' for code, meaning in MEANINGS.items())}."
FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
"""Errors that mean that nothing more can be written."""


def exit_code(*, wrong: bool, unasked: bool) -> int:
    """Return the exit code of a command that ran to its end: ``WRONG`` outweighs ``UNASKED``."""
    if wrong:
        return WRONG
    return UNASKED if unasked else OK


class UnaskedError(click.ClickException):
    """The input is right, but a server could not be queried."""

    exit_code = UNASKED


class Program(Group):
    """The group of all commands. Each of them, at any depth, ends with a code of ``MEANINGS``."""

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        """Read the options before the command."""
        with _ending():
            return super().make_context(info_name, args, parent, **extra)

    def invoke(self, ctx: click.Context) -> Any:
        """Load the command, read its options and run it."""
        with _ending():
            return super().invoke(ctx)


def document(command: click.Command) -> None:
    """Add the exit codes and a heading for the examples to the help of a command and its subcommands."""
    if isinstance(command, click.Group):
        for below in command.commands.values():
            document(below)
    command.help = taught(command.help or "")
    if EPILOG not in (command.epilog or ""):
        command.epilog = "\n\n".join(filter(None, (command.epilog, EPILOG)))


@contextmanager
def _ending() -> Iterator[None]:
    """Turn every end of a command into a message and one of the codes."""
    try:
        try:
            yield
        finally:
            _flush()
    except (SystemExit, click.exceptions.Exit):
        raise  # the command chose its code
    except (KeyboardInterrupt, click.Abort):
        code, message = INTERRUPTED, "\ninterrupted"
    except Exception as error:
        code, message = _judged(error)
    else:
        return
    with suppress(OSError):  # the reader may be gone
        if message:
            click.echo(message, err=True)
    _discard_unwritten()
    raise click.exceptions.Exit(code)


def _judged(error: Exception) -> tuple[int, str]:
    """Return the exit code for an exception, and the message to print; empty for none."""
    if isinstance(error, click.ClickException):
        with suppress(OSError):
            error.show()
        # The exit code 1 of click's own exceptions means bad input.
        return INPUT if error.exit_code == click.ClickException.exit_code else error.exit_code, ""
    if isinstance(error, NotInstalledError):
        return INPUT, f"Error: {error}"
    if isinstance(error, BrokenPipeError):
        return CLOSED, ""
    if isinstance(error, OSError) and error.errno in FULL:
        return INPUT, f"Error: cannot write: {error.strerror}; free some space, or write elsewhere"
    if (told := descriptors.shortage(error)) is not None:
        return UNASKED, f"Error: {told}; {descriptors.cure(told, '')}"
    return INTERNAL, _internal(error)


def _internal(error: Exception) -> str:
    """Return one line about an unexpected error, after its traceback if ``DEBUG`` is set."""
    from elastx_mrs import fault

    return (
        f"{fault.traced(error)}Error: {fault.told(error)}. This is a bug in elastx-mrs {__version__}, not in your "
        f"input. Please report this line to the maintainers of elastx-mrs; {DEBUG}=1 shows the traceback."
    )


def _flush() -> None:
    """Write buffered output now, so a failing output shows up here and not when Python ends."""
    if sys.stdout is not None:  # None if the process was started without one
        sys.stdout.flush()


def _discard_unwritten() -> None:
    """Discard output that cannot be written. Otherwise Python tries again at exit, and exits with its own code."""
    for stream in (sys.stdout, sys.stderr):
        if stream is None:
            continue
        try:
            stream.flush()
        except OSError:
            with suppress(OSError, ValueError):  # a test's output is not a file
                os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
