"""``elastx-mrs lab``: serves DNS and Cloudflare's API on this machine, and runs a command against them."""

import sys
from pathlib import Path

import click

from elastx_mrs.display import quoted


@click.command("lab", context_settings={"ignore_unknown_options": False})
@click.option(
    "--dir",
    "directory",
    default=".lab",
    show_default=True,
    metavar="DIR",
    help="Folder for the zones, the keys and Pulumi's state.",
)
@click.option(
    "--dns-delay",
    type=click.FloatRange(0),
    default=0.0,
    metavar="SECONDS",
    help="Seconds until DNS serves a change that the Cloudflare API has accepted; 0 by default.",
)
@click.option(
    "--rate-limit",
    type=click.IntRange(1),
    metavar="REQUESTS",
    help="How many requests the Cloudflare API accepts in 5 minutes; 1200 by default.",
)
@click.option(
    "--zone", "zones", multiple=True, metavar="NAME", help="Also serve a zone with this name; may be repeated."
)
@click.argument("command_", metavar="[-- COMMAND...]", nargs=-1, type=click.UNPROCESSED)
def command(
    directory: str, dns_delay: float, rate_limit: int | None, zones: tuple[str, ...], command_: tuple[str, ...]
) -> None:
    """Run a DNS server and a copy of Cloudflare's DNS API on this machine, to try everything without an account.

    Both serve the same zones: example.com, example.se, elastx.email and google.com. They listen on free ports of the
    loopback address, and store published records in DIR. With a COMMAND, the lab runs it, and sets the environment
    variables that make Pulumi and elastx-mrs use the lab. Without a COMMAND, the lab runs until Ctrl-C. If a lab is
    already running in DIR, the command joins it. Use the lab for tests, not in production.

    \b
    elastx-mrs lab                                   start the lab, and show how to use it
    elastx-mrs lab -- pulumi up --stack lab          run one command against the lab
    elastx-mrs lab --zone my-company.example         add a zone of your own
    elastx-mrs lab --dns-delay 20 -- pulumi up …     watch verification wait for DNS

    With a COMMAND, the exit code is that of the COMMAND. It is 126 if the COMMAND cannot be run, and 127 if it is not
    found. If a signal ended it, the exit code is 128 plus the signal number. Without a COMMAND, the exit code is 0
    after Ctrl-C.
    """
    from elastx_mrs.cli.inputs import BadInput
    from elastx_mrs.lab.session import LabError, run

    try:
        added = [*dict.fromkeys(map(_zone, zones))]
        sys.exit(run(Path(directory), command_, dns_delay, rate_limit, added))
    except LabError as error:
        raise BadInput(str(error)) from None


def _zone(text: str) -> str:
    from elastx_mrs.cli.inputs import BadInput
    from elastx_mrs.records import RecordError, names

    try:
        return names.sender_domain(text)
    except RecordError as error:
        raise BadInput(f"--zone {quoted(text)}: {error}") from None
