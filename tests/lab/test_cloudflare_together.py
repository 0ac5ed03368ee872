"""The lab's Cloudflare API beside much else: requests at once, zones of other accounts, and the lab's end."""

import logging
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from elastx_mrs.lab.cloudflare.zone import Account
from elastx_mrs.lab.session import Lab, open_lab
from tests.lab.client import ZONES, ask, strings
from tests.lab.cloudflare_faults import Fault, faults_of
from tests.lab.wire import info, made, records, txt, wire

NEW = "new.example.com"


def test_fifty_at_once_of_every_kind_lose_nothing(tmp_path: Path) -> None:
    with open_lab(tmp_path / "lab", ZONES) as lab, wire(lab) as http, ThreadPoolExecutor(50) as pool:
        ids = [made(http.post(records(lab), json=txt(f'"{number}"')))["id"] for number in range(50)]
        wanted = [f'"{number}"' for number in range(50, 60)] + [f'"{number} again"' for number in range(40, 50)]

        def work(number: int) -> None:
            if number < 40:
                made(http.delete(f"{records(lab)}/{ids[number]}"))
            elif number < 50:
                made(http.patch(f"{records(lab)}/{ids[number]}", json={"content": f'"{number} again"'}))
            else:
                made(http.post(records(lab), json=txt(f'"{number}"')))

        list(pool.map(work, range(60)))
        assert strings(ask(lab, NEW)) == sorted(wanted)
    with open_lab(tmp_path / "lab", ZONES) as lab, wire(lab) as http:
        listed = http.get(records(lab), params={"name": NEW}).json()["result"]
        assert sorted(one["content"] for one in listed) == sorted(wanted)
        assert {one["id"] for one in listed} >= set(ids[40:])


def test_of_identical_records_posted_at_once_one_is_taken(http: httpx.Client, lab: Lab) -> None:
    with ThreadPoolExecutor(20) as pool:
        codes = list(pool.map(lambda _: http.post(records(lab), json=txt()).status_code, range(20)))
    assert sorted(codes) == [200] + [400] * 19
    assert info(http.get(records(lab), params={"name": NEW}))["total_count"] == 1


@pytest.mark.parametrize("settings", [{"status": "pending"}, {"paused": True}], ids=str)
def test_a_zone_of_another_account_is_listed_beside_and_not_served(
    http: httpx.Client, lab: Lab, settings: dict[str, object]
) -> None:
    twin = lab.cloudflare.api.add_zone("example.com", Account("other"), **settings)
    both = http.get("/zones", params={"name": "example.com"}).json()["result"]
    assert [one["account"]["name"] for one in both if one["id"] == twin.id] == ["other"]
    assert [{key: one[key] for key in settings} for one in both if one["id"] == twin.id] == [settings]
    assert len({one["id"] for one in both}) == len({one["account"]["id"] for one in both}) == 2
    record = made(http.post(f"/zones/{twin.id}/dns_records", json=txt('"twin"')))
    assert ask(lab, NEW).answer == []
    assert info(http.get(records(lab), params={"name": NEW}))["total_count"] == 0
    made(http.delete(f"/zones/{twin.id}/dns_records/{record['id']}"))


def test_a_lab_with_hanging_requests_stops_at_once_and_quietly(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    ended: list[str] = []

    def hang(lab: Lab, content: str) -> None:
        with wire(lab) as http, pytest.raises(httpx.TransportError) as error:
            http.post(records(lab), json=txt(content))
        ended.append(type(error.value).__name__)

    with caplog.at_level(logging.INFO), open_lab(tmp_path / "lab", ZONES) as lab, wire(lab) as idle:
        assert idle.get("/zones").status_code == 200  # its connection stays open
        faults_of(lab.cloudflare).append(Fault("POST", delay=60, times=5))
        threads = [threading.Thread(target=hang, args=(lab, f'"{number}"')) for number in range(5)]
        for thread in threads:
            thread.start()
        deadline = time.monotonic() + 5
        while faults_of(lab.cloudflare)[0].times and time.monotonic() < deadline:
            time.sleep(0.01)
        begun = time.monotonic()
    assert time.monotonic() - begun < 30, "nobody waits for the minute that answers take"
    for thread in threads:
        thread.join(5)
    assert len(ended) == 5
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING] == []
    assert capfd.readouterr().err == ""
