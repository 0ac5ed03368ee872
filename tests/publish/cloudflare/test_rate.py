"""Within the rate limit: 1,200 requests in five minutes per user (Cloudflare's page "Rate limits")."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from elastx_mrs.config.environment import LAB_CLOCK
from elastx_mrs.publish.clock import Clock
from elastx_mrs.publish.cloudflare.rate import REQUESTS, Pace
from elastx_mrs.publish.cloudflare.waits import WINDOW

LIMIT = 1200
FAST = Clock(6000.0)
"""Five minutes in 50 ms."""


class Stepped(Clock):
    """A clock that goes on only while somebody sleeps."""

    def __init__(self) -> None:
        super().__init__(1.0)
        object.__setattr__(self, "seconds", 0.0)

    def now(self) -> float:
        return float(self.__dict__["seconds"])

    def sleep(self, seconds: float) -> None:
        self.__dict__["seconds"] += max(seconds, 0.001)


@contextmanager
def stepping() -> Iterator[Stepped]:
    """A clock that stands still until all that can run have run, however busy the machine is."""
    clock, original = Stepped(), asyncio.sleep

    async def sleep(seconds: float) -> None:
        until = clock.now() + seconds
        await original(0)
        clock.sleep(until - clock.now())

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(asyncio, "sleep", sleep)
        yield clock


@pytest.fixture
def together() -> Iterator[Stepped]:
    with stepping() as clock:
        yield clock


def test_what_it_takes_leaves_room_for_retries_and_the_dashboard() -> None:
    assert 0.8 * LIMIT <= REQUESTS <= 0.95 * LIMIT
    assert WINDOW == 300


@given(st.lists(st.integers(1, 30), min_size=1, max_size=30), st.integers(3, 20))
def test_no_window_has_more_than_its_share(takers: list[int], share: int) -> None:
    times = list[float]()

    async def run(clock: Clock) -> None:
        pace = Pace(clock, True, lambda text: None, share)
        for requests in takers:
            for _ in range(requests):
                await pace.take()
                times.append(clock.now())

    with stepping() as clock:
        asyncio.run(run(clock))
    assert len(times) == sum(takers)
    for first, one_too_many in zip(times, times[share:], strict=False):
        assert one_too_many - first >= WINDOW


def test_many_at_once_wait_together_and_it_is_said_once_when_they_go_on(together: Stepped) -> None:
    said: list[str] = []
    times: list[float] = []
    pace = Pace(together, True, said.append, 10)

    async def one() -> None:
        await pace.take()
        times.append(together.now())

    async def run() -> None:
        await asyncio.gather(*(one() for _ in range(15)))

    asyncio.run(run())
    times.sort()
    assert times[10] - times[0] >= WINDOW
    assert len(said) == 1, "not once for each that waits"
    assert "1,200 requests in 5 minutes; continuing at " in said[0]


def test_a_preview_that_has_just_asked_the_same_counts_in_an_up(together: Stepped) -> None:
    def waits(preview: bool) -> bool:
        said: list[str] = []
        pace = Pace(together, preview, said.append, 10)
        asyncio.run(_look(pace, 6))
        return bool(said)

    assert not waits(True)
    assert waits(False), "6 of the preview's, 6 of its own"


async def _look(pace: Pace, requests: int) -> None:
    await pace.look(requests)


def test_after_a_block_nothing_is_sent_for_five_minutes() -> None:
    pace = Pace(FAST, False, lambda text: None)
    times: list[float] = []

    async def run() -> None:
        blocked = asyncio.ensure_future(pace.blocked())
        await asyncio.sleep(0)
        times.append(FAST.now())
        await pace.take()
        times.append(FAST.now())
        await blocked

    asyncio.run(run())
    assert times[1] - times[0] >= WINDOW - 1


def test_the_lab_sets_the_clock() -> None:
    assert Clock.of({}).real(300) == 300
    assert Clock.of({LAB_CLOCK.name: "100"}).real(300) == 3
