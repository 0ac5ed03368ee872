"""How much of a run a third party's zone can use: time and queries are limited, and the rest is listed.

Time is that of a clock that jumps, so that nothing here depends on how fast the machine is.
"""

import pytest

from elastx_mrs import limits
from elastx_mrs.cli.exits import exit_code
from elastx_mrs.limits import Limit
from elastx_mrs.verify import report
from elastx_mrs.verify.expected import from_records
from elastx_mrs.verify.wait import BUDGET, Job, round_seconds, wait
from tests import golden
from tests.fuzz import world as worlds
from tests.fuzz.clock import Loop
from tests.fuzz.roads import records
from tests.fuzz.world import WHO, World, answering
from tests.fuzz.zones import HIS
from tests.verify.hostile import Hostile, dead, domain, glueless, world


@pytest.fixture(autouse=True)
def _counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worlds, "MOST", 20_000)


def verified(loop: Loop, internet: World, *jobs: Job, deadline: float | None = None) -> None:
    with answering(internet):
        loop.run_until_complete(wait(jobs, lambda pending: None, deadline=deadline))


def job(name: str, timeout: float = 0.0, who: str = "root", **values: str) -> Job:
    (expected,) = from_records(records(name, **values))
    return Job(expected, WHO[who], timeout)


def failing(one: Job) -> set[str]:
    return {outcome.check for outcome in one.open()}


INCLUDE = "v=spf1 include:elastx.email include:spf.dead.com -all"
REPORTS = "v=DMARC1; p=none; rua=mailto:d@dead.com"


@pytest.mark.parametrize("each", [1, 10], ids=["30 addresses", "300 addresses"])
def test_an_include_of_dead_servers_ends_in_time(each: int, loop: Loop) -> None:
    internet = world(domain("ours.com", INCLUDE), dead("dead.com", 30, each))
    ours, good = job("ours.com", spf_value=INCLUDE), job("good.com")
    verified(loop, internet, ours, good)
    assert loop.time() <= limits.WALK_SECONDS.most + 2
    assert report.verdict(good) == "pass"
    assert report.verdict(ours) == "unreachable"
    assert failing(ours) == {"spf-tree"}
    (said,) = report.messages([ours])
    assert "looking up spf.dead.com TXT takes over 15 seconds" in said
    assert "did not answer in 4 s, asked 8 times" in said
    assert "servers left: ns" in said
    assert len(said) < 5000


@pytest.mark.parametrize("each", [1, 10], ids=["30 addresses", "300 addresses"])
def test_a_host_for_reports_of_dead_servers_ends_in_time(each: int, loop: Loop) -> None:
    internet = world(domain("ours.com", dmarc=REPORTS), dead("dead.com", 30, each))
    ours, good = job("ours.com", dmarc_value=REPORTS), job("good.com")
    verified(loop, internet, ours, good)
    assert loop.time() <= limits.REPORT_SECONDS.most + 1
    assert report.verdict(good) == "pass"
    assert failing(ours) == {"reports"}
    assert ours.outcomes["reports"].verdict == "unreachable"
    (said,) = report.messages([ours])
    assert "checking whether dead.com accepts reports takes over 20 seconds" in said
    assert "servers left: ns" in said


def test_hundreds_of_servers_behind_an_alias_of_the_key_end_in_time(loop: Loop) -> None:
    alias = domain("ours.com", dkim="CNAME key.many.com")
    internet = world(alias, glueless("many.com", 400, "key TXT " + golden.DKIM))
    ours, good = job("ours.com"), job("good.com")
    verified(loop, internet, ours, good)
    assert internet.asked <= limits.ZONE_QUERIES.most + limits.WALK_QUERIES.most + 200
    assert loop.time() < 30
    assert report.verdict(good) == "pass"
    assert ours.outcomes["dkim"].verdict == "unreachable"
    (said,) = report.messages([ours])
    assert "not queried: the limit is 30 name servers of a zone" in said
    assert len(said) < 20_000


@pytest.mark.parametrize("deadline", [0.5, 5.0, 12.0])
def test_the_deadline_always_ends_a_run(deadline: float, loop: Loop) -> None:
    internet = world(domain("ours.com", INCLUDE, REPORTS), dead("dead.com", 30, 10))
    ours, good = job("ours.com", spf_value=INCLUDE, dmarc_value=REPORTS), job("good.com")
    verified(loop, internet, ours, good, deadline=deadline)
    assert deadline <= loop.time() <= deadline + 1
    assert report.verdict(good) == "pass"
    assert failing(ours) >= {"spf-tree", "reports", BUDGET}
    (said,) = report.lines([ours.outcomes[BUDGET]])
    assert said.startswith(f"unreachable: budget: the run takes over {deadline:g} seconds; queries sent: ")
    assert "without an answer: " in said


