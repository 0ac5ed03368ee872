"""The plugin's answers to the engine: its schema, its config, the component, and the record's life."""

import asyncio
import json
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from pulumi.provider.experimental import provider as sdk
from pulumi.provider.experimental.property_value import PropertyValue

from elastx_mrs.config.environment import ADOPT
from elastx_mrs.identity import COMPONENT_TYPE, PLUGIN_STRING_TYPE, PLUGIN_TYPE
from elastx_mrs.plugin.wire import PluginError, plain_value
from elastx_mrs.reading import read_json

if TYPE_CHECKING:
    from elastx_mrs.plugin.record import Records

SCHEMA = Path(__file__).with_name("schema.json")
"""Made by ``python -m toolchain.schema`` and kept, for to answer it takes no more than to read it."""

CONFIG = ("rfc2136", "tsigKey", "tsigKeys", "adopt", "verification")
"""The provider's own of the stack's config, which is handed to it whole: the others are the program's."""

THREADS = 16
"""Records in work at once; Pulumi's own limit is 16 on four cores."""

T = TypeVar("T")


class Plugin(sdk.Provider):
    """The provider ``elastx-mrs``."""

    def __init__(self) -> None:
        """Know nothing yet; the engine configures it."""
        self._config: dict[str, str] = {}
        self._kept: dict[str, Records] = {}
        self._threads = ThreadPoolExecutor(max_workers=THREADS, thread_name_prefix="elastx-mrs-record")

    async def get_schema(self, request: sdk.GetSchemaRequest) -> sdk.GetSchemaResponse:
        """Return the schema."""
        return sdk.GetSchemaResponse(SCHEMA.read_text(encoding="utf-8"))

    async def check_config(self, request: sdk.CheckRequest) -> sdk.CheckResponse:
        """Keep what is the provider's: a default provider is given the whole of the stack's ``elastx-mrs:`` keys.

        Of those the state is to hold no more than is needed. Keys are secrets, however they are given.
        """
        kept = {key: value for key, value in request.new_inputs.items() if key in (*CONFIG, "version")}
        for key in ("tsigKey", "tsigKeys"):
            if key in kept:
                kept[key] = kept[key].with_secret(True)
        if request.name.startswith("default"):
            return sdk.CheckResponse(inputs=kept)
        failures = [_unknown(key) for key in request.new_inputs if key not in kept and not key.startswith("__")]
        return sdk.CheckResponse(inputs=kept, failures=failures)

    async def diff_config(self, request: sdk.DiffRequest) -> sdk.DiffResponse:
        """Let nothing that is configured replace a record: where it is published is the record's own property."""
        return sdk.DiffResponse()

    async def configure(self, request: sdk.ConfigureRequest) -> sdk.ConfigureResponse:
        """Keep the config; it is read when something is done."""
        self._config = {key: _text(value) for key, value in request.args.items() if key in CONFIG}
        return sdk.ConfigureResponse(
            accept_secrets=True, supports_preview=True, accept_outputs=True, accept_resources=True
        )

    async def construct(self, request: sdk.ConstructRequest) -> sdk.ConstructResponse:
        """Make the component."""
        from pulumi import RunError

        from elastx_mrs.plugin.component import construct

        if request.resource_type != COMPONENT_TYPE:
            raise PluginError(_no_such(request.resource_type))
        try:
            return await construct(request, self._get)
        except RunError as error:
            raise PluginError(str(error)) from None

    async def check(self, request: sdk.CheckRequest) -> sdk.CheckResponse:
        """Check a record's properties."""
        from elastx_mrs.plugin.record import check

        return check(request)

    async def diff(self, request: sdk.DiffRequest) -> sdk.DiffResponse:
        """Compare a record: another place is a replacement, another value or TTL an update."""
        from elastx_mrs.plugin.record import diff

        return diff(request)

    async def create(self, request: sdk.CreateRequest) -> sdk.CreateResponse:
        """Publish a record."""
        from elastx_mrs.plugin.record import KINDS, marshalled, plain, type_of

        props = plain(request.properties)
        if request.preview:
            return sdk.CreateResponse("", marshalled(KINDS[type_of(request.urn)].outs(props), request.properties))
        made, kept = await self._do(request.urn, lambda records: records.create(props))
        return sdk.CreateResponse(made, marshalled(kept, request.properties))

    async def read(self, request: sdk.ReadRequest) -> sdk.ReadResponse:
        """Say what is served now: the record, what somebody made of it, or nothing."""
        from elastx_mrs.plugin.record import marshalled, plain

        if not request.properties:
            raise PluginError(f"{request.name}: a TXT record cannot be imported; {_ADOPT}")
        props = plain(request.properties)
        found = await self._do(request.urn, lambda records: records.read(props))
        if found is None:
            return sdk.ReadResponse()
        return sdk.ReadResponse(request.resource_id, marshalled(found, request.properties), request.inputs)

    async def update(self, request: sdk.UpdateRequest) -> sdk.UpdateResponse:
        """Put a record's new value in the old one's place."""
        from elastx_mrs.plugin.record import KINDS, marshalled, plain, type_of

        olds, news = plain(request.olds), plain(request.news)
        if request.preview:
            return sdk.UpdateResponse(marshalled(KINDS[type_of(request.urn)].outs(news), request.news))
        kept = await self._do(request.urn, lambda records: records.update(olds, news))
        return sdk.UpdateResponse(marshalled(kept, request.news))

    async def delete(self, request: sdk.DeleteRequest) -> None:
        """Withdraw a record."""
        from elastx_mrs.plugin.record import plain

        props = plain(request.properties)
        await self._do(request.urn, lambda records: records.delete(props))

    def _get(self, key: str) -> str | None:
        return self._config.get(key.partition(":")[2])

    async def _do(self, urn: str, action: "Callable[[Records], T]") -> T:
        """Do something about a record beside the event loop, which goes on answering the engine."""
        from elastx_mrs.plugin.record import KINDS, type_of

        type_ = type_of(urn)
        kind = KINDS[type_]
        if type_ not in self._kept:
            self._kept[type_] = kind.records(self._get)
        records = self._kept[type_]
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, lambda: action(records))
        except kind.error as error:
            raise PluginError(str(error)) from None


_ADOPT = f"let the component declare it, and run once with {ADOPT}=<owner name>, which takes it over"


def _no_such(what: str) -> str:
    return f"{what}: there is no such resource; there are {COMPONENT_TYPE}, {PLUGIN_TYPE} and {PLUGIN_STRING_TYPE}"


def _unknown(key: str) -> sdk.CheckFailure:
    return sdk.CheckFailure(key, f"is not a key here; the keys are {', '.join(CONFIG)}")


def _text(value: PropertyValue) -> str:
    """Return a config value as the stack's config has it: what is no text, as JSON with keys in camelCase.

    SDKs send it as JSON already, with the keys as the program has them: Python's are in snake_case.
    """
    bare = plain_value(value)
    if isinstance(bare, str) and not bare.startswith("{"):
        return bare
    try:
        return json.dumps(_in_camel_case(read_json(bare) if isinstance(bare, str) else bare))
    except ValueError:
        return str(bare)  # the text of a key file begins otherwise; what reads it says what is wrong


def _in_camel_case(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    # The names of profiles have no underscores.
    return {re.sub("_([a-z])", lambda m: m[1].upper(), key): _in_camel_case(item) for key, item in value.items()}
