"""Does the domain's SPF pass all servers of the relay service? Evaluated as a receiver does.

And does the service's own check of it find what it looks for? See :mod:`elastx_mrs.receiver.relay`.
"""

import asyncio

from elastx_mrs import limits
from elastx_mrs.lookup.answer import Ask
from elastx_mrs.lookup.question import LookupFailure
from elastx_mrs.receiver import relay
from elastx_mrs.receiver.spf import MAX_LOOKUPS, Result, check_host
from elastx_mrs.receiver.spf_ranges import Address, networks, points, trees
from elastx_mrs.receiver.spf_record import Found, select
from elastx_mrs.receiver.spf_tree import Problem, Tree, expand, number
from elastx_mrs.records.spf_terms import Mechanism, Record
from elastx_mrs.service import Service
from elastx_mrs.verify.expected import Expected
from elastx_mrs.verify.relay import Relay
from elastx_mrs.verify.result import Detail, Outcome, Verdict
from elastx_mrs.verify.sources import Asked

POLICY, TREE, RELAY = "spf-policy", "spf-tree", "spf-relay"


async def spf(asked: Asked, expected: Expected) -> list[Outcome]:
    """Check that mail from the service passes, that the whole tree is right, and that the service finds its include."""
    domain, service = expected.domain, expected.service
    found = select(await asked.vantage.ask_uncached(domain, "TXT"))
    if found.record is None:
        policy = Outcome(domain, POLICY, domain, (_unusable(found, service),), hopeless=_not_ours(expected, found))
        unknown = Detail("unchecked", "", "", "no SPF record to check", "")
        return [policy, *(Outcome(domain, check, domain, (unknown,)) for check in (TREE, RELAY))]
    known = asked.passing.get((service, found.text))
    if known is not None:
        beside = Outcome(domain, TREE, domain, seen=_lookups(known), tree=known)
        return [_passes(expected, found), beside, _accepted(expected, found, known)]
    tree = await expand(asked.vantage.ask_uncached, domain)
    details = await _details(asked, expected, tree, await _relay(asked, service))
    beside = _beside(tree, asked, service)
    if not details and not beside.details and not beside.notices and _says_the_same_anywhere(tree, found.record):
        asked.passing[service, found.text] = tree
    hopeless = _final(expected, found) if details else ""
    if any(detail.verdict == "unreachable" for detail in details):
        hopeless = ""
    policy = Outcome(domain, POLICY, domain, tuple(details), hopeless=hopeless) if details else _passes(expected, found)
    return [policy, beside, _accepted(expected, found, tree)]


def _final(expected: Expected, found: Found) -> str:
    """Return why waiting does not help, if the published record is the expected one."""
    declared = expected.of_kind("spf")
    as_published = declared is None or declared.value == found.text
    return f"waiting does not change the SPF of {expected.domain}" if as_published else ""


def _accepted(expected: Expected, found: Found, tree: Tree) -> Outcome:
    """Return whether the service's own check finds its include.

    :param tree: of the record, which may be that of another domain with the same one.
    """
    domain, service = expected.domain, expected.service
    missing = relay.include(tree, service, domain)
    if missing is None:
        return Outcome(domain, RELAY, domain, seen=f"{service.name} finds {service.include}")
    detail = Detail(missing.verdict, "", missing.expected, missing.seen, missing.fix, missing.effect)
    return Outcome(
        domain, RELAY, domain, (detail,), hopeless=_final(expected, found) if detail.verdict == "wrong" else ""
    )


def _wanted(service: Service) -> str:
    return f"exactly one SPF record that passes every address of {service.name}"


def _support(service: Service) -> str:
    return f"tell {service.support} ({service.support_address}), because the error is in their record"


def _passes(expected: Expected, found: Found) -> Outcome:
    seen = f"'{found.text}' passes {expected.service.name}'s addresses"
    return Outcome(expected.domain, POLICY, expected.domain, seen=seen)


def _unusable(found: Found, service: Service) -> Detail:
    verdicts: dict[str, Verdict] = {"none": "absent", "temperror": "unreachable"}
    verdict = verdicts.get(found.result, "wrong")
    cures: dict[Verdict, str] = {
        "absent": f"publish {service.basic_spf}",
        "unreachable": "check why its name servers do not answer",
    }
    cure = cures.get(verdict, "keep one valid record: receivers refuse this with permerror")
    return Detail(verdict, "", _wanted(service), found.problem, cure)


def _not_ours(expected: Expected, found: Found) -> str:
    ours = expected.of_kind("spf") is not None
    return "" if ours or found.result == "temperror" else f"the SPF of {expected.domain} is published by somebody else"


async def _relay(asked: Asked, service: Service) -> Relay:
    what = f"looking up the SPF of {service.spf_host}"
    try:
        return await asked.relays.get(service, lambda: _look_up(asked.vantage.ask_uncached, service.spf_host), what)
    except LookupFailure as failure:
        return Relay("temperror", problem=str(failure), over=True)


