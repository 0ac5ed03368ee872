"""What verification came to, in words and as data. How it looks on a screen or in a file is the command's business."""

from collections.abc import Iterable, Sequence
from typing import Any

from elastx_mrs.display import some, visible
from elastx_mrs.verify.result import FAILING, Outcome, Verdict, worst
from elastx_mrs.verify.wait import Job


def verdict(job: Job) -> Verdict:
    """Return what a domain comes to: the worst of its checks."""
    return worst([outcome.verdict for outcome in job.outcomes.values()])


def failed(jobs: Iterable[Job]) -> list[Job]:
    """Return those that do not hold."""
    return [job for job in jobs if job.open()]


def lines(outcomes: Iterable[Outcome]) -> list[str]:
    """Return what is not as it should be, a visible line each; what one server does to several checks is said once."""
    seen: dict[tuple[str, str, str, str], list[str]] = {}
    for outcome in outcomes:
        for detail in outcome.details:
            expected = (
                f"; expected {detail.expected}"
                if detail.expected and detail.verdict in ("wrong", "absent", "cached")
                else ""
            )
            key = (detail.verdict, detail.server, detail.seen + expected, detail.cure)
            label = outcome.check if outcome.name in ("", outcome.domain) else f"{outcome.check} ({outcome.name})"
            checks = seen.setdefault(key, [])
            if label not in checks:
                checks.append(label)
    return [
        visible(
            f"{verdict_}: {', '.join(checks)}{f' at {server}' if server else ''}: {what}"
            f"{f'. Fix: {cure}' if cure else ''}"
        )
        for (verdict_, server, what, cure), checks in seen.items()
    ]


def messages(jobs: Iterable[Job], most: int = 5) -> list[str]:
    """Return the failures for people: what, where, and what to do, a line each. Domains with the same one share it.

    :param most: domains that a message names; the others are counted.
    """
    by_text: dict[str, list[str]] = {}
    for job in jobs:
        hopeless = dict.fromkeys(outcome.hopeless for outcome in job.open() if outcome.hopeless)
        found = [*lines(job.open()), *(f"(not waited for: {visible(why)})" for why in hopeless)]
        by_text.setdefault("\n".join(f"  {line}" for line in found), []).append(job.expected.domain)
    return [f"{_heading(domains, most)}\n{text}" for text, domains in by_text.items()]


def _heading(domains: Sequence[str], most: int) -> str:
    if len(domains) == 1:
        return f"{domains[0]} is not verified:"
    rest = domains[-1] if len(domains) <= most else f"{len(domains) - most} more"
    return f"{', '.join(domains[: min(most, len(domains) - 1)])} and {rest} are not verified:"


def missing(jobs: Sequence[Job], most: int = 5) -> str:
    """Return in one line what is still waited for: domains, and the servers that are not right yet."""
    parts = []
    for job in jobs[:most]:
        places = [
            f"{outcome.check}{f' at {detail.server}' if detail.server else ''}"
            for outcome in (job.open() or job.outcomes.values())
            for detail in outcome.details
            if detail.verdict in FAILING or detail.verdict == "cached"
        ]
        shown = list(dict.fromkeys(places))
        parts.append(f"{job.expected.domain}: {some(shown, 3)}")
    rest = f"; and {len(jobs) - most} more domains" if len(jobs) > most else ""
    return visible("; ".join(parts) + rest)


def summary(jobs: Sequence[Job]) -> str:
    """Return the whole in one line."""
    good = len(jobs) - len(failed(jobs))
    noun = "domain" if len(jobs) == 1 else "domains"
    return f"{good} of {len(jobs)} {noun} verified"


def as_data(jobs: Sequence[Job]) -> dict[str, Any]:
    """Return everything, ready for JSON."""
    return {
        "verdict": worst([verdict(job) for job in jobs]),
        "domains": [
            {
                "domain": job.expected.domain,
                "verdict": verdict(job),
                "checks": [_check(outcome) for outcome in job.outcomes.values()],
            }
            for job in jobs
        ],
    }


def _check(outcome: Outcome) -> dict[str, Any]:
    return {
        "check": outcome.check,
        "name": outcome.name,
        "verdict": outcome.verdict,
        "seen": outcome.seen if not outcome.details else "",
        "details": [
            {
                "verdict": detail.verdict,
                "server": detail.server,
                "expected": detail.expected,
                "seen": detail.seen,
                "fix": detail.cure,
            }
            for detail in outcome.details
        ],
        "notices": list(outcome.notices),
    }
