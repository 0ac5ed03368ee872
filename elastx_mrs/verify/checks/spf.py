"""Does the domain's SPF pass all of Elastx's servers, whoever else it lets send? Asked as a receiver asks."""

import asyncio
from dataclasses import dataclass

from elastx_mrs.lookup.answer import Ask
from elastx_mrs.lookup.spf import Result, check_host
from elastx_mrs.lookup.spf_record import Found, select
from elastx_mrs.lookup.spf_tree import Problem, Tree, expand
from elastx_mrs.records.spf_terms import Mechanism, Record
from elastx_mrs.verify.asked import Asked
from elastx_mrs.verify.checks.ranges import Address, Network, networks, points, trees
from elastx_mrs.verify.expected import Expected
from elastx_mrs.verify.outcome import Detail, Outcome, Verdict

POLICY, TREE = "spf-policy", "spf-tree"
ELASTX = "elastx.email"
"""The name whose record lists Elastx's servers (the service's page, "SPF record")."""

SUPPORT = "tell Elastx Support: it is their record, and nothing here can mend it"
WANTED = "exactly one SPF record, that passes every address of Elastx's"


@dataclass(frozen=True)
class Relay:
    """What Elastx's own record says.

    :param result: as of :class:`Found`.
    :param networks: that its terms name or lead to.
    :param addresses: those that it passes, one for each stretch between the borders of its networks.
    :param problem: why there are none.
    """

    result: str
    networks: tuple[Network, ...] = ()
    addresses: tuple[Address, ...] = ()
    problem: str = ""


async def spf(asked: Asked, expected: Expected) -> list[Outcome]:
    """Say whether mail from Elastx passes, and, apart from that, what is wrong anywhere in the record's tree."""
    domain = expected.domain
    found = select(await asked.vantage.ask_uncached(domain, "TXT"))
    if found.record is None:
        policy = Outcome(domain, POLICY, domain, (_unusable(found),), hopeless=_not_ours(expected, found))
        return [policy, Outcome(domain, TREE, domain, (Detail("unchecked", "", "", "no record to look into", ""),))]
    if found.text in asked.passing:
        return [_passes(domain, found), Outcome(domain, TREE, domain, seen="as every domain with this record")]
    tree = await expand(asked.vantage.ask_uncached, domain)
    relay = await _relay(asked)
    details = await _details(asked, domain, tree, relay)
    beside = _beside(tree, asked.cannot_ask)
    if not details and not beside.details and not beside.notices and _says_the_same_anywhere(tree, found.record):
        asked.passing.add(found.text)
    declared = expected.of_kind("spf")
    as_published = declared is None or declared.value == found.text
    hopeless = f"the SPF of {domain} will not change by waiting" if details and as_published else ""
    if any(detail.verdict == "unreachable" for detail in details):
        hopeless = ""
    policy = Outcome(domain, POLICY, domain, tuple(details), hopeless=hopeless) if details else _passes(domain, found)
    return [policy, beside]


def _passes(domain: str, found: Found) -> Outcome:
    return Outcome(domain, POLICY, domain, seen=f"'{found.text}' passes Elastx's addresses")


def _unusable(found: Found) -> Detail:
    verdicts: dict[str, Verdict] = {"none": "absent", "temperror": "unreachable"}
    verdict = verdicts.get(found.result, "wrong")
    cures: dict[Verdict, str] = {
        "absent": f"publish v=spf1 include:{ELASTX} -all",
        "unreachable": "see why its name servers do not answer",
    }
    cure = cures.get(verdict, "leave one record that can be read: receivers refuse all of it (permerror)")
    return Detail(verdict, "", WANTED, found.problem, cure)


def _not_ours(expected: Expected, found: Found) -> str:
    ours = expected.of_kind("spf") is not None
    return "" if ours or found.result == "temperror" else f"the SPF of {expected.domain} is not ours to publish"


async def _relay(asked: Asked) -> Relay:
    if asked.elastx is None:
        asked.elastx = asyncio.create_task(_look_up(asked.vantage.ask_uncached))
    return await asked.elastx


