"""The options that several commands share: each has one name, one meaning and one help text.

``--nameserver`` and ``--resolver`` are in :mod:`elastx_mrs.cli.vantage`, next to the code that reads them.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

import click

from elastx_mrs.service import ELASTX

Command = TypeVar("Command", bound=Callable[..., Any])

FORMATS: Mapping[str, str] = {
    "text": "for people",
    "json": "one JSON value, for programs",
    "markdown": "Markdown, for a comment on a pull request or for a page",
    "html": "one self-contained web page",
    "github": "GitHub workflow commands, shown as annotations",
    "junit": "JUnit XML, which CI systems show as tests",
    "zone": "a complete zone file",
    "ticket": "plain text for the team that runs your DNS, with all that a form asks for",
    "fragment": "records without SOA and NS, for a zone file that you already have",
}
"""Every format of every command: one name for one format."""


def format_option(names: Iterable[str], default: str = "text") -> Callable[[Command], Command]:
    """Add ``--format`` to a command, as ``format_``.

    :param names: some of :data:`FORMATS`.
    """
    return click.option(
        "--format",
        "-f",
        "format_",
        type=click.Choice(list(names)),
        default=default,
        show_default=True,
        help="Output format.",
    )


def stack_options(command: Command) -> Command:
    """Add ``--stack-config`` and ``--config`` to a command: the two ways to name a stack."""
    command = click.option(
        "--config",
        "-c",
        metavar="FILE",
        help="File with the output of pulumi config --show-secrets --json; - is standard input.",
    )(command)
    return click.option(
        "--stack-config", "-s", metavar="FILE", help="The stack file, such as stacks/Pulumi.prod.yaml."
    )(command)


def mail_options(command: Command) -> Command:
    """Add ``--account``, ``--domain`` and ``--dkim`` to a command: the mail of a config, by options."""
    command = click.option(
        "--dkim",
        metavar="VALUE",
        help=f"The DKIM value that {ELASTX.name} provides; a whole line from dig or a zone file works, too.",
    )(command)
    command = click.option("--domain", "-d", multiple=True, metavar="NAME", help="A sender domain; may be repeated.")(
        command
    )
    return click.option(
        "--account", "-a", multiple=True, metavar="ADDRESS", help="A user account of the SMTP server; may be repeated."
    )(command)
