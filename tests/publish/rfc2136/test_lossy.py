"""Updates over a connection that loses a fifth of all packets, and a primary that is dead."""

import socket
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from elastx_mrs import limits
from elastx_mrs.publish.rfc2136 import connection
from elastx_mrs.publish.rfc2136.connection import Connections, LostError
from tests.engine.stack import ROOT
from tests.servers.lossy import lossy, serving
from tests.servers.zones import FOREIGN, ZONES

RECORDS = 8


def test_nothing_is_lost_and_nothing_doubled(tmp_path: Path) -> None:
    """200 ms round trip, 20 % loss each way, real BIND and the kernel's own TCP.

    It fails by chance in fewer than 1 of 100,000 runs. In 10 seconds TCP sends a message, and its answer, 5 times at
    least (at once and after 0.6, 1.8, 4.2 and 9 s), so that one exchange is lost with 2 · 0.2⁵ = 0.0006, or with
    0.005 where the last packet of the five comes too late. An update must be lost three times in a row, and there are
    20 of them: 20 · 0.005³ = 0.0000025. A query must be lost six times in its minute: 100 · 0.005⁶, which is nothing.
    All of the first 8 connections would have to fail for 8 seconds, each with 0.00005.
    """
    with lossy(tmp_path / "net", loss=0.2, delay=0.1) as net, serving(net, ZONES) as server:
        program = [sys.executable, "-m", "tests.publish.rfc2136.afar", str(RECORDS)]
        done = subprocess.run(net.enter(program), cwd=ROOT, capture_output=True, text=True, check=False, timeout=300)
        assert done.returncode == 0, done.stderr + net.lost()
        for number in range(RECORDS):
            served = set() if number % 2 else {b"v=spf1 -all"}
            assert set(net.near(server, f"r{number}.example.com")) == served
        assert set(net.near(server, "example.com")) == set(FOREIGN["example.com"])


@pytest.mark.limit("CONNECT_SECONDS", "RECORD_SECONDS")
def test_a_primary_that_accepts_no_connection_costs_eight_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    now, tried = 0.0, []

    def late(address: tuple[str, int], seconds: float) -> None:
        nonlocal now
        now += seconds
        tried.append(address)
        raise TimeoutError

    monkeypatch.setattr(socket, "create_connection", late)
    monkeypatch.setattr(connection, "time", SimpleNamespace(monotonic=lambda: now))
    connections = Connections()
    with pytest.raises(LostError, match=r"^not reached in 8 s$") as error:
        connections.take("192.0.2.53", 53, 60.0)
    assert (now, len(tried), error.value.sent) == (limits.CONNECT_SECONDS.most, 4, False)

    now = 0.0
    connections.heard.add(("192.0.2.53", 53))
    with pytest.raises(LostError, match=r"^not reached in 60 s$"):
        connections.take("192.0.2.53", 53, float(limits.RECORD_SECONDS.most))

    now = 0.0
    talking = connection.Conversation(connections, "192.0.2.53", 53)
    now = limits.RECORD_SECONDS.most - 0.1
    assert talking.patient()
    now = limits.RECORD_SECONDS.most
    assert not talking.patient()
