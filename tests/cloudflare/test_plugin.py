"""The stand-in by itself, asked as the engine asks it: what the recordings have no step for."""

import os
import re
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf.empty_pb2 import Empty  # type: ignore[import-untyped]
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc

from tests.cloudflare.flat import DNS_RECORD
from tests.cloudflare.plugin.values import UNKNOWN, plain, struct
from tests.cloudflare.served import TOKEN, Served, served
from tests.cloudflare.which import EXECUTABLE, STAND_IN
from tests.lab.cloudflare_faults import Fault

URN = f"urn:pulumi:test::flat::{DNS_RECORD}::spf"
COMMAND = str(STAND_IN / EXECUTABLE)
FAST = "100"  # times the real clock: a minute of waiting in 0.6 s


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    names = [f"example{number}.com" for number in range(25)]
    with served(tmp_path_factory.mktemp("plugin") / "zones", "example.com", *names) as running:
        yield running


@pytest.fixture
def zone(api: Served) -> str:
    api.faults.clear()
    return api.api.zone("example.com").id


class Running:
    """A plugin that the test has started; ``stub`` has its methods."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process
        assert process.stdout is not None
        port = int(process.stdout.readline())
        self.stub: Any = provider_pb2_grpc.ResourceProviderStub(grpc.insecure_channel(f"127.0.0.1:{port}"))

    def configure(self, **settings: Any) -> None:
        self.stub.Configure(provider_pb2.ConfigureRequest(args=struct(settings)))

    def create(self, zone: str, **fields: Any) -> Any:
        inputs = {"zoneId": zone, "name": "example.com", "type": "TXT", "ttl": 300, **fields}
        return self.stub.Create(provider_pb2.CreateRequest(urn=URN, type=DNS_RECORD, properties=struct(inputs)))

    def invoke(self, function: str, **arguments: Any) -> dict[str, Any]:
        token = f"cloudflare:index/{function}:{function}"
        answer = self.stub.Invoke(provider_pb2.InvokeRequest(tok=token, args=struct(arguments)))
        return plain(getattr(answer, "return"))


def start(**environment: str) -> "subprocess.Popen[str]":
    inherited = {key: value for key, value in os.environ.items() if not key.startswith("CLOUDFLARE_")}
    return subprocess.Popen(
        [COMMAND], stdout=subprocess.PIPE, text=True, env=inherited | {"ELASTX_MRS_LAB_CLOCK": FAST} | environment
    )


@contextmanager
def running() -> Iterator[Running]:
    process = start()
    yield Running(process)
    process.terminate()
    assert process.wait(timeout=5) == 0
    assert process.stdout is not None
    process.stdout.close()


@pytest.fixture
def bare() -> Iterator[Running]:
    """A plugin that knows of no API and no token."""
    with running() as made:
        yield made


@pytest.fixture(scope="module")
def plugin(api: Served) -> Iterator[Running]:
    """One for all tests that do not configure it otherwise."""
    with running() as made:
        made.configure(baseUrl=api.url, apiToken=TOKEN)
        yield made


@pytest.fixture(scope="module")
def unconfigured() -> Iterator[Running]:
    """One for all tests that ask what needs no API."""
    with running() as made:
        yield made


def failure(call: Any, *arguments: Any, **named: Any) -> str:
    with pytest.raises(grpc.RpcError) as caught:
        call(*arguments, **named)
    details: str = caught.value.details()
    return details


def posts(api: Served) -> int:
    return sum(request.method == "POST" for request in api.api.log)


def test_a_request_is_sent_eleven_times_at_most(plugin: Running, api: Served, zone: str) -> None:
    api.faults.append(Fault("POST", times=-1, status=500))
    before = posts(api)
    said = failure(plugin.create, zone, content='"eleven"')
    assert posts(api) - before == 11, "once, and ten times again"
    assert re.match(r'failed to make http request: POST "http://[^"]+": 500 Internal Server Error \{', said)


def test_a_refusal_is_final(plugin: Running, api: Served, zone: str) -> None:
    before = posts(api)
    said = failure(plugin.create, zone, content='"x"', ttl=7)
    assert posts(api) - before == 1
    assert "400 Bad Request" in said


@pytest.mark.parametrize(("retry_after", "waits"), [("59", True), ("60", False)])
def test_retry_after_counts_below_a_minute_only(
    plugin: Running, api: Served, zone: str, retry_after: str, waits: bool
) -> None:
    api.faults.append(Fault("POST", times=1, status=429, headers={"Retry-After": retry_after}))
    plugin.create(zone, content=f'"after {retry_after}"')
    first, second = [request.at for request in api.api.log if request.method == "POST"][-2:]
    assert ((second - first) * float(FAST) >= 59) is waits


def test_what_waits_to_be_sent_again_is_cancelled(api: Served, zone: str) -> None:
    process = start(ELASTX_MRS_LAB_CLOCK="1")
    plugin = Running(process)
    plugin.configure(baseUrl=api.url, apiToken=TOKEN)
    api.faults.append(Fault("POST", times=-1, status=429, headers={"Retry-After": "50"}))
    with ThreadPoolExecutor(1) as pool:
        failed = pool.submit(failure, plugin.create, zone, content='"cancelled"')
        before = posts(api)
        while posts(api) == before and not failed.done():
            time.sleep(0.01)
        plugin.stub.Cancel(Empty())
        assert failed.result(timeout=5) == "failed to make http request: context canceled"
    process.terminate()
    process.communicate(timeout=5)


def test_a_plugin_ends_when_the_engine_is_gone() -> None:
    """The engine is a shell here, which ends at the end of its input."""
    command = f"'{COMMAND}' & read -r _"
    engine = subprocess.Popen(["bash", "-c", command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert engine.stdin is not None
    assert engine.stdout is not None
    assert int(engine.stdout.readline())
    engine.communicate("\n", timeout=5)  # returns at the end of stdout, which the plugin holds too


def test_a_missing_record_is_gone_when_read_and_an_error_when_deleted(plugin: Running, zone: str) -> None:
    """As in Cloudflare's source: Read knows 404, Delete does not."""
    state = struct({"zoneId": zone, "name": "example.com", "type": "TXT", "ttl": 300})
    number = "0" * 32
    assert plugin.stub.Read(provider_pb2.ReadRequest(id=number, urn=URN, properties=state)).id == ""
    said = failure(plugin.stub.Delete, provider_pb2.DeleteRequest(id=number, urn=URN, properties=state))
    assert re.match(r'failed to make http request: DELETE "http://[^"]+": 404 Not Found \{', said)


