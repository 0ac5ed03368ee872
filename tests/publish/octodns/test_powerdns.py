"""octoDNS's PowerDNS provider, on Debian's PowerDNS, beyond the contract: odd records, shared plans, two writers."""

import asyncio
import json
import threading
import time
from typing import Any

import pytest
import requests
from octodns_powerdns import PowerDnsProvider

from elastx_mrs.publish.octodns import record_sets
from elastx_mrs.publish.octodns.record_sets import Octodns, connect
from elastx_mrs.publish.octodns.source import Source
from elastx_mrs.publish.rrset.gathering import Gathering
from elastx_mrs.publish.rrset.record_sets import ChangedError, RecordSet, RecordSetError
from elastx_mrs.publish.rrset.strings import Strings
from tests import golden
from tests.publish.octodns.powerdns import PowerDns
from tests.publish.rrset.program import Program
from tests.servers.zones import FOREIGN

APEX = "example.com"
ZONE = f"pdns/{APEX}"
THEIRS = FOREIGN[APEX]


def connected(server: PowerDns, **more: Any) -> Octodns:
    given = json.dumps({"pdns": server.config | more})
    return connect({"elastx-mrs:octodns": given}.get)


def add(strings: Strings, value: str, owner: str = APEX, **more: Any) -> None:
    strings.add(ZONE, owner, value, **({"ttl": None, "adopt": False} | more))


@pytest.mark.limit("SERVED_SECONDS")
def test_a_disabled_string_is_never_published(pdns: PowerDns) -> None:
    pdns.put(APEX, APEX, ['"google-site-verification=abc"'], disabled=['"switched off"'])
    with pytest.raises(RecordSetError, match=r"octodns\.pdns has 'switched off', unlike 127\.0\.0\.1"):
        add(Strings(connected(pdns)), golden.TOKEN)
    assert pdns.dns.txt(APEX) == {b"google-site-verification=abc": 3600}


def test_zones_are_listed_unless_the_config_names_them(pdns: PowerDns) -> None:
    assert {zone.name: zone.id for zone in connected(pdns).zones()}[APEX] == ZONE
    assert [zone.id for zone in connected(pdns, zones=["Example.SE."]).zones()] == ["pdns/example.se"]


class Still:
    """A clock that stands still."""

    def monotonic(self) -> float:
        return 0.0


class Waiting(Gathering):
    """A wait that ends when enough changes wait for the zone, on the slowest machine."""

    def __init__(self, sets: Octodns, enough: int) -> None:
        super().__init__()
        self.sets, self.enough = sets, enough

    def wait(self) -> None:
        end = time.monotonic() + 30
        while self.sets.pending(ZONE) < self.enough and time.monotonic() < end:
            time.sleep(0.01)


