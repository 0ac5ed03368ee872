"""``elastx-mrs lab``: DNS and Cloudflare's API on this machine, and a command run against them."""

import sys
from pathlib import Path

import click

from elastx_mrs.display import quoted


@click.command("lab", context_settings={"ignore_unknown_options": False})
@click.option(
    "--dir", "directory", default=".lab", show_default=True, metavar="DIR", help="Where zones and key are kept."
)
@click.option(
    "--dns-delay", type=click.FloatRange(0), default=0.0, metavar="SECONDS", help="Until DNS serves what the API took."
)
@click.option(
    "--rate-limit", type=click.IntRange(1), metavar="REQUESTS", help="The API's, in 5 minutes. [default: 1200]"
)
@click.option("--zone", "zones", multiple=True, metavar="NAME", help="Serve a zone of this name too; may be repeated.")
@click.argument("command_", metavar="[-- COMMAND...]", nargs=-1, type=click.UNPROCESSED)
def command(
    directory: str, dns_delay: float, rate_limit: int | None, zones: tuple[str, ...], command_: tuple[str, ...]
) -> None:
    """Run a DNS server on this machine, and Cloudflare's DNS API, to try everything with no account.

    They serve the same zones, example.com, example.se, elastx.email and google.com, on free ports of the loopback
    address, and keep what is published in DIR. With a COMMAND it runs that with all that the stacks lab and
    lab-cloudflare need in its environment. Without one it runs until Ctrl-C. While a lab runs in DIR, each further
    command joins it. It is for trying and testing, not for serving.

    \b
    elastx-mrs lab                                   start it, and say how to use it
    elastx-mrs lab -- pulumi up --stack lab          one command against it
    elastx-mrs lab --zone my-company.example         with a zone of your own beside the others
    elastx-mrs lab --dns-delay 20 -- pulumi up …     see verification wait for the name servers

    With a COMMAND the exit code is that of the COMMAND: 126 when it cannot be run, 127 when it is not found, 128 and
    the signal's number when a signal ended it. Without one, Ctrl-C is the way to stop the lab, and the exit code is 0.
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
