"""A provider of another package on the real engine: the guard, publishing and verification know it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engine.stack import QUICK, Stack
from tests.registry.test_registry import CONFIG, TOY
from tests.servers import NameServer, start
from tests.servers.zones import HEAD, ZONES

pytestmark = pytest.mark.engine

SERVED = ZONES | {
    "example.com": HEAD.format(name="example.com") + '_dmarc TXT "v=DMARC1; p=reject"\n',
    "elastx.email": HEAD.format(name="elastx.email") + '@ TXT "v=spf1 ip4:203.0.113.0/24 -all"\n',
}


@pytest.fixture
def server(tmp_path: Path) -> Iterator[NameServer]:
    with start("lab", tmp_path / "server", SERVED) as running:
        yield running


def test_guard_publishing_and_verification_know_it(server: NameServer, tmp_path: Path) -> None:
    environment = server.environment() | {"ELASTX_MRS_VERIFICATION": "", "PYTHONPATH": f"{QUICK}:{TOY}"}
    stack = Stack.create(tmp_path, environment, CONFIG | {"verification": {"timeout": 0}})
    stopped = stack.preview(check=False)
    assert stopped.returncode != 0
    assert "'v=DMARC1; p=reject'" in stopped.stdout
    assert "run: toy --merge" in stopped.stdout
    stack.config["domains"] = [{"name": "example.com", "dmarc": {"external": True}}]
    done = stack.up()
    assert "verification: 1 of 1 domain verified" in done.stdout
    types = {one["type"] for one in stack.resources().values()}
    assert "pulumi-python:dynamic:Resource" in types
    assert stack.config["dkim"].encode() in server.txt("elastx._domainkey.example.com")
