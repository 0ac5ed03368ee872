"""Repeats the failing checks until everything passes, or the deadline."""

import asyncio
import math
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from typing import Any

from elastx_mrs import fault, limits
from elastx_mrs.lookup import budget
from elastx_mrs.lookup.vantage import Who
from elastx_mrs.verify.checks.kept import Memory
from elastx_mrs.verify.domain import Outcomes, verify
from elastx_mrs.verify.expected import Expected
from elastx_mrs.verify.result import FAILING, Detail, Outcome
from elastx_mrs.verify.sources import Round

FIRST_INTERVAL = 1.0
"""Seconds between the first two rounds; each one after is twice as long."""

LONGEST_INTERVAL = 10.0
"""The longest pause between two rounds, in seconds."""

SHORT = 4.0
"""Seconds within which a cached answer is always checked again, because one look is not enough."""

LONGER = "give the run more time: verify --deadline SECONDS, or, for pulumi up, verification.timeout"
"""The fix if a run was too short."""

LONG = 60.0
"""The longest wait for such an answer, in seconds, if nothing else fails."""

BUDGET = "budget"
"""The check that fails if a domain, or the whole run, reaches a limit."""

GRACE = 0.5
"""Seconds after the deadline in which everything ends by itself, as no query is sent any more."""

INTERNAL = "internal-error"
"""The check that fails if elastx-mrs itself fails on a domain."""

DOMAINS_AT_ONCE = 100
"""Domains in work at once: enough to keep the network busy, few enough for memory."""


@dataclass
class Job:
    """One domain to verify.

    :param who: which servers to query.
    :param timeout: seconds to wait for it; 0 asks once.
    :param strict: whether an undeclared challenge is ``wrong``.
    :ivar outcomes: the last, by check.
    :ivar memory: what resolvers answered in earlier rounds.
    """

    expected: Expected
    who: Who
    timeout: float
    strict: bool = True
    outcomes: Outcomes = field(default_factory=dict)
    memory: Memory = field(default_factory=dict)

    def open(self) -> list[Outcome]:
        """Return the failing checks."""
        return [outcome for outcome in self.outcomes.values() if self._fails(outcome)]

    def awaited(self, gone: float) -> list[Outcome]:
        """Return the checks to repeat: failing ones, and cached answers where another look helps.

        Returns nothing if a check is hopeless.

        :param gone: seconds since the run began.
        """
        found = self.open()
        if any(outcome.hopeless for outcome in found):
            return []
        left = self.timeout - gone
        unsettled = [
            outcome
            for outcome in self.outcomes.values()
            if outcome.again is not None and outcome.again <= max(SHORT, min(left, LONG))
        ]
        if gone < self.timeout:
            return [*found, *(outcome for outcome in unsettled if outcome not in found)]
        return unsettled if all(outcome.verdict == "cached" for outcome in found) else []

    def pause(self, interval: float, gone: float) -> float:
        """Return the seconds until this domain is checked again.

        :param interval: the pause if a check may pass at any time.
        """
        again = [outcome.again for outcome in self.outcomes.values() if outcome.again is not None]
        if gone < self.timeout and self.open():
            return min(interval, self.timeout - gone)
        return min(again, default=interval)

    def _fails(self, outcome: Outcome) -> bool:
        verdict = outcome.verdict
        return verdict in FAILING or (verdict == "cached" and self.expected.resolvers_must_agree)


def round_seconds(domains: int) -> float:
    """Return how many seconds one round over this many domains may take."""
    return float(limits.RUN_SECONDS.most * max(1, math.ceil(domains / DOMAINS_AT_ONCE)))


def last_moment(jobs: Sequence[Job], deadline: float | None) -> float:
    """Return the seconds after which a run ends: the deadline, or else the longest time-out plus one round."""
    if deadline is not None:
        return deadline
    return max((job.timeout for job in jobs), default=0.0) + round_seconds(len(jobs))


