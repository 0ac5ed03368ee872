"""Verifies one sender domain: the delegation, every name server and, if these agree, SPF, DMARC and the resolvers."""

import asyncio
from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Literal

from elastx_mrs.verify.checks import delegation, dmarc, dnssec, published, resolvers, spf
from elastx_mrs.verify.checks.kept import Memory
from elastx_mrs.verify.checks.per_server import agree
from elastx_mrs.verify.expected import Expected
from elastx_mrs.verify.result import FAILING, Detail, Outcome
from elastx_mrs.verify.sources import Asked

Outcomes = dict[str, Outcome]
"""By check."""


async def verify(
    asked: Asked, expected: Expected, passed: Mapping[str, Outcome], memory: Memory, *, strict: bool = True
) -> Outcomes:
    """Return one outcome for each requirement. Those that passed before are kept, and not checked again.

    :param memory: the answers of resolvers in earlier rounds of this run.
    :param strict: whether an undeclared challenge is ``wrong``.
    """
    found: Outcomes = dict(passed)
    if delegation.CHECK not in found:
        found[delegation.CHECK] = await delegation.delegation(asked, expected)
    if found[delegation.CHECK].hopeless:
        return _in_order(found | _unchecked(expected, found, found[delegation.CHECK].hopeless))
    await _published(asked, expected, found, strict=strict)
    found |= {name: _left_out(expected, name) for name in expected.left_out}
    failing = [outcome for outcome in found.values() if outcome.verdict in FAILING]
    if asked.vantage.who.begins_at == "resolvers":  # they were queried for every record anyway
        await _later(asked, expected, found, memory)
    if not await _agree(asked, expected, failing):
        return _in_order(found | _unchecked(expected, found, "the name servers do not agree yet"))
    await _meaning(asked, expected, found)
    if not failing:
        await _later(asked, expected, found, memory)
    return _in_order(
        found
        | _unchecked(expected, found, "resolvers come last: one that is queried too early remembers the old answer")
    )


async def _meaning(asked: Asked, expected: Expected, found: Outcomes) -> None:
    """Check SPF and DMARC as a receiver does, and SPF as the relay service does."""
    for kind, checks in (("spf", _SPF), ("dmarc", (dmarc.POLICY, dmarc.REPORTS))):
        if (kind in found and found[kind].verdict == "absent") or kind in expected.left_out_kinds:
            found |= _unchecked(expected, found, f"the {kind} record does not exist yet", checks)
    works = []
    if any(check not in found for check in _SPF):
        works.append(spf.spf(asked, expected))
    if dmarc.POLICY not in found or dmarc.REPORTS not in found:
        works.append(dmarc.dmarc(asked, expected))
    for outcome in chain.from_iterable(await asyncio.gather(*works)):
        found.setdefault(outcome.check, outcome)


async def _later(asked: Asked, expected: Expected, found: Outcomes, memory: Memory) -> None:
    """Query the resolvers, now that all name servers are right."""
    works = []
    if resolvers.CHECK not in found:
        works.append(resolvers.resolvers(asked, expected, memory))
    if dnssec.CHECK not in found:
        works.append(dnssec.dnssec(asked, expected))
    for outcome in await asyncio.gather(*works):
        found[outcome.check] = outcome


async def _published(asked: Asked, expected: Expected, found: Outcomes, *, strict: bool) -> None:
    observer = asked.vantage.observer
    works = [published.record(observer, expected, record) for record in expected.records if record.suffix not in found]
    ours = {record.kind for record in expected.records} | expected.left_out_kinds
    works += [published.key(observer, expected, key) for key in expected.others_keys if key.check not in found]
    kinds: tuple[Literal["spf", "dmarc"], ...] = ("spf", "dmarc")
    works += [published.external(observer, expected, kind) for kind in kinds if kind not in ours and kind not in found]
    if "challenges" not in found:
        works.append(published.challenges(observer, expected, strict=strict))
    for outcome in await asyncio.gather(*works):
        found[outcome.check] = outcome


async def _agree(asked: Asked, expected: Expected, failing: Sequence[Outcome]) -> bool:
    """Whether all servers agree about the failing records; those that pass are the same everywhere."""
    names = dict.fromkeys(outcome.name for outcome in failing if outcome.name in expected.names)
    seen = await asyncio.gather(*(asked.vantage.observer.txt(name) for name in names))
    return all(agree(observation) for observation in seen)


def _left_out(expected: Expected, name: str) -> Outcome:
    detail = Detail(
        "unchecked", "", "its record", "it was not created in this run", "run pulumi up for the whole stack"
    )
    return Outcome(expected.domain, name, expected.domain, (detail,))


def _unchecked(expected: Expected, found: Outcomes, why: str, checks: Sequence[str] = ()) -> Outcomes:
    """Return the checks that did not run, with the reason."""
    detail = Detail("unchecked", "", "", f"not checked: {why}", "solve the problems above first")
    missing = [check for check in checks or _AFTER if check not in found]
    return {check: Outcome(expected.domain, check, expected.domain, (detail,)) for check in missing}


_SPF = (spf.POLICY, spf.TREE, spf.RELAY)
_AFTER = (*_SPF, dmarc.POLICY, dmarc.REPORTS, dnssec.CHECK, resolvers.CHECK)
_FIRST = (delegation.CHECK,)


def _in_order(found: Outcomes) -> Outcomes:
    between = [check for check in found if check not in (*_FIRST, *_AFTER)]
    return {check: found[check] for check in (*_FIRST, *between, *_AFTER) if check in found}
