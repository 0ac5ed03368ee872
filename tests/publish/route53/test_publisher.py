"""A stack that publishes to Route 53: zones are found, and what cannot work is refused before anything is declared."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pulumi
import pytest

from elastx_mrs.config.parse import ConfigError
from elastx_mrs.publish.existing import CannotAskError, Existing
from elastx_mrs.publish.guard.checks import Case, unchangeable
from elastx_mrs.publish.rrset.publisher import RrsetPublisher
from tests.publish.route53.api import Fault, HostedZone, RecordSet, Route53Api
from tests.publish.route53.clients import clients_closed
from tests.publish.rrset.program import Program

APEX = "example.com"
THEIRS = ('"google-site-verification=abc"', r'"octets \303\245"')


@pytest.fixture(autouse=True)
def _clients_are_closed(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with clients_closed(monkeypatch):
        yield


@pytest.fixture
def hosted(api: Route53Api) -> HostedZone:
    return api.zone("Z1", APEX, RecordSet(APEX, "TXT", 3600, THEIRS))


def refused(**config: Any) -> str:
    with pytest.raises(pulumi.RunError) as raised:
        Program("route53").publisher(**config)
    return str(raised.value)


def existing(publisher: RrsetPublisher, *owners: str) -> list[Existing]:
    async def ask() -> list[Existing]:
        return await asyncio.gather(*map(publisher.existing, owners))

    return asyncio.run(ask())


@pytest.mark.usefixtures("hosted")
@pytest.mark.parametrize(
    ("zones", "said"),
    [
        (
            {"example.se": "Z404"},
            "route53.zones.example.se: Route 53 answers NoSuchHostedZone to GetHostedZone of Z404: No hosted",
        ),
        (
            {"example.se": "ZOTHER"},
            "route53.zones.example.se: ZOTHER is the zone example.org; write the id of example.se",
        ),
        (
            {"example.se": "ZPRIVATE"},
            "route53.zones.example.se: ZPRIVATE is private: only its VPCs see it; write the id of another zone",
        ),
        (
            {},
            "route53: Route 53 has no zone for example.se: example.se (ZPRIVATE) is private: only its VPCs see it; "
            "create the zone, or use the credentials of the account that has it",
        ),
    ],
)
def test_a_zone_that_does_not_fit_is_named(api: Route53Api, zones: dict[str, str], said: str) -> None:
    api.zone("ZOTHER", "example.org")
    api.zone("ZPRIVATE", "example.se", private=True)
    assert refused(domains=[APEX, "example.se"], route53={"zones": zones}).startswith(said)


def test_missing_zones_are_named_all_at_once(api: Route53Api) -> None:
    api.zone("ZOTHER", "example.org")
    text = refused(domains=[APEX, "example.se", "a.example.org"])
    assert "no zone for example.com, example.se: these credentials see example.org; create" in text
    del api.zones["ZOTHER"]
    assert "for example.com: these credentials see no zone at all; create" in refused()


@pytest.mark.usefixtures("hosted")
def test_two_public_zones_of_one_name_are_an_error_unless_one_is_named(api: Route53Api) -> None:
    api.zone("Z2", APEX)
    api.zone("Z3", APEX, private=True)
    assert refused() == (
        "route53: 2 zones are called example.com: Z1 and Z2; write the one that the domain is delegated to into "
        "route53.zones"
    )
    publisher = Program("route53").publisher(route53={"zones": {APEX: "/hostedzone/Z2"}})
    assert existing(publisher, APEX)[0].txt == ()


@pytest.mark.usefixtures("hosted")
def test_each_record_is_in_the_longest_zone(api: Route53Api) -> None:
    api.zone("Z2", "news.example.com", RecordSet("news.example.com", "TXT", 60, ('"theirs"',)))
    for zones in ({}, {APEX: "Z1"}, {"news.example.com": "Z2"}):
        publisher = Program("route53").publisher(domains=[APEX, "news.example.com"], route53={"zones": zones})
        apex, news, above = existing(publisher, APEX, "news.example.com", "_dmarc.www.example.com")
        assert (apex.zone, above.zone) == (APEX, APEX)
        # A config that names the zones of all domains lists none.
        assert news.zone == (APEX if zones == {APEX: "Z1"} else "news.example.com")
    with pytest.raises(CannotAskError, match=r"example\.org is in no zone of this component"):
        existing(publisher, "example.org")


def test_a_preview_asks_once_for_zones_and_once_for_a_zone_s_records(api: Route53Api, hosted: HostedZone) -> None:
    publisher = Program("route53").publisher()
    found = existing(publisher, APEX, f"_dmarc.{APEX}", APEX)
    assert found[0] == replace(
        found[0], txt=(b"google-site-verification=abc", b"octets \xc3\xa5"), ttl=3600, name_servers=(*hosted.servers,)
    )
    assert found[1].empty
    assert [operation for _, operation, _ in api.log] == ["ListHostedZones", "ListResourceRecordSets"]


def test_what_cannot_be_changed_is_refused_in_the_preview(api: Route53Api, hosted: HostedZone) -> None:
    del hosted.sets[APEX, "TXT", ""]
    hosted.put(*(RecordSet(APEX, "TXT", 60, THEIRS, name, 1) for name in ("blue", "green")))
    long = tuple(f'"{number:04}{"x" * 250}"' for number in range(61))
    hosted.put(RecordSet(f"_dmarc.{APEX}", "TXT", 60, (*long, f'"{"y" * 250}"', f'"{"z" * 250}"')))
    publisher = Program("route53").publisher()
    routed, full = existing(publisher, APEX, f"_dmarc.{APEX}")
    assert routed.problem.startswith("example.com has a TXT record set with a routing policy, a health check or an ali")
    assert routed.txt == ()
    assert "_dmarc.example.com: the change has 127 values and " in full.problem
    assert "Route 53 takes 1000 and 32000 in one request, so remove strings that nobody needs" in full.problem

    class World:
        async def existing(self, owner: str) -> Existing:
            return await publisher.existing(owner)

    for name in ("blue", "green"):
        del hosted.sets[APEX, "TXT", name]
    hosted.put(RecordSet(APEX, "TXT", 60, tuple(f'"{number}"' for number in range(399))))
    (many,) = existing(Program("route53").publisher(), APEX)
    assert many.problem == (
        "example.com: the TXT record set would have 401 values; Route 53 takes 400 in one, so remove strings that "
        "nobody needs, or give each domain only the accounts that send from it"
    )

    record = next(one for one in publisher._records if one.kind == "dmarc")
    (finding,) = asyncio.run(unchangeable(Case(record, None, True, World())))  # type: ignore[arg-type]
    assert (finding.level, finding.text) == ("stop", full.problem)


@pytest.mark.usefixtures("hosted")
def test_a_value_that_route_53_cannot_hold_is_named() -> None:
    record = f"v=DMARC1; p=none; rua={','.join(f'mailto:{number:060}@example.com' for number in range(60))}"
    text = refused(dmarc={"record": record})
    assert text.startswith("route53: the dmarc record of _dmarc.example.com has ")
    assert text.endswith("characters; Route 53 takes 4000, so publish a shorter value")


@pytest.mark.usefixtures("hosted")
def test_permissions_and_credentials_are_checked_before_anything_is_declared(
    api: Route53Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    api.users["AKIDEXAMPLE"] = ("ListHostedZones",)
    assert refused().startswith("route53: Route 53 answers AccessDenied to ListHostedZones of the hosted zones: User")
    assert Program("route53").publisher(route53={"zones": {APEX: "Z1"}}) is not None
    api.users["AKIDEXAMPLE"] = ("ListResourceRecordSets",)
    with pytest.raises(CannotAskError, match="AccessDenied to ListResourceRecordSets of Z1: User"):
        existing(Program("route53").publisher(), APEX)
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    assert refused().startswith("route53: the request to Route 53 about the hosted zones failed: Unable to locate")


def test_where_aws_cannot_be_reached_a_preview_needs_the_zones_ids(
    api: Route53Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_ROUTE_53", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    named = {"zones": {APEX: "Z1", "example.se": "Z2"}}
    said = "route53.zones.example.com: the request to Route 53 about Z1 failed: Could not connect"
    assert refused(route53=named).startswith(said)
    monkeypatch.setattr(pulumi.runtime, "is_dry_run", lambda: True)
    assert refused().startswith("route53: the request to Route 53 about the hosted zones failed: Could not connect")
    program = Program("route53")
    publisher = program.publisher(domains=[APEX, "example.se"], route53=named)
    ((level, text),) = program.said
    assert (level, text.partition(" to the endpoint")[0]) == ("warning", said)
    assert text.endswith(". The preview continues without it; an up would stop")
    with pytest.raises(CannotAskError, match="the request to Route 53 about Z1 failed"):
        existing(publisher, APEX)


@pytest.mark.usefixtures("hosted")
def test_a_zone_that_is_throttled_is_waited_for(api: Route53Api) -> None:
    api.faults += [Fault("ListHostedZones", "Throttling", 6), Fault("ListResourceRecordSets", "Throttling", 6)]
    assert existing(Program("route53").publisher(), APEX)[0].ttl == 3600


def test_ids_are_checked_in_the_config() -> None:
    with pytest.raises(ConfigError, match=r"route53\.zones\.example\.com: 'example' is not the id of a hosted"):
        Program("route53").publisher(route53={"zones": {APEX: "example"}})
