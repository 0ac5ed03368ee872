"""The checks of published records, given one answer; no server is queried."""

import asyncio

from elastx_mrs.lookup.answer import answer_of
from elastx_mrs.lookup.authority import Observation, Sighting
from elastx_mrs.lookup.question import Server
from elastx_mrs.records.challenge import challenge
from elastx_mrs.service import ELASTX
from elastx_mrs.verify.checks import published
from elastx_mrs.verify.expected import Expected
from elastx_mrs.verify.result import Outcome
from tests import golden

OURS = challenge("example.com", golden.ACCOUNT)
STRANGER = f"elastx-mrs={'0' * 64}"


class Seen:
    """An observer whose one server gives these TXT values."""

    def __init__(self, *values: str) -> None:
        self._values = [value.encode() for value in values]

    async def txt(self, name: str) -> Observation:
        server = Server("192.0.2.1")
        return Observation(name, (Sighting("ns1.example.com", server, answer_of(name, self._values)),))


def challenges(*values: str, strict: bool = True) -> Outcome:
    expected = Expected("example.com", (OURS,))
    return asyncio.run(published.challenges(Seen(*values), expected, strict=strict))  # type: ignore[arg-type]


def test_our_misspelt_token_is_reported_as_such_and_not_as_a_stranger() -> None:
    for strict in (True, False):
        found = challenges(OURS.value, OURS.value.upper(), strict=strict)
        assert found.details == ()
        (notice,) = found.notices
        assert "is a misspelt copy of a declared challenge: it has upper-case letters" in notice
        assert "delete it" in notice
    blank = challenges(f"{OURS.value} ")
    assert "it has white space after it" in blank.notices[0]


def test_a_stranger_next_to_it_is_still_reported() -> None:
    found = challenges(OURS.value, OURS.value.upper(), STRANGER)
    (detail,) = found.details
    assert detail.verdict == "wrong"
    assert detail.seen == f"'{STRANGER}'"


def test_the_check_of_a_misspelt_token_reports_the_misspelling() -> None:
    judge = published.judge_of("challenge", OURS.value.encode(), ELASTX)
    fault = judge(answer_of("example.com", [f'"{OURS.value}"'.encode()]))
    assert fault is not None
    assert (fault[0], "it has quotes or backslashes in its value" in fault[2]) == ("wrong", True)
    assert "publish the declared one (pulumi up --refresh" in fault[2]
    absent = judge(answer_of("example.com", [STRANGER.encode()]))
    assert absent is not None
    assert absent[0] == "absent"


def test_a_record_deleted_by_hand_comes_back_only_with_a_refresh() -> None:
    """The engine compares a program with its state, and never queries DNS without a refresh."""
    for kind in ("challenge", "spf", "dkim", "dmarc", "report"):
        fault = published.judge_of(kind, b"v=spf1 -all", ELASTX)(answer_of("example.com", []))
        assert fault is not None
        assert fault[0] == "absent"
        assert "(pulumi up --refresh, which also restores what was deleted or changed by hand)" in fault[2]
