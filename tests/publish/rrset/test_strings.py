"""What every provider of whole record sets gets for three methods, on one that keeps joined values in its own order."""

import asyncio
import threading
from collections.abc import Sequence
from typing import Any, cast

import pulumi
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from elastx_mrs.config.parse import parse_stack
from elastx_mrs.publish.publisher import Setup
from elastx_mrs.publish.rrset import gathering, names, record
from elastx_mrs.publish.rrset.publisher import RrsetPublisher
from elastx_mrs.publish.rrset.record_sets import (
    ChangedError,
    LostError,
    RecordSet,
    RecordSetError,
    RecordSets,
    UnreachableError,
)
from elastx_mrs.publish.rrset.strings import Strings
from tests import golden
from tests.publish.rrset.memory import Memory
from tests.records.foreign import NOT_OURS

APEX = "example.com"


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(names, "PAUSE", 0.001)
    monkeypatch.setattr(gathering, "MOST", 0.0)


def memory(*values: str, owner: str = APEX, ttl: int = 300) -> Memory:
    return Memory({(owner, "TXT"): RecordSet(owner, "TXT", tuple(sorted(values)), ttl)} if values else {})


def txt(sets: Memory, owner: str = APEX) -> tuple[str, ...]:
    found = sets.there.get((owner, "TXT"))
    return found.values if found is not None else ()


def add(sets: Memory, value: str, owner: str = APEX, **more: Any) -> str:
    return Strings(sets).add("1", owner, value, **({"ttl": None, "adopt": False} | more))


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(foreign=st.lists(NOT_OURS["spf"], min_size=1, max_size=3, unique=True))
def test_the_octets_and_the_ttl_of_others_are_kept(foreign: list[str]) -> None:
    foreign = [value.replace("|", "") or "x" for value in foreign]
    sets = memory(*set(foreign))
    before = sets.there[APEX, "TXT"]
    strings = Strings(sets)
    strings.add("1", APEX, golden.SPF, None, adopt=True)
    assert set(txt(sets)) == {*foreign, golden.SPF}
    assert strings.read("1", APEX, golden.SPF) == (golden.SPF, None)
    strings.replace("1", APEX, golden.SPF, "v=spf1 -all", None)
    strings.remove("1", APEX, "v=spf1 -all")
    assert sets.there[APEX, "TXT"] == before
    assert strings.read("1", APEX, golden.SPF) is None


def test_two_processes_lose_nothing() -> None:
    """Each has its own locks; what the other does between read and swap is seen."""
    sets = memory("theirs")
    values = [f"elastx-mrs={number}" for number in range(20)]
    threads = [threading.Thread(target=add, args=(sets, value)) for value in values]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(txt(sets)) == {*values, "theirs"}


def test_strings_that_an_engine_sends_together_are_one_swap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gathering, "MOST", 1.0)
    sets = memory("theirs")
    strings = Strings(sets)
    values = [f"elastx-mrs={number}" for number in range(4)]

    def run(value: str) -> None:
        strings.add("1", APEX, value, None, adopt=False)

    threads = [threading.Thread(target=run, args=(value,)) for value in values]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (set(txt(sets)), sets.swaps) == ({*values, "theirs"}, 1)


