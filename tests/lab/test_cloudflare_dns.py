"""The lab's DNS and its Cloudflare API are one: whatever is changed on one side is on the other, and stays."""

import time
from pathlib import Path

import dns.rcode
import httpx
import pytest

from elastx_mrs.lab.session import Lab, open_lab
from elastx_mrs.lab.zones import LabError
from tests.lab.client import ZONES, ask, send, strings, update
from tests.lab.wire import fault, made, records, txt, wire

NEW = "new.example.com"


def serial(lab: Lab) -> int:
    return int(strings(ask(lab, "example.com", "SOA"))[0].split()[2])


def ttl(lab: Lab) -> int:
    return ask(lab, NEW).answer[0].ttl


def listed(http: httpx.Client, lab: Lab, name: str = NEW) -> dict[str, str]:
    """The identifiers of a name's records, by their content."""
    found = http.get(records(lab), params={"name": name}).json()["result"]
    assert len(found) == len({one["content"] for one in found})
    return {one["content"]: one["id"] for one in found}


def at(lab: Lab, number: str) -> str:
    return f"{records(lab)}/{number}"


def change(lab: Lab, *steps: tuple[str, ...], name: str = f"{NEW}.") -> None:
    message = update()
    for verb, *rest in steps:
        if verb == "add":
            message.add(name, int(rest[0]), *rest[1:])
        else:
            message.delete(name, *rest)
    assert send(lab, message).rcode() == dns.rcode.NOERROR


def test_each_change_over_the_api_is_served_with_a_higher_serial(http: httpx.Client, lab: Lab) -> None:
    serials = [serial(lab)]
    record = made(http.post(records(lab), json=txt(ttl=1)))
    serials.append(serial(lab))
    assert (strings(ask(lab, NEW)), ttl(lab)) == (['"a"'], 300)
    path = f"{records(lab)}/{record['id']}"
    made(http.patch(path, json={"content": '"b"'}))
    serials.append(serial(lab))
    assert strings(ask(lab, NEW)) == ['"b"']
    made(http.put(path, json=txt('"b"', "moved.example.com")))
    serials.append(serial(lab))
    assert (strings(ask(lab, NEW)), strings(ask(lab, "moved.example.com"))) == ([], ['"b"'])
    made(http.delete(path))
    serials.append(serial(lab))
    assert ask(lab, "moved.example.com").answer == []
    assert serials == sorted(set(serials))


def test_a_comment_and_what_is_refused_change_nothing_in_dns(http: httpx.Client, lab: Lab) -> None:
    record = made(http.post(records(lab), json=txt()))
    before = serial(lab)
    assert fault(http.post(records(lab), json=txt())) == (400, 81058)
    made(http.patch(f"{records(lab)}/{record['id']}", json={"comment": "ours"}))
    assert serial(lab) == before


def test_records_of_different_ttls_are_served_with_the_least(http: httpx.Client, lab: Lab) -> None:
    ids = [made(http.post(records(lab), json=txt(f'"{one}"', ttl=one)))["id"] for one in (600, 1, 120)]
    assert ttl(lab) == 120
    made(http.delete(f"{records(lab)}/{ids[2]}"))
    assert ttl(lab) == 300
    made(http.delete(f"{records(lab)}/{ids[1]}"))
    assert ttl(lab) == 600
    change(lab, ("add", "3600", "TXT", '"elsewhere"'), name="unrelated.example.com.")
    assert made(http.get(f"{records(lab)}/{ids[0]}"))["ttl"] == 600


def test_what_an_update_adds_is_listed_with_an_id_that_stays(http: httpx.Client, lab: Lab) -> None:
    change(lab, ("add", "900", "TXT", r'"a\"b" "c"'), ("add", "900", "TXT", "plain"), ("add", "900", "MX", "10 m"))
    first = listed(http, lab)
    assert first.keys() == {r'"a\"b" "c"', '"plain"', "m.example.com"}
    record = made(http.get(f"{records(lab)}/{first['m.example.com']}"))
    assert (record["priority"], record["ttl"], record["comment"]) == (10, 900, None)
    change(lab, ("add", "900", "TXT", '"later"'))
    assert listed(http, lab).items() >= first.items()
    made(http.patch(at(lab, first['"plain"']), json={"comment": "ours"}))
    assert listed(http, lab)['"plain"'] == first['"plain"']


def test_what_an_update_deletes_is_gone_and_the_rest_keeps_its_id_and_comment(http: httpx.Client, lab: Lab) -> None:
    for content in ('"a"', '"b"'):
        made(http.post(records(lab), json=txt(content, comment=content)))
    before = listed(http, lab)
    change(lab, ("delete", "TXT", '"a"'))
    assert listed(http, lab) == {'"b"': before['"b"']}
    assert made(http.get(at(lab, before['"b"'])))["comment"] == '"b"'
    for method in ("GET", "DELETE"):
        assert fault(http.request(method, at(lab, before['"a"']))) == (404, 81044)
    made(http.post(records(lab), json=txt('"a"')))
    change(lab, ("delete",))
    assert listed(http, lab) == {}
    assert ask(lab, NEW).rcode() == dns.rcode.NXDOMAIN