def test_an_import_needs_zone_and_record(plugin: Running) -> None:
    said = failure(plugin.stub.Read, provider_pb2.ReadRequest(id="0" * 32, urn=URN))
    assert said.startswith('invalid ID: expected urlencoded segments "<zone_id>/<dns_record_id>"')


def test_without_a_token_the_api_says_so(bare: Running, api: Served) -> None:
    bare.configure(baseUrl=api.url)
    said = failure(bare.invoke, "getZones")
    assert "400 Bad Request" in said
    assert "9106" in said


@pytest.mark.parametrize("token", ["short", "x" * 39 + "!"])
def test_a_token_that_cannot_be_one_is_refused_and_not_told(unconfigured: Running, token: str) -> None:
    request = provider_pb2.CheckRequest(urn="urn:pulumi:test::p::pulumi:providers:cloudflare::own")
    request.news.update({"apiToken": token})
    (found,) = unconfigured.stub.CheckConfig(request).failures
    assert found.property == "apiToken"
    assert token not in found.reason


def test_the_token_is_handed_back_as_a_secret(unconfigured: Running) -> None:
    request = provider_pb2.CheckRequest(news=struct({"apiToken": TOKEN, "baseUrl": "http://127.0.0.1"}))
    answer = unconfigured.stub.CheckConfig(request)
    assert not answer.failures
    assert answer.inputs["apiToken"]["4dabf18193072939515e22adb298388d"] == "1b47061264138c4ac30d75fd1eb44270"
    assert plain(answer.inputs) == {"apiToken": TOKEN, "baseUrl": "http://127.0.0.1"}


def test_a_preview_of_a_new_record_requests_nothing(plugin: Running, api: Served) -> None:
    before = len(api.api.log)
    inputs = struct({"zoneId": UNKNOWN, "name": "example.com", "type": "TXT", "ttl": 300, "content": UNKNOWN})
    answer = plugin.stub.Create(provider_pb2.CreateRequest(urn=URN, properties=inputs, preview=True))
    foreseen = plain(answer.properties)
    assert {foreseen[key] for key in ("id", "createdOn", "content", "zoneId")} == {UNKNOWN}
    assert len(api.api.log) == before


