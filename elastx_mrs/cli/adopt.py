"""``elastx-mrs adopt``: the stack config that keeps what a domain publishes today, and adds Elastx."""

import sys
from collections.abc import Sequence
from typing import Any

import click
from click.core import ParameterSource

from elastx_mrs.adopt.from_dns import read_all, render
from elastx_mrs.cli.exits import exit_code
from elastx_mrs.cli.inputs import BadInput
from elastx_mrs.cli.options import stack_options
from elastx_mrs.cli.vantage import answered, check_answered, vantage_of, who_options
from elastx_mrs.display import quoted
from elastx_mrs.lookup.vantage import Vantage
from elastx_mrs.records import RecordError, names
from elastx_mrs.service import ELASTX


@click.command("adopt")
@click.argument("domains", nargs=-1, metavar="DOMAIN...")
@click.option(
    "--selector",
    "selectors",
    multiple=True,
    metavar="NAME",
    help=f"Another DKIM selector to look at, in addition to {ELASTX.dkim_selector}: the part of a record's name before "
    "._domainkey; may be repeated.",
)
@who_options
@click.option("--import", "import_", is_flag=True, help="Print a file for pulumi import instead (Cloudflare only).")
@stack_options
@click.option(
    "--component",
    default="mail",
    show_default=True,
    metavar="NAME",
    help="The name of MailRelay in your program: its first argument.",
)
@click.option(
    "--provider", metavar="NAME=URN", help="The Cloudflare provider that your program passes to MailRelay, if any."
)
@click.option(
    "--state",
    metavar="FILE",
    help="File with the output of pulumi stack export, to skip its records; - is standard input.",
)
@click.pass_context
def command(ctx: click.Context, /, domains: Sequence[str], import_: bool, **options: Any) -> None:
    """Print the stack config that keeps a domain's published records and adds Elastx.

    \b
    elastx-mrs adopt example.com news.example.com
    elastx-mrs adopt --nameserver 192.0.2.53 example.com > adopted.yaml

    The config keeps the SPF terms, the DMARC policy and the DKIM keys at the selectors. With it, the next pulumi up
    passes the guard and the verification. Comments in the output list what this pulumi up will change. They also list
    what cannot be kept, and how to fix that. Nothing is written to DNS. Put the lines under config: in the stack file,
    next to your accounts and the DKIM key. After pulumi up, remove elastx-mrs:adopt.

    If you name a stack, the command asks the stack's publisher which of the stack's records exist already. It compares
    the answer with the name servers, and prints elastx-mrs:adopt with the names to take over. Comments list what the
    next pulumi up will take over and change, and where the publisher and DNS differ. If you name DOMAINs, it reads only
    the records of these domains. With --state, it skips the records that the stack already has.

    \b
    elastx-mrs adopt --stack-config stacks/Pulumi.prod.yaml
    pulumi config --show-secrets --json | elastx-mrs adopt --config -

    A stack that publishes through Cloudflare does not use elastx-mrs:adopt. Instead, you import the published records
    with pulumi import. The option --import prints the file for it.

    \b
    pulumi stack export > state.json
    elastx-mrs adopt --import --stack-config stacks/Pulumi.prod.yaml --state state.json > import.json
    pulumi import --file import.json --protect=false --generate-code=false

    CLOUDFLARE_API_TOKEN needs the permissions Zone > Zone > Read and Zone > DNS > Read. On standard error, the
    command lists what the next pulumi up will change in the imported records. It also lists what cannot be imported,
    and how to fix that.

    The exit code is 1 if a published record cannot be kept as it is, or if the publisher and DNS differ.
    """
    _check_options(ctx, import_)
    if import_:
        from elastx_mrs.cli.adopt_import import run

        sys.exit(run(domains, options))
    if options["stack_config"] or options["config"]:
        from elastx_mrs.cli.adopt_stack import run as run_for_stack

        sys.exit(run_for_stack(domains, options))
    vantage = vantage_of(options["nameservers"], options["resolvers"])
    sys.exit(_from_dns(domains, options["selectors"], vantage))


_FOR_STACK = ("component", "state")
_FOR_DNS = {
    "selectors": "the stack's config has it",
    "nameservers": "the records are read through Cloudflare's API",
    "resolvers": "the records are read through Cloudflare's API",
}


def _check_options(ctx: click.Context, import_: bool) -> None:
    """Refuse options that exclude each other; without a stack, at least one domain is required."""
    stack = import_ or bool(ctx.params["stack_config"] or ctx.params["config"])
    given = {key for key in ctx.params if ctx.get_parameter_source(key) is ParameterSource.COMMANDLINE}
    for parameter in ctx.command.params:
        key, option = str(parameter.name), parameter.opts[0]
        if key == "domains" and not stack and not ctx.params[key]:
            raise click.MissingParameter(ctx=ctx, param=parameter)
        if key in given and key == "provider" and not import_:
            raise click.UsageError(f"{option} works only with --import")
        if key in given and key in _FOR_STACK and not stack:
            raise click.UsageError(f"{option} needs a stack; add --stack-config FILE or --config FILE")
        if key == "selector" and key in given and stack and not import_:
            raise click.UsageError(f"{option} does not work with a stack: {_FOR_DNS[key]}")
        if key in given and key in _FOR_DNS and import_:
            raise click.UsageError(f"{option} does not work with --import: {_FOR_DNS[key]}")


def _from_dns(domains: Sequence[str], selectors: Sequence[str], vantage: Vantage) -> int:
    wanted = list(dict.fromkeys(_option("DOMAIN", domain, names.sender_domain) for domain in domains))
    chosen = [_option("--selector", selector, names.selector) for selector in selectors]
    looked_at = list(dict.fromkeys([ELASTX.dkim_selector, *chosen]))
    found = answered(read_all(vantage.ask, wanted, looked_at), vantage)
    check_answered(vantage)
    click.echo(render(found).encode(), nl=False)  # YAML is UTF-8, whatever the terminal's encoding is
    return exit_code(wrong=any(one.faults for one in found), unasked=any(one.unasked for one in found))


def _option(name: str, text: str, check: Any) -> str:
    try:
        checked: str = check(text)
    except RecordError as error:
        raise BadInput(f"{name} {quoted(text)}: {error}") from None
    return checked
