"""Kept connections fit the machine, and a shortage is no server's fault."""

import errno
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from elastx_mrs import descriptors, limits
from elastx_mrs.descriptors import Shortage
from elastx_mrs.publish.rfc2136 import connection
from elastx_mrs.publish.rfc2136.connection import Connections
from elastx_mrs.publish.rfc2136.primary import UnreachableError
from tests.publish.rfc2136.odd import SOA, answer, saying
from tests.publish.rfc2136.updates import primary


@pytest.fixture
def connections() -> Iterator[Connections]:
    made = Connections()
    yield made
    made.close()


def used(connections: Connections, ports: list[int]) -> None:
    """Use one connection to each, all at once."""
    with ExitStack() as stack:
        for port in ports:
            conversation = stack.enter_context(connections.to("127.0.0.1", port))
            conversation._connection = connections.take("127.0.0.1", port)


def kept(connections: Connections) -> list[int]:
    return [port for (_, port), idle in connections._idle.items() for _ in idle]


def listening(stack: ExitStack, number: int) -> list[int]:
    made = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(number)]
    return [one.getsockname()[1] for one in made]


@pytest.mark.limit("KEPT_CONNECTIONS")
@pytest.mark.parametrize("over", [0, 1])
def test_so_many_are_kept_and_the_longest_unused_goes(
    over: int, connections: Connections, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "KEPT_CONNECTIONS", limits.KEPT_CONNECTIONS._replace(most=4))
    with ExitStack() as stack:
        ports = listening(stack, 4 + over)
        used(connections, ports[::-1])  # the last one that is taken is the first one that is given back
        assert kept(connections) == ports[over:]
        used(connections, [ports[1]])
        assert kept(connections) == [port for port in ports[over:] if port != ports[1]] + [ports[1]]


def test_fewer_are_kept_where_the_machine_has_room_for_fewer(
    connections: Connections, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "room", lambda own: 6)
    with ExitStack() as stack:
        used(connections, listening(stack, 5))
        assert len(kept(connections)) == 3


class Refusing:
    """Refuses connections until none is kept, or for as often as told."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, connections: Connections | None, times: float) -> None:
        opening = socket.create_connection
        self.times = times

        def opened(*arguments: Any) -> socket.socket:
            if self.times > 0 and (connections is None or kept(connections)):
                self.times -= 1
                raise OSError(errno.EMFILE, "Too many open files")
            return opening(*arguments)

        monkeypatch.setattr(socket, "create_connection", opened)
        monkeypatch.setattr(descriptors, "SHORTAGE", Shortage())


def test_kept_ones_make_room(connections: Connections, monkeypatch: pytest.MonkeyPatch) -> None:
    with ExitStack() as stack:
        *ports, other = listening(stack, 4)
        used(connections, ports)
        Refusing(monkeypatch, connections, float("inf"))
        used(connections, [other])
        assert kept(connections) == [other]


def test_a_shortage_is_waited_out(monkeypatch: pytest.MonkeyPatch) -> None:
    Refusing(monkeypatch, None, 3)
    with saying(lambda asked: answer(asked, SOA)) as server:
        primary(server).check_zone("example.com")


def test_a_shortage_that_lasts_is_this_machine_s(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "SHORTAGE", limits.SHORTAGE._replace(most=1))
    Refusing(monkeypatch, None, float("inf"))
    with saying(lambda asked: answer(asked, SOA)) as server, pytest.raises(UnreachableError) as caught:
        primary(server).check_zone("example.com")
    told = str(caught.value)
    assert told.startswith(f"127.0.0.1:{server.port} could not be queried: this machine is short of file descriptors")
    assert "ulimit -n" in told
    assert "is the server up" not in told