async def _look_up(ask: Ask, host: str) -> Relay:
    tree = await expand(ask, host)
    if tree.found.record is None:
        return Relay(tree.found.result, problem=tree.found.problem, over=tree.found.over)
    own = await networks(ask, tree)
    tried = points(own, own)
    results = await asyncio.gather(*(check_host(ask, str(address), host) for address in tried))
    passing = tuple(address for address, result in zip(tried, results, strict=True) if result.result == "pass")
    reasons = sorted({result.reason for result in results if result.result != "pass"})
    unasked = [one for one in tree.problems() if one.kind == "temperror"]
    if not passing and unasked:  # the part that was not queried may pass some
        return Relay("temperror", tuple(own), (), unasked[0].text, any(one.over for one in unasked))
    problem = "" if passing else f"it passes no address: {'; '.join(reasons[:3])}"
    return Relay(tree.found.result, tuple(own), passing, problem)


async def _details(asked: Asked, expected: Expected, tree: Tree, relay: Relay) -> list[Detail]:
    ask, service = asked.vantage.ask_uncached, expected.service
    if not relay.addresses:
        seen = f"the SPF of {service.spf_host}: {relay.problem}"
        if relay.result != "temperror":
            return [Detail("wrong", "", _wanted(service), seen, _support(service))]
        cure = f"check why the name servers of {service.spf_host} do not answer; if they do not answer anybody, tell "
        cure += f"{service.support} ({service.support_address})"
        return [Detail(asked.cannot_ask(over=relay.over), "", _wanted(service), seen, cure)]
    known = set(relay.addresses)
    tried = points(relay.networks, await networks(ask, tree))
    if len(tried) > limits.SPF_ADDRESSES.most:
        seen = (
            f"the record divides its addresses in over {limits.SPF_ADDRESSES.most} ranges, too many to try one of each"
        )
        return [Detail("unreachable", "", _wanted(service), seen, "simplify the record: list fewer networks")]
    more = [point for point in tried if point not in known]
    theirs = await asyncio.gather(*(check_host(ask, str(address), service.spf_host) for address in more))
    passing = [address for address, result in zip(more, theirs, strict=True) if result.result == "pass"]
    senders = [*relay.addresses, *passing]
    results = await asyncio.gather(*(check_host(ask, str(address), expected.domain) for address in senders))
    failing = [(address, result) for address, result in zip(senders, results, strict=True) if result.result != "pass"]
    by_reason: dict[str, tuple[Address, Result, int]] = {}
    for address, result in failing:
        first, kept, count = by_reason.get(result.reason, (address, result, 0))
        by_reason[result.reason] = (first, kept, count + 1)
    return [_failing(tree, asked, service, *entry) for entry in list(by_reason.values())[:4]]


def _failing(tree: Tree, asked: Asked, service: Service, address: Address, result: Result, count: int) -> Detail:
    wanted = _wanted(service)
    more = f", and {count - 1} more of the addresses tried" if count > 1 else ""
    seen = f"mail from {address}{more} gets {result.result}: {result.reason}"
    if result.result == "temperror":
        cure = "check why the name servers of that name do not answer, and verify again"
        return Detail(asked.cannot_ask(over=result.over), "", wanted, seen, cure)
    broken = next((problem for problem in tree.problems() if problem.kind == "permerror"), None)
    if result.result == "permerror":
        return Detail("wrong", "", wanted, seen, _door(broken, service) if broken is not None else "correct the record")
    cure = f"put {service.include}, without a qualifier, before every term that matches these addresses"
    return Detail("wrong", "", wanted, seen, cure)


def _door(problem: Problem, service: Service) -> str:
    """Return who must fix an error, and how."""
    terms = problem.path[1:]
    if any(term.rpartition(":")[2].rpartition("=")[2].lower().removesuffix(".") == service.spf_host for term in terms):
        return _support(service)
    if terms:
        return f"the record behind {terms[0]} is broken: tell its owner, or remove {terms[0]}"
    return "correct the record"


def _beside(tree: Tree, asked: Asked, service: Service) -> Outcome:
    """Return what is wrong anywhere in the tree. Evaluation for the service's mail may end before it."""
    details, notices = [], []
    for problem in tree.problems():
        text = f"{' '.join(problem.path)}: {problem.text}"
        if problem.kind in ("permerror", "none", "open"):
            details.append(
                Detail("wrong", "", "a record that every receiver can follow", text, _door(problem, service))
            )
        elif problem.kind == "temperror":
            verdict = asked.cannot_ask(over=problem.over)
            details.append(Detail(verdict, "", "an answer for every term", text, "check why it does not answer"))
        elif problem.kind == "voids":
            notices.append(text)
    hopeless = "waiting does not change its tree" if any(detail.verdict == "wrong" for detail in details) else ""
    return Outcome(tree.domain, TREE, tree.domain, tuple(details), _lookups(tree), tuple(notices), hopeless, tree=tree)


def _lookups(tree: Tree) -> str:
    return f"{number(tree.lookups)} of {MAX_LOOKUPS} lookups"


def _says_the_same_anywhere(tree: Tree, record: Record) -> bool:
    """Whether another domain with this record gets the same result: it has no macro, and names every host."""
    texts = [part.found.text for part in trees(tree)]
    bare = any(
        isinstance(term, Mechanism) and term.name in ("a", "mx", "ptr") and term.domain is None
        for term in record.evaluated()
    )
    return not bare and not any("%" in text for text in texts)
