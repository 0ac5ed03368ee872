"""``elastx-mrs records``: shows what must be in DNS, without a network and without Pulumi."""

from functools import partial
from typing import Any

import click

from elastx_mrs.cli.arguments import arguments, said_of_options
from elastx_mrs.cli.options import format_option, mail_options, stack_options
from elastx_mrs.cli.terminal import note
from elastx_mrs.cli.views.records import FORMATS, render
from elastx_mrs.config.remarks import remarks
from elastx_mrs.display import visible
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
    """
    given = arguments(stack_config, config, options)
    said = remarks(given) if stack_config or config else list(map(said_of_options, remarks(given)))
    click.echo(render(given.records(), said, format_), nl=False)
    if format_ != "markdown":
        for remark in said:
            say = note if remark.remark.level == "notice" else partial(click.echo, err=True)
            say(visible(f"{remark.remark.level}: {remark}"))
