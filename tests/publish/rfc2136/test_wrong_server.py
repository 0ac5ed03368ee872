"""Servers that are not the zone's primary, keys without rights, and a primary that nobody named."""

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import dns.exception
import dns.message
import dns.tsig
import pytest

from elastx_mrs.publish.rfc2136 import update
from elastx_mrs.publish.rfc2136.connection import POOL
from elastx_mrs.publish.rfc2136.primary import Primary, UpdateError
from tests.engine.stack import MEASURED, inherited
from tests.publish.rfc2136.updates import primary, provider, record
from tests.servers import KINDS, Key, NameServer, Setup, free_port, require, start
from tests.servers.zones import HEAD, ZONES

ROOT = Path(__file__).resolve().parents[3]
FAR = {"far.example": HEAD.format(name="far.example")}
ITS_PRIMARY = (
    "Its SOA says that ns1.far.example is the primary; if this is a secondary, name that one as rfc2136.server"
)

SECONDARY: dict[str, Callable[[int], str]] = {
    "bind": lambda port: (
        f'zone "far.example" {{ type secondary; primaries port {port} {{ 127.0.0.1; }}; file "far"; }};'
    ),
    "knot": lambda port: (
        f"remote:\n  - id: p\n    address: 127.0.0.1@{port}\nzone:\n  - domain: far.example\n"
        "    master: p\n    acl: update\n"
    ),
    "powerdns": lambda port: f"create-slave-zone far.example 127.0.0.1:{port}",
}


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("bind", "answered REFUSED to the update of far.example"),
        ("knot", "accepted the update of far.example but does not serve"),  # it passes it on, and answers NOERROR
    ],
)
def test_a_secondary(kind: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(update, "READ_BACK", 0.3)
    with start("bind", tmp_path / "primary", FAR) as first:
        setup = Setup(extra=SECONDARY[kind](first.port))
        with start(kind, tmp_path / "secondary", ZONES, setup) as second:
            wait_for(second, "far.example")
            with pytest.raises(UpdateError) as error:
                provider(second).create(record("x.far.example", "x", zone="far.example"))
    POOL.close()
    assert str(error.value).startswith(f"{second.address} {said}")
    assert ITS_PRIMARY in str(error.value)


def wait_for(server: NameServer, zone: str) -> None:
    command = [require("dig"), f"@{server.host}", "-p", str(server.port), zone, "SOA", "+short"]
    end = time.monotonic() + 30
    while "hostmaster" not in subprocess.run(command, capture_output=True, text=True, check=False).stdout:
        assert time.monotonic() < end, server.log[-2000:]
        time.sleep(0.1)


RIGHTS = {
    "bind": Setup((Key(), Key("poor.")), {"example.com": "allow-update { key test-key.; };"}),
    "knot": Setup(
        (Key(), Key("poor.")),
        {"example.com": "acl: mine"},
        "  - id: mine\n    key: test-key.\n    action: update\n",
    ),
    "powerdns": Setup((Key(), Key("poor.")), extra="set-meta example.com TSIG-ALLOW-DNSUPDATE test-key"),
}


@pytest.mark.parametrize("kind", RIGHTS)
def test_a_key_without_rights(kind: str, tmp_path: Path) -> None:
    with start(kind, tmp_path, ZONES, RIGHTS[kind]) as server:
        poor = NameServer(kind, server.host, server.port, "poor.", server.key)
        with pytest.raises(UpdateError) as error:
            provider(poor).create(record("x.example.com", "x"))
        assert server.txt("x.example.com") == {}
        provider(server).create(record("x.example.com", "x"))
    POOL.close()
    if kind == "knot":  # where no acl names it, it does not know it
        assert "knows no key poor with the algorithm hmac-sha256 (BADKEY), or, on Knot, no acl" in str(error.value)
    else:
        assert f"{server.address} answered REFUSED to the update of example.com" in str(error.value)
        assert "allow the key poor to update" in str(error.value)


@pytest.mark.parametrize("kind", KINDS)
def test_a_zone_above_or_below_the_real_cut(kind: str, tmp_path: Path) -> None:
    with start(kind, tmp_path) as server:
        for zone, said in (
            (
                "mail.example.com",
                "has no zone mail.example.com: the name is in its zone example.com; write example.com",
            ),
            (
                "com",
                "answered REFUSED to the query of com; it does not serve com, or refuses queries from this machine",
            ),
            ("child.example.com", "it delegates child.example.com to ns.child.example.com; name the primary that does"),
        ):
            with pytest.raises(UpdateError) as error:
                primary(server).check_zone(zone)
            assert str(error.value).startswith(server.address)
            assert said in str(error.value)
    POOL.close()


def test_an_answer_that_cannot_be_read_is_told_in_one_line() -> None:
    """dnspython's own texts have line ends in them, and some an indent."""
    asked = Primary("192.0.2.1", 53, dns.tsig.Key("mail-relay", "c2VjcmV0"))
    said = asked._unreadable(
        dns.message.make_query("example.com", "TXT"),
        b"",
        dns.exception.DNSException("A TSIG\n    is here."),  # type: ignore[no-untyped-call]
    )
    assert str(said).startswith("192.0.2.1:53 sent an answer that cannot be read: A TSIG is here")
    assert str(said).isprintable()


def test_a_server_that_takes_no_updates(tmp_path: Path) -> None:
    """NSD has no dynamic update at all."""
    (tmp_path / "far.example.zone").write_text(FAR["far.example"])
    port = free_port()
    (tmp_path / "nsd.conf").write_text(
        f"""server:
  ip-address: 127.0.0.1@{port}
  zonesdir: "{tmp_path}"
  database: ""
  zonelistfile: "{tmp_path}/zone.list"
  xfrdfile: "{tmp_path}/xfrd.state"
  xfrdir: "{tmp_path}"
  pidfile: ""
  username: ""
remote-control:
  control-enable: no
key:
  name: test-key
  algorithm: hmac-sha256
  secret: "{Key().secret}"
zone:
  name: far.example
  zonefile: far.example.zone
"""
    )
    with (tmp_path / "log").open("w") as log:
        process = subprocess.Popen([require("nsd"), "-d", "-c", str(tmp_path / "nsd.conf")], stdout=log, stderr=log)
    try:
        server = NameServer("nsd", "127.0.0.1", port, folder=tmp_path)
        wait_for(server, "far.example")
        with pytest.raises(UpdateError) as error:
            provider(server).create(record("x.far.example", "x", zone="far.example"))
    finally:
        process.terminate()
        process.wait(10)
    POOL.close()
    expected = (
        f"{server.address} answered NOTIMP to the update of far.example; it does not accept dynamic updates; name"
    )
    assert str(error.value).startswith(expected)


def test_a_name_that_is_full(tmp_path: Path) -> None:
    """BIND 9.18 takes 100 records of a type at a name (max-records-per-type)."""
    full = {"far.example": FAR["far.example"] + "".join(f"full TXT {number}\n" for number in range(100))}
    with start("bind", tmp_path, full) as server:
        with pytest.raises(UpdateError) as error:
            provider(server).create(record("full.far.example", "one more", zone="far.example"))
        assert len(server.txt("full.far.example")) == 100
    POOL.close()
    assert "answered SERVFAIL to the update of far.example" in str(error.value)
    assert "too many TXT records: BIND allows 100, unless max-records-per-type is set" in str(error.value)


SCRIPT = """
import sys
from pathlib import Path
sys.path.insert(0, {root!r})
import tests.servers
tests.servers.free_port = lambda: 53
from tests.publish.rfc2136.updates import provider, record
from elastx_mrs.publish.rfc2136.primary import UpdateError
with tests.servers.start({kind!r}, Path({folder!r})) as server:
    provider(server, server="").create(record("found.example.com", "x"))
    print(server.txt("found.example.com"))
    for zone in ("example.org", "lost.example"):
        try:
            provider(server, server="").create(record(f"x.{{zone}}", "x", zone=zone))
        except UpdateError as error:
            print(error)
"""


@pytest.mark.parametrize("kind", ["bind", "knot", "powerdns"])
def test_the_primary_is_found_by_the_zone_s_soa(kind: str, tmp_path: Path) -> None:
    """On port 53, in a network namespace; ns1.example.com, which the SOA names, is 127.0.0.1 there."""
    require("unshare")
    script = SCRIPT.format(root=str(ROOT), kind=kind, folder=str(tmp_path))
    inside = f"ip link set lo up && exec {sys.executable} -c '{script.replace(chr(39), chr(34))}'"
    done = subprocess.run(
        ["unshare", "-rn", "sh", "-c", inside],
        env=inherited(MEASURED)
        | {"PATH": "/usr/sbin:/sbin:/usr/bin:/bin", "ELASTX_MRS_NAMESERVERS": "127.0.0.1", "CI": "true"},
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    lines = done.stdout.splitlines()
    assert lines[:1] == ["{b'x': 1800}"], done.stdout + done.stderr
    assert "rfc2136.server: is missing, and the SOA of example.org, which names the primary, was not found" in lines[1]
    assert "write the primary's address, or set ELASTX_MRS_RFC2136_SERVER" in lines[1]
