r"""The publisher below the engine, judged by moto's server: XML, lists in pages, ``\DDD``, and what is in sync."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pulumi
import pytest

from elastx_mrs.publish.existing import Existing
from elastx_mrs.publish.route53.client import Client
from elastx_mrs.publish.route53.record_sets import Route53
from elastx_mrs.publish.rrset import names
from elastx_mrs.publish.rrset.record_sets import ChangedError, RecordSet, RecordSetError
from elastx_mrs.publish.rrset.strings import Strings
from tests import golden
from tests.publish.route53.moto import PRIVATE, Moto, record_set
from tests.publish.rrset.program import Program

APEX = "example.com"
SELECTOR = f"elastx._domainkey.{APEX}"
THEIRS = ['"google-site-verification=abc"', r'"octets \303\245, a \"quote\" and \134101" "of two strings"']


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often each operation is sent."""
    counter: Counter[str] = Counter()
    sent = Client._sent

    def counted(self: Client, operation: str, about: str, given: dict[str, Any]) -> Any:
        counter[operation] += 1
        return sent(self, operation, about, given)

    monkeypatch.setattr(Client, "_sent", counted)
    return counter


@pytest.fixture
def sets(moto: Moto) -> Iterator[Route53]:
    client = Client()
    yield Route53(client)
    client.close()


@pytest.fixture
def zone(moto: Moto) -> str:
    made = moto.zone(APEX)
    moto.put(made, record_set(APEX, "TXT", THEIRS, 3600))
    return made


def test_more_zones_than_a_page_has(moto: Moto, sets: Route53, asked: Counter[str]) -> None:
    made = {moto.zone(f"d{number}.example"): f"d{number}.example" for number in range(105)}
    private = moto.zone(APEX, **PRIVATE)
    found = {zone.id: zone for zone in sets.zones()}
    assert {key: zone.name for key, zone in found.items()} == made | {private: APEX}
    assert [key for key, zone in found.items() if zone.problem] == [private]
    assert asked == {"list_hosted_zones": 2}


def test_a_private_zone_is_skipped_and_two_public_ones_are_a_fault(moto: Moto, zone: str) -> None:
    moto.zone(APEX, **PRIVATE)
    found = Program("route53").publisher()._zones
    assert found[APEX].id == zone
    second = moto.zone(APEX)
    with pytest.raises(pulumi.RunError, match="2 zones are called") as told:
        Program("route53").publisher()
    assert zone in str(told.value)
    assert second in str(told.value)


def test_one_zone_by_its_id(moto: Moto, sets: Route53, zone: str) -> None:
    assert sets.zone(zone).name == APEX
    assert sets.zone(moto.zone("internal.example", **PRIVATE)).problem == "is private: only its VPCs see it"
    for unknown in (lambda: sets.zone("Z0"), lambda: sets.read("Z0"), lambda: sets.read("Z0", APEX)):
        with pytest.raises(RecordSetError, match="NoSuchHostedZone"):
            unknown()


def test_more_record_sets_than_a_page_has(moto: Moto, sets: Route53, zone: str, asked: Counter[str]) -> None:
    hosts = [f"h{number:03}.{APEX}" for number in range(320)]
    moto.put(zone, *(record_set(host, "A", ["192.0.2.1"]) for host in hosts))
    moto.put(zone, record_set(f"_dmarc.{APEX}", "TXT", ['"v=DMARC1; p=none"']))
    listed = sets.read(zone)
    assert {one.name for one in listed if one.type == "A"} == set(hosts)
    assert RecordSet(APEX, "TXT", tuple(THEIRS), 3600) in listed
    assert asked == {"list_resource_record_sets": 2}
    asked.clear()
    assert [(one.name, one.type) for one in sets.read(zone, hosts[5])] == [(hosts[5], "A")]
    assert asked == {"list_resource_record_sets": 1}, "a name is asked for, and not its zone"


def test_a_preview_reads_each_zone_once(moto: Moto, zone: str, asked: Counter[str]) -> None:
    moto.put(zone, record_set(f"www.{APEX}", "CNAME", ["host.example.net."]))
    publisher = Program("route53").publisher()

    async def existing() -> list[Existing]:
        return await asyncio.gather(*(publisher.existing(owner) for owner in (APEX, f"www.{APEX}", SELECTOR)))

    apex, www, selector = asyncio.run(existing())
    assert apex.txt == (b"google-site-verification=abc", b'octets \xc3\xa5, a "quote" and \\101of two strings')
    assert (apex.ttl, apex.problem) == (3600, "")
    assert (www.others, selector.txt) == ({"CNAME": ["host.example.net"]}, ())
    assert asked == {"list_hosted_zones": 1, "list_resource_record_sets": 1}


def test_the_life_of_our_strings_beside_those_of_others(
    moto: Moto, sets: Route53, zone: str, asked: Counter[str]
) -> None:
    strings = Strings(sets)
    for owner, value in ((APEX, golden.SPF), (APEX, golden.TOKEN), (SELECTOR, golden.DKIM)):
        strings.add(zone, owner, value, None, adopt=False)
    assert moto.txt(zone, APEX) == [*THEIRS, f'"{golden.SPF}"', f'"{golden.TOKEN}"']
    assert moto.txt(zone, SELECTOR) == [f'"{golden.DKIM_FIRST}" "{golden.DKIM_REST}"']
    assert asked == {"list_resource_record_sets": 3, "change_resource_record_sets": 3}
    strings.replace(zone, APEX, golden.SPF, "v=spf1 include:elastx.email ~all", None, only=True)
    assert moto.txt(zone, APEX) == [*THEIRS, '"v=spf1 include:elastx.email ~all"', f'"{golden.TOKEN}"']
    found = names.Names(sets).read(zone, SELECTOR)
    assert found is not None
    assert sets.octets(found.values[0]) == golden.DKIM.encode()
    for owner, value in ((APEX, "v=spf1 include:elastx.email ~all"), (APEX, golden.TOKEN), (SELECTOR, golden.DKIM)):
        strings.remove(zone, owner, value)
    assert moto.txt(zone, APEX) == THEIRS
    assert names.Names(sets).read(zone, SELECTOR) is None


def test_a_change_is_asked_for_until_it_is_in_sync(sets: Route53, zone: str) -> None:
    change = sets.swap(zone, SELECTOR, None, RecordSet(SELECTOR, "TXT", (f'"{golden.TOKEN}"',), 300))
    assert change
    assert "/" not in change
    assert sets.settled(change)


def test_a_name_outside_the_zone_is_refused(sets: Route53, zone: str) -> None:
    with pytest.raises(ChangedError, match="InvalidChangeBatch"):
        sets.swap(zone, "example.org", None, RecordSet("example.org", "TXT", (f'"{golden.TOKEN}"',), 300))
