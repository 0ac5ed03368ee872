"""One ``up`` over a network that loses a fifth of all packets: guard, updates and verification, on one name server."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests import golden
from tests.engine import vault
from tests.engine.stack import Stack
from tests.servers.lossy import Lossy, lossy, serving
from tests.servers.zones import ZONES

pytestmark = pytest.mark.engine

DOMAINS = [f"d{number}.example.com" for number in range(3)]
CONFIG: dict[str, Any] = {
    "accounts": [golden.ACCOUNT],
    "dkim": golden.DKIM,
    "dmarc": golden.DMARC,
    "domains": DOMAINS,
    "rfc2136": {"zones": ["example.com"]},
    "verification": {"timeout": 60},
}


@contextmanager
def kept(net: Lossy) -> Iterator[None]:
    """Run the keeper of the stack's key in the namespace too, at the same address."""
    port = vault.environment()["VAULT_SERVER_URL"].rpartition(":")[2]
    with net.running([sys.executable, "-m", "tests.engine.vault", port], "vault"):
        yield


def test_one_up_survives_a_fifth_of_all_packets_lost_each_way(tmp_path: Path) -> None:
    """200 ms round trip. By chance it fails in fewer than 1 of 100,000 runs.

    What is lost over UDP is the same in every run, but for questions with names that are drawn. If all of it were
    drawn: the 8 packets of a question are lost with 0.36⁸ = 0.0003, which fails only if none of the others, 20 at
    least, was answered late: 20 · 0.0003 · 0.64²⁰ = 8 · 10⁻⁷. If one was, the question has 21 packets: 0.36²¹ =
    5 · 10⁻¹⁰. Verification asks again for a minute. Updates: ``tests/publish/rfc2136/test_lossy.py``, and 12 of them.
    """
    with lossy(tmp_path / "net", loss=0.2, delay=0.1) as net, serving(net, ZONES) as server, kept(net):
        environment = server.environment() | {"ELASTX_MRS_VERIFICATION": "require"}
        stack = Stack.create(tmp_path, environment, CONFIG)
        stack.enter = net.enter
        done = stack.up()
        assert f"verification: {len(DOMAINS)} of {len(DOMAINS)} domains verified" in done.stdout
        assert "warning" not in done.stdout
        for domain in DOMAINS:
            assert net.near(server, f"elastx._domainkey.{domain}") == [golden.DKIM.encode()]
            assert len(net.near(server, domain)) == 2, "challenge and SPF"
