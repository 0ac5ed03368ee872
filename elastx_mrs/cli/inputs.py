"""Where a command gets its accounts and domains from: a stack's file, Pulumi's JSON, or options."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import click
import yaml

from elastx_mrs.arguments import Arguments
from elastx_mrs.cli import exits
from elastx_mrs.config import ConfigError, parse, parse_stack
from elastx_mrs.display import visible, visible_lines


def stack_file(path: str) -> dict[str, Any]:
    """Return the config values of a stack's file (``Pulumi.<stack>.yaml``), by key with its namespace."""
    try:
        with click.open_file(path, encoding="utf-8") as file:
            content = yaml.load(file, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506
    except OSError as error:
        raise BadInput(f"{visible(path)}: {error.strerror}; name a stack's file") from None
    except UnicodeDecodeError:
        raise BadInput(f"{visible(path)}: is not UTF-8 text; name a stack's file") from None
    except yaml.YAMLError as error:
        raise BadInput(f"{visible(path)}: is not YAML: {' '.join(str(error).split())}") from None
    config = content.get("config") if isinstance(content, dict) else None
    if not isinstance(config, dict) or not config:
        raise BadInput(f"{visible(path)}: has no config; write elastx-mrs:accounts and elastx-mrs:domains below it")
    return {str(key): value for key, value in config.items()}


def json_file(path: str, cure: str) -> Any:
    """Return what a file in JSON holds; ``-`` is standard input.

    :param cure: what to do where it is not JSON.
    """
    try:
        with click.open_file(path, encoding="utf-8") as file:
            return json.load(file)
    except OSError as error:
        raise BadInput(f"{visible(path)}: {error.strerror}; name a file, or - for standard input") from None
    except ValueError as error:
        raise BadInput(f"{source_name(path)}: is not JSON ({error}); {cure}") from None
    except RecursionError:
        raise BadInput(f"{source_name(path)}: is not JSON (nested too deep); {cure}") from None


def pulumi_json(path: str) -> dict[str, Any]:
    """Return the config values that ``pulumi config --show-secrets --json`` prints."""
    content = json_file(path, "pipe: pulumi config --show-secrets --json")
    if not isinstance(content, dict) or not all(isinstance(value, dict) for value in content.values()):
        raise BadInput(f"{source_name(path)}: is not what pulumi config --show-secrets --json prints")
    return {key: _shown(value) for key, value in content.items()}


def _shown(value: dict[str, Any]) -> Any:
    if value.get("secret") and "value" not in value:
        return {"secure": ""}
    return value.get("objectValue", value.get("value"))


def source_name(path: str) -> str:
    """Return what an error calls a file."""
    return "standard input" if path == "-" else visible(path)


def arguments(stack_config: str | None, config: str | None, options: dict[str, Any]) -> Arguments:
    """Return the arguments from the one source that was named.

    :raises click.UsageError: where none or several were.
    """
    given = [bool(stack_config), bool(config), any(options.values())]
    if sum(given) != 1:
        raise click.UsageError(
            "say what to list, in one way: --stack-config FILE, --config FILE, or --account, --domain and --dkim"
        )
    if stack_config:
        return _read(stack_config, lambda: parse_stack(stack_file(stack_config), publisher=False))
    if config:
        return _read(source_name(config), lambda: parse_stack(pulumi_json(config), publisher=False))
    return _from_options(options)


def _read(source: str, read: Callable[[], Arguments]) -> Arguments:
    try:
        return read()
    except ConfigError as error:
        raise ConfigFailure(source, error) from None


def _from_options(options: dict[str, Any]) -> Arguments:
    given = {
        "accounts": list(options["account"]),
        "domains": list(options["domain"]),
        **({"dkim": options["dkim"]} if options["dkim"] else {}),
        **({"spf": options["spf"]} if options["spf"] else {}),
        **({"dmarc": options["dmarc"]} if options["dmarc"] else {}),
    }
    try:
        return parse(given, camel_case=True, publisher=False)
    except ConfigError as error:
        faults = [replace(fault, path=_option(fault.path)) for fault in error.faults]
        raise ConfigFailure("", ConfigError(faults)) from None


def _option(path: str) -> str:
    """Return the option that a path stands for: ``accounts[1]`` is the second ``--account``."""
    name, index = re.fullmatch(r"(\w+?)s?(?:\[(\d+)\].*)?", path.split(".")[0]).groups()  # type: ignore[union-attr]
    return f"--{name}" + (f" (number {int(index) + 1})" if index else "")


class BadInput(click.ClickException):
    """Something that the user gave is wrong; the command prints it to standard error."""

    exit_code = exits.INPUT

    def __init__(self, message: str) -> None:
        """Keep the message, each of its lines visible."""
        super().__init__("\n".join(visible_lines(message)))


class ConfigFailure(BadInput):
    """The faults of a config, after where it came from."""

    def __init__(self, source: str, error: ConfigError) -> None:
        prefix = f"{source}: " if source else ""
        super().__init__(f"{prefix}{error}")
