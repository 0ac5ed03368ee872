"""What doctor says of octoDNS's providers, on Debian's PowerDNS: keys, zones, and whether they can be read."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from elastx_mrs.check import Check
from elastx_mrs.secrecy import hints
from tests.doctor.patient import provider, stack, verdicts
from tests.publish.octodns.powerdns import API_KEY, PowerDns, powerdns
from tests.servers import free_port

NAMES = ["octodns-provider", "octodns-zone", "octodns-read"]


@pytest.fixture(scope="module")
def pdns(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PowerDns]:
    with powerdns(tmp_path_factory.mktemp("powerdns")) as server:
        yield server


def examined(folder: Path, pdns: PowerDns, more: dict[str, Any] | None = None, **config: Any) -> list[Check]:
    given = {"octodns": {"pdns": pdns.config | (more or {})}} | config
    found = provider(stack(folder, given, environment=pdns.environment()))
    for one in found:
        assert not hints(f"{one.seen} {one.cure}", API_KEY)
    return found


def test_all_is_well_and_nothing_is_changed(pdns: PowerDns, tmp_path: Path) -> None:
    before = pdns.sets("example.com")
    found = examined(tmp_path, pdns)
    assert verdicts(found) == [(name, "pass") for name in NAMES], found
    assert found[0].seen == "pdns (octodns_powerdns.PowerDnsProvider)"
    assert found[1].seen == "pdns/example.com"
    assert found[2].seen.startswith("example.com can be read")
    assert pdns.sets("example.com") == before


@pytest.mark.parametrize(
    ("more", "first", "seen", "cure"),
    [
        ({"class": "octodns_nowhere.Dns"}, "absent", "octodns_nowhere.Dns is not installed", "pip install octodns-no"),
        ({"api_key": "env/NOT_SET_HERE"}, "absent", "variable 'NOT_SET_HERE' is not set", "set it, or write env/NAME"),
        ({"api_key": "env/OTHER/wrong-key-4711"}, "wrong", "could not list its zones: HTTPError: 401", "correct its"),
        ({"port": "closed"}, "unreachable", "could not list its zones: ConnectionError", "or write oct"),
    ],
)
def test_what_does_not_work_is_named(
    pdns: PowerDns, tmp_path: Path, more: dict[str, Any], first: str, seen: str, cure: str
) -> None:
    given = more | ({"port": free_port()} if "port" in more else {})
    found = examined(tmp_path, pdns, given)
    assert verdicts(found) == [(NAMES[0], first), (NAMES[1], "unchecked"), (NAMES[2], "unchecked")], found
    assert seen in found[0].seen
    assert cure in found[0].cure


def test_a_domain_in_no_zone(pdns: PowerDns, tmp_path: Path) -> None:
    found = examined(tmp_path, pdns, domains=["example.org"])
    assert verdicts(found) == [(NAMES[0], "pass"), (NAMES[1], "absent"), (NAMES[2], "unchecked")], found
    assert "octoDNS's provider has no zone for example.org" in found[1].seen


def test_one_of_several_publishers_is_examined_for_the_zones_that_it_has(pdns: PowerDns, tmp_path: Path) -> None:
    both = {"rfc2136": {"zones": ["elsewhere.net"], "server": "127.0.0.1:9"}}
    found = examined(tmp_path, pdns, domains=["example.com", "elsewhere.net"], **both)
    assert verdicts([one for one in found if one.name in NAMES]) == [(name, "pass") for name in NAMES]
    found = examined(tmp_path, pdns, domains=["elsewhere.net"], **both)
    own = [one for one in found if one.name in NAMES]
    assert verdicts(own) == [(NAMES[0], "pass"), (NAMES[1], "unchecked"), (NAMES[2], "unchecked")]
    assert own[1].seen == "no domain has its zone here, so other publishers have them all"
