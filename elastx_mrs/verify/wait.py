"""Asks until all holds, or the deadline: only for what does not hold yet, and never after it does."""

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
"""Seconds between two rounds at most: from when the last server is right to the verdict."""

SHORT = 4.0
"""Seconds for which a cached answer is looked at again in any case, as it takes a second look to know one."""

LONGER = "give the run more time: verify --deadline SECONDS, or, for pulumi up, verification.timeout"
"""What to do where a run was too short."""

LONG = 60.0
"""Seconds for which such an answer is waited for at most, within the deadline: nothing else is open by then."""

BUDGET = "budget"
"""The check that fails where a domain, or the whole run, takes more than it may."""

GRACE = 0.5
"""Seconds after the deadline in which everything ends by itself, as nothing is asked any more."""

INTERNAL = "internal-error"
"""The check that fails where judging a domain ends in an error of our own."""

DOMAINS_AT_ONCE = 100
"""Domains looked at side by side: enough to keep every bound of the network busy, few enough for memory."""


@dataclass
class Job:
    """One domain to verify.

    :param who: whom to ask.
    :param timeout: seconds to wait for it; 0 asks once.
    :param strict: whether a challenge that nobody declared is ``wrong``.
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
        """Return what does not hold."""
        return [outcome for outcome in self.outcomes.values() if self._fails(outcome)]

    def awaited(self, gone: float) -> list[Outcome]:
        """Return what to look at again: what does not hold yet, and cached answers that another look tells more of.

        None of it where something says that it never will hold.

        :param gone: seconds since the asking began.
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
        """Return the seconds until the next look at it.

        :param interval: between two looks at what may come right at any time.
        """
        again = [outcome.again for outcome in self.outcomes.values() if outcome.again is not None]
        if gone < self.timeout and self.open():
            return min(interval, self.timeout - gone)
        return min(again, default=interval)

    def _fails(self, outcome: Outcome) -> bool:
        verdict = outcome.verdict
        return verdict in FAILING or (verdict == "cached" and self.expected.resolvers_must_agree)


def round_seconds(domains: int) -> float:
    """Return the seconds that one round over so many domains may take."""
    return float(limits.RUN_SECONDS.most * max(1, math.ceil(domains / DOMAINS_AT_ONCE)))


def last_moment(jobs: Sequence[Job], deadline: float | None) -> float:
    """Return the seconds after which a run ends: the deadline, else the longest time-out and the bound of a round."""
    if deadline is not None:
        return deadline
    return max((job.timeout for job in jobs), default=0.0) + round_seconds(len(jobs))


async def wait(
    jobs: Sequence[Job],
    progress: Callable[[Sequence[Job]], None],
    step: Callable[[], None] | None = None,
    deadline: float | None = None,
) -> None:
    """Verify domains until all hold, or waiting cannot help any, or their time-outs, or the deadline of the run.

    :param progress: is told of those still waited for, before each pause.
    :param step: is called whenever a domain was looked at.
    :param deadline: seconds after which the run ends, whatever is still being asked; what was not asked by then is
        ``unreachable``. None for the longest time-out and the bound of one round.
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
                return  # nothing could be asked after it
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
                return  # the outcomes of the round before say more than that nobody was asked
            found = await _judged(job, asking)
            if not job.outcomes or run is None or not run.over():
                job.outcomes = found
            if step is not None:
                step()

    async with asyncio.TaskGroup() as group:
        for job in jobs:
            group.create_task(one(job))


def _left_out(job: Job, run: budget.Budget) -> Outcomes:
    """Return what is said of a domain that the run had no time for."""
    domain = job.expected.domain
    seen = f"{run.over() or 'the run was ended'}: this domain was not checked"
    return {BUDGET: Outcome(domain, BUDGET, domain, (Detail("unreachable", "", "", seen, LONGER),))}


async def _judged(job: Job, asking: Round) -> Outcomes:
    """Return what a domain comes to now, and that it took more than it may, if it did."""
    domain = job.expected.domain
    with budget.of_domain(f"verifying {domain}") as own:
        found = await _contained(job, asking)
    if own.exhausted:
        cure = "make the servers that do not answer work, or remove them"
        detail = Detail("unreachable", "", "", own.story(), cure)
        found = found | {BUDGET: Outcome(domain, BUDGET, domain, (detail,))}
    return found


async def _contained(job: Job, asking: Round) -> Outcomes:
    """Return what a domain comes to. An error that nobody expected is its own verdict, and nobody else's."""
    passed = {check: outcome for check, outcome in job.outcomes.items() if outcome.verdict == "pass"}
    try:
        return await verify(asking.asked(job.who), job.expected, passed, job.memory, strict=job.strict)
    except (Exception, asyncio.CancelledError) as error:
        task = asyncio.current_task()
        if isinstance(error, asyncio.CancelledError) and task is not None and task.cancelling():
            raise  # the run ends; otherwise something that was waited for was cancelled, and nothing is known
        domain = job.expected.domain
        detail = Detail("unreachable", "", "", fault.contained(error), fault.CURE)
        hopeless = "the same answers lead to the same error"
        return passed | {INTERNAL: Outcome(domain, INTERNAL, domain, (detail,), hopeless=hopeless)}
