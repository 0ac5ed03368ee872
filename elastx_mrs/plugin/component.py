"""The component in the plugin: the class of the package, with inputs from the wire.

Errors name inputs in the casing of the project's language.
"""

import asyncio
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any, cast

import pulumi
from pulumi.provider.experimental import provider as sdk
from pulumi.provider.experimental.property_value import PropertyValue
from pulumi.resource import DependencyResource
from pulumi.runtime import rpc

from elastx_mrs import __version__, registry
from elastx_mrs.component.args import MailRelayArgs
from elastx_mrs.component.outputs import Opened, texts
from elastx_mrs.component.relay import MailRelay
from elastx_mrs.config.base import snake
from elastx_mrs.config.model import Arguments, keys_of, shape
from elastx_mrs.config.parse import ConfigError, parse
from elastx_mrs.config.rules import Fault
from elastx_mrs.identity import DYNAMIC_STRING_TYPE, DYNAMIC_TYPE, PLUGIN_STRING_TYPE, PLUGIN_TYPE
from elastx_mrs.plugin.wire import is_unknown
from elastx_mrs.publish.adoption import Get
from elastx_mrs.publish.publisher import Resource
from elastx_mrs.reading import STANDARD_INPUT
from elastx_mrs.stackfile.document import UnreadableError
from elastx_mrs.stackfile.project import project_of

_SEVERAL_UNKNOWN = (
    "is known only after another resource is deployed, but the preview needs it; "
    "write the value, or read it from the stack's config"
)


class TxtRecord(pulumi.CustomResource):
    """One TXT record on an RFC 2136 primary, as the plugin's own resource."""

    value: pulumi.Output[str]

    def __init__(self, name: str, inputs: dict[str, Any], options: pulumi.ResourceOptions) -> None:
        own = pulumi.ResourceOptions(aliases=[pulumi.Alias(type_=DYNAMIC_TYPE)], version=__version__)
        super().__init__(PLUGIN_TYPE, name, inputs, pulumi.ResourceOptions.merge(options, own))


class TxtString(pulumi.CustomResource):
    """One TXT string in a record set that the provider's API owns whole, as the plugin's own resource."""

    value: pulumi.Output[str]
    change: pulumi.Output[str]

    def __init__(self, name: str, inputs: dict[str, Any], options: pulumi.ResourceOptions) -> None:
        own = pulumi.ResourceOptions(aliases=[pulumi.Alias(type_=DYNAMIC_STRING_TYPE)], version=__version__)
        super().__init__(PLUGIN_STRING_TYPE, name, inputs, pulumi.ResourceOptions.merge(options, own))


class PluginRelay(MailRelay):
    """The component whose records are the plugin's resources, with the provider's config.

    :param get: reads the provider's config.
    """

    def __init__(self, name: str, args: Arguments, opts: pulumi.ResourceOptions, get: Get) -> None:
        self._read = get
        super().__init__(name, cast("MailRelayArgs", args), opts)

    def _resources(self) -> Mapping[str, Resource]:
        return {PLUGIN_TYPE: TxtRecord, PLUGIN_STRING_TYPE: TxtString}

    def _get(self, key: str) -> str | None:
        found: str | None = self._read(key)
        return found


async def construct(request: sdk.ConstructRequest, get: Get) -> sdk.ConstructResponse:
    """Create a component, and return after its records were created and verified.

    :raises pulumi.RunError: if inputs have errors, each with its path, or if verification fails.
    """
    arguments = read(request.inputs, runtime())
    relay = PluginRelay(request.name, arguments, request.options, get)
    urn = await relay.urn.future()
    verification = await relay.verification.future()
    records = [record.row for record in relay.records]
    state = {"smtp": dict(relay.smtp), "verification": verification, "records": records}
    wire = await rpc.serialize_properties(state, {})
    return sdk.ConstructResponse(str(urn), PropertyValue.unmarshal_map(wire), {})


