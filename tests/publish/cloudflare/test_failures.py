"""What is said of a record that fails, as the engine calls the hook; the API's words are those of ``test_errors``."""

import asyncio
from collections.abc import Iterator, Sequence
from typing import Any

import pulumi
import pytest

from elastx_mrs.identity import CLOUDFLARE_TYPE
from elastx_mrs.publish.cloudflare.failures import Failures
from elastx_mrs.publish.cloudflare.rate import Pace
from elastx_mrs.publish.cloudflare.resource import list_records
from elastx_mrs.publish.listing import Listed
from tests.publish.cloudflare.mocked import deploy, mocked
from tests.publish.cloudflare.test_errors import said
from tests.publish.cloudflare.test_rate import FAST

IDENTICAL = said("400 Bad Request", 81058, "An identical record already exists.")
LIMITED = said("429 Too Many Requests", 971, "Please wait and consider throttling your request speed")
FORBIDDEN = said("403 Forbidden", 10000, "Authentication error")
TOOK = "this exact record already exists, but not in this stack's state, as after an interrupted run."
BY_FILE = "elastx-mrs adopt --import --config - --state state.json --component relay > import.json"


class Engine(pulumi.runtime.Mocks):
    """Lists one zone, or does not."""

    def __init__(self) -> None:
        self.listings = 0
        self.refuses = ""

    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        return f"{args.name}-id", args.inputs

    def call(self, args: pulumi.runtime.MockCallArgs) -> tuple[dict[str, Any], list[tuple[str, str]]]:
        self.listings += 1
        records = [
            {"id": "r1", "name": "example.com", "type": "TXT", "content": '"v=spf1 -all"'},
            {"id": "r2", "name": "example.com", "type": "TXT", "content": '"elastx-" "mrs=1"'},
        ]
        return {"results": records}, [("", self.refuses)] if self.refuses else []


@pytest.fixture
def engine() -> Iterator[Engine]:
    mocks = Engine()
    with mocked(mocks):
        yield mocks


def failure(name: str, content: str, *errors: str, operation: str = "create") -> pulumi.ErrorHookArgs:
    inputs = {"zoneId": "z1", "name": name, "type": "TXT", "content": content}
    return pulumi.ErrorHookArgs(
        "urn", "", f"relay-{name}-spf", CLOUDFLARE_TYPE, new_inputs=inputs, failed_operation=operation, errors=[*errors]
    )


def told(*failures: pulumi.ErrorHookArgs, explicit: bool = False) -> tuple[list[str], Sequence[bool]]:
    """What is said, each with its level, and which failures are to be tried again."""
    lines: list[str] = []
    again: list[bool] = []

    def say(level: str, text: str) -> None:
        lines.append(f"{level}: {text}")

    def program() -> pulumi.Output[None]:
        options = pulumi.ResourceOptions()
        if explicit:
            options.providers = [Provider("cloudflare", "dns")]
        component = pulumi.ComponentResource("test:index:Parent", "parent", None, options)

        async def records(zone_id: str) -> list[Listed] | None:
            return await list_records(zone_id, component)

        hook = Failures(component, "relay", Pace(FAST, False, lambda text: say("pace", text)), say, records)

        async def fail() -> None:
            again.extend(await asyncio.gather(*map(hook.failed, failures)))

        return pulumi.Output.from_input(fail())

    deploy(program)
    return lines, again


class Provider(pulumi.ProviderResource):
    """An explicit provider of the program's."""


def test_a_record_that_is_there_already_is_taken_over_by_its_id(engine: Engine) -> None:
    lines, again = told(
        failure("example.com", '"v=spf1 -all"', IDENTICAL), failure("example.com", '"elastx-mrs=1"', IDENTICAL)
    )
    parent = "urn:pulumi:stack::project::test:index:Parent::parent"
    assert lines == [
        f"error: cloudflare: relay-example.com-spf: {TOOK} To take it over, run: pulumi import {CLOUDFLARE_TYPE} "
        f"relay-example.com-spf z1/{number} --parent 'relay={parent}' --protect=false --generate-code=false"
        for number in ("r1", "r2")
    ]
    assert again == [False, False]
    assert engine.listings == 1, "the zone is listed once, however many records fail"


def test_an_explicit_provider_is_named(engine: Engine) -> None:
    ((line,), _) = told(failure("example.com", '"v=spf1 -all"', IDENTICAL), explicit=True)
    provider = "urn:pulumi:stack::project::pulumi:providers:cloudflare::dns"
    assert f" --provider 'dns={provider}' --protect=false" in line


@pytest.mark.parametrize("refuses", ["", "the token may not list"])
def test_one_whose_id_is_not_found_is_taken_over_by_a_file(engine: Engine, refuses: str) -> None:
    engine.refuses = refuses
    ((line,), again) = told(failure("www.example.com", '"v=spf1 -all"', IDENTICAL))
    assert line.startswith(f"error: cloudflare: relay-www.example.com-spf: {TOOK} To take it over, run: pulumi stack")
    assert BY_FILE in line
    assert again == [False]


def test_a_cause_is_told_once_and_what_nobody_knows_not_at_all(engine: Engine) -> None:
    lines, again = told(
        failure("example.com", '"x"', FORBIDDEN),
        failure("example.se", '"x"', FORBIDDEN),
        failure("example.com", '"x"', "the dog ate it"),
        failure("example.com", '"x"', IDENTICAL, operation="update"),
    )
    (line,) = lines
    assert line.startswith("error: cloudflare: relay-example.com-spf: the token may not do this; give the token the")
    assert again == [False] * 4
    assert engine.listings == 0


def test_what_the_rate_limit_stopped_is_tried_again_after_it(engine: Engine) -> None:
    lines, again = told(failure("example.com", '"x"', LIMITED, FORBIDDEN))
    assert again == [True]
    assert [line.partition(";")[0] for line in lines] == ["pace: Cloudflare accepts 1,200 requests in 5 minutes"]
