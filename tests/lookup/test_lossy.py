"""Networks that lose packets: repeated queries, the time for a server, and other servers in the meantime.

No test waits for packets: :class:`Path` decides each try, and the seconds are only counted.
"""

import asyncio
from collections import defaultdict
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import dns.flags
import dns.message
import dns.name
import dns.rdatatype
import pytest

from elastx_mrs import limits
from elastx_mrs.lookup import network as module
from elastx_mrs.lookup.network import Network
from elastx_mrs.lookup.patience import PATIENCE, Patience
from elastx_mrs.lookup.question import LookupFailure, Question, Server
from elastx_mrs.lookup.transport import plain
from elastx_mrs.lookup.transport.pool import Sockets
from elastx_mrs.lookup.transport.wire import Query, UnusableError
from tests.lookup.nets import Reply, answer, fake

T = TypeVar("T")
ONE, TWO, THREE = Server("192.0.2.1"), Server("192.0.2.2"), Server("192.0.2.3")
TRIES = [1.5, 2.5, 25 / 6, 29 / 6]
"""Seconds: each 5/3 of the one before, and 13 in all."""


def question(name: str) -> Question:
    return Question(dns.name.from_text(name), dns.rdatatype.TXT)


@dataclass
class Path:
    """The result of each try, by server and first label.

    It is ``lost``, at once or ``late``; it brings ``half`` an answer; or it is answered, where it ``hangs`` later.

    :ivar tries: the seconds of each.
    :ivar order: the servers, in the order of the queries.
    """

    fates: dict[str, list[str]] = field(default_factory=dict)
    tries: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    order: list[str] = field(default_factory=list)
    goes_on: asyncio.Event = field(default_factory=asyncio.Event)

    async def exchange(
        self, sockets: Sockets, host: str, port: int, query: Query, patience: float, pauses: Sequence[float] = ()
    ) -> dns.message.Message:
        asked = query.message()
        key = f"{host[-1]}{asked.question[0].name.to_text()[0]}"
        self.tries[key].append(patience)
        self.order.append(host[-1])
        fates = self.fates.get(key, [])
        fate = fates.pop(0) if len(fates) > 1 else "".join(fates)
        if fate in ("hangs", "late"):
            await self.goes_on.wait()
        if fate in ("lost", "late"):
            raise TimeoutError
        if fate == "half":
            raise plain.HalfError("sent a truncated answer over UDP", 1)
        return answer(asked, f"{asked.question[0].name} 60 IN TXT {host}")


@pytest.fixture
def path(monkeypatch: pytest.MonkeyPatch) -> Path:
    made = Path()
    monkeypatch.setattr(plain, "exchange", made.exchange)
    return made