def test_a_ttl_that_an_update_gives_is_the_records(http: httpx.Client, lab: Lab) -> None:
    record = made(http.post(records(lab), json=txt(comment="ours")))
    change(lab, ("add", "5", "TXT", '"b"'))
    again = made(http.get(f"{records(lab)}/{record['id']}"))
    assert (again["ttl"], again["comment"]) == (5, "ours")


def test_records_that_the_api_would_refuse_live_in_dns_and_outlast_the_lab(tmp_path: Path) -> None:
    steps = [("add", "0", "TXT", r'"\000\255"'), ("add", "0", "NAPTR", '10 10 "u" "" "" x.'), ("add", "0", "MX", "5 m")]
    with open_lab(tmp_path / "lab", ZONES) as lab, wire(lab) as http:
        change(lab, *steps)
        change(lab, ("add", "0", "TXT", '"odd"'), name=r"a\032b\".example.com.")
        before = listed(http, lab) | listed(http, lab, r"a\032b\".example.com")
        assert len(before) == 4
    with open_lab(tmp_path / "lab", ZONES) as lab, wire(lab) as http:
        assert listed(http, lab) | listed(http, lab, r"a\032b\".example.com") == before


def test_everything_of_a_record_outlasts_the_lab(tmp_path: Path) -> None:
    with open_lab(tmp_path / "lab", ZONES) as lab, wire(lab) as http:
        for record in (
            txt("un quoted", comment="öurs"), txt('"' + "x" * 300 + '"'), txt(name="*"),
            {"type": "MX", "name": "@", "content": "m.example.net", "priority": 7, "ttl": 1},
            {"type": "CNAME", "name": "@", "content": "shop.example.net", "ttl": 1},
            {"type": "A", "name": "w", "content": "192.0.2.1", "ttl": 1, "proxied": True},
        ):  # fmt: skip
            made(http.post(records(lab), json=record))
        before = http.get(records(lab)).json()["result"]
        change(lab, ("add", "300", "TXT", '"unseen"'))  # nobody asks the API before it stops
        change(lab, ("delete", "A"), name="w.example.com.")
    with open_lab(tmp_path / "lab", ZONES) as lab, wire(lab) as http:
        after = http.get(records(lab)).json()["result"]
        kept = [one for one in before if one["name"] != "w.example.com"]
        assert [one for one in after if one in kept] == kept
        assert [one["content"] for one in after if one not in kept] == ['"unseen"']
        assert len(strings(ask(lab, NEW))) == 3


def test_a_change_that_dns_did_not_have_yet_when_the_lab_stopped_is_not_lost(tmp_path: Path) -> None:
    with open_lab(tmp_path / "lab", ZONES) as lab, wire(lab) as http:
        gone = made(http.post(records(lab), json=txt('"gone"')))
        lab.cloudflare.api.delay = 60
        late = made(http.post(records(lab), json=txt('"late"', comment="ours")))
        made(http.delete(f"{records(lab)}/{gone['id']}"))
        assert strings(ask(lab, NEW)) == ['"gone"']
    with open_lab(tmp_path / "lab", ZONES) as lab, wire(lab) as http:
        assert strings(ask(lab, NEW)) == ['"late"']
        assert listed(http, lab) == {'"late"': late["id"]}


def test_what_dns_has_late_and_an_update_added_meanwhile_is_one_record(http: httpx.Client, lab: Lab) -> None:
    lab.cloudflare.api.delay = 0.3
    record = made(http.post(records(lab), json=txt('"late"', comment="ours")))
    change(lab, ("add", "300", "TXT", '"late"'))
    assert listed(http, lab) == {'"late"': record["id"]}
    time.sleep(0.4)
    assert listed(http, lab) == {'"late"': record["id"]}
    assert strings(ask(lab, NEW)) == ['"late"']


def test_a_file_that_is_not_a_list_of_records_is_named(tmp_path: Path) -> None:
    for text in ("{", "[5]", '[{"id": "x"}]', "5"):
        with open_lab(tmp_path / "lab", ZONES) as lab, wire(lab) as http:
            made(http.get(records(lab)))
        (tmp_path / "lab" / "cloudflare" / "example.com.json").write_text(text)
        with pytest.raises(LabError, match=r"example\.com\.json: is not a list of records"), open_lab(tmp_path / "lab"):
            pass
        (tmp_path / "lab" / "cloudflare" / "example.com.json").unlink()
