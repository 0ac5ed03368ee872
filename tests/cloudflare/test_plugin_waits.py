"""When the stand-in of each age sends a failed request again, and what ends that."""

import re
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from google.protobuf.empty_pb2 import Empty  # type: ignore[import-untyped]
from pulumi.runtime.proto import provider_pb2

from tests.cloudflare.flat import DNS_RECORD
from tests.cloudflare.plugin.ages import AGES, age_of
from tests.cloudflare.plugin.values import struct
from tests.cloudflare.running import COMMAND, FAST, URN, Running, failure, posts, running
from tests.cloudflare.served import TOKEN, Served
from tests.lab.cloudflare_faults import Fault


@pytest.mark.parametrize(("age", "tries"), [("6.10", 3), ("6.13", 11), ("6.15", 11)])
def test_a_request_is_sent_so_many_times_at_most(api: Served, zone: str, age: str, tries: int) -> None:
    api.faults.append(Fault("POST", times=-1, status=500))
    before = posts(api)
    with running(STAND_IN_AGE=age) as plugin:
        plugin.configure(baseUrl=api.url, apiToken=TOKEN)
        said = failure(plugin.create, zone, content='"often"')
    assert posts(api) - before == tries
    assert re.match(r'failed to make http request: POST "http://[^"]+": 500 Internal Server Error \{', said)


def test_a_refusal_is_final(plugin: Running, api: Served, zone: str) -> None:
    before = posts(api)
    said = failure(plugin.create, zone, content='"x"', ttl=7)
    assert posts(api) - before == 1
    assert "400 Bad Request" in said


@pytest.mark.parametrize(("retry_after", "waits"), [("59", 59), ("60", 60), ("300", 300)])
def test_any_retry_after_counts(plugin: Running, api: Served, zone: str, retry_after: str, waits: int) -> None:
    api.faults.append(Fault("POST", times=1, status=429, headers={"Retry-After": retry_after}))
    plugin.create(zone, content=f'"after {retry_after}"')
    first, second = [request.at for request in api.api.log if request.method == "POST"][-2:]
    assert (second - first) * float(FAST) >= waits


@pytest.mark.parametrize(
    ("age", "asked", "waits"),
    [
        ("6.10", None, [0.5, 1]),
        ("6.10", 59.0, [59, 59]),
        ("6.10", 60.0, [0.5, 1]),
        ("6.13", None, [2, 4, 8, 16, *[30] * 6]),
        ("6.13", 59.0, [59] * 10),
        ("6.13", 300.0, [2, 4, 8, 16, *[30] * 6]),
        ("6.15", None, [2, 4, 8, 16, *[30] * 6]),
        ("6.15", 300.0, [300] * 10),
        ("6.15", -1.0, [2, 4, 8, 16, *[30] * 6]),
    ],
)
def test_waits_of_each_age(age: str, asked: float | None, waits: list[float]) -> None:
    """As cloudflare-go has them: a backoff is up to a quarter shorter, by chance."""
    one = AGES[age]
    found = [one.wait(again, asked) for again in range(one.tries - 1)]
    shortest = 1.0 if asked in waits else 0.75
    assert len(found) == len(waits)
    assert all(most * shortest <= wait <= most for most, wait in zip(waits, found, strict=True)), found


def test_an_age_that_there_is_not() -> None:
    with pytest.raises(ValueError, match=r"STAND_IN_AGE is old; it can be 6\.10, 6\.13, 6\.15"):
        age_of({"STAND_IN_AGE": "old"})


def test_what_waits_to_be_sent_again_is_not_cancelled(plugin: Running, api: Served, zone: str) -> None:
    """Pulumi's bridge takes the engine's word for it that it is to end, and does nothing."""
    api.faults.append(Fault("POST", times=1, status=429, headers={"Retry-After": "200"}))
    with ThreadPoolExecutor(1) as pool:
        before = posts(api)
        made = pool.submit(plugin.create, zone, content='"not cancelled"')
        while posts(api) == before:
            time.sleep(0.01)
        plugin.stub.Cancel(Empty())
        assert made.result(timeout=5).id
    assert posts(api) - before == 2


def test_what_nobody_waits_for_is_not_sent_again(plugin: Running, api: Served, zone: str) -> None:
    """As when the engine was killed: a record that no state holds would clash with the next run's."""
    api.faults.append(Fault("POST", times=-1, status=429, headers={"Retry-After": "500"}))
    before = posts(api)
    inputs = {"zoneId": zone, "name": "example.com", "type": "TXT", "ttl": 300, "content": '"stale"'}
    request = provider_pb2.CreateRequest(urn=URN, type=DNS_RECORD, properties=struct(inputs))
    call = plugin.stub.Create.future(request)
    while posts(api) == before:
        time.sleep(0.01)
    call.cancel()
    time.sleep(600 / float(FAST))
    api.faults.clear()
    assert plugin.create(zone, content='"fresh"').id
    assert posts(api) - before == 2


def test_a_plugin_ends_when_the_engine_is_gone() -> None:
    """The engine is a shell here, which ends at the end of its input. The plugin sees it after five minutes."""
    command = f"ELASTX_MRS_LAB_CLOCK=1000 '{COMMAND}' & read -r _"
    engine = subprocess.Popen(["bash", "-c", command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert engine.stdin is not None
    assert engine.stdout is not None
    assert int(engine.stdout.readline())
    engine.communicate("\n", timeout=5)  # returns at the end of stdout, which the plugin holds too
