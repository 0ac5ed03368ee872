"""``elastx-mrs init``: the files of a first project."""

import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import click

from elastx_mrs import __version__, registry
from elastx_mrs.adopt.from_dns import notes, problems_of
from elastx_mrs.cli import exits
from elastx_mrs.cli.config import shown
from elastx_mrs.cli.init_options import answers_of, failure, named, publishers_for
from elastx_mrs.cli.inputs import BadInput
from elastx_mrs.cli.options import mail_options
from elastx_mrs.cli.prompts import Terminal, paragraph_width, wrapped
from elastx_mrs.cli.terminal import columns, quiet
from elastx_mrs.cli.vantage import answered, vantage_of, who_options
from elastx_mrs.cli.views.config import FORMATS, passed
from elastx_mrs.config import schema
from elastx_mrs.config.parse import ConfigError
from elastx_mrs.display import visible
from elastx_mrs.lab.sharing import in_lab
from elastx_mrs.registry import Provider
from elastx_mrs.scaffold import files, programs, questions
from elastx_mrs.scaffold.answers import Answers, names_of
from elastx_mrs.scaffold.look import Look, look, nothing
from elastx_mrs.scaffold.plan import Plan, plan_of
from elastx_mrs.scaffold.stack_file import SCHEMA
from elastx_mrs.stackfile.check import check


@click.command("init")
@mail_options
@click.option(
    "--publisher", metavar="NAME", help="Where to publish the records: cloudflare, rfc2136, …, or external: by hand"
)
@click.option(
    "--setting",
    "settings",
    multiple=True,
    metavar="KEY=VALUE",
    help="A setting of the publisher, such as zones=example.com,example.se; may be repeated.",
)
@click.option(
    "--language",
    type=click.Choice(list(programs.LANGUAGES)),
    default="python",
    show_default=True,
    help="Language of the Pulumi program.",
)
@click.option(
    "--stack",
    default="prod",
    show_default=True,
    metavar="NAME",
    help="STACK or PROJECT/STACK, such as acme-mail/prod.",
)
@click.option("--no-dns", is_flag=True, help="Do not look up the published records.")
@click.option("--yes", is_flag=True, help="Never prompt; fail if an option is missing.")
@click.option("--dry-run", is_flag=True, help="Print the files instead of writing them.")
@who_options
@click.pass_context
def command(
    context: click.Context,
    domain: Sequence[str],
    account: Sequence[str],
    dkim: str | None,
    publisher: str | None,
    settings: Sequence[str],
    language: str,
    stack: str,
    no_dns: bool,
    yes: bool,
    dry_run: bool,
    nameservers: Sequence[str],
    resolvers: Sequence[str],
) -> None:
    """Create a first Pulumi project in this folder.

    \b
    elastx-mrs init
    elastx-mrs init --language typescript --stack acme-mail/dev
    elastx-mrs init --domain example.com --account smtp-prod@acme.example --dkim 'v=DKIM1; p=…' --publisher cloudflare

    In a terminal, the command prompts for the values that the options do not give. Without a terminal, or with --yes,
    it never prompts: it lists the missing options and fails. It looks up the records that your domains publish today,
    and writes a config that keeps them, as elastx-mrs adopt does. If DNS does not answer, add --no-dns to continue
    without these records.

    The command writes Pulumi.yaml, the program with its dependencies, Pulumi.STACK.yaml and stack.schema.json. The
    project is named after this folder; to choose another name, use --stack PROJECT/STACK. Editors use the schema to
    complete and check the stack file. Then the command checks the stack file, and prints the next commands. It never
    overwrites a file, and writes either all files or none. It never asks for credentials and never writes them: it
    prints which environment variables to set.

    The exit code is 1 if a published record cannot be kept as it is, or if the stack file has an error. The files are
    still written. It is 3 if DNS did not answer; then no file is written.
    """
    folder = _folder()
    project, stack = named(stack, folder)
    _check_new(folder, programs.names(language, stack))
    answers = answers_of(domain, account, dkim or "", publisher, settings)
    terminal = Terminal() if Terminal.there() and not yes else None
    provider = _completed(answers, terminal, language)
    found = nothing(names_of(answers)) if no_dns else _seen(answers, terminal, nameservers, resolvers)
    plan = _planned(answers, provider, found, (project, stack), terminal)
    texts = programs.files(plan, language, _schema())
    if dry_run:
        for name, text in texts.items():
            click.echo(f"==> {name} <==\n{text if name != SCHEMA else _OF_THE_SCHEMA}")
        context.exit(exits.exit_code(wrong=found.wrong, unasked=False))
    if terminal is not None and not terminal.agrees(
        f"Write {_listed(texts)} into {visible(str(folder))}?", default=True
    ):
        raise click.Abort
    _write(folder, texts)
    if not quiet():
        _tell(f"Wrote {_listed(texts)}.")
    wrong = _checked(plan.stack_file)
    if not quiet():
        _next(plan, language)
    context.exit(exits.exit_code(wrong=wrong or found.wrong, unasked=False))


_OF_THE_SCHEMA = "The output of: elastx-mrs config schema"


def _folder() -> Path:
    try:
        return Path.cwd()
    except OSError as error:
        raise BadInput(f"the current folder: {error.strerror}; change to another one") from None


