"""``elastx-mrs review``: reports what a preview changes, for a comment on a pull request."""

import asyncio
import gc
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import click

from elastx_mrs import limits
from elastx_mrs.cli.exits import exit_code
from elastx_mrs.cli.inputs import BadInput, source_name
from elastx_mrs.cli.options import format_option
from elastx_mrs.cli.terminal import is_terminal, note
from elastx_mrs.cli.vantage import answered, vantage_of, who_options
from elastx_mrs.display import quoted, visible
from elastx_mrs.reading import BeyondError, read_octets
from elastx_mrs.records import RecordError
from elastx_mrs.records.challenge import account_address
from elastx_mrs.review.changes import Change, changes
from elastx_mrs.review.markdown import LIMITS, markdown
from elastx_mrs.review.plain import as_json, as_text
from elastx_mrs.review.preview import Preview, PreviewError, of_log, read
from elastx_mrs.review.report import GATES, Review, review

if TYPE_CHECKING:
    from elastx_mrs.lookup.vantage import Vantage

_GATES = "\n".join(f"    {name}: {meaning}" for name, meaning in GATES.items())


def _gates(ctx: click.Context, parameter: click.Parameter, value: str) -> frozenset[str]:
    wanted = [name.strip() for name in value.split(",") if name.strip()]
    for name in wanted:
        if name not in (*GATES, "any"):
            raise click.BadParameter(f"{quoted(name)} is not one of {', '.join(GATES)}, any")
    return frozenset(GATES if "any" in wanted else wanted)


def _limit(ctx: click.Context, parameter: click.Parameter, value: str) -> int | None:
    if value == "none":
        return None
    if value in LIMITS:
        return LIMITS[value]
    if value.isascii() and value.isdigit() and int(value) >= 2000:
        return int(value)
    raise click.BadParameter(f"{quoted(value)} is not {', '.join(LIMITS)}, none or a number of bytes from 2000")


@click.command(
    "review",
    epilog="\b\nValues for --fail-on, separated by commas:\n" + _GATES + "\n    any: all of these",
)
@click.argument("file", default="-", metavar="[FILE]")
@format_option(("markdown", "text", "json"), default="markdown")
@click.option(
    "--fail-on",
    "fail_on",
    default="",
    metavar="NAMES",
    callback=_gates,
    help="Exit with code 1 if the preview has one of these findings, such as loosened,removed.",
)
@click.option(
    "--limit",
    default="github",
    metavar="SIZE",
    show_default=True,
    callback=_limit,
    help="Shorten the Markdown to fit a comment on github or gitlab, or to this number of bytes; none keeps all of it.",
)
@click.option(
    "--log",
    metavar="FILE",
    help="File with the standard error of pulumi preview; the report shows it if the preview did not start.",
)
@click.option(
    "--stack", metavar="NAME", default="", help="Name of the stack, for the report's heading, such as acme-mail/prod."
)
@click.option(
    "--known-account",
    "accounts",
    multiple=True,
    metavar="ADDRESS",
    help="A user account that is not in the stack's config, such as one in the program; may be repeated.",
)
@click.option(
    "--dns",
    is_flag=True,
    help="Query DNS, to count the lookups of each changed SPF record, and to check that the relay finds its include.",
)
@who_options
def command(
    file: str,
    format_: str,
    fail_on: frozenset[str],
    limit: int | None,
    log: str | None,
    stack: str,
    accounts: Sequence[str],
    dns: bool,
    nameservers: Sequence[str],
    resolvers: Sequence[str],
) -> None:
    """Review a preview: what changes for each domain, what that means for mail, and what is wrong.

    \b
    pulumi preview --json | elastx-mrs review
    elastx-mrs review preview.json --log preview.log --stack acme/prod
    elastx-mrs review preview.json --format text --fail-on loosened,removed

    FILE is the output of pulumi preview --json; a failed preview works, too. Without FILE, or with -, the command reads
    standard input. The report lists risks first: an account gains a domain, DMARC or SPF is loosened, a record is
    removed, or a key is replaced. The Markdown starts with an invisible line, the same for every preview of a stack. A
    pipeline uses it to find and edit its own comment; see examples/gitops.

    The exit code is 1 if the preview has a finding of --fail-on, and 3 if a query of --dns failed.
    """
    if (nameservers or resolvers) and not dns:
        raise click.UsageError(f"--{'nameserver' if nameservers else 'resolver'} needs --dns")
    gc.disable()  # a large preview stays in memory; collecting garbage in it takes a third of the time
    preview = _read(file, log, stack, _accounts(accounts))
    trees, unseen, unasked = _trees(preview, vantage_of(nameservers, resolvers)) if dns else ({}, {}, ())
    found = review(preview, trees, unseen)
    click.echo(_rendered(found, format_, limit), nl=False)
    for text in unasked:
        click.echo(visible(text), err=True)
    met = [name for name in GATES if name in fail_on & found.gates]
    if met:
        click.echo(f"review: {', '.join(met)} (--fail-on)", err=True)
    sys.exit(exit_code(wrong=bool(met), unasked=bool(unasked)))