@pytest.mark.parametrize(
    ("changed", "replaces", "kind"),
    [
        ({}, [], None),
        ({"content": '"b"'}, [], "UPDATE"),
        ({"comment": "why"}, [], "ADD"),
        ({"type": "SPF"}, ["type"], "UPDATE_REPLACE"),
        ({"zoneId": UNKNOWN}, ["zoneId"], "UPDATE_REPLACE"),
        ({"proxied": False}, [], None),
        ({"tags": []}, [], None),
    ],
)
def test_only_zone_and_type_replace(
    unconfigured: Running, changed: dict[str, Any], replaces: list[str], kind: str
) -> None:
    inputs = {"zoneId": "z", "name": "example.com", "type": "TXT", "ttl": 300, "content": '"a"'}
    state = inputs | {"proxied": False, "tags": [], "settings": {}, "createdOn": "2026-01-01T00:00:00Z"}
    request = provider_pb2.DiffRequest(id="r", urn=URN, olds=struct(state), news=struct(inputs | changed))
    answer = unconfigured.stub.Diff(request)
    kinds = {key: provider_pb2.PropertyDiff.Kind.Name(entry.kind) for key, entry in answer.detailedDiff.items()}
    assert kinds == (dict.fromkeys(changed, kind) if kind else {})
    assert list(answer.replaces) == replaces
    assert not answer.deleteBeforeReplace


def test_a_property_that_is_missing_is_named(unconfigured: Running) -> None:
    request = provider_pb2.CheckRequest(
        urn=URN, type=DNS_RECORD, news=struct({"zoneId": "z", "name": "n", "type": "TXT"})
    )
    assert [found.property for found in unconfigured.stub.Check(request).failures] == ["ttl"]


def test_zones_of_an_account_over_all_pages(plugin: Running, api: Served) -> None:
    account = api.api.zone("example.com").account.id
    before = len(api.api.log)
    results = plugin.invoke("getZones", account={"id": account})["results"]
    assert len(results) == 26
    assert {"id", "name", "nameServers", "account", "status", "createdOn"} <= results[0].keys()
    asked = [request.path for request in api.api.log[before:]]
    assert asked == [f"/zones?account.id={account}", *(f"/zones?account.id={account}&page={page}" for page in (2, 3))]


def test_no_more_zones_than_asked_for(plugin: Running, api: Served) -> None:
    before = len(api.api.log)
    assert len(plugin.invoke("getZones", maxItems=3)["results"]) == 3
    assert [request.path for request in api.api.log[before:]] == ["/zones"]


def test_a_zone_by_id_and_by_name(plugin: Running, zone: str) -> None:
    assert plugin.invoke("getZone", zoneId=zone)["name"] == "example.com"
    assert plugin.invoke("getZone", filter={"name": "example.com"})["zoneId"] == zone
    said = failure(plugin.invoke, "getZone", filter={"name": "nowhere.example"})
    assert said == "failed to find exactly one result: 0 found"


def test_records_of_a_zone(plugin: Running, zone: str) -> None:
    plugin.create(zone, name="_dmarc.example.com", content='"v=DMARC1; p=none;"', comment="why")
    (found,) = plugin.invoke("getDnsRecords", zoneId=zone, name={"exact": "_dmarc.example.com"})["results"]
    told = {key: found[key] for key in ("name", "type", "content", "ttl", "comment")}
    assert told == {
        "name": "_dmarc.example.com", "type": "TXT", "content": '"v=DMARC1; p=none;"', "ttl": 300, "comment": "why",
    }  # fmt: skip


def test_other_resources_and_functions_are_no_silent_success(unconfigured: Running) -> None:
    assert "no cloudflare:index/zone:Zone" in failure(
        unconfigured.stub.Check, provider_pb2.CheckRequest(urn=URN, type="cloudflare:index/zone:Zone")
    )
    assert "no cloudflare:index/getUser:getUser" in failure(unconfigured.invoke, "getUser")


def test_the_executable_may_be_executed() -> None:
    assert os.access(Path(COMMAND), os.X_OK)
