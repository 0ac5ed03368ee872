"""What a command shows where: colour, width, how much, and what is only progress. One rule for every command.

Every command has ``--color``, ``--quiet`` and ``--verbose``, which :func:`equip` adds. A command has nothing to do for
colour: it styles with ``click.style`` and prints with ``click.echo``, which takes the codes out where the rule says so.
What else it shows depends on :func:`quiet`, :func:`verbose` and :func:`columns`; progress goes through :func:`note`.

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
"""Columns that are used even if a terminal has fewer."""

USUAL = 80
"""Columns of a terminal that does not say how many it has."""


def equip(command: click.Command) -> None:
    """Give a command, and each command below it, the options of this module. Doing so again changes nothing."""
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
            is_eager=True,  # an error in another option is shown by it, too
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
    """Return whether to use colour, by the table above; None where the stream decides.

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
    """Return whether only problems are to be printed."""
    return _amount() == "quiet"


def verbose() -> bool:
    """Return whether more than usual is to be printed."""
    return _amount() == "verbose"


def is_terminal(stream: TextIO | None) -> bool:
    """Return whether a stream is a terminal on which text can be overwritten; None is a stream that is not there."""
    return stream is not None and stream.isatty() and os.environ.get("TERM") != "dumb"


def colour(stream: TextIO | None) -> bool:
    """Return whether text on a stream has colour. It is for what does not print with ``click.echo``."""
    context = click.get_current_context(silent=True)
    decided = context.color if context is not None else chosen("auto", os.environ)
    return decided if decided is not None else stream is not None and stream.isatty()


def columns(stream: TextIO | None) -> int | None:
    """Return how many columns text has on a stream; None in a pipe or a file, where no line is wrapped.

    ``COLUMNS`` overrides what the terminal says, and counts in a pipe as well.
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
    """Print a line to standard error that is no result and no error, such as progress; nothing with ``--quiet``."""
    if not quiet():
        click.secho(text, err=True, **style)