def _accounts(given: Sequence[str]) -> tuple[str, ...]:
    try:
        return tuple(account_address(text) for text in given)
    except RecordError as error:
        raise BadInput(f"--known-account: {error}") from None


def _read(file: str, log: str | None, stack: str, accounts: tuple[str, ...]) -> Preview:
    text = _text(file)
    try:
        return read(text, accounts, name=stack)
    except PreviewError as error:
        if log is not None and not text.strip():
            return of_log(_text(log), stack)
        raise BadInput(f"{source_name(file)}: {error}") from None


def _text(path: str) -> str:
    try:
        content = read_octets(path, limits.PREVIEW)
    except OSError as error:
        raise BadInput(f"{visible(path)}: {error.strerror}; name a file, or - for standard input") from None
    except BeyondError as error:
        raise BadInput(f"{source_name(path)}: {error}; review the preview of a smaller stack") from None
    return content.decode("utf-8-sig", errors="replace")


def _rendered(found: Review, format_: str, limit: int | None) -> str:
    if format_ == "json":
        return as_json(found)
    if format_ == "text":
        return as_text(found, click.style)
    return markdown(found, limit)


def _trees(
    preview: Preview, vantage: "Vantage"
) -> tuple[Mapping[str, tuple[str, str]], Mapping[str, str], Sequence[str]]:
    """Return each changed SPF record's lookups, before and after, what the relay misses, and the failed queries."""
    from elastx_mrs.lookup import budget
    from elastx_mrs.lookup.answer import Ask
    from elastx_mrs.receiver import relay
    from elastx_mrs.receiver.spf_tree import Tree, expand, number

    wanted = [(one, one.new.value) for one in changes(preview) if one.kind == "spf" and one.new and one.new.value]
    if not wanted:
        return {}, {}, ()
    if is_terminal(sys.stderr):
        note(f"querying the SPF records of {len(wanted)} domains …")

    async def both(ask: Ask, change: Change, new: str) -> tuple[Tree | None, Tree]:
        old = change.old.value if change.old else None
        with budget.of_domain(f"querying the SPF of {change.domain}"):
            planned = await expand(ask, change.domain, new)
            return (await expand(ask, change.domain, old)) if old else None, planned

    async def all_(ask: Ask) -> list[tuple[Tree | None, Tree]]:
        return await asyncio.gather(*(both(ask, change, new) for change, new in wanted))

    found: dict[str, tuple[str, str]] = {}
    unseen: dict[str, str] = {}
    unasked: list[str] = []
    for (change, _), (before, planned) in zip(wanted, answered(all_(vantage.ask), vantage), strict=True):
        found[change.domain] = (number(before.lookups) if before is not None else "", number(planned.lookups))
        missing = relay.include(planned, preview.service)
        unseen[change.domain] = missing.seen if missing is not None and missing.verdict != "unchecked" else ""
        unasked += [f"{change.domain}: {problem.text}" for problem in planned.problems() if problem.kind == "temperror"]
    if vantage.nobody:
        unasked = [vantage.nobody, *(text for text in unasked if vantage.nobody not in text)]
    return found, unseen, unasked
