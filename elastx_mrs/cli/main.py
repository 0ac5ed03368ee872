"""The command ``elastx-mrs``. To start fast, it imports only the subcommand that is called."""

import gc
import os
from importlib import import_module

import click

from elastx_mrs.cli.exits import Program, document
from elastx_mrs.cli.help import SECTIONS
from elastx_mrs.cli.interrupt import loud
from elastx_mrs.cli.terminal import equip

# To find pydantic plugins, it would read the metadata of every installed package: a tenth of the start.
os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")

_COMMANDS = {
    "adopt": "Print the stack config, or the import file, that keeps your published records.",
    "completion": "Print a shell completion script.",
    "config": "Check stack files before you commit them.",
    "dkim": "Make DKIM keys of your own, and rotate keys step by step.",
    "doctor": "Check what a stack needs before it is deployed: Pulumi, credentials, zones, network.",
    "init": "Create the files of a first project, which keep your published records.",
    "lab": "Run a local DNS server and Cloudflare API, to try everything without an account.",
    "message": "Check SPF, DKIM and DMARC of a received message.",
    "records": "Show the DNS records that your mail needs.",
    "review": "Report what a preview changes and what is at risk, as a comment.",
    "rfc2136": "Print the update rules that your own name servers need for the stack's key.",
    "smtp": "Check that the relay accepts mail.",
    "verify": "Check on every name server that mail will pass.",
    "spf": "Show a domain's SPF as receivers see it, and how many lookups are left.",
}


class _Lazy(Program):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        # Imported modules stay in memory: collecting garbage among them takes a fifth of a short command's time.
        gc.disable()
        module = import_module(f"elastx_mrs.cli.{cmd_name.replace('-', '_')}")
        gc.freeze()
        gc.enable()
        loud()
        command: click.Command = module.command
        document(command)
        equip(command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        for heading, names in SECTIONS.items():  # from the table above: help must not import every command
            with formatter.section(heading):
                formatter.write_dl([(name, _COMMANDS[name]) for name in names])


def _versions(context: click.Context, parameter: click.Parameter, given: bool) -> None:
    if given and not context.resilient_parsing:
        from elastx_mrs.cli.version import versions

        for line in versions():
            click.echo(line)
        context.exit()


@click.group(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option(
    "--version",
    "-V",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_versions,
    help="Show the versions of elastx-mrs, Python and Pulumi, and exit.",
)
def main() -> None:
    """Every DNS record that Elastx Mail Relay needs.

    \b
    elastx-mrs records --account user@domain.com --domain domain.com --dkim 'v=DKIM1; p=…'
    elastx-mrs records --stack-config stacks/Pulumi.prod.yaml --format zone
    pulumi config --show-secrets --json | elastx-mrs records --config -
    elastx-mrs config check stacks/Pulumi.*.yaml
    pulumi preview --json | elastx-mrs review
    elastx-mrs adopt example.com
    elastx-mrs doctor --stack-config stacks/Pulumi.prod.yaml
    elastx-mrs verify --stack-config stacks/Pulumi.prod.yaml
    elastx-mrs rfc2136 policy --stack-config stacks/Pulumi.prod.yaml
    elastx-mrs lab -- pulumi up
    """


document(main)
equip(main)
