"""Who is asked, on the real engine: the guard and verification ask the same servers, by domain."""

import copy
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import golden
from tests.engine.stack import Stack
from tests.servers import NameServer, start
from tests.servers.recursor import recursor
from tests.servers.zones import ZONES

pytestmark = pytest.mark.engine

COMPANY = {name: ZONES[name] for name in ("example.com", "example.se")}
ELASTX = {"elastx.email": "v=spf1 ip4:203.0.113.0/24 -all"}
NOBODY = "127.0.0.1:1"
CONFIG: dict[str, Any] = {
    "accounts": [golden.ACCOUNT],
    "dkim": golden.DKIM,
    "domains": ["example.com", "example.se"],
    "rfc2136": {"zones": list(COMPANY)},
    "verification": {"timeout": 0, "rootHints": [NOBODY], "resolvers": [NOBODY]},
}


@pytest.fixture
def server(tmp_path: Path) -> Iterator[NameServer]:
    with start("bind", tmp_path / "server", COMPANY) as running:
        yield running


@pytest.fixture
def resolver(server: NameServer, tmp_path: Path) -> Iterator[str]:
    with recursor(tmp_path / "resolver", dict.fromkeys(COMPANY, server.address), ELASTX) as address:
        yield address


@pytest.fixture
def stack(server: NameServer, tmp_path: Path) -> Stack:
    environment = server.environment() | {"ELASTX_MRS_VERIFICATION": "require"}
    del environment["ELASTX_MRS_NAMESERVERS"]
    return Stack.create(tmp_path, environment, copy.deepcopy(CONFIG))


def test_port_53_is_closed_for_one_domain_and_another_has_its_own_servers(
    server: NameServer, resolver: str, stack: Stack
) -> None:
    closed = {"name": "example.com", "verification": {"via": "resolvers", "resolvers": [resolver]}}
    own = {"name": "example.se", "verification": {"nameservers": [server.address], "resolvers": [resolver]}}
    stack.config["domains"] = [closed, own]
    done = stack.up()
    assert "verification: 2 of 2 domains verified" in done.stdout
    assert "warning: guard:" not in done.stdout
    assert golden.SPF.encode() in server.txt("example.com")


def test_a_silent_dns_is_reported_once(stack: Stack) -> None:
    no_root = (
        "no root server gives a usable answer: 127.0.0.1:1 refused the connection; start these servers, or correct"
    )
    no_resolver = "no resolver gives a usable answer: 127.0.0.1:1 refused the connection; use a resolver that this"
    for said in (diagnostics(stack.preview()), diagnostics(stack.up(check=False))):
        assert (said.count(no_root), said.count(no_resolver)) == (1, 1), said

    said = diagnostics(stack.up(ELASTX_MRS_GUARD="off", check=False))
    assert "example.com and example.se are not verified:" in said
    assert said.count("no root server gives a usable answer") == 1
    assert "(did not wait: this machine cannot query DNS)" in said


def diagnostics(done: subprocess.CompletedProcess[str]) -> str:
    assert "Traceback" not in done.stdout + done.stderr
    return done.stdout.partition("Diagnostics:")[2]