def run(work: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(work, debug=True)


async def problem(network: Network, name: str, server: Server = ONE) -> str:
    with pytest.raises(LookupFailure) as caught:
        await network.exchange(server, question(name))
    return caught.value.problem


def text(reply: dns.message.Message) -> str:
    if not reply.answer:
        raise UnusableError("says nothing")
    return str(reply.answer[0][0]).strip('"')


def test_the_packets_of_a_question_are_enough_for_a_fifth_lost_each_way() -> None:
    """0.36 of all exchanges are lost: all except 0.8 times 0.8."""

    def packets(seconds: Sequence[float]) -> int:
        return sum(1 + len(PATIENCE.pauses(one)) for one in seconds)

    assert (packets(TRIES[:2]), packets(TRIES)) == (8, 21)
    assert 0.36**8 < 1 / 3_000
    assert 0.36**21 < 1 / 1_000_000_000


def test_a_dead_server_costs_four_seconds_once(path: Path) -> None:
    path.fates = {"1a": ["lost"]}

    async def work() -> None:
        network = Network()
        assert await problem(network, "a") == "did not answer in 4 s, asked 8 times"
        assert await problem(network, "b") == "answered no query in the last 30 s"

    run(work())
    assert path.tries == {"1a": TRIES[:2]}
    assert sum(TRIES[:2]) == limits.QUESTION_SECONDS.most


@pytest.mark.parametrize("lost", range(4))
def test_a_server_that_answers_only_a_repeated_query_gets_more_time(path: Path, lost: int) -> None:
    path.fates = {"1a": ["lost", ""], "1b": ["lost"] * lost + [""]}

    async def work() -> None:
        network = Network()
        assert text(await network.exchange(ONE, question("a"))) == ONE.host
        assert text(await network.exchange(ONE, question("b"))) == ONE.host

    run(work())
    assert path.tries["1b"] == pytest.approx(TRIES[: lost + 1])


def test_its_time_ends_too_and_it_does_not_count_as_dead(path: Path) -> None:
    path.fates = {"1a": ["lost", ""], "1b": ["lost"]}

    async def work() -> None:
        network = Network()
        assert text(await network.exchange(ONE, question("a"))) == ONE.host
        assert await problem(network, "b") == "did not answer in 13 s, asked 21 times"
        assert text(await network.exchange(ONE, question("c"))) == ONE.host

    run(work())
    assert path.tries["1b"] == pytest.approx(TRIES)
    assert sum(TRIES) == pytest.approx(limits.LOSSY_QUESTION_SECONDS.most)


def test_a_name_that_a_good_server_does_not_answer_costs_four_seconds(path: Path) -> None:
    path.fates = {"1b": ["lost"]}

    async def work() -> None:
        network = Network()
        assert text(await network.exchange(ONE, question("a"))) == ONE.host
        assert await problem(network, "b") == "did not answer in 4 s, asked 8 times"

    run(work())


def test_a_running_query_learns_from_another_that_packets_get_lost(path: Path) -> None:
    path.fates = {"1a": ["lost", "late", "lost", ""], "1b": ["lost", ""]}

    async def work() -> None:
        network = Network()
        waiting = asyncio.create_task(network.exchange(ONE, question("a")))
        await asyncio.sleep(0)
        assert text(await network.exchange(ONE, question("b"))) == ONE.host
        path.goes_on.set()
        assert text(await waiting) == ONE.host

    run(work())
    assert path.tries["1a"] == pytest.approx(TRIES)


def test_half_an_answer_is_queried_again_and_its_server_is_alive(path: Path) -> None:
    path.fates = {"1a": ["half", ""], "1b": ["half"]}

    async def work() -> None:
        network = Network()
        assert text(await network.exchange(ONE, question("a"))) == ONE.host
        told = "sent a truncated answer over UDP, and nothing over TCP in 1 s"
        assert await problem(network, "b") == told
        assert text(await network.exchange(ONE, question("c"))) == ONE.host

    run(work())


def test_a_packet_is_sent_again_from_the_same_port_with_the_same_id() -> None:
    seen: list[int] = []

    def respond(query: dns.message.Message, via: str) -> Reply:
        seen.append(query.id)
        return answer(query, "a. 60 IN TXT there") if len(seen) > 3 else None

    async def work() -> None:
        async with fake(respond) as server:
            network = Network(patience=Patience(first=60, silent=60, again=0.05))
            assert text(await network.exchange(server.server, question("a"))) == "there"
            assert network.sent == 1

    run(work())
    assert len(seen) >= 4
    assert len(set(seen)) == 1


def test_over_tcp_a_lost_answer_is_queried_again() -> None:
    streams: list[dns.message.Message] = []

    def respond(query: dns.message.Message, via: str) -> Reply:
        if via == "udp":
            return answer(query, flags=dns.flags.TC)
        streams.append(query)
        return answer(query, "a. 60 IN TXT there")

    async def work() -> None:
        async with fake(respond) as server:
            real = plain.tcp

            async def lost(*arguments: Any) -> dns.message.Message:
                if not streams:
                    streams.append(dns.message.Message())
                    raise TimeoutError
                return await real(*arguments)

            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(plain, "tcp", lost)
                patient = Network(patience=Patience(20, 1, 200, 200))
                assert text(await patient.exchange(server.server, question("a"))) == "there"

    run(work())
    assert len(streams) == 2


def test_two_of_three_servers_are_silent_and_the_third_answers(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "HEAD_START", 0.02)
    path.fates = {f"{server}{name}": ["hangs"] for server in "12" for name in "ab"}

    async def work() -> None:
        network = Network()
        assert await network.first([ONE, TWO, THREE], question("a"), text) == THREE.host
        assert path.order == ["1", "2", "3"]
        assert await network.first([ONE, TWO, THREE], question("b"), text) == THREE.host

    run(work())
    assert path.order == ["1", "2", "3", "3"], "those that are silent come last"


def test_the_first_server_s_answer_counts_although_the_second_was_queried(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "HEAD_START", 0.02)
    path.fates = {"1a": ["hangs"], "2a": ["lost"]}

    async def work() -> None:
        network = Network()
        waiting = asyncio.create_task(network.first([ONE, TWO], question("a"), text))
        while len(path.tries.get("2a", [])) < 2:
            await asyncio.sleep(0.01)
        path.goes_on.set()
        assert await waiting == ONE.host

    run(work())


def test_time_in_a_queue_does_not_start_the_next_server(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "HEAD_START", 0.01)
    path.fates = {"1a": ["hangs"]}

    async def work() -> None:
        network = Network(per_server=1)
        before = asyncio.create_task(network.exchange(ONE, question("a")))
        await asyncio.sleep(0)
        queued = asyncio.create_task(network.first([ONE, TWO], question("b"), text))
        await asyncio.sleep(0.2)
        assert path.order == ["1"]
        path.goes_on.set()
        assert (text(await before), await queued) == (ONE.host, ONE.host)

    run(work())
    assert path.order == ["1", "1"]


def test_the_message_lists_what_each_server_did_in_order(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "HEAD_START", 0.02)
    path.fates = {"1a": ["late", "lost"], "2a": ["lost"]}

    async def work() -> None:
        network = Network()
        waiting = asyncio.create_task(network.first([ONE, TWO], question("a"), text))
        while len(path.tries.get("2a", [])) < 2:
            await asyncio.sleep(0.01)
        path.goes_on.set()
        with pytest.raises(
            LookupFailure, match=r"^192\.0\.2\.1 did not .*; 192\.0\.2\.2 did not answer in 4 s"
        ) as told:
            await waiting
        assert told.value.server is None

    run(work())


def test_an_answer_that_another_waits_for_causes_no_query(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path.fates = {"1a": ["hangs"]}

    async def work() -> None:
        network = Network()
        both = [asyncio.create_task(network.first([ONE, TWO], question("a"), text)) for _ in range(2)]
        await asyncio.sleep(0.05)
        path.goes_on.set()
        assert await asyncio.gather(*both) == [ONE.host, ONE.host]

    run(work())
    assert path.order == ["1"]
