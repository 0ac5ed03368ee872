"""The stand-in under the engine: secrets, what a preview doesn't know, and the drift that never ends."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cloudflare.flat import DNS_RECORD, FlatStack
from tests.cloudflare.served import TOKEN, Served, served

pytestmark = pytest.mark.engine

SECRET = "a value that nobody is to read"
PROGRAM = f"""
import os

import pulumi

GET_ZONES = "cloudflare:index/getZones:getZones"
zone = pulumi.runtime.invoke(GET_ZONES, {{}}).value["results"][0]["id"]

def record(name, content, provider=None):
    inputs = {{"zoneId": zone, "name": f"{{name}}.example.com", "type": "TXT", "ttl": 300, "content": content}}
    return pulumi.CustomResource("{DNS_RECORD}", name, inputs, pulumi.ResourceOptions(provider=provider))

first = record("first", pulumi.Output.secret('"{SECRET}"'))
record("long", '"' + "x" * 300 + '"')  # not in pieces of 255: the API stores it cut
token = pulumi.Output.secret(first.id.apply(lambda _: os.environ["LATE_TOKEN"]))
given = {{"apiToken": token, "baseUrl": os.environ["CLOUDFLARE_BASE_URL"]}}
late = pulumi.ProviderResource("cloudflare", "late", given)
found = pulumi.runtime.invoke_output(GET_ZONES, {{}}, pulumi.InvokeOptions(provider=late))
found.apply(lambda answer: pulumi.log.info(f"zones seen: {{'results' in answer and len(answer['results'])}}"))
record("second", '"two"', late)
"""
"""Without Cloudflare's own SDK, whose import is as much work as the rest of a run."""


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("engine") / "zones", "example.com") as running:
        yield running


def test_a_stack_with_a_late_provider(api: Served, tmp_path: Path) -> None:
    stack = FlatStack.new(tmp_path / "stack", api.environment() | {"LATE_TOKEN": TOKEN}, PROGRAM)

    preview = stack.preview()
    assert preview.returncode == 0, preview.stdout
    assert "zones seen: False" in preview.stdout, "a provider that has no token yet is not asked"
    assert "+ 5 to create" in preview.stdout

    up = stack.up()
    assert up.returncode == 0, up.stdout
    assert "zones seen: 1" in up.stdout
    state = stack.state()
    assert SECRET not in state
    assert TOKEN not in state + preview.stdout + up.stdout
    created = {request.body["content"] for request in api.api.log if request.method == "POST"}
    assert created >= {f'"{SECRET}"', '"two"'}

    refresh = stack.refresh()
    assert refresh.returncode == 0, refresh.stdout
    again = stack.preview()
    assert "long update [diff: ~content]" in again.stdout, "the API's form is in the state, ours in the program"
    assert "~ 1 to update" in again.stdout