def test_reads_of_one_name_at_the_same_time_are_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gathering, "MOST", 1.0)
    sets, asked, found = memory(golden.TOKEN), [], []
    strings, read = Strings(sets), sets.read

    def counted(zone: str, owner: str = "") -> Sequence[RecordSet]:
        asked.append(owner)
        return read(zone, owner)

    monkeypatch.setattr(sets, "read", counted)
    threads = [threading.Thread(target=lambda: found.append(strings.read("1", APEX, golden.TOKEN))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (found, len(asked)) == ([(golden.TOKEN, 300)] * 4, 1)
    del sets.there[APEX, "TXT"]
    monkeypatch.setattr(gathering, "MOST", 0.0)
    assert strings.read("1", APEX, golden.TOKEN) is None, "an answer is never older than the question"


def test_reads_that_wait_for_one_that_fails_fail_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each would otherwise wait for a time limit of its own, one after another. A later question is asked again."""
    monkeypatch.setattr(gathering, "MOST", 1.0)
    sets, asked, failed = memory(golden.TOKEN), [], []
    strings, real = Strings(sets), sets.read

    def away(zone: str, owner: str = "") -> Sequence[RecordSet]:
        asked.append(owner)
        raise UnreachableError("Memory does not answer; check the network")

    def read() -> None:
        with pytest.raises(UnreachableError, match="Memory does not answer") as raised:
            strings.read("1", APEX, golden.TOKEN)
        failed.append(raised.value)

    monkeypatch.setattr(sets, "read", away)
    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(asked), len({id(one) for one in failed})) == (1, 4)
    monkeypatch.setattr(gathering, "MOST", 0.0)
    read()
    assert len(asked) == 2
    monkeypatch.setattr(sets, "read", real)
    assert strings.read("1", APEX, golden.TOKEN) == (golden.TOKEN, 300)


@pytest.mark.parametrize(("lost", "swaps"), [(1, 1), (-1, 2), (-2, 3)])
def test_a_lost_answer_before_and_after_the_work(lost: int, swaps: int) -> None:
    sets = memory("theirs")
    sets.lost = lost
    add(sets, golden.TOKEN)
    assert (set(txt(sets)), sets.swaps) == ({"theirs", golden.TOKEN}, swaps)


def test_a_change_that_never_arrives_is_given_up() -> None:
    sets = memory("theirs")
    sets.lost = -9
    with pytest.raises(LostError, match="Memory did not answer"):
        add(sets, golden.TOKEN)
    assert (txt(sets), sets.swaps) == (("theirs",), names.LOSSES)


def added_together(sets: Memory, *values: str) -> list[str]:
    """Add strings that are changed together, in this order, and return the errors, each after its string."""
    strings = Strings(sets)
    failed: list[str] = []

    def run(value: str) -> None:
        try:
            strings.add("1", APEX, value, None, adopt=False)
        except RecordSetError as error:
            failed.append(f"{value}: {error}")

    threads = [threading.Thread(target=run, args=(value,)) for value in values]
    place = names._Place()
    strings._names._places["1", APEX] = place
    with place.lock:  # until all of them wait
        for number, thread in enumerate(threads, 1):
            thread.start()
            while len(place.waiting) < number:
                pass
    for thread in threads:
        thread.join()
    return sorted(failed)


def test_one_refused_string_leaves_the_others_of_its_swap_alone() -> None:
    """They are changed together; the error belongs to one of them."""
    sets = memory("v=spf1 -all", golden.TOKEN)
    failed = added_together(sets, golden.SPF, golden.TOKEN, "mine", "too")
    assert set(txt(sets)) == {"v=spf1 -all", golden.TOKEN, "mine", "too"}
    assert sets.swaps == 1
    assert failed[0].startswith(f"{golden.TOKEN}: example.com has this TXT already")
    assert failed[1].startswith(f"{golden.SPF}: example.com has 'v=spf1 -all', which this stack did not publish")


@pytest.mark.parametrize("lost", [1, -1, -2])
def test_a_string_of_others_is_not_taken_over_with_a_lost_answer(lost: int) -> None:
    """What was refused was in no swap that could have got lost."""
    sets = memory(golden.TOKEN)
    sets.lost = lost
    (failed,) = added_together(sets, golden.TOKEN, "mine")
    assert failed.startswith(f"{golden.TOKEN}: example.com has this TXT already")
    assert set(txt(sets)) == {golden.TOKEN, "mine"}


class Picky(Memory):
    """It refuses a string, and a set of more than four, for reasons of its own."""

    def swap(self, zone: str, owner: str, old: RecordSet | None, new: RecordSet | None) -> str:
        if new is not None and ("bad" in new.values or len(new.values) > 4):
            self.swaps += 1
            raise ChangedError("Memory takes no such set")
        return super().swap(zone, owner, old, new)


def test_what_only_the_provider_refuses_leaves_the_others_of_its_swap_alone() -> None:
    """Whatever its quotas are: the strings are then changed one by one."""
    sets = Picky()
    assert added_together(sets, "one", "bad", "two") == ["bad: Memory takes no such set"]
    assert txt(sets) == ("one", "two")
    assert added_together(sets, "three", "four", "five") == ["five: Memory takes no such set"]
    assert txt(sets) == ("four", "one", "three", "two")


def setup(**config: Any) -> Setup:
    given = {"accounts": ["a@acme.example"], "dkim": {"external": True}, "domains": [APEX]} | config
    arguments = parse_stack({f"elastx-mrs:{key}": value for key, value in given.items()}, publisher=False)
    return Setup(None, arguments, cast("pulumi.Resource", None), "mail", {}, lambda *_: None, lambda _: None)


def test_what_a_provider_cannot_hold_is_refused_with_the_string_named() -> None:
    """Our value before anything is declared; somebody else's in the preview, and before anything is sent."""
    with pytest.raises(
        pulumi.RunError, match=r"memory: the spf record of example\.com has a '\|', which Memory cannot"
    ):
        RrsetPublisher("memory", Memory(), {}, setup(domains=[{"name": APEX, "spf": {"record": "v=spf1 x=| -all"}}]))
    with pytest.raises(RecordSetError, match=r"^the TXT record of example\.com has a '\|', which Memory cannot hold"):
        add(memory(), "a|b")
    sets = memory("theirs|odd")
    publisher = RrsetPublisher("memory", sets, {}, setup())
    found = asyncio.run(publisher.existing(APEX))
    assert found.problem == "example.com has 'theirs|odd', which Memory cannot hold; change it at Memory first"
    with pytest.raises(RecordSetError, match="theirs"):
        add(sets, golden.TOKEN)
    assert sets.swaps == 0


class Small(Memory):
    """At most ten values in a swap, the old ones and the new ones."""

    def excess(self, zone: str, old: RecordSet | None, new: RecordSet) -> str:
        size = len(new.values) + (len(old.values) if old is not None else 0)
        return f"the swap has {size} values; Memory takes 10" if size > 10 else ""


@pytest.mark.parametrize(("accounts", "there", "problem"), [(4, 0, ""), (4, 1, "11"), (6, 0, "11")])
def test_a_set_that_grows_too_large_for_a_swap_is_known_before(accounts: int, there: int, problem: str) -> None:
    """Strings come one after another, and each swap has all that are there already, twice."""
    sets = Small({(APEX, "TXT"): RecordSet(APEX, "TXT", ("theirs",), 300)} if there else {})
    given = setup(accounts=[f"a{number}@acme.example" for number in range(accounts)])
    publisher = RrsetPublisher("memory", sets, {}, given)
    found = asyncio.run(publisher.existing(APEX)).problem
    assert found == (f"{APEX}: the swap has {problem} values; Memory takes 10" if problem else "")
    failed = []
    for record_ in given.arguments.records():
        try:
            if record_.name == APEX:
                add(sets, record_.value)
        except RecordSetError as error:
            failed.append(str(error))
    assert failed[:1] == ([found] if found else [])


def test_a_zone_by_its_id_where_the_api_has_no_question_for_it() -> None:
    assert Memory().zone("1").name == APEX
    with pytest.raises(RecordSetError, match="Memory has no zone 2; correct the id"):
        Memory().zone("2")


class Plain(Memory):
    """As most APIs have it: quoted strings."""

    octets = RecordSets.octets
    written = RecordSets.written


def test_values_in_presentation_format_need_no_code() -> None:
    sets = Plain()
    add(sets, golden.DKIM, f"elastx._domainkey.{APEX}")
    (value,) = txt(sets, f"elastx._domainkey.{APEX}")
    assert value == f'"{golden.DKIM_FIRST}" "{golden.DKIM_REST}"'
    assert sets.octets(value) == golden.DKIM.encode()
    assert sets.octets('"not closed') == b'"not closed'
    assert (sets.settled("C1"), sets.excess("", None, RecordSet(APEX, "TXT", ("x",), 1))) == (True, "")


def test_a_provider_that_is_not_installed() -> None:
    strings = record.TxtStrings(lambda _: None)
    props = {"publisher": "azure", "zone": "1", "owner": APEX, "value": "x"}
    with pytest.raises(RecordSetError, match="there is no provider azure; install the package that brings it"):
        strings.create(props)
    with pytest.raises(RecordSetError, match="adopt: is not a list of owner names"):
        record.TxtStrings(lambda _: "{x").create(props)


def test_the_life_of_a_resource(monkeypatch: pytest.MonkeyPatch) -> None:
    sets = memory("theirs")
    monkeypatch.setattr(record, "connected", lambda publisher, get: sets)
    strings = record.TxtStrings({"elastx-mrs:adopt": f'["{APEX}"]'}.get)
    props = {"publisher": "memory", "zone": "1", "owner": APEX, "value": golden.SPF, "ttl": 600.0}
    id_, made = strings.create(props)
    assert id_.startswith("example.com/TXT/")
    assert made == props | {"ttl": 600, "change": ""}
    assert strings.read(made) == made, "the TTL is shared"
    del sets.there[APEX, "TXT"]
    assert strings.read(made) is None
    sets.there[APEX, "TXT"] = RecordSet(APEX, "TXT", ("v=spf1 ?all",), 60)
    assert strings.read(made) == made | {"value": "v=spf1 ?all", "ttl": 60}
    updated = strings.update(made | {"value": "v=spf1 ?all", "change": "before"}, props | {"guard": "warn"})
    assert updated == made | {"change": "before"}
    strings.delete(updated)
    assert sets.there == {}


def test_what_is_taken_over_unchanged_is_not_written_again() -> None:
    """Neither are its strings, which somebody has cut in another way."""

    class Cut(Memory):
        def octets(self, value: str) -> bytes:
            return super().octets(value.replace("/", ""))

    sets = Cut({(APEX, "TXT"): RecordSet(APEX, "TXT", ("theirs", "v=spf1 /mx -all"), 300)})
    for ttl in (None, 300):
        add(sets, "v=spf1 mx -all", adopt=True, ttl=ttl)
    assert (sets.swaps, txt(sets)) == (0, ("theirs", "v=spf1 /mx -all"))
    add(sets, "v=spf1 mx -all", adopt=True, ttl=600)
    assert sets.there[APEX, "TXT"] == RecordSet(APEX, "TXT", ("theirs", "v=spf1 /mx -all"), 600)
    add(sets, "v=spf1 a -all", adopt=True)
    assert txt(sets) == ("theirs", "v=spf1 a -all")