def test_a_domain_without_time_in_the_run_is_unreachable(loop: Loop) -> None:
    """The first hundred are checked at the same time, and delay all others."""
    slow = {name: own for n in range(100) for name, own in domain(f"s{n}.com", INCLUDE).items()}
    internet = world(slow, dead("dead.com", 30, 10))
    jobs = [job(name, spf_value=INCLUDE) for name in slow] + [job("good.com")]
    verified(loop, internet, *jobs, deadline=4.0)
    assert loop.time() <= 5
    good = jobs[-1]
    assert set(good.outcomes) == {BUDGET}
    assert report.verdict(good) == "unreachable"
    assert (
        "this domain was not checked. Fix: give the run more time: verify --deadline SECONDS"
        in report.messages([good])[0]
    )


@pytest.mark.limit("RUN_SECONDS")
def test_the_default_deadline_is_the_time_to_wait_plus_one_round() -> None:
    minute = limits.RUN_SECONDS.most
    assert [round_seconds(domains) for domains in (0, 1, 100, 101, 1000)] == [minute] * 3 + [2 * minute, 10 * minute]


@pytest.mark.parametrize("who", ["root", "resolvers", "nameservers"])
def test_a_third_party_over_a_limit_is_never_unchecked(who: str, loop: Loop, monkeypatch: pytest.MonkeyPatch) -> None:
    """``unchecked`` passes, so a hostile include would turn ``require`` green."""
    monkeypatch.setattr(limits, "SPF_TREE_QUESTIONS", limits.SPF_TREE_QUESTIONS._replace(most=20))
    value = "v=spf1 include:elastx.email include:spf.wide.com -all"
    terms = " ".join(f"a:h{number}.wide.com" for number in range(9))
    nested = "".join(f"h{n} A 192.0.2.{n}\n" for n in range(9)) + f"more TXT v=spf1 {terms.replace(':h', ':g')} -all\n"
    wide = f"@ SOA -\n@ NS ns.wide.com\nns A {HIS}\nspf TXT v=spf1 {terms} include:more.wide.com -all\n{nested}"
    internet = world(domain("ours.com", value), Hostile("wide.com", ["ns.wide.com"], {"ns.wide.com": [HIS]}, wide))
    ours = job("ours.com", who=who, spf_value=value)
    verified(loop, internet, ours)
    details = [detail for detail in ours.outcomes["spf-tree"].details if "more than 20 questions" in detail.seen]
    assert details
    assert {detail.verdict for detail in details} == {"unreachable"}


def test_a_run_over_its_budget_ends_with_exit_code_3(loop: Loop) -> None:
    internet = world(domain("ours.com", INCLUDE), dead("dead.com", 30))
    ours = job("ours.com", spf_value=INCLUDE)
    verified(loop, internet, ours)
    verdicts = [outcome.verdict for outcome in ours.open()]
    assert exit_code(wrong=any(v != "unreachable" for v in verdicts), unasked="unreachable" in verdicts) == 3


def needed(loop: Loop, internet: World, monkeypatch: pytest.MonkeyPatch, name: str) -> tuple[int, Limit]:
    """Return how many queries of a budget a good run uses, by trying, and the limit."""
    limit: Limit = getattr(limits, name)
    low, high = 0, limit.most
    while high - low > 1:
        middle = (low + high) // 2
        monkeypatch.setattr(limits, name, limit._replace(most=middle))
        one = job("ours.com")
        verified(loop, internet, one)
        low, high = (low, middle) if report.verdict(one) == "pass" else (middle, high)
    return high, limit


@pytest.mark.limit("WALK_QUERIES", "ZONE_QUERIES", "DOMAIN_QUERIES", "DMARC_QUERIES", "SPF_TREE_QUERIES")
@pytest.mark.parametrize(
    "name", ["WALK_QUERIES", "ZONE_QUERIES", "DOMAIN_QUERIES", "DMARC_QUERIES", "SPF_TREE_QUERIES"]
)
def test_a_query_budget_suffices_and_one_less_does_not(name: str, loop: Loop, monkeypatch: pytest.MonkeyPatch) -> None:
    internet = world(domain("ours.com"))
    exact, limit = needed(loop, internet, monkeypatch, name)
    assert exact * 4 <= limit.most, "a plain domain is far below"
    for most, verdict in ((exact, "pass"), (exact - 1, "unreachable")):
        monkeypatch.setattr(limits, name, limit._replace(most=most))
        one = job("ours.com")
        verified(loop, internet, one)
        assert report.verdict(one) == verdict
        assert verdict == "pass" or f"takes over {most:,} queries" in report.messages([one])[0]
