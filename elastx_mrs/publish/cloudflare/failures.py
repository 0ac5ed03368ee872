"""Handle the failure of a record: wait for the rate limit to end, or explain the API's error with its fix."""

import asyncio
from collections.abc import Awaitable, Callable

import pulumi

from elastx_mrs.identity import CLOUDFLARE_TYPE
from elastx_mrs.publish.cloudflare import cures
from elastx_mrs.publish.cloudflare.invoke import InvokeError
from elastx_mrs.publish.cloudflare.rate import Pace
from elastx_mrs.publish.listing import Listed
from elastx_mrs.publish.publisher import Say
from elastx_mrs.publish.sdk import is_mocked
from elastx_mrs.records.text import join, parse


class Failures:
    """Explains each failure of a record on the component's row, because the record's own row does not exist.

    :param name: the component's name.
    :param records: lists the records of a zone.
    """

    def __init__(
        self,
        component: pulumi.Resource,
        name: str,
        pace: Pace,
        say: Say,
        records: Callable[[str], Awaitable[list[Listed] | None]],
    ) -> None:
        self._component = component
        self._name = name
        self._pace = pace
        self._say = say
        self._records = records
        self._said: set[str] = set()
        self._lists: dict[str, asyncio.Future[list[Listed]]] = {}

    async def failed(self, args: pulumi.ErrorHookArgs) -> bool:
        """Explain a failure; return whether to retry, after waiting for the rate limit."""
        text = args.errors[0]
        if cures.limited(text):
            await self._pace.blocked()
            return True
        if cures.identical(text) and args.failed_operation == "create":
            self._say("error", await self._identical(args))
        elif (cure := cures.cure(text)) and cure not in self._said:
            self._said.add(cure)  # once: a token without a permission fails every record
            self._say("error", f"cloudflare: {args.name}: {cure}")
        return False

    async def _identical(self, args: pulumi.ErrorHookArgs) -> str:
        """Return how to take over the existing record, as after a create whose answer was lost."""
        inputs = args.new_inputs or {}
        why = (
            f"cloudflare: {args.name}: this exact record already exists, but not in this stack's state, as after "
            "an interrupted run. To take it over"
        )
        zone_id, name = str(inputs.get("zoneId")), str(inputs.get("name"))
        value = join(parse(str(inputs.get("content"))))
        if zone_id not in self._lists:
            self._lists[zone_id] = asyncio.ensure_future(self._list(zone_id))
        listed = await self._lists[zone_id]
        number = next((one.id for one in listed if (one.name, one.rdtype, one.value) == (name, "TXT", value)), "")
        if not number:
            return f"{why}, {import_file(self._name)}"
        parent = await self._component.urn.future()
        provider = self._component.get_provider(CLOUDFLARE_TYPE)
        explicit = ""
        if provider is not None:
            explicit = f" --provider '{provider.pulumi_resource_name}={await provider.urn.future()}'"
        return (
            f"{why}, run: pulumi import {CLOUDFLARE_TYPE} {args.name} {zone_id}/{number} "
            f"--parent '{self._name}={parent}'{explicit} --protect=false --generate-code=false"
        )

    async def _list(self, zone_id: str) -> list[Listed]:
        """Return a zone's records, once per run, because a killed run may have left hundreds."""
        await self._pace.take(2)
        try:
            return await self._records(zone_id) or []
        except InvokeError:  # the user must see the first failure instead
            return []


def import_file(component: str) -> str:
    """Return the commands that take over all existing records with a file."""
    named = "" if component == "mail" else f" --component {component}"
    return (
        "run: pulumi stack export > state.json && pulumi config --show-secrets --json | "
        f"elastx-mrs adopt --import --config - --state state.json{named} > import.json && "
        "pulumi import --file import.json --protect=false --generate-code=false"
    )


def hooks(
    component: pulumi.Resource, name: str, pace: Pace | None, failures: Failures
) -> pulumi.ResourceHookBinding | None:
    """Return the hooks for a failed record, and before each change if the run is paced; None if there are none.

    :param pace: None in a stack that is too small for the rate limit. This saves a call for each change.
    """
    if is_mocked():
        return None  # mocks know no hooks

    changing: list[pulumi.ResourceHook | pulumi.ResourceHookFunction] = []
    if pace is not None:

        async def before(_args: pulumi.ResourceHookArgs) -> None:
            await pace.take()

        changing = [pulumi.ResourceHook(f"{name}-cloudflare-pace", before)]
    on_error = [pulumi.ErrorHook(f"{name}-cloudflare-error", failures.failed)]
    return pulumi.ResourceHookBinding(before_create=changing, before_update=changing, on_error=on_error)
