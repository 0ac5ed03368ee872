"""What the relay needs from a sender domain's DNS before it accepts mail, as ``verify`` finds it, for one account."""

from elastx_mrs.check import Check
from elastx_mrs.lookup.vantage import Who
from elastx_mrs.records.challenge import challenge
from elastx_mrs.service import ELASTX, Service
from elastx_mrs.verify.expected import Expected
from elastx_mrs.verify.result import Outcome
from elastx_mrs.verify.wait import Job, wait

_NOT_NEEDED = ("dmarc", "dmarc-policy", "reports", "challenges")
"""Checks about receivers' policies and about other accounts. The relay's pages do not say that it looks at these."""

_ALWAYS = ("challenge", "dkim", "spf", "spf-policy", "spf-relay")
"""Checks that are shown if they pass, too."""


async def admission(domain: str, account: str, who: Who, service: Service = ELASTX) -> list[Check]:
    """Return the checks of what the relay needs, with their names in ``verify``; that of the challenge has no digits.

    The lookups have the limits of verification.

    :param domain: as lower-case A-labels.
    :param account: the user account that logs in.
    """
    token = challenge(domain, account, service=service)
    job = Job(Expected(domain, (token,), service=service), who, 0.0, strict=False)
    await wait([job], lambda _: None)
    found = ((name.replace(token.suffix, token.kind), outcome) for name, outcome in job.outcomes.items())
    return [_check(name, outcome) for name, outcome in found if _shown(name, outcome)]


def _shown(name: str, outcome: Outcome) -> bool:
    if name in _NOT_NEEDED:
        return False
    return name in _ALWAYS or outcome.verdict not in ("pass", "unchecked")


def _check(name: str, outcome: Outcome) -> Check:
    """Return an outcome as a check: its worst problem, and how many more servers have one."""
    verdict = outcome.verdict
    if verdict == "pass":
        seen = "the challenge of this account" if name == "challenge" else outcome.seen
        return Check(name, "pass", "", f"{outcome.name}: {seen}", "", outcome.notices)
    worst = [detail for detail in outcome.details if detail.verdict == verdict]
    first = worst[0]
    where = f"{outcome.name} at {first.server}" if first.server else outcome.name
    more = f" (and at {len(worst) - 1} more)" if first.server and len(worst) > 1 else ""
    seen = f"{where}: {first.seen}{more}"
    if verdict == "cached":  # the relay asks a resolver of its own
        return Check(name, "warning", first.expected, seen, first.cure, outcome.notices)
    return Check(name, verdict, first.expected, seen, first.cure, outcome.notices)