async def wait(
    jobs: Sequence[Job],
    progress: Callable[[Sequence[Job]], None],
    step: Callable[[], None] | None = None,
    deadline: float | None = None,
) -> None:
    """Verify domains until all pass, until waiting cannot help any, until their time-outs, or until the deadline.

    :param progress: called with the pending domains before each pause.
    :param step: called whenever a domain was checked.
    :param deadline: seconds after which the run ends in any case; checks that did not run by then are ``unreachable``.
        None for the longest time-out plus one round.
    """
    clock = asyncio.get_running_loop().time
    began = clock()
    interval = FIRST_INTERVAL
    pending = list(jobs)
    deadline = last_moment(jobs, deadline)
    with budget.budget("the run", deadline, elastic=False) as run:
        while pending:
            await _ended(_round(pending, step), run)
            gone = clock() - began
            pending = [job for job in pending if job.awaited(gone)]
            for job in jobs:
                if not job.outcomes:
                    job.outcomes = _left_out(job, run)
            if not pending or gone >= deadline:
                return
            progress(pending)
            pause = max(0.0, min(job.pause(interval, gone) for job in pending))
            if gone + pause >= deadline:
                return  # no time would be left for a query
            await asyncio.sleep(pause)
            interval = min(2 * interval, LONGEST_INTERVAL)


async def _ended(work: Coroutine[Any, Any, None], run: budget.Budget) -> None:
    """Wait for a round, which ends by itself soon after the run's budget does; if it does not, end it."""
    task = asyncio.create_task(work)
    try:
        await asyncio.wait({task}, timeout=run.soon() - asyncio.get_running_loop().time() + GRACE)
    finally:
        if not task.done():
            task.cancel()
            await asyncio.wait({task}, timeout=GRACE / 2)
    if task.done() and not task.cancelled():
        task.result()


async def _round(jobs: Sequence[Job], step: Callable[[], None] | None) -> None:
    asking = Round()
    bound = asyncio.Semaphore(DOMAINS_AT_ONCE)
    run = budget.current()

    async def one(job: Job) -> None:
        async with bound:
            if run is not None and run.over():
                return  # the outcomes of the round before tell more
            found = await _judged(job, asking)
            if not job.outcomes or run is None or not run.over():
                job.outcomes = found
            if step is not None:
                step()

    async with asyncio.TaskGroup() as group:
        for job in jobs:
            group.create_task(one(job))


def _left_out(job: Job, run: budget.Budget) -> Outcomes:
    """Return the outcome of a domain that the run had no time for."""
    domain = job.expected.domain
    seen = f"{run.over() or 'the run was ended'}: this domain was not checked"
    return {BUDGET: Outcome(domain, BUDGET, domain, (Detail("unreachable", "", "", seen, LONGER),))}


async def _judged(job: Job, asking: Round) -> Outcomes:
    """Return a domain's outcomes, and whether it reached a limit."""
    domain = job.expected.domain
    with budget.of_domain(f"verifying {domain}") as own:
        found = await _contained(job, asking)
    if own.exhausted:
        cure = "make the servers that do not answer work, or remove them"
        detail = Detail("unreachable", "", "", own.story(), cure)
        found = found | {BUDGET: Outcome(domain, BUDGET, domain, (detail,))}
    return found


async def _contained(job: Job, asking: Round) -> Outcomes:
    """Return a domain's outcomes. An unexpected error becomes an outcome of this domain alone."""
    passed = {check: outcome for check, outcome in job.outcomes.items() if outcome.verdict == "pass"}
    try:
        return await verify(asking.asked(job.who), job.expected, passed, job.memory, strict=job.strict)
    except (Exception, asyncio.CancelledError) as error:
        task = asyncio.current_task()
        if isinstance(error, asyncio.CancelledError) and task is not None and task.cancelling():
            raise  # the run ends; otherwise an awaited task was cancelled, and nothing is known
        domain = job.expected.domain
        detail = Detail("unreachable", "", "", fault.contained(error), fault.CURE)
        hopeless = "the same answers lead to the same error"
        return passed | {INTERNAL: Outcome(domain, INTERNAL, domain, (detail,), hopeless=hopeless)}