async def _look_up(ask: Ask) -> Relay:
    tree = await expand(ask, ELASTX)
    if tree.found.record is None:
        return Relay(tree.found.result, problem=tree.found.problem)
    own = await networks(ask, tree)
    tried = points(own, own)
    results = await asyncio.gather(*(check_host(ask, str(address), ELASTX) for address in tried))
    passing = tuple(address for address, result in zip(tried, results, strict=True) if result.result == "pass")
    reasons = sorted({result.reason for result in results if result.result != "pass"})
    problem = "" if passing else f"it passes no address: {'; '.join(reasons[:3])}"
    return Relay(tree.found.result, tuple(own), passing, problem)


async def _details(asked: Asked, domain: str, tree: Tree, relay: Relay) -> list[Detail]:
    ask = asked.vantage.ask_uncached
    if not relay.addresses:
        verdict: Verdict = asked.cannot_ask if relay.result == "temperror" else "wrong"
        return [Detail(verdict, "", WANTED, f"the SPF of {ELASTX}: {relay.problem}", SUPPORT)]
    known = set(relay.addresses)
    more = [point for point in points(relay.networks, await networks(ask, tree)) if point not in known]
    theirs = await asyncio.gather(*(check_host(ask, str(address), ELASTX) for address in more))
    passing = [address for address, result in zip(more, theirs, strict=True) if result.result == "pass"]
    tried = [*relay.addresses, *passing]
    results = await asyncio.gather(*(check_host(ask, str(address), domain) for address in tried))
    failing = [(address, result) for address, result in zip(tried, results, strict=True) if result.result != "pass"]
    by_reason: dict[str, tuple[Address, Result, int]] = {}
    for address, result in failing:
        first, kept, count = by_reason.get(result.reason, (address, result, 0))
        by_reason[result.reason] = (first, kept, count + 1)
    return [_failing(tree, asked.cannot_ask, *entry) for entry in list(by_reason.values())[:4]]


def _failing(tree: Tree, cannot_ask: Verdict, address: Address, result: Result, count: int) -> Detail:
    more = f", and {count - 1} more of the addresses tried" if count > 1 else ""
    seen = f"mail from {address}{more} gets {result.result}: {result.reason}"
    if result.result == "temperror":
        return Detail(cannot_ask, "", WANTED, seen, "see why that name's servers do not answer, and verify again")
    broken = next((problem for problem in tree.problems() if problem.kind == "permerror"), None)
    if result.result == "permerror":
        return Detail("wrong", "", WANTED, seen, _door(broken) if broken is not None else "mend the record")
    cure = f"put include:{ELASTX}, with no qualifier, before every term that matches these addresses"
    return Detail("wrong", "", WANTED, seen, cure)


def _door(problem: Problem) -> str:
    """Return at whose door a fault lies."""
    terms = problem.path[1:]
    if any(term.rpartition(":")[2].rpartition("=")[2].lower() == ELASTX for term in terms):
        return SUPPORT
    if terms:
        return f"the record behind {terms[0]} is broken: tell whose it is, or take {terms[0]} out"
    return "mend the record"


def _beside(tree: Tree, cannot_ask: Verdict) -> Outcome:
    """Return what is wrong in the tree for any sender: the worst case, which Elastx's mail may never come to."""
    details, notices = [], []
    for problem in tree.problems():
        text = f"{' '.join(problem.path)}: {problem.text}"
        if problem.kind in ("permerror", "none", "open"):
            details.append(Detail("wrong", "", "a record that every receiver can follow", text, _door(problem)))
        elif problem.kind == "temperror":
            details.append(Detail(cannot_ask, "", "an answer for every term", text, "see why it does not answer"))
        elif problem.kind == "voids":
            notices.append(text)
    hopeless = "its tree will not change by waiting" if any(detail.verdict == "wrong" for detail in details) else ""
    seen = f"{tree.lookups} of 10 lookups"
    return Outcome(tree.domain, TREE, tree.domain, tuple(details), seen, tuple(notices), hopeless)


def _says_the_same_anywhere(tree: Tree, record: Record) -> bool:
    """Whether another domain with this record gets the same answer: it has no macro, and names every host."""
    texts = [part.found.text for part in trees(tree)]
    bare = any(
        isinstance(term, Mechanism) and term.name in ("a", "mx", "ptr") and term.domain is None
        for term in record.evaluated()
    )
    return not bare and not any("%" in text for text in texts)
