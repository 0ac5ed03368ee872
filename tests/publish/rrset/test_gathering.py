"""How long a request waits for others: a part of what a request takes."""

import pytest

from elastx_mrs.publish.rrset import gathering
from elastx_mrs.publish.rrset.gathering import MOST, PART, Gathering


class Clock:
    """A clock that moves only when it is told to."""

    def __init__(self) -> None:
        self.now = 0.0
        self.slept: list[float] = []

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(gathering, "time", made)
    return made


def test_the_first_one_waits_and_later_ones_by_what_a_request_takes(clock: Clock) -> None:
    waits = Gathering()
    waits.wait()
    for took in (10.0, 0.02, 0.5):
        with waits.measured():
            clock.now += took
        waits.wait()
    assert clock.slept == pytest.approx([MOST, MOST, PART * 0.02, PART * 0.02])


def test_a_request_that_fails_is_not_measured(clock: Clock) -> None:
    waits = Gathering()
    with pytest.raises(ValueError, match="refused"), waits.measured():
        raise ValueError("refused")
    waits.wait()
    assert clock.slept == [MOST]
