"""Budgets: nested ones, shared work, and servers that are queried at the same time."""

import asyncio
import math
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import dns.message
import dns.name
import dns.rdatatype
import pytest

from elastx_mrs.lookup import budget
from elastx_mrs.lookup.network import Network
from elastx_mrs.lookup.once import Once
from elastx_mrs.lookup.question import LookupFailure, OverBudgetError, Question, Server
from elastx_mrs.lookup.transport import plain
from tests.fuzz.clock import Loop
from tests.lookup.nets import answer

T = TypeVar("T")

TXT = Question(dns.name.from_text("example.com"), dns.rdatatype.TXT)
SERVERS = [Server(f"192.0.2.{number}") for number in range(1, 9)]


@pytest.fixture
def silent(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Make every server answer at once, except those in the set."""
    found: set[str] = set()

    async def exchange(
        sockets: Any, host: str, port: int, query: Any, seconds: float, again: Any
    ) -> dns.message.Message:
        if host in found:
            await asyncio.sleep(seconds)
            raise TimeoutError
        return answer(query.message(), "example.com. 60 IN TXT x")

    monkeypatch.setattr(plain, "exchange", exchange)
    return found


def test_queries_are_counted_and_one_more_is_refused(loop: Loop, silent: set[str]) -> None:
    async def work() -> None:
        network = Network()
        with budget.budget("asking", 60, 2) as own:
            await network.exchange(SERVERS[0], TXT)
            await network.exchange(SERVERS[0], TXT)  # cached by now; it still counts
            before = own.exhausted
            with pytest.raises(OverBudgetError, match=r"192\.0\.2\.1 was not queried: asking takes over 2 queries$"):
                await network.exchange(SERVERS[0], TXT)
            assert (before, own.exhausted) == (False, True)
            assert own.story() == "asking takes over 2 queries; queries sent: 2; without an answer: example.com TXT"
        await network.exchange(SERVERS[0], TXT)

    loop.run_until_complete(work())


def test_the_outermost_limit_is_named_and_holds_for_all_inside(loop: Loop, silent: set[str]) -> None:
    async def work() -> None:
        network = Network()
        with budget.budget("the run", math.inf, 3):
            for number in range(3):
                with budget.budget(f"part {number}", 60, 1):
                    await network.exchange(SERVERS[number], TXT)
            with budget.budget("part 3", 60, 1), pytest.raises(OverBudgetError, match="the run takes over 3 queries"):
                await network.exchange(SERVERS[3], TXT)

    loop.run_until_complete(work())


def test_time_is_kept_while_a_server_is_silent(loop: Loop, silent: set[str]) -> None:
    silent.add(SERVERS[0].host)

    async def work() -> None:
        told = r"did not answer before the limit: asking takes over 3 seconds$"
        with budget.budget("asking", 3), pytest.raises(OverBudgetError, match=told):
            await Network().exchange(SERVERS[0], TXT)

    loop.run_until_complete(work())
    assert loop.time() == pytest.approx(3, abs=0.1)


def test_time_stands_still_while_a_query_waits_for_its_turn(loop: Loop, silent: set[str]) -> None:
    """Hundreds of records are checked at the same time; a server that is busy with others is not at fault."""
    silent.add(SERVERS[0].host)
    others = [Question(dns.name.from_text(f"{number}.example.com"), dns.rdatatype.TXT) for number in range(3)]

    async def one(network: Network, question: Question) -> str:
        with budget.budget("asking", 5), pytest.raises(LookupFailure) as caught:
            await network.exchange(SERVERS[0], question)
        return str(caught.value)

    async def work() -> list[str]:
        network = Network(per_server=1)
        network._heard[SERVERS[0]] = 1e9  # it answers other things, so every query of it is waited for
        return await asyncio.gather(*(one(network, question) for question in others))

    said = loop.run_until_complete(work())
    assert set(said) == {"192.0.2.1 did not answer in 4 s, asked 8 times"}
    assert loop.time() == pytest.approx(3 * 4, abs=0.1)


def test_a_slow_server_is_overtaken_and_comes_last_from_then_on(loop: Loop, silent: set[str]) -> None:
    silent.update(server.host for server in SERVERS[:3])

    async def work() -> None:
        network = Network()
        assert await network.first(SERVERS, TXT, lambda reply: reply.id is not None)
        assert loop.time() == pytest.approx(1.5, abs=0.1)
        other = Question(dns.name.from_text("other.example.com"), dns.rdatatype.TXT)
        assert await network.first(SERVERS, other, lambda reply: reply.id is not None)
        assert loop.time() == pytest.approx(1.5, abs=0.1)

    loop.run_until_complete(work())


def test_the_message_lists_the_servers_that_are_left(loop: Loop, silent: set[str]) -> None:
    silent.update(server.host for server in SERVERS)

    async def work() -> str:
        with budget.budget("asking", 4.2), pytest.raises(OverBudgetError) as caught:
            await Network().first(SERVERS, TXT, lambda reply: reply)
        return str(caught.value)

    said = loop.run_until_complete(work())
    assert "asking takes over 4.2 seconds; 192.0.2.1 did not answer in 4 s, asked 8 times" in said
    assert "servers left: 192.0.2.2, 192.0.2.3" in said


async def patient(work: Callable[[], Awaitable[T]], seconds: float, once: Once[str, T]) -> T | str:
    try:
        with budget.budget("mine", seconds):
            return await once.get("key", work, "the work")
    except OverBudgetError as over:
        return str(over)


def test_work_without_time_for_one_runs_again_for_another(loop: Loop, silent: set[str]) -> None:
    """Otherwise the first user of shared work would fail it for all."""
    began: list[float] = []
    silent.add(SERVERS[0].host)

    async def work() -> str:
        began.append(loop.time())
        network = Network()
        with pytest.raises(LookupFailure) as caught:
            await network.exchange(SERVERS[0], TXT)
        return str(caught.value)

    async def both() -> list[str]:
        once: Once[str, str] = Once()
        return list(await asyncio.gather(patient(work, 2, once), patient(work, 60, once)))

    first, second = loop.run_until_complete(both())
    assert "mine takes over 2 seconds" in first
    assert second == "192.0.2.1 did not answer in 4 s, asked 8 times"
    assert len(began) == 2


def test_work_runs_once_and_ends_with_its_last_waiter(loop: Loop) -> None:
    ended: list[str] = []

    async def work() -> str:
        try:
            await asyncio.sleep(10)
        except asyncio.CancelledError:
            ended.append("cancelled")
            raise
        ended.append("done")
        return "result"

    async def all_() -> None:
        once: Once[str, str] = Once()
        assert await asyncio.gather(*(patient(work, 60, once) for _ in range(3))) == ["result"] * 3
        assert await patient(work, 60, once) == "result"
        assert ended == ["done"]
        assert "the work was given up: mine takes over 1 seconds" in await patient(work, 1, Once())
        await asyncio.sleep(0)
        assert ended == ["done", "cancelled"]

    loop.run_until_complete(all_())


def test_many_waiters_cause_one_query(loop: Loop, silent: set[str]) -> None:
    """Queries that wait for their turn at a server take an answer that came in the meantime."""

    async def one(network: Network) -> None:
        with budget.of_domain("asking"):
            await network.exchange(SERVERS[0], TXT)

    async def work() -> int:
        network = Network(per_server=2)
        await asyncio.gather(*(one(network) for _ in range(50)))
        return network.sent

    assert loop.run_until_complete(work()) == 1


def test_each_waiter_ends_at_its_own_time_and_the_work_continues(loop: Loop) -> None:
    """One timer ends all waits, whichever began first and whichever ends first."""

    async def waited(seconds: float, work: "asyncio.Task[str]") -> tuple[str, float]:
        with budget.budget(f"waiting {seconds:g} s", seconds):
            return await budget.until(work, "work"), loop.time()

    async def work() -> None:
        task = asyncio.create_task(asyncio.sleep(30, "done"))
        with budget.budget("the run", 20):
            found = await asyncio.gather(*(waited(seconds, task) for seconds in (9, 2, 5, 25)))
        told = [(f"waiting {end} s takes over {end} seconds", end) for end in (9, 2, 5)]
        for (why, when), (said, end) in zip(found, [*told, ("the run takes over 20 seconds", 20)], strict=True):
            assert why == said
            assert when == pytest.approx(end, abs=0.1)
        with budget.budget("a later one", 60):
            assert await budget.until(task, "work") == ""
        assert task.result() == "done"

    loop.run_until_complete(work())
    assert loop.time() == pytest.approx(30, abs=0.1)


def test_time_runs_while_a_query_waits_for_a_place_in_flight(loop: Loop, silent: set[str]) -> None:
    """A domain has a number of queries in flight; the next one waits only as long as the domain has time."""
    silent.update(server.host for server in SERVERS[:2])

    async def work() -> list[str]:
        with budget.budget("asking", 3, at_once=1, elastic=False):
            return [
                str(told)
                for told in await asyncio.gather(
                    *(Network().exchange(server, TXT) for server in SERVERS[:2]), return_exceptions=True
                )
            ]

    told = "did not answer before the limit: asking takes over 3 seconds"
    assert loop.run_until_complete(work()) == [f"{server} {told}" for server in SERVERS[:2]]
    assert loop.time() == pytest.approx(3, abs=0.1)
