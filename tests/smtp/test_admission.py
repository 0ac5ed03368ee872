"""What verification finds, as checks of the command."""

import asyncio
from collections.abc import Callable, Sequence

import pytest

from elastx_mrs.check import Check
from elastx_mrs.lookup.vantage import Who
from elastx_mrs.smtp import admission as module
from elastx_mrs.smtp.admission import admission
from elastx_mrs.verify.result import Detail, Outcome
from elastx_mrs.verify.wait import Job
from tests.cli.mail import ACCOUNT

DOMAIN = "good.example"
CHALLENGE = "challenge-d96aab757c15"


def found(patch: pytest.MonkeyPatch, *outcomes: Outcome) -> list[Check]:
    """The checks that become of these outcomes."""

    async def wait(jobs: Sequence[Job], progress: Callable[[Sequence[Job]], None]) -> None:
        (job,) = jobs
        job.outcomes = {outcome.check: outcome for outcome in outcomes}
        progress(jobs)

    patch.setattr(module, "wait", wait)
    return asyncio.run(admission(DOMAIN, ACCOUNT, Who()))


def outcome(check: str, *details: Detail, seen: str = "", name: str = DOMAIN, notices: Sequence[str] = ()) -> Outcome:
    return Outcome(DOMAIN, check, name, details, seen, tuple(notices))


def test_several_servers_are_one_check(monkeypatch: pytest.MonkeyPatch) -> None:
    late = [Detail("absent", f"ns{number}.good.example", "it", "none", "publish it") for number in (1, 2, 3)]
    silent = Detail("unreachable", "ns4.good.example", "it", "no answer", "start it")
    (check,) = found(monkeypatch, outcome(CHALLENGE, silent, *late))
    assert (check.name, check.verdict, check.expected, check.cure) == ("challenge", "absent", "it", "publish it")
    assert check.seen == "good.example at ns1.good.example: none (and at 2 more)"


def test_what_a_cache_still_has_may_be_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    old = Detail("cached", "192.0.2.53", "'new'", "'old', kept for 60 s more", "wait up to 60 s")
    (check,) = found(monkeypatch, outcome("resolvers", old))
    assert (check.name, check.verdict, check.cure) == ("resolvers", "warning", "wait up to 60 s")


def test_only_what_the_relay_needs_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    unchecked = Detail("unchecked", "", "", "not followed", "")
    broken = Detail("wrong", "", "", "broken", "")
    checks = found(
        monkeypatch,
        outcome("delegation", unchecked),
        outcome(CHALLENGE, seen="as declared", notices=["good.example is an alias"]),
        outcome("challenges", broken),
        outcome("dmarc", broken),
        outcome("dmarc-policy", broken),
        outcome("reports", broken),
        outcome("spf-tree", seen="1 of 10 lookups"),
        outcome("dnssec", broken),
        outcome("resolvers", seen="the same"),
    )
    assert [(check.name, check.verdict) for check in checks] == [("challenge", "pass"), ("dnssec", "wrong")]
    assert checks[0].seen == "good.example: the challenge of this account"
    assert checks[0].notices == ("good.example is an alias",)
