"""Accounts and domains for a command, from one source: a stack file, Pulumi's JSON, or options."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from elastx_mrs.cli.inputs import BadInput, json_file, source_name
from elastx_mrs.cli.terminal import note
from elastx_mrs.config.model import Arguments
from elastx_mrs.config.parse import RECORDS, SHOW_CONFIG, ConfigError, all_values, parse, parse_stack, told
from elastx_mrs.config.remarks import Said
from elastx_mrs.config.rules import Fault
from elastx_mrs.display import some, visible
from elastx_mrs.service import ELASTX
from elastx_mrs.stackfile import printed
from elastx_mrs.stackfile.document import UnreadableError
from elastx_mrs.stackfile.place import located
from elastx_mrs.stackfile.stack import ENVIRONMENT, Stack, read_stack

IN_CONFIG: Mapping[str, str] = {
    ", or external: true if the target's owner publishes it": "",
    "; set ttl if it matters": "",
}
"""Texts about a config, each with the text that messages about options use instead."""

_REQUIRED: Mapping[str, str] = {
    "account": "a user account of the relay, such as user@example.com",
    "domain": "a sender domain, such as example.com",
    "dkim": f"the DKIM value that {ELASTX.name} provides",
}
_ITEM = re.compile(r"\b(?:accounts|domains)\[\d+\]")


def arguments(stack_config: str | None, config: str | None, options: dict[str, Any]) -> Arguments:
    """Return the arguments from the one source that was named.

    :raises click.UsageError: if none or several were named.
    """
    given = [bool(stack_config), bool(config), any(options.values())]
    if sum(given) != 1:
        raise click.UsageError(
            "name the stack in one way: --stack-config FILE, --config FILE, or --account, --domain and --dkim"
        )
    return whole(stack_config, config)[0] if stack_config or config else _from_options(options)


def whole(stack_config: str | None, config: str | None) -> tuple[Arguments, Mapping[str, Any]]:
    """Return the arguments from the one source that was named, and its whole config, by key with namespace.

    :raises click.UsageError: if none or both were named.
    """
    if bool(stack_config) == bool(config):
        raise unnamed()
    return _from_stack(stack_config) if stack_config else _from_json(config or "")


def unnamed(what: str = "the stack") -> click.UsageError:
    """Return the error for a command that needs one stack and got none or several; it lists the stack files here."""
    files = [str(path) for folder in (Path(), Path("stacks")) for path in sorted(folder.glob("Pulumi.*.yaml"))]
    here = f", such as --stack-config {visible(some(files, 3))}" if files else ""
    return click.UsageError(f"name {what} in one way: --stack-config FILE or --config FILE{here}")


def _from_stack(path: str) -> tuple[Arguments, Mapping[str, Any]]:
    """Return the arguments of a stack file, merged with the project file, and all values."""
    try:
        stack = read_stack(path)
    except UnreadableError as error:
        raise BadInput(str(error)) from None
    if stack.refusals:
        raise BadInput(str(stack.refusals[0]))
    if stack.environment is not None:
        note(_unseen(stack))
    elif not stack.own:
        raise BadInput(f"{source_name(path)}: has no config; write elastx-mrs:accounts and elastx-mrs:domains below it")
    try:
        return parse_stack(stack.values, publisher=False, command=_running()), stack.values
    except ConfigError as error:
        raise ConfigFailure((f"{located(*stack.at(f.path))}: {f}" for f in error.faults), len(error.faults)) from None


def _unseen(stack: Stack) -> str:
    """Return the notice that values from Pulumi ESC are not in a stack file."""
    where = located(*stack.at(ENVIRONMENT))
    return (
        f"notice: {where}: {ENVIRONMENT}: values from Pulumi ESC are not in the file, so they are not used; "
        f"to include them, run: {all_values(_running())}"
    )


def _running() -> str:
    """Return the running command without its other options, such as ``elastx-mrs adopt --import``."""
    context = click.get_current_context(silent=True)
    if context is None:
        return RECORDS
    names = ["elastx-mrs", *context.command_path.split()[1:]]
    return " ".join([*names, "--import"] if context.params.get("import_") else names)


def _from_json(path: str) -> tuple[Arguments, Mapping[str, Any]]:
    """Return the arguments in the output of ``pulumi config --json``, and all values."""
    try:
        values = printed.values_of(json_file(path, f"pipe: {SHOW_CONFIG}"), path)
        return parse_stack(values, publisher=False, command=_running()), values
    except UnreadableError as error:
        raise BadInput(str(error)) from None
    except ConfigError as error:
        raise ConfigFailure((f"{source_name(path)}: {f}" for f in error.faults), len(error.faults)) from None


def _from_options(options: dict[str, Any]) -> Arguments:
    given = {
        "accounts": list(options["account"]),
        "domains": list(options["domain"]),
        **({"dkim": options["dkim"]} if options["dkim"] else {}),
        **({"spf": options["spf"]} if options["spf"] else {}),
        **({"dmarc": options["dmarc"]} if options["dmarc"] else {}),
    }
    missing = [f"--{name}: is missing; give {what}" for name, what in _REQUIRED.items() if not options[name]]
    try:
        return parse(given, camel_case=True, publisher=False)
    except ConfigError as error:
        wrong = [fault for fault in error.faults if options[_option(fault.path)[2:].partition(" ")[0]]]
        lines = [*missing, *(str(Fault(_option(fault.path), _of_options(fault.problem))) for fault in wrong)]
        raise ConfigFailure(lines, len(lines)) from None


def _of_options(text: str) -> str:
    """Return a message about a config as one about the options that were given instead."""
    for ours, theirs in IN_CONFIG.items():
        text = text.replace(ours, theirs)
    return _ITEM.sub(lambda found: _option(found[0]), text)


def said_of_options(said: Said) -> Said:
    """Return a remark on a config as one on the options that were given instead."""
    return Said(_option(said.path), replace(said.remark, text=_of_options(said.remark.text)))


def _option(path: str) -> str:
    """Return the option for a path in the config: ``accounts[1]`` is the second ``--account``."""
    name, index = re.fullmatch(r"(\w+?)s?(?:\[(\d+)\].*)?", path.split(".")[0]).groups()  # type: ignore[union-attr]
    return f"--{name}" + (f" (number {int(index) + 1})" if index else "")


class ConfigFailure(BadInput):
    """The errors in a config, a line each."""

    def __init__(self, lines: Iterable[str], count: int) -> None:
        super().__init__("\n  ".join(told(lines, count)))