def read(inputs: Mapping[str, PropertyValue], language: str) -> Arguments:
    """Return the checked arguments of inputs.

    :param language: the project's runtime, which decides the casing in errors.
    :raises pulumi.RunError: with all errors.
    """
    unknown = _unknown(inputs)
    given = _plain(PropertyValue({key: value for key, value in inputs.items() if not key.startswith("__")}))
    for key, below in _may_be_unknown():
        settings = inputs.get(key)
        values = settings.value.get(below) if settings is not None and isinstance(settings.value, Mapping) else None
        if values is not None and isinstance(values.value, Mapping):
            given[key][below] = {name: _output(value) for name, value in values.value.items()}
    python = language == "python"
    secrets = {snake(path) if python else path: tuple(texts(_plain(value))) for path, value in _secrets(inputs)}
    faults = [Fault(path, _SEVERAL_UNKNOWN) for path in unknown]
    try:
        arguments = parse(_in_snake_case(given) if python else given, camel_case=not python, program=True)
        if not faults:
            return arguments
    except ConfigError as error:
        said = {snake(path) if python else path for path in unknown}
        faults = [Fault(snake(f.path), f.problem) if python else f for f in faults]
        faults += Opened({}, secrets).all_told([fault for fault in error.faults if fault.path not in said])
    if language in ("go", "dotnet"):
        faults = [Fault(re.sub(r"(^|\.)([a-z])", lambda m: m[1] + m[2].upper(), f.path), f.problem) for f in faults]
    raise pulumi.RunError(str(ConfigError(faults)))


def runtime() -> str:
    """Return the running program's language. Pulumi starts a plugin in the project's folder.

    Empty if no project is found, or its file cannot be read.
    """
    try:
        project = project_of(STANDARD_INPUT)
    except UnreadableError:
        return ""
    found = project.document.content.get("runtime") if project is not None else None
    return str((found.get("name") if isinstance(found, dict) else found) or "")


def _may_be_unknown() -> list[tuple[str, str]]:
    """Return the keys of a provider and of its settings whose values need not be known in a preview."""
    return [(provider.name, key) for provider in registry.providers() for key in provider.outputs]


def _unknown(inputs: Mapping[str, PropertyValue]) -> list[str]:
    """Return the paths of unknown values, except those that need not be known in a preview."""
    free = {".".join(keys) for keys in _may_be_unknown()}
    return [path for path, _ in _found(inputs, is_unknown, without=free)]


def _secrets(inputs: Mapping[str, PropertyValue]) -> Iterator[tuple[str, PropertyValue]]:
    """Yield the secret values, with their paths."""
    return _found(inputs, lambda value: value.is_secret)


def _found(
    inputs: Mapping[str, PropertyValue],
    wanted: Callable[[PropertyValue], bool],
    path: str = "",
    *,
    without: Collection[str] = (),
) -> Iterator[tuple[str, PropertyValue]]:
    """Yield the outermost wanted values with their paths; nothing directly below the paths in ``without``."""
    for key, value in inputs.items():
        if path not in without:
            yield from _found_in(value, wanted, f"{path}.{key}" if path else key, without)


def _found_in(
    value: PropertyValue, wanted: Callable[[PropertyValue], bool], path: str, without: Collection[str]
) -> Iterator[tuple[str, PropertyValue]]:
    inner = value.value
    if wanted(value):
        yield path, value
    elif isinstance(inner, Mapping):
        yield from _found(inner, wanted, path, without=without)
    elif isinstance(inner, tuple):
        for index, item in enumerate(inner):
            yield from _found_in(item, wanted, f"{path}[{index}]", without)


def _plain(value: PropertyValue) -> Any:
    """Return a value as Python has it, even a secret one: the results are public DNS, or are not stored.

    A key with null counts as missing, because SDKs send null for an unset key.
    """
    inner = value.value
    if isinstance(inner, Mapping):
        return {key: _plain(item) for key, item in inner.items() if item.value is not None}
    if isinstance(inner, tuple):
        return [_plain(item) for item in inner]
    if isinstance(inner, float) and inner.is_integer():
        return int(inner)
    return inner


def _output(value: PropertyValue) -> Any:
    """Return a value that may be unknown, in the form that the class gets in a program."""
    known = not is_unknown(value)
    if known and not value.dependencies:
        return value.value
    loop = asyncio.get_running_loop()
    future: asyncio.Future[Any] = loop.create_future()
    future.set_result(value.value if known else pulumi.UNKNOWN)
    is_known: asyncio.Future[bool] = loop.create_future()
    is_known.set_result(known)
    return pulumi.Output({DependencyResource(urn) for urn in value.dependencies}, future, is_known)


def _in_snake_case(given: Any, keys: Any = None) -> Any:
    """Return inputs with the keys of a Python program; unknown keys stay as they are."""
    keys = keys_of(shape(registry.providers())) if keys is None else keys
    if isinstance(given, list):
        return [_in_snake_case(item, keys) for item in given]
    if not isinstance(given, dict):
        return given
    return {
        (snake(key) if key in keys else key): _in_snake_case(item, keys.get(key, {})) for key, item in given.items()
    }
