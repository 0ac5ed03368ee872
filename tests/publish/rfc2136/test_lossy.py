"""Updates over a connection that loses a fifth of all packets, and a primary that is dead."""

import socket
import subprocess
import sys
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from elastx_mrs import limits
from elastx_mrs.publish.rfc2136 import connection, update
from elastx_mrs.publish.rfc2136.connection import Connection, Connections, LostError
from elastx_mrs.publish.rfc2136.primary import UpdateError
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


class Clock:
    """Time that passes only where something waits for it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 0.0
        for module in (connection, update):
            monkeypatch.setattr(module, "time", self)

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


class Dripping(socket.socket):
    """Sends an answer octet by octet, each after a while."""

    def __init__(self, clock: Clock, each: float, octets: bytes) -> None:
        super().__init__()
        self.clock, self.each, self.octets, self.wait = clock, each, list(octets), 0.0

    def settimeout(self, seconds: float | None) -> None:
        self.wait = seconds or 0.0

    def sendall(self, octets: Any, flags: int = 0) -> None:
        pass

    def recv(self, most: int, flags: int = 0) -> bytes:
        self.clock.now += min(self.each, self.wait)
        if self.each > self.wait:
            raise TimeoutError
        return bytes([self.octets.pop(0)])


@pytest.mark.limit("EXCHANGE_SECONDS")
def test_an_answer_that_comes_octet_by_octet(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each octet had ten seconds of its own, so that one message took a week."""
    most, clock = limits.EXCHANGE_SECONDS.most, Clock(monkeypatch)
    octets = (18).to_bytes(2) + b"x" * 18
    with Dripping(clock, (most - 0.1) / 20, octets) as opened:
        assert Connection(opened).exchange(b"asked", connection.TIMEOUT) == b"x" * 18
    clock.now = 0.0
    with (
        Dripping(clock, (most + 0.1) / 20, octets) as opened,
        pytest.raises(LostError, match=r"^no answer in 10 s$"),
    ):
        Connection(opened).exchange(b"asked", connection.TIMEOUT)
    assert clock.now == pytest.approx(most)


def test_a_query_that_is_taken_slowly_leaves_less_for_its_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch)

    class Slow(Dripping):
        def sendall(self, octets: Any, flags: int = 0) -> None:
            clock.now += connection.TIMEOUT - 1

    with Slow(clock, 2, b"") as opened, pytest.raises(LostError, match=r"^no answer in 10 s$"):
        Connection(opened).exchange(b"asked", connection.TIMEOUT)
    assert clock.now == pytest.approx(connection.TIMEOUT)


def here() -> update._Here:
    at: Any = SimpleNamespace(host="192.0.2.53")
    return update._Here(at, lambda message: message, "example.com", "x.example.com")


@pytest.mark.limit("CONTENTION_SECONDS")
def test_records_that_others_keep_changing(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, tries = Clock(monkeypatch), here().tries()
    next(tries)
    clock.now = limits.CONTENTION_SECONDS.most - 2
    next(tries)
    clock.now = limits.CONTENTION_SECONDS.most
    with pytest.raises(UpdateError, match=r"were changed by others again and again for 60 s, so nothing was writ"):
        next(tries)


@pytest.mark.limit("READ_BACK_SECONDS")
@pytest.mark.parametrize(("late", "shown"), [(-0.1, True), (0.1, False)])
def test_a_change_that_shows_late(late: float, shown: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    clock, at = Clock(monkeypatch), here()
    there = ["there"]
    monkeypatch.setattr(update, "_matching", lambda found, value: found)
    monkeypatch.setattr(at, "read", lambda: there if clock.now >= limits.READ_BACK_SECONDS.most + late else [])
    assert at.shows("x", present=True, patience=update.READ_BACK) == shown
    assert clock.now == pytest.approx(limits.READ_BACK_SECONDS.most)


def test_a_system_resolver_that_hangs_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    let_go = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: let_go.wait(60) and [])
    monkeypatch.setattr(limits, "CONNECT_SECONDS", limits.CONNECT_SECONDS._replace(most=0))
    with pytest.raises(LostError, match="its name was not resolved in 0 seconds: check this machine's resolvers"):
        Connections().take("ns1.example.com", 53, 60.0)
    let_go.set()
