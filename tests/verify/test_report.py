"""The results of verification, in words."""

import pytest

from elastx_mrs.lookup.vantage import Who
from elastx_mrs.verify import report
from elastx_mrs.verify.expected import Expected
from elastx_mrs.verify.result import Detail, Outcome
from elastx_mrs.verify.wait import Job

NOBODY = Detail("unreachable", "", "an answer", "nobody answers", "open the port")


def job(domain: str, detail: Detail = NOBODY) -> Job:
    outcome = Outcome(domain, "delegation", domain, (detail,), hopeless="this machine cannot query DNS")
    return Job(Expected(domain), Who(resolvers=()), 0.0, outcomes={"delegation": outcome})


@pytest.mark.parametrize(
    ("count", "heading"),
    [
        (1, "d0.se is not verified:"),
        (2, "d0.se and d1.se are not verified:"),
        (5, "d0.se, d1.se, d2.se, d3.se and d4.se are not verified:"),
        (7, "d0.se, d1.se, d2.se, d3.se, d4.se and 2 more are not verified:"),
    ],
)
def test_the_same_problem_of_several_domains_is_one_message(count: int, heading: str) -> None:
    assert report.messages(job(f"d{number}.se") for number in range(count)) == [
        f"{heading}\n"
        "  unreachable: delegation: nobody answers. Fix: open the port\n"
        "  (did not wait: this machine cannot query DNS)\n"
        "  receivers: unreachable, relay: unreachable"
    ]


def test_different_problems_have_their_own_messages() -> None:
    other = Detail("absent", "", "NS", "the zone com does not delegate b.com", "register it")
    first, second = report.messages([job("a.com"), job("b.com", other)])
    assert first.startswith("a.com is not verified:\n  unreachable: delegation: nobody answers")
    assert second.startswith("b.com is not verified:\n  absent: delegation: the zone com does not delegate b.com")
