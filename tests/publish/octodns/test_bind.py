"""octoDNS's provider for dynamic updates, on Debian's BIND: it lists no zones, and loses quotes and backslashes."""

import json
from collections.abc import Iterator
from pathlib import Path

import dns.query
import dns.tsigkeyring
import dns.update
import pytest

from elastx_mrs import limits
from elastx_mrs.publish.octodns import served
from elastx_mrs.publish.octodns.record_sets import Octodns, connect
from elastx_mrs.publish.rrset.record_sets import RecordSetError
from elastx_mrs.publish.rrset.strings import Strings
from elastx_mrs.secrecy import hints
from tests import golden
from tests.servers import KEY, KEY_NAME, NameServer, Setup, start
from tests.servers.zones import FOREIGN, ZONES

APEX, OTHER = "example.com", "example.se"
TRANSFER = "allow-update { key test-key.; }; allow-transfer { key test-key.; };"


@pytest.fixture
def bind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[NameServer]:
    with start("bind", tmp_path, ZONES, Setup(zones=dict.fromkeys(ZONES, TRANSFER))) as server:
        monkeypatch.setenv("ELASTX_MRS_NAMESERVERS", server.address)
        monkeypatch.setattr(served, "PAUSE", 0.05)
        monkeypatch.setattr(limits, "SERVED_SECONDS", limits.SERVED_SECONDS._replace(most=1))
        yield server


def connected(server: NameServer, key: str = KEY) -> Octodns:
    given = {
        "class": "octodns_bind.Rfc2136Provider",
        "host": server.host,
        "port": server.port,
        "key_name": KEY_NAME,
        "key_secret": key,
        "key_algorithm": "hmac-sha256",
        "zones": [APEX, OTHER],
    }
    return connect({"elastx-mrs:octodns": json.dumps({"bind": given})}.get)


def test_a_plain_zone_is_published_and_withdrawn(bind: NameServer) -> None:
    strings = Strings(connected(bind))
    owner = f"elastx._domainkey.{OTHER}"
    for name, value in ((OTHER, golden.TOKEN), (OTHER, golden.SPF), (owner, golden.DKIM), (OTHER, golden.DMARC)):
        strings.add(f"bind/{OTHER}", name, value, None, adopt=False)
    ours = (golden.TOKEN, golden.SPF, golden.DMARC)
    assert bind.txt(OTHER) == FOREIGN[OTHER] | dict.fromkeys(map(str.encode, ours), 3600)
    assert bind.txt(owner) == {golden.DKIM.encode(): 1800}
    for value in ours:
        strings.remove(f"bind/{OTHER}", OTHER, value)
    strings.remove(f"bind/{OTHER}", owner, golden.DKIM)
    assert bind.txt(OTHER) == FOREIGN[OTHER]
    assert bind.txt(owner) == {}


def test_a_zone_with_octets_that_are_not_utf_8_is_refused(bind: NameServer) -> None:
    with pytest.raises(
        RecordSetError, match=r"octodns\.bind: octodns_bind\.Rfc2136Provider could not read the zone"
    ) as told:
        Strings(connected(bind)).add(f"bind/{APEX}", APEX, golden.SPF, None, adopt=False)
    assert "\n" not in str(told.value)
    assert bind.txt(APEX) == FOREIGN[APEX]


@pytest.mark.parametrize("value", ['"a \\\\ backslash"', '"a \\"quote\\""'])
def test_a_set_whose_strings_it_would_lose_is_refused(bind: NameServer, value: str) -> None:
    change = dns.update.UpdateMessage(OTHER)
    change.add("@", 3600, "TXT", value)
    change.use_tsig(dns.tsigkeyring.from_text({KEY_NAME: KEY}), algorithm="hmac-sha256")
    dns.query.tcp(change, bind.host, timeout=5, port=bind.port)
    before = bind.txt(OTHER)
    assert len(before) == 2
    with pytest.raises(RecordSetError, match="use another publisher"):
        Strings(connected(bind)).add(f"bind/{OTHER}", OTHER, golden.SPF, None, adopt=False)
    assert bind.txt(OTHER) == before


def test_a_wrong_key(bind: NameServer) -> None:
    wrong = "d3JvbmcgYW5kIGEgc2VjcmV0IG9mIGVub3VnaCBvY3RldHM="
    with pytest.raises(RecordSetError, match="could not read the zone") as told:
        connected(bind, wrong).read(f"bind/{OTHER}")
    assert "\n" not in str(told.value)
    assert not hints(str(told.value), wrong)