def _check_new(folder: Path, names: Sequence[str]) -> None:
    """Refuse a folder that has one of the files, or the remains of a run that was killed while it wrote."""
    left = files.left_over(folder, names)
    if found := [name for name in files.existing(folder, names) if name not in left]:
        raise BadInput(_exist(found))
    if left:
        them, are = ("it", "is") if len(left) == 1 else ("them", "are")
        raise BadInput(
            f"{', '.join(left)}: {are} left over from a run that was killed while it wrote; remove {them}, and run "
            "this again"
        )


def _exist(names: Sequence[str]) -> str:
    them, exist = ("it", "exists") if len(names) == 1 else ("them", "exist")
    return (
        f"{', '.join(names)}: {exist} already, and init never overwrites a file; move {them} away, or run this in "
        "an empty folder"
    )


def _completed(answers: Answers, terminal: Terminal | None, language: str) -> Provider:
    """Ask the user for missing answers; return the publisher."""
    if terminal is not None:
        if not (answers.domains and answers.accounts and answers.dkim and answers.provider):
            terminal.say(questions.INTRODUCTION)
        provider = questions.complete(answers, terminal, publishers_for(language))
    elif (absent := questions.missing(answers)) or answers.provider is None:
        raise BadInput(f"required options are missing; add {', '.join(absent)}")
    else:
        provider = answers.provider
    if provider not in publishers_for(language):
        raise BadInput(
            f"--language {language}: the plugin does not support the publisher {provider.name}; use --language python"
        )
    return provider


def _seen(answers: Answers, terminal: Terminal | None, nameservers: Sequence[str], resolvers: Sequence[str]) -> Look:
    """Look up what DNS has, and show it; if DNS does not answer, continue only if the user wants to.

    :raises exits.UnaskedError: if the user does not want to, or there is no terminal.
    """
    vantage = vantage_of(nameservers, resolvers)
    found = answered(look(vantage, names_of(answers), str(answers.arguments().dkim[0].record)), vantage)
    if terminal is not None:
        _show(found, terminal)
    else:
        for line in (line for one in found.domains for line in one.faults):
            click.echo(visible(f"warning: cannot be kept: {line}"), err=True)
    if not found.unanswered:
        return found
    if terminal is None:
        raise exits.UnaskedError(
            "\n  ".join(
                ["DNS did not answer; to continue without the published records, add --no-dns", *found.unanswered]
            )
        )
    terminal.say("DNS did not answer every query, so the config may lose records that are published today.")
    if not terminal.agrees("Continue without them?", default=False):
        raise exits.UnaskedError("DNS did not answer; nothing was written")
    return found


MOST_SHOWN = 10
"""The most domains for which the terminal shows what is kept. With more, it shows only what cannot be kept."""


def _show(found: Look, terminal: Terminal) -> None:
    terminal.say("\nPublished today:")
    if len(found.domains) > MOST_SHOWN:
        terminal.say(f"  {len(found.domains)} domains; the stack file shows for each what is kept")
    for one in found.domains:
        shown = notes(one) if len(found.domains) <= MOST_SHOWN else problems_of(one)
        for note in shown:
            terminal.say(f"  {note}")


def _planned(
    answers: Answers, provider: Provider, found: Look, names: tuple[str, str], terminal: Terminal | None
) -> Plan:
    """Return the project, after asking for the publisher's missing settings.

    :param names: of the project and the stack.
    """
    if terminal is not None:
        questions.ask_settings(answers, provider, terminal, found.zones)
    else:
        questions.propose(answers, provider, found.zones)
    try:
        return replace(plan_of(answers, provider, found, *names), version=__version__)
    except ConfigError as error:
        raise failure(error.faults) from None


def _schema() -> str:
    try:
        return schema.current()
    except registry.RegistryError as error:
        raise BadInput(str(error)) from None


def _write(folder: Path, texts: Mapping[str, str]) -> None:
    try:
        files.write(folder, texts)
    except files.ExistingError as error:
        raise BadInput(_exist(error.names)) from None
    except OSError as error:
        if error.errno in exits.FULL:
            raise
        raise BadInput(f"{visible(str(folder))}: {error.strerror}; nothing was written") from None


def _checked(file: str) -> bool:
    """Check the stack's file as ``elastx-mrs config check`` does; return whether it has an error."""
    checked = check(file)
    for line in FORMATS["text"](shown(checked.findings, "text")).splitlines():
        _tell(line)
    wrong = any(one.level == "error" for one in checked.findings)
    if not wrong and not quiet():
        _tell(passed(checked.file, checked.counts))
    return wrong


def _next(plan: Plan, language: str) -> None:
    """Print which credentials to set, unless they are set, and the next commands."""
    start = plan.provider.start
    for credential in (*start.credentials, *start.needs(plan.settings).credentials):
        if not any(map(os.environ.get, credential.partition(":")[0].split(" or "))):
            click.echo()
            _tell(f"Before the preview, set {credential}.")
    click.echo("\nNext:")
    for one in programs.commands(plan, language, os.environ, in_lab(os.environ)):
        click.echo(f"  {one}")  # never wrapped, so that it can be copied


def _tell(text: str) -> None:
    """Print a paragraph, as wide as the terminal; in a pipe or a file, it is one line."""
    click.echo(wrapped(text, paragraph_width(sys.stdout)) if columns(sys.stdout) else text)


def _listed(names: Iterable[str]) -> str:
    *first, last = names
    return f"{', '.join(first)} and {last}"
