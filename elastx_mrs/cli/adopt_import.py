"""``elastx-mrs adopt --import``: the file for ``pulumi import``, of a stack that publishes through Cloudflare."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import click

from elastx_mrs.adopt.cloudflare import Read, read_zones
from elastx_mrs.adopt.plan import IMPORT_REQUESTS, Plan, import_file, plan
from elastx_mrs.adopt.refusals import CannotReadError, RefusedError
from elastx_mrs.cli.adopt_inputs import chosen, state_in
from elastx_mrs.cli.arguments import arguments, unnamed
from elastx_mrs.cli.exits import UnaskedError, exit_code
from elastx_mrs.cli.inputs import BadInput, source_name
from elastx_mrs.config.model import Arguments
from elastx_mrs.config.parse import all_values
from elastx_mrs.display import counted, quoted, some, visible
from elastx_mrs.publish.cloudflare.rate import REQUESTS
from elastx_mrs.publish.cloudflare.settings import PROVIDER, Cloudflare
from elastx_mrs.publish.cloudflare.zone import plugin_version

MOST_SHOWN = 10
"""The most zones that one line names."""

_PROVIDER = re.compile(r"([^=]+)=(urn:pulumi:.*[:$]pulumi:providers:cloudflare::.+)")


def run(domains: Sequence[str], options: Mapping[str, Any]) -> int:
    """Print the file, and on standard error what it leads to; return the exit code."""
    (given, cloudflare), component = _given(options), options["component"]
    provider = _provider(options["provider"])
    state = state_in(options["state"], component)
    records = chosen(given, domains)
    wanted = list(dict.fromkeys(r.domain for r in records if r.resource(component) not in state.imported))
    elsewhere = [domain for domain, there in given.publishers_by_domain.items() if not there]
    read = _read(wanted, cloudflare, elsewhere) if wanted else Read()
    made = plan(records, read.zones, component, state, cloudflare.comment)
    click.echo(json.dumps(import_file(made, component, state, provider, plugin_version()), indent=2))
    for line in _said(made, read):
        click.echo(visible(line), err=True)
    return exit_code(wrong=bool(made.faults or made.lost), unasked=bool(read.unasked))


def _read(domains: Sequence[str], cloudflare: Cloudflare, elsewhere: Sequence[str]) -> Read:
    """Read the zones of the domains, with their records; without those that another publisher has."""
    try:
        return read_zones(domains, _zone_ids(cloudflare.zones), cloudflare.account_id, elsewhere=elsewhere)
    except RefusedError as error:
        raise BadInput(str(error)) from None
    except CannotReadError as error:
        raise UnaskedError(str(error)) from None


def _given(options: Mapping[str, Any]) -> tuple[Arguments, Cloudflare]:
    """Return the stack's arguments, without the domains of other publishers, and their settings for Cloudflare."""
    stack_config, config = options["stack_config"], options["config"]
    if bool(stack_config) == bool(config):
        raise unnamed("the stack for --import")
    if config == "-" and options["state"] == "-":
        raise click.UsageError("--config and --state cannot both be standard input; write one to a file")
    given = arguments(stack_config, config, {})
    source = source_name(stack_config or config)
    cloudflare = given.settings(Cloudflare)
    named = [provider.name for provider, _ in given.publishers if provider.adopts_by_config]
    if named and cloudflare is None:
        raise BadInput(
            f"{source}: publishes through {named[0]}, which imports no records: run this again without --import, and "
            "add the list elastx-mrs:adopt that it prints to the config"
        )
    if not given.published:
        raise BadInput(f"{source}: has external: true for every domain, so there is nothing to import")
    if cloudflare is None:
        raise BadInput(f"{source}: names no publisher; write elastx-mrs:cloudflare: {{}}")
    return given.perhaps_for(PROVIDER.name), cloudflare


def _zone_ids(zones: Mapping[str, Any]) -> dict[str, str]:
    for domain, zone_id in zones.items():
        if not isinstance(zone_id, str) or not re.fullmatch(r"[A-Za-z0-9]+", zone_id):
            raise BadInput(
                f"cloudflare.zones.{domain}: is not a zone ID in plain text; if it is encrypted, run: "
                f"{all_values('elastx-mrs adopt --import')}"
            )
    return dict(zones)


def _provider(text: str | None) -> tuple[str, str] | None:
    if text is None:
        return None
    match = _PROVIDER.fullmatch(text)
    if match is None:
        raise BadInput(
            f"--provider {quoted(text)}: is not NAME=URN of a Cloudflare provider, such as "
            "dns=urn:pulumi:prod::mail::pulumi:providers:cloudflare::dns; pulumi stack --show-urns lists them"
        )
    return match[1], match[2]


def _said(made: Plan, read: Read) -> Iterator[str]:
    """Yield a line for each change and problem, and a summary."""
    yield from made.changes
    for line in made.lost:
        yield f"CANNOT BE KEPT: {line}"
    for line in made.faults:
        yield f"CANNOT BE IMPORTED: {line}"
    for reason, zones in read.unasked.items():
        yield f"NOT ASKED: {some(zones, MOST_SHOWN)}: {reason}"
    known = f"; {made.known} are already in the state" if made.known else ""
    total = counted(len(made.imports) + made.later, "record")
    yield f"{total} to import; the next up changes {len(made.changes)} of them and creates {made.absent} more{known}"
    if not made.imports:
        yield "there is nothing to import; continue with pulumi preview"
        return
    yield (
        f"pulumi import will send {made.requests} requests to Cloudflare, {IMPORT_REQUESTS} for each record; "
        "Cloudflare accepts 1,200 in 5 minutes"
    )
    if made.requests + read.requests > REQUESTS:
        yield f"wait 5 minutes before pulumi import: this command has already sent {read.requests} requests"
    if made.later:
        yield (
            f"the file has the first {len(made.imports)} of these records, to stay within that. Import them, wait 5 "
            f"minutes, export the state, and run this again with --state for the other {made.later}"
        )
