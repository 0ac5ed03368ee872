"""How a command that checks things ends: one number for each kind of ending, and no traceback after Ctrl-C."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click

from elastx_mrs.interrupt import INTERRUPTED

EXIT_WRONG = 1
"""Something is not as it should be."""

EXIT_UNASKED = 2
"""Nothing is known to be wrong, and something could not be asked."""

EXIT_INPUT = 3
"""The command was given something that it cannot work with."""


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
    """Give what click is told of these numbers: bad input, of ours or of its own, and Ctrl-C, at a prompt too."""
    try:
        yield
    except click.ClickException as error:
        error.show()
        raise click.exceptions.Exit(EXIT_INPUT) from None
    except (KeyboardInterrupt, click.Abort):
        print("\ninterrupted", file=sys.stderr, flush=True)
        raise click.exceptions.Exit(INTERRUPTED) from None
