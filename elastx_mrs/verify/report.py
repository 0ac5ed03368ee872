"""The results of verification, in words and as data. The command decides how they look."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, NamedTuple

from elastx_mrs.display import some, visible
from elastx_mrs.verify.answers import Answers, answers_of
from elastx_mrs.verify.result import FAILING, WORST_FIRST, Detail, Outcome, Verdict, worst
from elastx_mrs.verify.wait import Job

COMPARED: frozenset[Verdict] = frozenset(("wrong", "absent", "warning", "cached"))
"""Verdicts whose messages also show the expected value."""


class Location(NamedTuple):
    """A file of the config, with line and column from 1; None if they are not known."""

    file: str
    line: int | None
    column: int | None


@dataclass(frozen=True)
class Source:
    """What the config adds to a report.

    :param accounts: the account of each challenge, by the name of its check.
    :param locations: where the config lists each domain.
    """

    accounts: Mapping[str, str] = field(default_factory=dict)
    locations: Mapping[str, Location] = field(default_factory=dict)

    def called(self, check: str) -> str:
        """Return the name of a check for people: a challenge goes by its account, if known."""
        return f"account {self.accounts[check]}" if check in self.accounts else check


NOWHERE = Source()


class Subject(NamedTuple):
    """The subject of a check.

    :param check: such as ``spf`` or ``challenge-f7ee5ec73121``.
    :param name: the owner name if it differs from the domain, else empty.
    """

    check: str
    name: str

    def __str__(self) -> str:
        return f"{self.check} ({self.name})" if self.name else self.check


@dataclass(frozen=True)
class Finding:
    """A problem or an unknown: one for all servers and checks where it is the same.

    :param servers: empty if it is not about a server.
    :param expected: empty if it does not help to understand ``seen``.
    :param fix: what to do; may be empty.
    :param effect: what an application meets at the relay service; may be empty.
    """

    verdict: Verdict
    subjects: tuple[Subject, ...]
    servers: tuple[str, ...]
    expected: str
    seen: str
    fix: str
    effect: str = ""


@dataclass(frozen=True)
class Group:
    """Domains that fail in the same way.

    :param findings: with ``<domain>`` in the names of the subjects, if there are several domains.
    :param passed: the checks that pass.
    :param hopeless: why waiting does not help.
    :param answers: as of :func:`elastx_mrs.verify.answers.answers_of`.
    """

    verdict: Verdict
    domains: tuple[str, ...]
    findings: tuple[Finding, ...]
    passed: tuple[str, ...]
    hopeless: tuple[str, ...]
    answers: Answers


@dataclass(frozen=True)
class Note:
    """Something good to know that does not fail a domain.

    :param kind: ``notice``, or the verdict of a check that did not fail.
    :param checks: the checks that it is about; empty for a notice.
    :param seen: what was seen, or the notice.
    :param expected: what should be there instead; may be empty.
    :param effect: what an application meets at the relay service; may be empty.
    """

    kind: Literal["notice", "warning", "cached", "unchecked"]
    checks: tuple[str, ...]
    seen: str
    fix: str
    domains: tuple[str, ...]
    expected: str = ""
    effect: str = ""

    @property
    def text(self) -> str:
        """All of it but the fix, in one line."""
        expected = f"; expected {self.expected}" if self.expected else ""
        return f"{self.seen}{expected}{f'. {self.effect}' if self.effect else ''}"


def verdict(job: Job) -> Verdict:
    """Return a domain's verdict: the worst of its failures, else ``pass``.

    ``warning``, ``cached`` and ``unchecked`` are not failures. The domain passes, unless no check at all could run.
    """
    failing = job.open()
    if failing:
        return worst([outcome.verdict for outcome in failing])
    verdicts = [outcome.verdict for outcome in job.outcomes.values()]
    return "pass" if "pass" in verdicts or not verdicts else worst(verdicts)


def failed(jobs: Iterable[Job]) -> list[Job]:
    """Return the domains that fail."""
    return [job for job in jobs if job.open()]


def findings(outcomes: Iterable[Outcome]) -> list[Finding]:
    """Return the problems; one that a server has in several checks is a single finding."""
    seen: dict[tuple[str, Detail], dict[Subject, None]] = {}
    for outcome in outcomes:
        subject = Subject(outcome.check, outcome.name if outcome.name != outcome.domain else "")
        for detail in outcome.details:
            expected = detail.expected if detail.verdict in COMPARED else ""
            key = (detail.server, replace(detail, server="", expected=expected))
            seen.setdefault(key, {})[subject] = None
    servers: dict[tuple[tuple[Subject, ...], Detail], list[str]] = {}
    for (server, detail), subjects in seen.items():
        servers.setdefault((tuple(subjects), detail), []).append(server)
    return [
        Finding(one.verdict, subjects, tuple(filter(None, at)), one.expected, one.seen, one.cure, one.effect)
        for (subjects, one), at in servers.items()
    ]


def lines(outcomes: Iterable[Outcome], source: Source = NOWHERE) -> list[str]:
    """Return each problem as one visible line."""
    return [
        line(finding, [subject._replace(check=source.called(subject.check)) for subject in finding.subjects])
        for finding in findings(outcomes)
    ]


def line(finding: Finding, subjects: Sequence[Subject]) -> str:
    """Return a finding as one visible line.

    :param subjects: its own, perhaps with other names.
    """
    at = f" at {', '.join(finding.servers)}" if finding.servers else ""
    expected = f"; expected {finding.expected}" if finding.expected else ""
    effect = f". {finding.effect}" if finding.effect else ""
    fix = f". Fix: {finding.fix}" if finding.fix else ""
    return visible(f"{finding.verdict}: {', '.join(map(str, subjects))}{at}: {finding.seen}{expected}{effect}{fix}")


def groups(jobs: Iterable[Job]) -> list[Group]:
    """Return the domains that fail, worst first; those that fail in the same way share a group."""
    found: dict[tuple[Any, ...], list[str]] = {}
    alone: dict[tuple[Any, ...], Group] = {}
    for job in failed(jobs):
        domain = job.expected.domain
        own = findings(job.open())
        passed = tuple(name for name, outcome in job.outcomes.items() if outcome.verdict == "pass")
        hopeless = tuple(dict.fromkeys(outcome.hopeless for outcome in job.open() if outcome.hopeless))
        group = Group(verdict(job), (domain,), tuple(own), passed, hopeless, answers_of(job))
        key = (
            *(_anywhere(finding, domain) for finding in own),
            passed,
            tuple(relative(text, domain) for text in hopeless),
            answers_of(job),
        )
        found.setdefault(key, []).append(domain)
        alone.setdefault(key, group)
    made = [_shared(alone[key], tuple(domains)) for key, domains in found.items()]
    return sorted(made, key=lambda group: WORST_FIRST.index(group.verdict))


def _shared(group: Group, domains: tuple[str, ...]) -> Group:
    if len(domains) == 1:
        return group
    (first,) = group.domains
    anywhere = tuple(_anywhere(finding, first) for finding in group.findings)
    hopeless = tuple(relative(text, first) for text in group.hopeless)
    return replace(group, domains=domains, findings=anywhere, hopeless=hopeless)


def _anywhere(finding: Finding, domain: str) -> Finding:
    """Return a finding with ``<domain>`` for the domain in all its texts."""
    subjects = tuple(Subject(relative(check, domain), relative(name, domain)) for check, name in finding.subjects)
    texts = (finding.expected, finding.seen, finding.fix, finding.effect)
    return Finding(finding.verdict, subjects, finding.servers, *(relative(text, domain) for text in texts))


def relative(text: str, domain: str) -> str:
    """Return text with ``<domain>`` for the domain, as a whole name or at the end of one."""
    if domain not in text:
        return text
    return re.sub(rf"(?<![\w-]){re.escape(domain)}(?![\w-]|\.\w)", "<domain>", text)


def notes(jobs: Iterable[Job]) -> list[Note]:
    """Return the notes, each once with all its domains: warnings first, then cached answers, notices, unchecked."""
    found: dict[Note, list[Note]] = {}
    for job in jobs:
        domain = job.expected.domain
        for note in dict.fromkeys(_notes(job)):
            seen, fix, *more = (relative(said, domain) for said in (note.seen, note.fix, note.expected, note.effect))
            key = Note(note.kind, note.checks, seen, fix, (), *more)
            found.setdefault(key, []).append(note)
    order = ("warning", "cached", "notice", "unchecked")
    made = [
        same[0] if len(same) == 1 else replace(key, domains=tuple(one for note in same for one in note.domains))
        for key, same in found.items()
    ]
    return sorted(made, key=lambda note: order.index(note.kind))


def _notes(job: Job) -> Iterator[Note]:
    domains = (job.expected.domain,)
    failing = {outcome.check for outcome in job.open()}
    for finding in findings(outcome for outcome in job.outcomes.values() if outcome.check not in failing):
        if finding.verdict not in ("warning", "cached", "unchecked"):
            continue
        checks = tuple(dict.fromkeys(subject.check for subject in finding.subjects))
        at = f"{', '.join(finding.servers)}: " if finding.servers else ""
        more = (finding.expected, finding.effect)
        yield Note(finding.verdict, checks, f"{at}{finding.seen}", finding.fix, domains, *more)
    for outcome in job.outcomes.values():
        for notice in outcome.notices:
            yield Note("notice", (), notice, "", domains)


def messages(jobs: Iterable[Job], most: int = 5) -> list[str]:
    """Return the failures for people: what, where, and the fix. Domains with the same failure share a message.

    :param most: domains that a message lists; the others are counted.
    """
    by_text: dict[str, list[str]] = {}
    for job in jobs:
        hopeless = dict.fromkeys(outcome.hopeless for outcome in job.open() if outcome.hopeless)
        found = [*lines(job.open()), *(f"(did not wait: {visible(why)})" for why in hopeless), str(answers_of(job))]
        by_text.setdefault("\n".join(f"  {line}" for line in found), []).append(job.expected.domain)
    return [f"{_heading(domains, most)}\n{text}" for text, domains in by_text.items()]


def _heading(domains: Sequence[str], most: int) -> str:
    if len(domains) == 1:
        return f"{domains[0]} is not verified:"
    rest = domains[-1] if len(domains) <= most else f"{len(domains) - most} more"
    return f"{', '.join(domains[: min(most, len(domains) - 1)])} and {rest} are not verified:"


def missing(jobs: Sequence[Job], source: Source = NOWHERE, most: int = 5) -> str:
    """Return one line with the domains and servers that still fail."""
    parts = []
    for job in jobs[:most]:
        places = [
            f"{source.called(outcome.check)}{f' at {detail.server}' if detail.server else ''}"
            for outcome in (job.open() or job.outcomes.values())
            for detail in outcome.details
            if detail.verdict in FAILING or detail.verdict == "cached"
        ]
        shown = list(dict.fromkeys(places))
        parts.append(f"{job.expected.domain}: {some(shown, 3)}")
    rest = f"; and {len(jobs) - most} more domains" if len(jobs) > most else ""
    return visible("; ".join(parts) + rest)


def summary(jobs: Sequence[Job]) -> str:
    """Return the result in one line."""
    good = len(jobs) - len(failed(jobs))
    noun = "domain" if len(jobs) == 1 else "domains"
    warned = sum(not job.open() and any(one.verdict == "warning" for one in job.outcomes.values()) for job in jobs)
    return f"{good} of {len(jobs)} {noun} verified{f', {warned} with a warning' if warned else ''}"


def as_data(jobs: Sequence[Job], source: Source = NOWHERE) -> dict[str, Any]:
    """Return everything, ready for JSON."""
    return {
        "verdict": worst([verdict(job) for job in jobs]),
        "domains": [
            {
                "domain": job.expected.domain,
                "verdict": verdict(job),
                **answers_of(job)._asdict(),
                "checks": [_check(outcome, source.accounts) for outcome in job.outcomes.values()],
            }
            for job in jobs
        ],
    }


def _check(outcome: Outcome, accounts: Mapping[str, str]) -> dict[str, Any]:
    account = {"account": accounts[outcome.check]} if outcome.check in accounts else {}
    return {
        "check": outcome.check,
        **account,
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
                "effect": detail.effect,
            }
            for detail in outcome.details
        ],
        "notices": list(outcome.notices),
    }
