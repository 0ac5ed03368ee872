"""Colour, width, amount of output and progress: one rule for every command.

Every command has ``--color``, ``--quiet`` and ``--verbose``, which :func:`equip` adds. A command styles its text with
``click.style`` and prints with ``click.echo``, which removes the colours if the rule below says so. What else it shows
depends on :func:`quiet`, :func:`verbose` and :func:`columns`. Progress goes through :func:`note`.

The first of these that is given decides on colour:

1. ``--color always`` or ``--color never``;
2. ``NO_COLOR``, with any value but an empty one: no colour (no-color.org);
3. ``FORCE_COLOR``, with any value but an empty one: colour (force-color.org);
4. ``TERM=dumb``: no colour;
5. the stream: colour on a terminal, none in a pipe or a file.
"""

import os
import re
from collections.abc import Mapping
from typing import Any, Literal, TextIO, cast

import click

Amount = Literal["quiet", "usual", "verbose"]
_AMOUNT = f"{__name__}.amount"

COLOR, QUIET, VERBOSE = "--color", "--quiet", "--verbose"

NARROWEST = 24
"""The fewest columns, even if the terminal has fewer."""

USUAL = 80
"""The columns of a terminal that does not report its width."""


def equip(command: click.Command) -> None:
    """Add the options of this module to a command and its subcommands; a second call changes nothing."""
    if isinstance(command, click.Group):
        for below in command.commands.values():
            equip(below)
    if not any(COLOR in parameter.opts for parameter in command.params):
        command.params += _options()


def _options() -> list[click.Parameter]:
    return [
        click.Option(
            [COLOR],
            type=click.Choice(["auto", "always", "never"]),
            callback=_set_colour,
            expose_value=False,
            is_eager=True,  # errors in other options obey it, too
            help="When to use colors. [default: auto]",
        ),
        click.Option(
            ["-q", QUIET],
            is_flag=True,
            callback=_set_amount,
            expose_value=False,
            is_eager=True,
            help="Print only problems: no progress, no notices, no passed checks.",
        ),
        click.Option(
            ["-v", VERBOSE],
            is_flag=True,
            callback=_set_amount,
            expose_value=False,
            is_eager=True,
            help="Print more, such as passed checks.",
        ),
    ]


def _set_colour(context: click.Context, parameter: click.Parameter, wish: str | None) -> None:
    if wish is not None or context.parent is None:
        context.color = chosen(wish or "auto", os.environ)


def chosen(wish: str, environment: Mapping[str, str]) -> bool | None:
    """Return whether to use colour, by the list above; None if the stream decides.

    :param wish: ``auto``, ``always`` or ``never``.
    """
    if wish != "auto":
        return wish == "always"
    if environment.get("NO_COLOR"):
        return False
    if environment.get("FORCE_COLOR"):
        return True
    return False if environment.get("TERM") == "dumb" else None


def _set_amount(context: click.Context, parameter: click.Parameter, given: bool) -> None:
    if not given:
        return
    wish = "quiet" if QUIET in parameter.opts else "verbose"
    if context.meta.setdefault(_AMOUNT, wish) != wish:
        raise click.UsageError(f"{QUIET} and {VERBOSE} cannot be combined; give one of them", context)


def _amount() -> Amount:
    context = click.get_current_context(silent=True)
    return cast(Amount, context.meta.get(_AMOUNT, "usual")) if context is not None else "usual"


def quiet() -> bool:
    """Return whether to print only problems."""
    return _amount() == "quiet"


def verbose() -> bool:
    """Return whether to print more than usual."""
    return _amount() == "verbose"


def is_terminal(stream: TextIO | None) -> bool:
    """Return whether a stream is a terminal whose text can be overwritten; a missing stream is None."""
    return stream is not None and stream.isatty() and os.environ.get("TERM") != "dumb"


def colour(stream: TextIO | None) -> bool:
    """Return whether text on a stream has colour, for code that does not print with ``click.echo``."""
    context = click.get_current_context(silent=True)
    decided = context.color if context is not None else chosen("auto", os.environ)
    return decided if decided is not None else stream is not None and stream.isatty()


def columns(stream: TextIO | None) -> int | None:
    """Return the columns of a stream; None for a pipe or a file, in which no line is wrapped.

    ``COLUMNS`` overrides the terminal's width, and applies to a pipe, too.
    """
    given = os.environ.get("COLUMNS", "")
    if re.fullmatch(r"0*[1-9][0-9]{0,3}", given, re.ASCII):
        return max(int(given), NARROWEST)
    if stream is None or not stream.isatty():
        return None
    try:
        return max(os.get_terminal_size(stream.fileno()).columns or USUAL, NARROWEST)
    except OSError:
        return USUAL


def note(text: str, **style: Any) -> None:
    """Print a line to standard error that is neither a result nor an error, such as progress; not with ``--quiet``."""
    if not quiet():
        click.secho(text, err=True, **style)
