"""Zones that the server signs: what is published validates, and missing private keys are explained."""

import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from elastx_mrs.publish.rfc2136 import update
from elastx_mrs.publish.rfc2136.connection import POOL
from elastx_mrs.publish.rfc2136.primary import UpdateError
from tests.publish.rfc2136.updates import provider, record
from tests.servers import NameServer, Setup, require, start
from tests.servers.zones import ZONES

POLICY = 'allow-update { key test-key.; }; dnssec-policy default; key-directory ".";'
SETUPS = {
    "bind": Setup(zones={"example.com": f"{POLICY} inline-signing no;"}),
    "bind, inline": Setup(zones={"example.com": f"{POLICY} inline-signing yes;"}),
    "knot": Setup(zones={"example.com": "acl: update\n    dnssec-signing: on"}),
    "powerdns": Setup(extra="secure-zone example.com"),
}


@pytest.fixture(params=SETUPS)
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[NameServer]:
    zones = {"example.com": ZONES["example.com"]}
    with start(request.param.partition(",")[0], tmp_path / "server", zones, SETUPS[request.param]) as running:
        yield running
    POOL.close()


def keys(server: NameServer) -> list[list[str]]:
    """The zone's DNSKEYs, once it is signed."""
    end = time.monotonic() + 20
    command = ["dig", f"@{server.host}", "-p", str(server.port), "example.com", "DNSKEY", "+short"]
    while time.monotonic() < end:
        found = subprocess.run(command, capture_output=True, text=True, check=False).stdout
        if found.strip():
            return [line.split() for line in found.splitlines()]
        time.sleep(0.1)
    pytest.fail("the zone was not signed in 20 s")


def delv(server: NameServer, folder: Path, name: str) -> str:
    """What delv says of a name's TXT, with the zone's own keys as its anchor."""
    secure = [key for key in keys(server) if key[0] == "257"]
    lines = [f'"example.com." static-key {" ".join(key[:3])} "{"".join(key[3:])}";' for key in secure]
    anchor = folder / "anchor"
    anchor.write_text(f"trust-anchors {{ {' '.join(lines)} }};\n")
    command = [require("delv"), f"@{server.host}", "-p", str(server.port), "-a", str(anchor), "+root=example.com", name]
    done = subprocess.run([*command, "TXT"], capture_output=True, text=True, check=False, timeout=60)
    return done.stdout + done.stderr


def test_what_is_published_into_a_signed_zone_validates(server: NameServer, tmp_path: Path) -> None:
    keys(server)
    ours = provider(server)
    ours.create(record("example.com", "v=spf1 -all"))
    ours.create(record("_dmarc.example.com", "v=DMARC1; p=none;"))
    for name, value in (("example.com", "v=spf1 -all"), ("_dmarc.example.com", "v=DMARC1; p=none;")):
        said = delv(server, tmp_path, name)
        assert "; fully validated" in said, said
        assert f'"{value}"' in said
    ours.update("id", record("example.com", "v=spf1 -all"), record("example.com", "v=spf1 mx -all"))
    assert '"v=spf1 mx -all"' in delv(server, tmp_path, "example.com")
    ours.delete("id", record("_dmarc.example.com", "v=DMARC1; p=none;"))
    said = delv(server, tmp_path, "_dmarc.example.com")
    assert "; negative response, fully validated" in said, said


@pytest.mark.parametrize("server", [kind for kind in SETUPS if kind != "powerdns"], indirect=True)
def test_missing_private_keys_are_explained(
    server: NameServer, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(update, "READ_BACK", 0.5)
    keys(server)
    private = [*server.folder.glob("K*.private")]
    for path in private:
        path.unlink()
    if server.kind == "knot":
        shutil.rmtree(server.folder / "db" / "keys")
    with pytest.raises(UpdateError) as error:
        provider(server).create(record("lost.example.com", "x"))
    said = str(error.value)
    # BIND that signs beside the zone takes the update into the unsigned one, and says so.
    inline = "inline" in request.node.name
    assert (
        "accepted the update of example.com but does not serve" if inline else "answered SERVFAIL to the update"
    ) in said
    assert "example.com is signed, and without its private keys nothing can be added to it" in said
    assert server.txt("lost.example.com") == {}
