"""What is registered without Cloudflare's SDK is what its typed classes register: names, types and tokens."""

import importlib.metadata
import inspect
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pulumi
import pulumi_cloudflare
import pytest
from pulumi_cloudflare import outputs

from elastx_mrs.publish.cloudflare import resource as types
from elastx_mrs.publish.cloudflare.zone import plugin_version
from tests.publish.cloudflare.mocked import deploy, mocked

SENT: list[tuple[str, str, dict[str, Any]]] = []


class Engine(pulumi.runtime.Mocks):
    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        SENT.append((args.typ, args.name, args.inputs))
        return "id", args.inputs

    def call(self, args: pulumi.runtime.MockCallArgs) -> tuple[dict[str, Any], list[tuple[str, str]]]:
        SENT.append((args.token, "", dict(args.args)))
        zone = args.token == types.ZONE_FUNCTION
        return ({"name": "example.com"} if zone else {"results": []}), []


@pytest.fixture(autouse=True)
def engine() -> Iterator[None]:
    with mocked(Engine()):
        yield


def sent(program: Callable[[], object]) -> list[tuple[str, str, dict[str, Any]]]:
    """What a program registers and asks."""
    SENT.clear()
    deploy(program)
    return [one for one in SENT if not one[0].startswith(("pulumi:", "test:"))]


def test_a_record_is_registered_as_the_sdk_does() -> None:
    given: Any = {"name": "example.com", "type": "TXT", "content": '"a"', "ttl": 300, "comment": "c"}
    ours = sent(lambda: types.DnsRecord("r", {"zoneId": "z", **given}, pulumi.ResourceOptions()) and None)  # type: ignore[typeddict-item]
    theirs = sent(lambda: pulumi_cloudflare.DnsRecord("r", zone_id="z", **given) and None)
    assert ours == theirs
    assert len(ours) == 1


def test_the_inputs_are_the_schemas_with_their_types() -> None:
    schema = {"zone_id": "str", "name": "str", "type": "str", "content": "str", "comment": "str", "ttl": "float"}
    hints = pulumi_cloudflare.DnsRecordArgs.__init__.__annotations__
    assert {name: kind for name, kind in schema.items() if kind not in str(hints[name])} == {}
    assert types.DnsRecordInputs.__annotations__.keys() == {"zoneId", "name", "type", "content", "comment", "ttl"}


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (
            lambda component: types.list_zones("acc", component),
            lambda: pulumi_cloudflare.get_zones_output(account={"id": "acc"}, max_items=types.MAX_ITEMS),
        ),
        (
            lambda component: types.list_records("z", component),
            lambda: pulumi_cloudflare.get_dns_records_output(zone_id="z", max_items=types.MAX_ITEMS),
        ),
        (
            lambda component: types.zone_name("z", component),
            lambda: pulumi_cloudflare.get_zone_output(zone_id="z"),
        ),
    ],
    ids=["zones", "records", "zone"],
)
def test_a_function_is_asked_as_the_sdk_does(ours: Any, theirs: Any) -> None:
    def asked_by_us() -> pulumi.Output[Any]:
        component = pulumi.ComponentResource("test:index:Parent", "parent")
        return pulumi.Output.from_input(ours(component))

    found = sent(asked_by_us)
    assert found == sent(theirs)
    assert len(found) == 1


@pytest.mark.parametrize(
    ("result", "fields"),
    [
        (outputs.GetZonesResultResult, {"id", "name", "account", "status", "nameServers"}),
        (outputs.GetZonesResultAccountResult, {"id", "name"}),
        (outputs.GetDnsRecordsResultResult, {"id", "name", "type", "content", "priority"}),
    ],
)
def test_what_is_read_of_an_answer_is_in_the_schema(result: type, fields: set[str]) -> None:
    known = {name for name, member in inspect.getmembers(result) if isinstance(member, property)}
    assert {_snake(name) for name in fields} <= known


def _snake(name: str) -> str:
    return "".join(f"_{character.lower()}" if character.isupper() else character for character in name)


def test_the_plugin_is_the_installed_packages() -> None:
    assert plugin_version() == importlib.metadata.version("pulumi-cloudflare")


def test_the_sdk_is_not_imported() -> None:
    program = "import sys, elastx_mrs.publish.cloudflare.publisher; print('pulumi_cloudflare' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True).stdout == "False\n"
