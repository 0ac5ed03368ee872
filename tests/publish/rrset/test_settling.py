"""Before verification asks, a run waits until the provider's name servers have its last change."""

import asyncio
import re

import pytest

from elastx_mrs import limits
from elastx_mrs.publish.rrset import settling
from elastx_mrs.publish.rrset.record_sets import RecordSetError

OLD = "2026-01-01T00:00:00Z C1"


def test_only_a_recent_change_is_waited_for() -> None:
    new = settling.stamped("C9")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ C9", new)
    assert settling.newest([OLD, None, new, ""]) == "C9"
    assert settling.newest([OLD]) == ""
    assert settling.newest(["", None]) == ""
    assert settling.newest(["by hand"]) == ""
    assert settling.stamped("") == "", "nothing had to be changed"


def settled(*answers: bool | str) -> tuple[int, list[tuple[str, str]]]:
    """Return how often it asked, and what it said."""
    left, said = list(answers), []

    async def ask(change: str) -> bool:
        assert change == "C9"
        answer = left.pop(0)
        if isinstance(answer, str):
            raise RecordSetError(answer)
        return answer

    asyncio.run(settling.settle("Example", "C9", ask, lambda level, text: said.append((level, text))))
    return len(answers) - len(left), said


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settling, "PAUSE", 0.001)


def test_it_asks_until_the_change_is_there() -> None:
    assert settled(False, False, True, True) == (3, [])


@pytest.mark.limit("SETTLE_SECONDS")
def test_it_does_not_wait_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "SETTLE_SECONDS", limits.SETTLE_SECONDS._replace(most=0))
    asked, ((level, text),) = settled(False, False)
    assert (asked, level) == (1, "warning")
    assert text == (
        "Example did not confirm within 0 seconds that its name servers have the last change (C9); verification begins"
    )


def test_what_cannot_be_asked_stops_no_run() -> None:
    assert settled("AccessDenied; allow it") == (
        1,
        [("warning", "AccessDenied; allow it. Verification begins without waiting for Example's name servers")],
    )


def test_a_long_wait_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settling, "PAUSE", 0.2)
    monkeypatch.setattr(settling, "LONG", 0.05)
    _, said = settled(False, True)
    assert said == [("progress", "waiting for Example for 0 s, until all its name servers have the last change")]
