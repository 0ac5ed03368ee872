"""Does a resolver's old answer come from a cache? With a clock of the test.

The answers are those of caches by RFC 1035 §3.2.1 and RFC 2181 §8 (they count down), RFC 8767 §5 (one stale answer
while the new one is fetched), and what CoreDNS's ``cache 30`` and several caches behind one address give.
"""

import itertools

import pytest

from elastx_mrs.lookup.vantage import Who
from elastx_mrs.verify.checks import resolvers
from elastx_mrs.verify.checks.kept import PAUSE, Finding, Look, finding
from elastx_mrs.verify.expected import Expected
from elastx_mrs.verify.result import Detail, Outcome
from elastx_mrs.verify.wait import Job

ROOT = 518_400
"""The TTL of the root's NS records."""


def looks(*told: tuple[float, int | None], root: int | None = ROOT, steady: bool = False) -> list[Look]:
    """Looks at seconds, with the TTL each gave; the root's counts down, or not."""
    return [Look(1000 + at, ttl, root=root if root is None or steady else root - int(at)) for at, ttl in told]


def test_a_cache_that_counts_down_is_waited_for_until_it_must_have_forgotten() -> None:
    assert finding(looks((0, 60))) == Finding(left=60, again=PAUSE)
    assert finding(looks((0, 60), (2, 58))) == Finding(left=58, again=59)
    assert finding(looks((0, 60), (2, 58), (50, 10))) == Finding(left=10, again=11)


def test_an_answer_that_outlives_its_ttl_twice_is_the_resolvers_own() -> None:
    first = looks((0, 60), (2, 58), (61, 60))
    assert finding(first) == Finding(left=60, again=PAUSE), "a stale answer may be given once more"
    assert finding(looks((0, 60), (2, 58), (61, 60), (63, 58))).own == "it had 60 s left to live, 63 s ago"


@pytest.mark.parametrize("root", [ROOT, None], ids=["root", "no root"])
def test_a_ttl_that_stands_still_is_the_resolvers_own(root: int | None) -> None:
    assert finding(looks((0, 60), (2, 60), root=root)) == Finding(left=60, again=PAUSE)
    assert finding(looks((0, 60), (2, 60), (4, 60), root=root)).own == "its TTL stands still at 60 s, 4 s later"


def test_a_ttl_that_goes_up_once_is_not_a_view() -> None:
    """As unbound's negative answer: it takes the SOA from any newer answer of the zone."""
    assert finding(looks((0, 287), (2, 299))) == Finding(left=299, again=PAUSE)
    assert finding(looks((0, 287), (2, 299), (4, 297))) == Finding(left=297, again=284)


def test_an_answer_with_authority_is_the_resolvers_own_at_once() -> None:
    assert finding([Look(0, 3600, authority=True)]).own.startswith("it answers with authority (AA)")


@pytest.mark.parametrize("ttl", [0, 1])
def test_a_short_ttl_is_known_within_seconds(ttl: int) -> None:
    """An answer with TTL 0 may not be kept at all (RFC 1035 §3.2.1)."""
    seen = looks((0, ttl))
    while (found := finding(seen)).again is not None:
        assert found.again <= 4
        seen += looks((seen[-1].at - 1000 + found.again, ttl))
    assert found.own == f"it had {ttl} s left to live, {seen[-1].at - 1000:.0f} s ago"
    assert len(seen) == 3


def test_an_answer_without_a_ttl_is_not_judged() -> None:
    """As a negative answer without SOA, from systemd-resolved."""
    assert finding(looks((0, None))) == finding(looks((0, None), (500, None))) == Finding()


def test_several_caches_behind_one_address_are_not_a_view() -> None:
    farm = [Look(1000, 10, root=4000), Look(1012, 500, root=90_000), Look(1014, 80, root=20_000)]
    assert finding(farm) == Finding()


def test_a_forwarder_that_shortens_ttls_is_not_a_view() -> None:
    """It caches for 30 s at most, and gets the old answer again from the cache behind it."""
    told = [Look(1000 + at, 30 - at % 31, root=30 - (at + 3) % 31) for at in (0, 2, 20, 32, 34)]
    assert finding(told) == Finding(), "the root's TTL started again as well"
    told = [Look(1000, 5, root=30), Look(1007, 28, root=23), Look(1009, 26, root=21)]
    assert finding(told) == Finding(left=26), "the root has not, and is cut to 30 s too"


def test_a_cache_that_fixes_every_ttl_is_not_a_view() -> None:
    assert finding(looks((0, 60), (3, 60), (6, 60), steady=True)) == Finding()


def test_no_sequence_of_answers_is_checked_for_ever() -> None:
    for ttls in itertools.product((0, 3, 7, 600), repeat=4):
        seen = [Look(0.0, ttls[0])]
        for ttl in itertools.islice(itertools.cycle(ttls), 1, 20):
            again = finding(seen).again
            if again is None:
                break
            seen.append(Look(seen[-1].at + again, ttl))
        assert len(seen) < 12, seen


@pytest.mark.parametrize(
    ("timeout", "again", "awaited"),
    [(0, 2, True), (0, 5, False), (300, 59, True), (300, 200, False), (30, 59, False)],
)
def test_a_cached_answer_delays_a_run_only_briefly(timeout: float, again: float, awaited: bool) -> None:
    """Everything else passes, and another look would only show whose answer it is."""
    kept = Outcome(
        "example.com", "resolvers", "example.com", (Detail("cached", "192.0.2.53", "", "", ""),), again=again
    )
    job = Job(Expected("example.com"), Who(), timeout, outcomes={"resolvers": kept})
    assert bool(job.awaited(0.0)) is awaited


@pytest.mark.parametrize(
    ("left", "seen"),
    [
        (None, "'x'; its TTLs do not show for how long"),
        (0, "'x', although its TTL is over"),
        (30, "'x', kept for 30 s more"),
    ],
)
def test_a_cached_answer_is_shown_with_its_time(left: int | None, seen: str) -> None:
    assert resolvers._in_words("'x'", Finding(left=left))[:2] == ("cached", seen)
