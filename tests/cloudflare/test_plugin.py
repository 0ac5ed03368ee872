"""The stand-in by itself, asked as the engine asks it: what the recordings have no step for."""

import os
import re
from pathlib import Path
from typing import Any

import pytest
from pulumi.runtime.proto import provider_pb2

from tests.cloudflare.flat import DNS_RECORD
from tests.cloudflare.plugin.values import UNKNOWN, plain, struct
from tests.cloudflare.running import COMMAND, INPUTS, URN, Running, failure
from tests.cloudflare.served import TOKEN, Served

STATE = INPUTS | {"proxied": False, "tags": [], "settings": {}, "createdOn": "2026-01-01T00:00:00Z"}


def diff(plugin: Running, state: dict[str, Any], inputs: dict[str, Any], *ignored: str) -> Any:
    request = provider_pb2.DiffRequest(
        id="r", urn=URN, olds=struct(state), news=struct(inputs), ignoreChanges=list(ignored)
    )
    return plugin.stub.Diff(request)


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
@pytest.mark.parametrize(
    ("provider", "look"),
    [
        ("own", "Examine values at 'own.apiToken'."),
        ("default_6_23_1", "Check `pulumi config get cloudflare:apiToken`."),
    ],
)
def test_a_token_that_cannot_be_one_is_refused_and_not_told(
    bare: Running, provider: str, look: str, token: str
) -> None:
    request = provider_pb2.CheckRequest(urn=f"urn:pulumi:test::p::pulumi:providers:cloudflare::{provider}")
    request.news.update({"apiToken": token})
    (found,) = bare.stub.CheckConfig(request).failures
    assert found.property == ""
    assert found.reason.startswith("could not validate provider configuration: Invalid Attribute Value.")
    assert found.reason.endswith(look)
    assert token not in found.reason


@pytest.mark.parametrize(
    ("provider", "said"),
    [
        ("own", "could not validate provider configuration: Invalid or unknown key. Examine values at 'own.tokn'."),
        ("default", "`cloudflare:tokn` is not a valid configuration key for the cloudflare provider."),
    ],
)
def test_a_setting_that_there_is_not(bare: Running, provider: str, said: str) -> None:
    request = provider_pb2.CheckRequest(urn=f"urn:pulumi:test::p::pulumi:providers:cloudflare::{provider}")
    request.news.update({"tokn": "x"})
    (found,) = bare.stub.CheckConfig(request).failures
    assert found.property == ""
    assert found.reason.startswith(said)


def test_the_token_is_handed_back_as_a_secret(bare: Running) -> None:
    request = provider_pb2.CheckRequest(news=struct({"apiToken": TOKEN, "baseUrl": "http://127.0.0.1"}))
    answer = bare.stub.CheckConfig(request)
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
    ("changed", "replaces", "differs"),
    [
        ({}, [], []),
        ({"content": '"b"'}, [], ["content", "modifiedOn"]),
        ({"ttl": 301}, [], ["modifiedOn", "ttl"]),
        ({"comment": "why"}, [], ["comment", "commentModifiedOn", "modifiedOn"]),
        ({"type": "SPF"}, ["type"], ["modifiedOn", "type"]),
        ({"zoneId": UNKNOWN}, ["zoneId"], ["zoneId"]),
        ({"proxied": False}, [], []),
        ({"tags": []}, [], []),
    ],
)
def test_only_zone_and_type_replace(
    bare: Running, changed: dict[str, Any], replaces: list[str], differs: list[str]
) -> None:
    """As ``ModifyPlan`` in Cloudflare's source: a change has its time, and nothing says how each property differs."""
    answer = diff(bare, STATE, INPUTS | changed)
    assert list(answer.diffs) == differs
    assert not answer.hasDetailedDiff
    assert not answer.detailedDiff
    assert list(answer.replaces) == replaces
    assert not answer.deleteBeforeReplace


def test_a_comment_that_is_taken_away_takes_its_time_along(bare: Running) -> None:
    state = STATE | {"comment": "why", "commentModifiedOn": "2026-01-02T00:00:00Z"}
    assert list(diff(bare, state, INPUTS | {"comment": "why"}).diffs) == []
    assert list(diff(bare, state, INPUTS).diffs) == ["comment", "commentModifiedOn", "modifiedOn"]


def test_what_is_to_be_ignored_does_not_differ(bare: Running) -> None:
    answer = diff(bare, STATE, INPUTS | {"content": '"b"'}, "content")
    assert list(answer.diffs) == []
    assert answer.changes == provider_pb2.DiffResponse.DIFF_NONE


def test_a_property_that_is_missing_is_named(bare: Running) -> None:
    request = provider_pb2.CheckRequest(
        urn=URN, type=DNS_RECORD, news=struct({"zoneId": "z", "name": "n", "type": "TXT"})
    )
    (found,) = bare.stub.Check(request).failures
    assert found.property == ""
    assert found.reason.startswith("Missing required property 'ttl': Time To Live (TTL) of the DNS record in seconds.")


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


def test_other_resources_and_functions_are_no_silent_success(bare: Running) -> None:
    assert "no cloudflare:index/zone:Zone" in failure(
        bare.stub.Check, provider_pb2.CheckRequest(urn=URN, type="cloudflare:index/zone:Zone")
    )
    assert "no cloudflare:index/getUser:getUser" in failure(bare.invoke, "getUser")


def test_the_executable_may_be_executed() -> None:
    assert os.access(Path(COMMAND), os.X_OK)
