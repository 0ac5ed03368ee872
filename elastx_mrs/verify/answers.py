"""The two questions about a domain: will receivers accept its mail, and will the relay service?"""

from collections.abc import Iterable, Set
from typing import NamedTuple

from elastx_mrs.verify.checks import spf
from elastx_mrs.verify.result import Outcome, Verdict, worst
from elastx_mrs.verify.wait import Job

_ONLY_RECEIVERS = (spf.POLICY, spf.TREE, "dmarc", "report")
"""The beginnings of the names of checks that the relay service does not make."""


class Answers(NamedTuple):
    """The verdicts on two questions: will receivers accept the mail, and will the relay service?"""

    receivers: Verdict
    relay: Verdict

    @property
    def both_pass(self) -> bool:
        """Whether both are ``pass``."""
        return self.receivers == self.relay == "pass"

    def __str__(self) -> str:
        return f"receivers: {self.receivers}, relay: {self.relay}"


def answers_of(job: Job) -> Answers:
    """Return the two answers about a domain. A check that serves both questions, such as ``dkim``, is in both."""
    checks = set(job.outcomes)
    of_relay = {check for check in checks if check.startswith("challenge") or check == spf.RELAY}
    others = {check for check in checks if check.startswith(_ONLY_RECEIVERS) or _is_usable(job.outcomes[check])}
    return Answers(_answer(job, checks - of_relay), _answer(job, checks - others))


def _is_usable(outcome: Outcome) -> bool:
    """Whether a DKIM key is there for the relay service, although it is not the expected one."""
    unasked = any(detail.verdict == "unreachable" for detail in outcome.details)
    return outcome.check.startswith("dkim") and not unasked and not any(one.effect for one in outcome.details)


def by_answers(jobs: Iterable[Job]) -> dict[Answers, list[Job]]:
    """Return jobs by their two answers; those that pass both come first."""
    found: dict[Answers, list[Job]] = {}
    for job in sorted(jobs, key=lambda job: not answers_of(job).both_pass):
        found.setdefault(answers_of(job), []).append(job)
    return found


def _answer(job: Job, checks: Set[str]) -> Verdict:
    found = [job.outcomes[check].verdict for check in checks]
    failing = [outcome.verdict for outcome in job.open() if outcome.check in checks]
    if failing or "warning" in found:
        return worst(failing or found)
    return "pass" if "pass" in found or not found else worst(found)
