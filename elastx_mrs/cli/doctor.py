"""``elastx-mrs doctor``: checks everything that a stack needs before it is deployed."""

import asyncio
import json
import math
import os
import sys
from collections.abc import Callable, Sequence

import click

from elastx_mrs import limits
from elastx_mrs.check import Check
from elastx_mrs.cli.arguments import whole
from elastx_mrs.cli.exits import exit_code
from elastx_mrs.cli.inputs import BadInput
from elastx_mrs.cli.options import format_option, stack_options
from elastx_mrs.cli.terminal import note
from elastx_mrs.cli.vantage import run_of, who_options
from elastx_mrs.cli.views.check import entry, lines
from elastx_mrs.config.environment import NAMESERVERS
from elastx_mrs.display import some
from elastx_mrs.doctor.examine import examinations, examined, secrets_of
from elastx_mrs.doctor.stack import Stack
from elastx_mrs.progress import Progress
from elastx_mrs.reading import STANDARD_INPUT
from elastx_mrs.stackfile.document import UnreadableError
from elastx_mrs.stackfile.project import project_of


@click.command("doctor")
@stack_options
@who_options
@format_option(("text", "json"))
def command(
    stack_config: str | None, config: str | None, nameservers: Sequence[str], resolvers: Sequence[str], format_: str
) -> None:
    """Check everything that a stack needs before you deploy it. Nothing is changed.

    \b
    elastx-mrs doctor --stack-config stacks/Pulumi.prod.yaml
    pulumi config --show-secrets --json | elastx-mrs doctor --config -

    The command checks Pulumi and its version, and the Python packages or the plugin. It checks that this machine can
    query DNS over UDP, TCP and IPv6. It also checks the stack's publisher: its credentials, its zones, and whether the
    credentials may change the records there.

    Each check is one line, and a problem has its fix below it. If values are encrypted in the stack file, use the
    second example: pulumi config decrypts them.

    The exit code is 1 if something is wrong or missing, and 3 if a server could not be queried. Checks that could not
    run are reported as unchecked, and do not change it.
    """
    arguments, values = whole(stack_config, config)
    try:
        project = project_of(stack_config or STANDARD_INPUT)
    except UnreadableError as error:
        raise BadInput(str(error)) from None
    # The look-up of an RFC 2136 primary queries the name servers of this run, too.
    own = {NAMESERVERS.name: ",".join(nameservers)} if nameservers else {}
    stack = Stack(arguments, values, project, run_of(nameservers, resolvers), os.environ | own)
    show: Callable[[Check], None] = _print if format_ == "text" else lambda check: None
    done = asyncio.run(examined(examinations(stack), secrets_of(stack), Progress(_say, limits.QUIET, math.inf), show))
    if format_ == "json":
        click.echo(json.dumps({"checks": [entry(check) for check in done]}, indent=2))
    verdicts = {check.verdict for check in done}
    sys.exit(exit_code(wrong=bool(verdicts & {"wrong", "absent"}), unasked="unreachable" in verdicts))


def _print(check: Check) -> None:
    for line in lines(check):
        click.echo(line)


def _say(names: Sequence[str], waited: float) -> None:
    note(f"still checking: {some(list(dict.fromkeys(names)), 5)} …")
