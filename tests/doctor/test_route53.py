"""What doctor says of Route 53, on the stand-in for its API: credentials, zones, and what they may do."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from elastx_mrs import limits
from elastx_mrs.check import Check
from elastx_mrs.publish.route53 import client
from tests.doctor.patient import provider, stack, verdicts
from tests.publish.route53.api import Fault, HostedZone, RecordSet, Route53Api, serve

NAMES = ["route53-credentials", "route53-zone", "route53-read", "route53-change"]
WELL = [(name, "pass") for name in NAMES]


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Iterator[Route53Api]:
    with serve() as api:
        for key, value in api.environment().items():
            monkeypatch.setenv(key, value)
        monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
        monkeypatch.setattr(client, "PAUSE", 0.001)
        monkeypatch.setattr(client, "RATE", 1_000)
        yield api


@pytest.fixture
def hosted(api: Route53Api) -> HostedZone:
    return api.zone("Z1", "example.com", RecordSet("example.com", "TXT", 3600, ('"theirs"',)))


def examined(folder: Path, **config: Any) -> list[Check]:
    return provider(stack(folder, {"route53": {}} | config))


def left(done: int) -> list[tuple[str, str]]:
    return [(name, "unchecked") for name in NAMES[done:]]


def test_all_is_well_and_nothing_is_changed(api: Route53Api, hosted: HostedZone, tmp_path: Path) -> None:
    before = dict(hosted.sets)
    found = examined(tmp_path)
    assert verdicts(found) == WELL, found
    assert hosted.sets == before
    assert api.codes("ChangeResourceRecordSets") == ["InvalidChangeBatch"]
    assert found[1].seen == "example.com (Z1)"
    assert found[3].seen == "the credentials may change the records of example.com; nothing was changed"


@pytest.mark.usefixtures("hosted")
@pytest.mark.parametrize(
    ("denied", "verdict"),
    [
        ("ListHostedZones", [(NAMES[0], "wrong"), *left(1)]),
        ("ListResourceRecordSets", [*WELL[:2], (NAMES[2], "wrong"), WELL[3]]),
        ("ChangeResourceRecordSets", [*WELL[:3], (NAMES[3], "wrong")]),
    ],
)
def test_what_the_credentials_may_not_do_is_named(
    api: Route53Api, tmp_path: Path, denied: str, verdict: list[tuple[str, str]]
) -> None:
    api.users["AKIDEXAMPLE"] = (denied,)
    found = examined(tmp_path)
    assert verdicts(found) == verdict, found
    (wrong,) = [check for check in found if check.verdict == "wrong"]
    assert f"AccessDenied to {denied} of" in wrong.seen
    assert wrong.cure.startswith("allow this in the IAM policy of these credentials: https://")


def test_credentials_that_do_not_work(
    api: Route53Api, hosted: HostedZone, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_ROUTE_53", "http://127.0.0.1:9")
    assert verdicts(examined(tmp_path)) == [(NAMES[0], "unreachable"), *left(1)]
    named = examined(tmp_path, route53={"zones": {"example.com": "Z1"}})
    assert verdicts(named) == [(NAMES[0], "unreachable"), *left(1)]
    monkeypatch.setenv("AWS_ENDPOINT_URL_ROUTE_53", api.url)
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    (credentials, *_) = examined(tmp_path)
    assert (credentials.verdict, credentials.cure) == (
        "absent",
        "set AWS_PROFILE, or run aws configure or aws sso login",
    )


@pytest.mark.usefixtures("hosted")
@pytest.mark.parametrize("named", [{}, {"zones": {"example.com": "Z1"}}])
def test_credentials_that_route_53_does_not_know(
    api: Route53Api, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, named: dict[str, Any]
) -> None:
    """Whether zones are looked up or named, the fault is not the zone's."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDOTHER")
    found = examined(tmp_path, route53=named)
    assert verdicts(found) == [(NAMES[0], "wrong"), *left(1)]
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    found = examined(tmp_path, route53=named)
    assert verdicts(found) == [(NAMES[0], "absent"), *left(1)]


def test_zones_that_are_missing_or_there_twice(api: Route53Api, hosted: HostedZone, tmp_path: Path) -> None:
    found = examined(tmp_path, domains=["example.com", "example.se"])
    assert verdicts(found) == [WELL[0], (NAMES[1], "absent"), *left(2)]
    assert found[1].seen.startswith("route53: Route 53 has no zone for example.se: these credentials see example.com")
    api.zone("Z2", "example.com")
    found = examined(tmp_path)
    assert verdicts(found) == [WELL[0], (NAMES[1], "wrong"), *left(2)]
    assert found[1].cure == "write the one that the domain is delegated to into route53.zones"


def test_two_private_zones_are_both_seen(api: Route53Api, tmp_path: Path) -> None:
    """The fix begins after the first semicolon."""
    api.zone("Z3", "example.com", private=True)
    api.zone("Z4", "example.com", private=True)
    found = examined(tmp_path)[1]
    assert all(f"example.com ({one}) is private: only its VPCs see it" in found.seen for one in ("Z3", "Z4"))
    assert found.cure == "create the zone, or use the credentials of the account that has it"


@pytest.mark.usefixtures("hosted")
def test_a_change_without_an_answer_is_unreachable(api: Route53Api, tmp_path: Path) -> None:
    api.faults.append(Fault("ChangeResourceRecordSets", "ServiceUnavailable", 1, 503, "Try later"))
    assert verdicts(examined(tmp_path)) == [*WELL[:3], (NAMES[3], "unreachable")]


def test_of_many_zones_some_are_asked_about(api: Route53Api, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "DOCTOR_ZONES", limits.DOCTOR_ZONES._replace(most=2))
    monkeypatch.setattr(limits, "DOCTOR_UPDATE", limits.DOCTOR_UPDATE._replace(most=1))
    domains = [f"{number}.example" for number in range(3)]
    for number, domain in enumerate(domains):
        api.zone(f"Z{number}", domain)
    found = examined(tmp_path, domains=domains)
    assert verdicts(found) == WELL
    assert "1 more zones were not checked" in found[2].seen
    assert api.codes("ListResourceRecordSets") == ["OK"] * 2
    assert api.codes("ChangeResourceRecordSets") == ["InvalidChangeBatch"] * 6, "each name of two zones by itself"


def test_one_of_several_publishers_is_examined_for_the_zones_that_it_has(
    api: Route53Api, hosted: HostedZone, tmp_path: Path
) -> None:
    """A domain whose zone is not here may be at the other one, unless it names this one."""
    both = {"route53": {}, "rfc2136": {"zones": ["example.se"], "server": "127.0.0.1:9"}}
    domains: list[Any] = ["example.com", "example.se"]
    found = [one for one in provider(stack(tmp_path, both | {"domains": domains})) if one.name in NAMES]
    assert verdicts(found) == WELL, found
    assert found[1].seen == "example.com (Z1)"
    assert api.codes("ListHostedZones") == ["OK"], "listed once"
    named = [domains[0], {"name": "example.se", "publish": ["route53"]}]
    found = [one for one in provider(stack(tmp_path, both | {"domains": named})) if one.name in NAMES]
    assert verdicts(found)[:2] == [WELL[0], (NAMES[1], "absent")]
    assert "Route 53 has no zone for example.se" in found[1].seen
    api.zones.clear()
    found = [one for one in provider(stack(tmp_path, both | {"domains": domains})) if one.name in NAMES]
    assert verdicts(found) == [WELL[0], *left(1)]
    assert found[1].seen == "no domain has its zone here, so other publishers have them all"
