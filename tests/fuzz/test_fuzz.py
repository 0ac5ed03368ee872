"""A few hundred hostile zones through everything. The long run, by hand: ``python -m tests.fuzz --zones 100000``."""

import asyncio
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzz.check import check
from tests.fuzz.clock import Loop

ONCE_BROKEN = [1_000_000, 20_001_069]
"""Seeds of worlds that have found something, with five zones each."""


@pytest.fixture(scope="module")
def loop() -> Iterator[Loop]:
    asyncio.set_event_loop(made := Loop())
    yield made
    asyncio.set_event_loop(None)
    made.close()


@settings(max_examples=40, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(10**6, 2 * 10**6), zones=st.integers(1, 5))
def test_nothing_that_dns_answers_ends_in_a_traceback_or_takes_a_verdict_away(
    seed: int, zones: int, loop: Loop
) -> None:
    assert check(seed, loop, zones) == []


@pytest.mark.parametrize("seed", ONCE_BROKEN)
def test_what_was_found_stays_found(seed: int, loop: Loop) -> None:
    assert check(seed, loop, 5) == []


def test_a_world_is_the_same_each_time(loop: Loop) -> None:
    """Otherwise a finding could not be looked into."""
    from tests.fuzz.check import printed

    assert printed(77, loop, 3) == printed(77, loop, 3)
