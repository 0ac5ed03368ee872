"""octoDNS's provider for Route 53, on moto's server. Users of Route 53 have a better, built-in publisher."""

import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pulumi
import pytest

from elastx_mrs import limits
from elastx_mrs.publish.octodns import served
from elastx_mrs.publish.octodns.record_sets import Octodns, connect
from elastx_mrs.publish.route53.client import Client
from elastx_mrs.publish.route53.record_sets import Route53
from elastx_mrs.publish.rrset import gathering
from elastx_mrs.publish.rrset.record_sets import RecordSetError
from elastx_mrs.publish.rrset.strings import Strings
from elastx_mrs.secrecy import hints
from tests import golden
from tests.publish.route53 import moto as motos
from tests.publish.route53.api import SECRET
from tests.publish.route53.moto import PRIVATE, Moto, record_set
from tests.publish.rrset.program import Program
from tests.servers import start
from tests.servers.zones import HEAD

APEX, QUOTED = "example.com", "quoted.example.com"
SELECTOR = f"elastx._domainkey.{APEX}"
PLAIN = '"google-site-verification=abc; and more"'
ODD = r'"a \"quote\""'
SERVED = {APEX: f"{HEAD.format(name=APEX)}@ 3600 TXT {PLAIN}\nquoted TXT {ODD}\n"}
CONFIG = {
    "class": "octodns_route53.Route53Provider",
    "access_key_id": "env/AWS_ACCESS_KEY_ID",
    "secret_access_key": "env/AWS_SECRET_ACCESS_KEY",
    "private": False,
}


@pytest.fixture(scope="module")
def _moto() -> Iterator[Moto]:
    with motos.serve() as moto:
        yield moto


@pytest.fixture
def moto(_moto: Moto, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Moto]:
    """moto's server with no zone, and a name server that serves what the zones begin with."""
    _moto.reset()
    with start("lab", tmp_path, SERVED) as server:
        for key, value in (_moto.environment() | {"ELASTX_MRS_NAMESERVERS": server.address}).items():
            monkeypatch.setenv(key, value)
        monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")  # boto3 wants one for an endpoint of one's own
        monkeypatch.setattr(gathering, "MOST", 0.0)
        monkeypatch.setattr(served, "PAUSE", 0.05)
        monkeypatch.setattr(limits, "SERVED_SECONDS", limits.SERVED_SECONDS._replace(most=1))
        yield _moto


@pytest.fixture
def zone(moto: Moto) -> str:
    made = moto.zone(APEX)
    moto.put(made, record_set(APEX, "TXT", [PLAIN], 3600), record_set(QUOTED, "TXT", [ODD]))
    return made


def connected() -> Octodns:
    return connect({"elastx-mrs:octodns": json.dumps({"aws": CONFIG})}.get)


def octets(moto: Moto, zone: str, owner: str) -> list[bytes]:
    r"""Return what Route 53 would serve. The provider writes ``\;`` for each semicolon, of strings of others too."""
    return [Route53(Client()).octets(value) for value in moto.txt(zone, owner)]


def test_strings_are_published_changed_and_withdrawn(moto: Moto, zone: str) -> None:
    moto.zone(APEX, **PRIVATE)
    theirs = octets(moto, zone, APEX)
    sets = connected()
    assert [(one.name, one.id) for one in sets.zones()] == [(APEX, f"aws/{APEX}")]
    strings = Strings(sets)
    for owner, value in ((APEX, golden.SPF), (APEX, golden.DMARC), (SELECTOR, golden.DKIM)):
        strings.add(f"aws/{APEX}", owner, value, None, adopt=False)
    assert sorted(octets(moto, zone, APEX)) == sorted([*theirs, golden.SPF.encode(), golden.DMARC.encode()])
    assert octets(moto, zone, SELECTOR) == [golden.DKIM.encode()]
    changed = "v=spf1 include:elastx.email ~all"
    strings.replace(f"aws/{APEX}", APEX, golden.SPF, changed, None, only=True)
    assert sorted(octets(moto, zone, APEX)) == sorted([*theirs, changed.encode(), golden.DMARC.encode()])
    for owner, value in ((APEX, changed), (APEX, golden.DMARC), (SELECTOR, golden.DKIM)):
        strings.remove(f"aws/{APEX}", owner, value)
    assert octets(moto, zone, APEX) == theirs
    assert moto.txt(zone, SELECTOR) == []


def test_a_set_with_a_quote_is_refused(moto: Moto, zone: str) -> None:
    with pytest.raises(RecordSetError, match="may lose quotes and backslashes; remove it") as told:
        Strings(connected()).add(f"aws/{APEX}", QUOTED, golden.SPF, None, adopt=False)
    assert str(told.value).startswith(QUOTED)
    assert moto.txt(zone, QUOTED) == [ODD]


def test_a_zone_that_is_missing_is_not_made(moto: Moto) -> None:
    with pytest.raises(RecordSetError, match=r"octodns_route53\.Route53Provider has no zone example\.com; create"):
        Strings(connected()).add(f"aws/{APEX}", APEX, golden.SPF, None, adopt=False)
    assert moto.client.list_hosted_zones()["HostedZones"] == []


def test_two_zones_of_one_name(moto: Moto, zone: str) -> None:
    moto.zone(APEX)
    with pytest.raises(pulumi.RunError, match=r'Multiple zones named "example\.com\." were found') as told:
        Program("octodns").publisher(octodns={"aws": CONFIG})
    assert "\n" not in str(told.value)


def test_the_secret_is_in_no_log(moto: Moto, zone: str, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        Strings(connected()).add(f"aws/{APEX}", APEX, golden.SPF, None, adopt=False)
    assert "_apply: zone=example.com., len(changes)=1" in caplog.text
    assert "a message that contains a key, and is not shown" in caplog.text, "its id, at the start"
    assert not hints(caplog.text, SECRET)