def test_requests_are_counted(pdns: PowerDns, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[str] = []
    request = PowerDnsProvider._request

    def counted(self: Any, method: str, path: str, data: Any = None) -> Any:
        sent.append(f"{method} {path}")
        return request(self, method, path, data)

    monkeypatch.setattr(PowerDnsProvider, "_request", counted)
    publisher = Program("octodns").publisher(octodns={"pdns": pdns.config})
    owners = [APEX, f"_dmarc.{APEX}", f"elastx._domainkey.{APEX}"]

    async def ask() -> None:
        await asyncio.gather(*map(publisher.existing, owners))

    asyncio.run(ask())
    assert sent == ["GET zones", f"GET zones/{APEX}."], "a preview lists the zones and reads each once"
    sent.clear()
    sets = connected(pdns)
    strings = Strings(sets)
    monkeypatch.setattr(record_sets, "time", Still())
    monkeypatch.setattr(sets._sources["pdns"], "gathering", Waiting(sets, len(owners)))
    sets.read(ZONE)  # a first reading, which all compare with
    threads = [threading.Thread(target=add, args=(strings, f"value of {owner}", owner)) for owner in owners]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    of_zone = [one for one in sent if one.endswith(f"zones/{APEX}.")]
    assert of_zone.count(f"PATCH zones/{APEX}.") == 1, "three changes are one plan"
    assert of_zone.count(f"GET zones/{APEX}.") == 3, "one reading for all, one before the plan and one after it"


def test_a_change_joins_a_plan_that_waits_for_its_turn(pdns: PowerDns, monkeypatch: pytest.MonkeyPatch) -> None:
    """PowerDNS has one writer at a time, and while another zone is written this one has time to gather."""
    sets = connected(pdns)
    strings, plans = Strings(sets), []
    apply = PowerDnsProvider.apply

    def kept(provider: Any, plan: Any) -> int:
        plans.append(plan)
        made: int = apply(provider, plan)
        return made

    monkeypatch.setattr(PowerDnsProvider, "apply", kept)
    owners = [f"n{number}.{APEX}" for number in range(3)]
    threads = [threading.Thread(target=add, args=(strings, "value", owner)) for owner in owners]
    with sets._sources["pdns"].writing:
        for thread in threads:
            thread.start()
        end = time.monotonic() + 30
        while sets.pending(ZONE) < len(owners) and time.monotonic() < end:
            time.sleep(0.01)
    for thread in threads:
        thread.join()
    assert [len(plan.changes) for plan in plans] == [3]


def test_many_at_once_share_plans_and_none_is_lost(pdns: PowerDns) -> None:
    strings = Strings(connected(pdns))
    values = [f"value {number}" for number in range(12)]
    threads = [threading.Thread(target=add, args=(strings, value, f"n{value[-1]}.{APEX}")) for value in values]
    threads += [threading.Thread(target=add, args=(strings, value)) for value in values]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(pdns.dns.txt(APEX)) == {*THEIRS, *map(str.encode, values)}


def test_an_error_of_one_change_is_not_that_of_the_others(pdns: PowerDns, monkeypatch: pytest.MonkeyPatch) -> None:
    sets, real = connected(pdns), Source.apply
    place = sets._place(ZONE)

    def apply(source: Source, provider: Any, existing: Any, changes: Any) -> None:
        if len(changes) > 1:
            raise ChangedError("not all of them; correct one")
        if changes[0].new.name == "odd":
            raise ZeroDivisionError("a bug")
        real(source, provider, existing, changes)

    monkeypatch.setattr(Source, "apply", apply)
    owners = [f"{name}.{APEX}" for name in ("good", "odd", "fine")]
    jobs = [record_sets._Job(one, None, RecordSet(one, "TXT", (f"at {one}",), 300)) for one in owners]
    place.waiting = [*jobs]
    sets._make(place)
    assert [type(job.error) for job in jobs] == [type(None), ZeroDivisionError, type(None)]
    assert [bool(pdns.dns.txt(one)) for one in owners] == [True, False, True]


class Odd:
    """A server of which one change goes wrong, or where it refuses, each.

    :ivar sent: how often a change was sent.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, before: Exception | None, after: Exception | None) -> None:
        self.sent = 0
        request = PowerDnsProvider._request

        def odd(provider: Any, method: str, path: str, data: Any = None) -> Any:
            if method != "PATCH":
                return request(provider, method, path, data)
            self.sent += 1
            if before is not None and (self.sent == 1 or _is_refusal(before)):
                raise before
            answer = request(provider, method, path, data)
            if after is not None and self.sent == 1:
                raise after
            return answer

        monkeypatch.setattr(PowerDnsProvider, "_request", odd)


def _is_refusal(error: Exception) -> bool:
    return getattr(getattr(error, "response", None), "status_code", 500) < 500


def http(status: int, text: str) -> requests.HTTPError:
    answer = requests.Response()
    answer.status_code, answer._content = status, text.encode()
    return requests.HTTPError(f"{status} for url", response=answer)


def test_an_answer_that_gets_lost_before_the_work(pdns: PowerDns, monkeypatch: pytest.MonkeyPatch) -> None:
    """As of SQLite, which has no time for a second writer."""
    odd = Odd(monkeypatch, before=http(500, '{"error": "database is locked"}'), after=None)
    add(Strings(connected(pdns)), golden.TOKEN)
    assert odd.sent == 2
    assert pdns.dns.txt(APEX) == THEIRS | {golden.TOKEN.encode(): 3600}


def test_a_change_is_known_though_the_reading_after_it_fails(pdns: PowerDns, monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise the state would lack a record that is there, and the next up would stop at it."""
    populate, read = PowerDnsProvider.populate, []

    def odd(provider: Any, zone: Any, target: bool = False, lenient: bool = False) -> Any:
        read.append(sent.sent)
        if read.count(1) == 1 and read[-1] == 1:
            raise ValueError("a page in HTML")
        return populate(provider, zone, target, lenient)

    sent = Odd(monkeypatch, before=None, after=None)
    monkeypatch.setattr(PowerDnsProvider, "populate", odd)
    add(Strings(connected(pdns)), golden.TOKEN)
    assert sent.sent == 1
    assert pdns.dns.txt(APEX) == THEIRS | {golden.TOKEN.encode(): 3600}


def test_keys_that_may_not_change_anything_are_tried_once(pdns: PowerDns, monkeypatch: pytest.MonkeyPatch) -> None:
    odd = Odd(monkeypatch, before=http(403, '{"error": "Forbidden"}'), after=None)
    with pytest.raises(RecordSetError, match=r"HTTPError: 403 .*; correct its keys, or their permissions$"):
        add(Strings(connected(pdns)), golden.TOKEN)
    assert odd.sent == 1


def test_a_provider_that_changes_nothing_is_found_out(pdns: PowerDns, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(RecordSetError, match=r"octodns\.pdns\.apply_disabled: is true, so nothing is changed; remove"):
        add(Strings(connected(pdns, apply_disabled=True)), golden.TOKEN)
    monkeypatch.setattr(PowerDnsProvider, "_apply", lambda *_: None)
    with pytest.raises(RecordSetError, match=r"example\.com: octodns\.pdns was changed, and lacks 'elastx-mrs="):
        add(Strings(connected(pdns)), golden.TOKEN)


def test_two_processes_write_at_once(pdns: PowerDns) -> None:
    """Each has its own locks; only the comparison right before a change is between them."""
    writers = [Strings(connected(pdns)) for _ in range(2)]
    owners = [f"{name}{number}.{APEX}" for number in range(4) for name in ("a", "b")]
    threads = [
        threading.Thread(target=add, args=(writers[number % 2], f"value {number}", owner))
        for number, owner in enumerate(owners)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [set(pdns.dns.txt(owner)) for owner in owners] == [{f"value {number}".encode()} for number in range(8)]


@pytest.mark.parametrize(
    ("value", "octets"),
    [
        (r"v=DMARC1\; p=none\;", b"v=DMARC1; p=none;"),
        (r"\195\165 \"x\" \\ \300", b'\xc3\xa5 "x" \\ \\300'),
        ('a "bare" quote; ü', 'a "bare" quote; ü'.encode()),
    ],
)
def test_a_value_s_octets(pdns: PowerDns, value: str, octets: bytes) -> None:
    assert connected(pdns).octets(value) == octets
