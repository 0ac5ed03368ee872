"""``elastx-mrs adopt`` for a stack: the list ``elastx-mrs:adopt``, from what the stack's publisher has."""

import asyncio
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click
import yaml

from elastx_mrs import limits
from elastx_mrs.adopt.state import State
from elastx_mrs.cli.adopt_inputs import chosen, state_in
from elastx_mrs.cli.arguments import whole
from elastx_mrs.cli.exits import UnaskedError, exit_code
from elastx_mrs.cli.inputs import BadInput, source_name
from elastx_mrs.cli.terminal import note
from elastx_mrs.cli.vantage import run_of
from elastx_mrs.config.model import Arguments
from elastx_mrs.config.parse import all_values
from elastx_mrs.display import comment_line, counted
from elastx_mrs.doctor.stack import Stack
from elastx_mrs.identity import NAMESPACE
from elastx_mrs.lookup.network import Network
from elastx_mrs.lookup.vantage import Run, Vantage, Vantages
from elastx_mrs.progress import Progress
from elastx_mrs.records import TxtRecord
from elastx_mrs.registry import BUILT_IN
from elastx_mrs.verify import plan

if TYPE_CHECKING:
    from elastx_mrs.component.takeover import Takeover


def run(domains: Sequence[str], options: Mapping[str, Any]) -> int:
    """Print the list, and as comments what the next ``up`` does; return the exit code."""
    from elastx_mrs.component import takeover  # it imports Pulumi

    stack_config, config, component = options["stack_config"], options["config"], options["component"]
    if config == "-" and options["state"] == "-":
        raise click.UsageError("--config and --state cannot both be standard input; write one to a file")
    given, values = whole(stack_config, config)
    _check(given, source_name(stack_config or config))
    state = state_in(options["state"], component)
    run_ = run_of(options["nameservers"], options["resolvers"])
    stack = Stack(given, values, None, run_)
    try:
        publishers = takeover.publishers_of(given, component, stack.get, lambda _, text: note(text))
    except takeover.PublisherError as error:
        raise UnaskedError(f"{error}{_encrypted(stack)}") from None
    every = {name: chosen(own, domains) for name, (_, own) in publishers.items()}
    records = {
        name: [one for one in listed if not _is_in(state, name, one, component)] for name, listed in every.items()
    }
    imports = any(not provider.adopts_by_config for provider, _ in given.publishers)
    elsewhere = [domain for domain, there in given.publishers_by_domain.items() if imports and not there]
    network = Network()

    async def work() -> "Takeover":
        found, vantages = takeover.Takeover(), _vantages(given, run_, network)
        saying = Progress(lambda *_: note("still looking up the published records …"), limits.QUIET, math.inf)
        for name, (publisher, _) in publishers.items():
            looking = takeover.look(publisher, name, records[name], given.records(), vantages, elsewhere)
            found.add(await saying.wait(name, looking))
        return found

    found = asyncio.run(work())
    known = sum(len(every[name]) - len(records[name]) for name in publishers)
    click.echo("".join(_printed(found, known)).encode(), nl=False)  # YAML is UTF-8, whatever the terminal's encoding
    return exit_code(wrong=bool(found.faults or found.differences), unasked=bool(found.unasked))


def _is_in(state: State, publisher: str, record: TxtRecord, component: str) -> bool:
    """Whether the state has a record at a publisher. A resource may have the publisher in its name.

    Of another package's publisher, the state has the type of the resource, and not the key.
    """
    name = record.resource(component)
    known = [key for key, there in state.names if there in (name, f"{name}-{publisher}")]
    return publisher in known or (publisher not in BUILT_IN and any(":" in key for key in known))


def _check(given: Arguments, source: str) -> None:
    """Refuse a stack without a publisher that takes records over by the config."""
    if not given.published:
        raise BadInput(f"{source}: has external: true for every domain, so there is nothing to take over")
    if not given.publishers:
        raise BadInput(
            f"{source}: names no publisher, so its records cannot be read; to read DNS instead, give only DOMAINs"
        )
    if not any(provider.adopts_by_config for provider, _ in given.publishers):
        names = " and ".join(provider.name for provider, _ in given.publishers)
        raise BadInput(f"{source}: publishes through {names}, which takes records over by import: add --import")


def _encrypted(stack: Stack) -> str:
    """Return a hint, if a publisher's value is encrypted in the stack's file."""
    providers = [provider for provider, _ in stack.arguments.publishers if provider.adopts_by_config]
    keys = [key for one in providers for key in (one.name, *(key.name for key in one.stack_keys))]
    if not any(stack.hidden(f"{NAMESPACE}:{key}") for key in keys):
        return ""
    return f"\n  Values that are encrypted in the file are not used; to use them, run: {all_values('elastx-mrs adopt')}"


def _vantages(given: Arguments, run: Run, network: Network) -> dict[str, Vantage]:
    vantages = Vantages(network)
    return {domain: vantages.of(plan.who(settings, run)) for domain, settings in plan.settings(given).items()}


def _printed(found: "Takeover", known: int) -> Iterator[str]:
    """Yield the list as YAML, and a comment for each remark."""
    if found.owners:
        yield yaml.safe_dump({f"{NAMESPACE}:adopt": found.owners}, width=100_000, allow_unicode=False)
    for mark, lines in (
        ("", found.changes),
        ("CANNOT BE KEPT: ", found.faults),
        ("DIFFERS: ", found.differences),
        ("NOT ASKED: ", found.unasked),
    ):
        yield from (comment_line(f"{mark}{line}") for line in lines)
    taken = f"{counted(found.unchanged, 'record')} taken over unchanged"
    more = f"; {counted(known, 'record')} already in the state" if known else ""
    yield comment_line(f"the next up: {taken}, {found.changed} changed, {found.new} created{more}")
