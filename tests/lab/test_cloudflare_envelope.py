"""The shape of the lab's Cloudflare API's answers, against the models that Cloudflare's SDK was generated with."""

import json
from collections.abc import Iterator
from datetime import datetime

import httpx
import pytest
from cloudflare.types.dns.record_response import ARecord, MXRecord, TXTRecord
from cloudflare.types.zones import Zone

from elastx_mrs.lab.session import Lab, open_lab
from tests.lab.api import zone
from tests.lab.client import ZONES
from tests.lab.wire import fault, info, made, records, txt, wire


@pytest.fixture(scope="module")
def refusing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[httpx.Client, str]]:
    """A client and the path of the records, of a lab that is asked for nothing that it should take."""
    with open_lab(tmp_path_factory.mktemp("refusing") / "lab", ZONES) as running, wire(running) as client:
        yield client, records(running)


def test_a_record_is_one_of_the_published_model_however_it_is_asked_for(http: httpx.Client, lab: Lab) -> None:
    created = made(http.post(records(lab), json=txt(comment="ours")))
    path = f"{records(lab)}/{created['id']}"
    put = made(http.put(path, json=txt('"b"', comment="ours")))
    patched = made(http.patch(path, json={"content": '"c"'}))
    got = made(http.get(path))
    for answer in (created, put, patched, got):
        record = TXTRecord.model_validate(answer)
        assert (record.id, record.name, record.type, record.ttl) == (created["id"], "new.example.com", "TXT", 300)
        assert (record.comment, record.proxied, record.proxiable, record.tags) == ("ours", False, False, [])
        assert record.created_on == datetime.fromisoformat(created["created_on"])
    assert [one["content"] for one in (created, put, patched, got)] == ['"a"', '"b"', '"c"', '"c"']
    assert created["modified_on"] < put["modified_on"] < patched["modified_on"] == got["modified_on"]
    assert made(http.delete(path)) == {"id": created["id"]}


def test_records_of_other_types_and_zones_are_of_the_published_models_too(http: httpx.Client, lab: Lab) -> None:
    mail = {"type": "MX", "name": "example.com", "content": "mail.example.net", "priority": 10, "ttl": 1}
    exchange = MXRecord.model_validate(made(http.post(records(lab), json=mail)))
    assert (exchange.content, exchange.priority, exchange.proxiable) == ("mail.example.net", 10, False)
    listed = http.get(records(lab), params={"type": "A"}).json()["result"]
    assert [ARecord.model_validate(one).proxiable for one in listed] == [True, True]
    for answer in (made(http.get(f"/zones/{zone(lab)}")), http.get("/zones").json()["result"][0]):
        found = Zone.model_validate(answer)
        assert (found.id, found.name, found.status, found.paused, found.type) == (
            zone(lab),
            "example.com",
            "active",
            False,
            "full",
        )
        assert found.name_servers == ["ns1.example.com"]


def test_put_replaces_a_record_and_patch_a_part_of_it(http: httpx.Client, lab: Lab) -> None:
    created = made(http.post(records(lab), json=txt(comment="ours", ttl=600)))
    path = f"{records(lab)}/{created['id']}"
    assert made(http.patch(path, json={"ttl": 700}))["comment"] == "ours"
    put = made(http.put(path, json=txt('"b"', "other.example.com", ttl=60)))
    assert (put["comment"], put["ttl"], put["name"]) == (None, 60, "other.example.com")
    assert (put["id"], put["created_on"]) == (created["id"], created["created_on"])
    assert made(http.patch(path, json={"comment": "again"}))["comment"] == "again"
    assert made(http.patch(path, json={"comment": None}))["comment"] is None


def test_when_a_comment_was_changed_is_left_out_without_one(http: httpx.Client, lab: Lab) -> None:
    created = made(http.post(records(lab), json=txt()))
    path = f"{records(lab)}/{created['id']}"
    assert "comment_modified_on" not in created
    commented = made(http.patch(path, json={"comment": "ours"}))
    longer = made(http.patch(path, json={"ttl": 600}))
    assert commented["comment_modified_on"] == longer["comment_modified_on"] == commented["modified_on"]
    assert made(http.patch(path, json={"comment": "mine"}))["comment_modified_on"] > longer["comment_modified_on"]
    assert "comment_modified_on" not in made(http.patch(path, json={"comment": ""}))


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"a"', b"\xff", b"[" * 100_000])
def test_a_body_that_is_no_json_object_is_refused(refusing: tuple[httpx.Client, str], body: bytes) -> None:
    http, path = refusing
    assert fault(http.post(path, content=body)) == (400, 9207)
    assert info(http.get(path, params={"name": "new.example.com"}))["total_count"] == 0


@pytest.mark.parametrize(
    "record",
    [
        {}, {"type": None}, {"type": ["TXT"]}, {"name": 5}, {"name": ""}, {"name": None}, {"content": None},
        {"content": ""}, {"content": 5}, {"content": "\ud800"}, {"name": "\ud800"}, {"comment": "\ud800"},
        {"comment": 5}, {"tags": "a"}, {"tags": [5]}, {"type": "SOA"}, {"type": "ANY"},
        {"type": "SOA", "name": "@", "content": "a. b. 99 1 1 1 1"},
        {"type": "TYPE65280"},
        {"type": "A", "content": "1.1"}, {"type": "AAAA", "content": "::g"}, {"type": "A", "content": '"a"'},
        {"type": "MX", "content": "a", "priority": "x"}, {"type": "MX", "content": "a", "priority": 70000},
    ],
    ids=str,
)  # fmt: skip
def test_what_is_no_record_is_refused_with_an_envelope_and_not_kept(
    refusing: tuple[httpx.Client, str], record: dict[str, object]
) -> None:
    http, path = refusing
    before = info(http.get(path))["total_count"]
    answer = http.post(path, content=json.dumps(txt() | record if record else {}))
    assert fault(answer)[0] == 400
    assert info(http.get(path))["total_count"] == before
