"""A stack's life through octoDNS's PowerDNS provider: real engine, real program, Debian's PowerDNS and its HTTP API."""

import copy
from collections.abc import Iterator
from pathlib import Path

import pytest

from elastx_mrs.secrecy import hints
from tests import secrecy
from tests.engine.rfc2136.test_rfc2136 import CONFIG, DKIM, DMARC, FIRST_TOKEN, SECOND_TOKEN, SPF
from tests.engine.stack import Stack
from tests.publish.octodns.powerdns import API_KEY, PowerDns, powerdns
from tests.servers.zones import FOREIGN

pytestmark = pytest.mark.engine
APEX = "example.com"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[PowerDns]:
    with powerdns(tmp_path / "server") as running:
        yield running


def test_the_life_of_a_stack(server: PowerDns, tmp_path: Path) -> None:
    config = {key: value for key, value in copy.deepcopy(CONFIG).items() if key != "rfc2136"}
    environment = server.environment()
    stack = Stack.create(tmp_path, environment, config | {"octodns": {"pdns": server.config}})

    # One record is there already, and is taken over; a disabled one beside it would stop the preview.
    server.put(APEX, f"_dmarc.{APEX}", [f'"{DMARC.decode()}"'], ttl=1800, disabled=['"disabled"'])
    stack.config["adopt"] = [f"_dmarc.{APEX}"]
    refused = stack.preview(check=False)
    assert f"_dmarc.{APEX}: octodns.pdns has 'disabled', unlike 127.0.0.1" in refused.stdout
    server.put(APEX, f"_dmarc.{APEX}", [f'"{DMARC.decode()}"'], ttl=1800)
    taken = f"guard: _dmarc.{APEX}: '{DMARC.decode()}' is taken over unchanged; from then on the stack manages it"
    assert taken in stack.preview().stdout
    assert server.dns.txt(APEX) == FOREIGN[APEX], "a preview changes nothing"
    logged = stack.up("-v=9", "--logtostderr")
    assert secrecy.shown(logged.stdout + logged.stderr, [API_KEY]) == [], "the environment's is in no log"
    apex = FOREIGN[APEX] | dict.fromkeys((FIRST_TOKEN, SECOND_TOKEN, SPF), 3600)
    assert server.dns.txt(APEX) == apex
    assert server.dns.txt(f"elastx._domainkey.{APEX}") == {DKIM: 1800}
    assert server.dns.txt(f"_dmarc.{APEX}") == {DMARC: 1800}
    (zone,) = {one["inputs"]["zone"] for one in stack.resources().values() if "zone" in one.get("inputs", {})}
    assert zone == f"pdns/{APEX}"

    del stack.config["adopt"]
    stack.preview("--expect-no-changes")
    stack.pulumi("refresh", "--yes", "--stack", "test", "--expect-no-changes")

    # The key moves from the environment into the config, encrypted: nothing changes, and it is in no log and no state.
    environment.pop("PDNS_API_KEY")
    stack.pulumi("config", "set", "--path", "--secret", "elastx-mrs:octodns.pdns.api_key", API_KEY, "--stack", "test")
    stack.config["octodns"] = stack.written()["elastx-mrs:octodns"]
    assert set(stack.config["octodns"]["pdns"]["api_key"]) == {"secure"}
    stack.preview("--expect-no-changes")

    stack.config["dmarc"] = "v=DMARC1; p=reject;"
    for domain in stack.config["domains"]:
        domain.pop("dmarc")
    stack.config["accounts"].pop()
    stack.config["domains"].pop()
    logged = stack.up("-v=9", "--logtostderr")
    assert server.dns.txt(f"_dmarc.{APEX}") == {b"v=DMARC1; p=reject;": 1800}
    assert server.dns.txt(APEX) == FOREIGN[APEX] | dict.fromkeys((FIRST_TOKEN, SPF), 3600)
    assert server.dns.txt(f"_dmarc.news.{APEX}") == {}
    assert not hints(logged.stdout, API_KEY)
    assert secrecy.shown(stack.state(), [API_KEY]) == []

    server.put(APEX, f"_dmarc.{APEX}", ['"v=DMARC1; p=none;"'], ttl=1800)  # somebody changes a record
    stack.pulumi("refresh", "--yes", "--stack", "test")
    assert stack.resources()[f"mail-{APEX}-dmarc"]["outputs"]["value"] == "v=DMARC1; p=none;"
    stack.up()
    assert server.dns.txt(f"_dmarc.{APEX}") == {b"v=DMARC1; p=reject;": 1800}

    with secrecy.watched(str(tmp_path)) as processes:
        stack.pulumi("destroy", "--yes", "--stack", "test")
    assert secrecy.shown(b"\n".join((*processes.commands, *processes.environments)), [API_KEY]) == []
    assert secrecy.shown_below(tmp_path, [API_KEY], tmp_path / "server") == [], "it is encrypted in the file and state"
    assert server.dns.txt(APEX) == FOREIGN[APEX]
    assert server.dns.txt(f"elastx._domainkey.{APEX}") == {}
