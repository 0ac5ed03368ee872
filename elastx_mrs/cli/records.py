"""``elastx-mrs records``: shows what must be in DNS, without a network and without Pulumi."""

from functools import partial
from typing import Any

import click

from elastx_mrs.cli.arguments import arguments, said_of_options
from elastx_mrs.cli.inputs import BadInput, source_name
from elastx_mrs.cli.options import format_option, mail_options, stack_options
from elastx_mrs.cli.terminal import note
from elastx_mrs.cli.views.records import FORMATS, render
from elastx_mrs.config.model import Arguments
from elastx_mrs.config.remarks import remarks
from elastx_mrs.display import visible
from elastx_mrs.records import TxtRecord
from elastx_mrs.service import ELASTX


@click.command("records")
@stack_options
@mail_options
@click.option("--spf", metavar="VALUE", help=f"The whole SPF record. [default: {ELASTX.basic_spf}]")
@click.option("--dmarc", metavar="VALUE", help="The whole DMARC record. [default: v=DMARC1; p=none;]")
@format_option(FORMATS)
def command(stack_config: str | None, config: str | None, format_: str, **options: Any) -> None:
    """Show the DNS records that your mail needs.

    \b
    elastx-mrs records --account user@domain.com --domain domain.com --dkim 'v=DKIM1; p=…'
    elastx-mrs records --stack-config stacks/Pulumi.prod.yaml --format markdown
    pulumi config --show-secrets --json | elastx-mrs records --config - --format json

    Warnings and notices go to standard error. With --format markdown, they follow the table.

    With --format zone, the output is a complete zone file, which you can check with named-checkzone. With --format
    fragment, it has only the new records: $INCLUDE them in a zone file that you already have.

    With --format ticket, the output is a text for the team that runs your DNS. It has the records of the domains with
    external: true. If the config names no publisher, it has all records.
    """
    given = arguments(stack_config, config, options)
    said = remarks(given) if stack_config or config else list(map(said_of_options, remarks(given)))
    records = _for_ticket(given, stack_config or config or "") if format_ == "ticket" else given.required()
    click.echo(render(records, said, format_), nl=False)
    if format_ != "markdown":
        for remark in said:
            say = note if remark.remark.level == "notice" else partial(click.echo, err=True)
            say(visible(f"{remark.remark.level}: {remark}"))


def _for_ticket(given: Arguments, file: str) -> list[TxtRecord]:
    """Return the records that the stack does not publish: a second SPF record, for example, would break mail."""
    if given.publishers and not given.by_hand():
        named = ", ".join(provider.name for provider, _ in given.publishers)
        problem = f"publishes every record through {named}, so there is nothing to publish by hand"
        raise BadInput(
            f"{source_name(file)}: {problem}; write external: true for a domain that somebody else publishes"
        )
    return given.by_hand() if given.publishers else given.required()
