"""Will the relay service accept mail from a domain? These are the rules that its pages give, and their verdicts.

Receivers ask another question: whether mail passes SPF, DKIM and DMARC. A record can pass one and not the other.

- The challenge of the account that sends is at the domain itself. An SPF include cannot provide it.
- The domain has a usable DKIM key: the service's, or that of the customer's own signatures.
- The domain's SPF record has the service's include literally, or a record that it includes has it. How strictly the
  service still checks this is not published, so :attr:`elastx_mrs.service.Service.spf_rule` says how it counts.

A CNAME does not matter: a look-up follows it (RFC 1034 §3.6.2).
"""

import asyncio
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from elastx_mrs.display import all_quoted, counted, visible
from elastx_mrs.lookup.answer import Answer, Ask
from elastx_mrs.receiver.spf_tree import Tree, expand
from elastx_mrs.records import RecordError, dkim_key
from elastx_mrs.records.challenge import is_challenge, is_exact, misspelling
from elastx_mrs.records.spf import includes_service
from elastx_mrs.service import ELASTX, Service

Row = Literal["challenge", "dkim", "spf"]
"""What the service looks for."""

Verdict = Literal["wrong", "absent", "warning", "unchecked"]
"""``warning``: the service may refuse the mail. ``unchecked``: a look-up failed. Else it refuses the mail."""

STAGE = "the application gets an SMTP error, at MAIL FROM, at RCPT TO or after DATA"
"""What an application meets. No page says at which of these commands, or with which code."""

MOST_NAMED = 3
"""Values that a message lists."""


@dataclass(frozen=True)
class Finding:
    """One thing that the service looks for, and does not find.

    :param expected: what it looks for.
    :param seen: what is there instead.
    :param effect: what an application meets.
    :param fix: what to do.
    :param token: the challenge that it is about; empty for other rows, and if any challenge will do.
    :param over: whether a look-up failed because a limit was reached.
    """

    row: Row
    verdict: Verdict
    expected: str
    seen: str
    effect: str
    fix: str
    token: str = ""
    over: bool = False

    def __str__(self) -> str:
        return f"{self.seen}. {self.effect}. Fix: {self.fix}"


async def findings(
    ask: Ask, domain: str, tokens: Sequence[str], keys: Sequence[str], service: Service = ELASTX
) -> list[Finding]:
    """Look everything up, and return why the service refuses mail from a domain, or may refuse it.

    :param ask: queries DNS; it should cache answers.
    :param domain: the sender domain, as lower-case A-labels.
    :param tokens: the challenges of the accounts that send; without any, one valid challenge is enough.
    :param keys: the owner names of the DKIM keys that count: the service's, and those of the customer's own signatures.
    """
    questions = asyncio.gather(*(ask(name, "TXT") for name in (domain, *keys)))
    tree = await expand(ask, domain)
    apex, *answers = await questions
    found = [challenge(apex, domain, token, service) for token in tokens or ("",)]
    found += [key(answers, domain, service), include(tree, service)]
    return [one for one in found if one is not None]


def challenge(answer: Answer, domain: str, token: str = "", service: Service = ELASTX) -> Finding | None:
    """Return why the service does not find an account's challenge at a domain, or None.

    :param answer: the TXT records of the domain itself.
    :param token: the exact challenge; empty if any will do.
    """
    expected = f"the challenge at {domain} itself: {token or f'{service.challenge_prefix} and 64 hex digits'}"
    effect = no_challenge(domain, service, "this account" if token else "every account")
    if answer.status == "failed":
        fix = "check why its name servers do not answer"
        return Finding("challenge", "unchecked", expected, answer.problem, effect, fix, token, answer.over)
    texts = answer.texts()
    if (token.encode("ascii") in texts) if token else any(is_exact(text, service) for text in texts):
        return None
    for text in texts:
        if token and (slip := misspelling(text, [token])) is not None:
            seen = f"{all_quoted([text])} has {slip}, and {service.name} compares the exact string"
            return Finding("challenge", "wrong", expected, seen, effect, "publish the exact challenge", token)
    others = [text for text in texts if is_challenge(text, service)]
    seen = f"only {all_quoted(others[:MOST_NAMED])}" if others else f"{domain} has no {service.challenge_prefix} string"
    return Finding("challenge", "absent", expected, seen, effect, "publish the challenge of the account", token)


def no_challenge(domain: str, service: Service = ELASTX, whose: str = "this account") -> str:
    """Return what an application meets without its account's challenge."""
    return f"{service.name} refuses mail from {domain} by {whose}: {STAGE}"


def key(answers: Sequence[Answer], domain: str, service: Service = ELASTX) -> Finding | None:
    """Return why no DKIM key of a domain is usable, or None.

    :param answers: the TXT records at the service's selector, and at those of the customer's own signatures.
    """
    failed = [answer for answer in answers if answer.status == "failed"]
    faults = [(answer.name, unusable(answer.texts())) for answer in answers if answer.status != "failed"]
    if any(not found for _, found in faults):
        return None
    expected = f"a usable DKIM key at {' or '.join(answer.name for answer in answers)}"
    effect = no_key(domain, service)
    if failed:
        over = any(answer.over for answer in failed)
        return Finding(
            "dkim", "unchecked", expected, failed[0].problem, effect, "check why it does not answer", "", over
        )
    seen = "; ".join(f"{name} {found[0]}" for name, found in faults)
    verdict: Verdict = "wrong" if any(answer.texts() for answer in answers) else "absent"
    return Finding("dkim", verdict, expected, seen, effect, f"publish the DKIM key that {service.name} provides")


def no_key(domain: str, service: Service = ELASTX) -> str:
    """Return what an application meets without a DKIM key at the domain."""
    return f"{service.name} rejects mail from domains without DKIM ({service.dkim_source}), such as {domain}: {STAGE}"


def unusable(texts: Sequence[bytes]) -> list[str]:
    """Return why the TXT records at a selector are not one key that receivers can use; an empty list if they are."""
    if not texts:
        return ["has no TXT record"]
    if len(texts) > 1:
        return [f"has {len(texts)} TXT records, and one is allowed (RFC 6376 §3.6.2.2)"]
    try:
        return list(dkim_key.problems(dkim_key.parse(texts[0])))
    except RecordError as error:
        return [str(error)]


def include(tree: Tree, service: Service = ELASTX, domain: str = "") -> Finding | None:
    """Return why the service's own check of SPF may not find its include, or None.

    The rule: the exact string is a term of the domain's record, or of a record that it includes, at most
    ``service.spf_levels`` includes down. Each include on the way must have a plain name: no macros.

    :param domain: the sender domain, if the tree is that of another domain with the same record.
    """
    if _literal(tree, service.spf_levels, service):
        return None
    domain, rule = domain or tree.domain, service.spf_rule
    expected = f"{service.include}, literally, {_where(domain, service)} ({service.spf_source})"
    effect = f"{service.name} {'may refuse' if rule == 'warning' else 'refuses'} mail from {domain}: {STAGE}"
    unasked = next(_unasked(tree, service.spf_levels), None)
    if unasked is not None:
        text, over = unasked
        return Finding("spf", "unchecked", expected, text, effect, "check why it does not answer", "", over)
    fix = f"write {service.include}, exactly like that, into the SPF record of {domain}"
    if rule == "warning":
        fix += f", or ask {service.support} ({service.support_address}) whether it is needed"
    return Finding("spf", "warning" if rule == "warning" else "wrong", expected, _instead(tree, service), effect, fix)


def _literal(tree: Tree, levels: int, service: Service) -> bool:
    """Whether the include is a term of a record, or of one that it includes by name, down to some levels."""
    if any(word == service.include for word, _ in tree.found.words()):
        return True
    return levels > 0 and any(
        node.below is not None and _literal(node.below, levels - 1, service)
        for node in tree.nodes
        if _is_named_include(node.term)
    )


def _unasked(tree: Tree, levels: int) -> Iterator[tuple[str, bool]]:
    """Yield the failed look-ups of records that may have the include, each with whether a limit was reached."""
    if tree.found.result == "temperror":
        yield f"{tree.domain} {tree.found.problem}", tree.found.over
    for node in tree.nodes if levels else ():
        if not _is_named_include(node.term):
            continue
        if node.problem is not None and node.problem.kind == "temperror":
            yield node.problem.text, node.problem.over
        if node.below is not None:
            yield from _unasked(node.below, levels - 1)


def _is_named_include(term: str) -> bool:
    return term.lstrip("+-~?").startswith("include:") and "%" not in term


def _where(domain: str, service: Service) -> str:
    own = f"in the SPF record of {domain}"
    if service.spf_levels == 0:
        return own
    below = "of a domain that it includes" if service.spf_levels == 1 else f"{service.spf_levels} includes down"
    return f"{own} or {below}"


def _instead(tree: Tree, service: Service) -> str:
    """Return what the tree has instead: another spelling, a longer way, or no include of the service at all."""
    if tree.found.record is None:
        return f"{tree.domain} has no usable SPF record: {tree.found.problem}"
    way = next(_ways(tree, service), None)
    if way is None:
        return f"no record has {service.include}, and listed addresses do not count"
    *path, word = way
    why = []
    if any(term.lower().startswith("redirect=") for term in way):
        why.append("a redirect does not count")
    elif any("%" in term for term in way):
        why.append("a name with macros may not be followed")
    else:
        if len(path) > service.spf_levels:
            why.append(f"{counted(len(path), 'include')} lead there, and the rule allows {service.spf_levels}")
        if word != service.include:
            why.append("another spelling may not count")
    return f"it is reached by {visible(' > '.join(way))}: {' and '.join(why)}"


def _ways(tree: Tree, service: Service) -> Iterator[tuple[str, ...]]:
    """Yield the terms that lead to an include of the service, in any spelling; the shortest way first."""
    seen = {tree.domain}
    waiting: deque[tuple[tuple[str, ...], Tree]] = deque([((), tree)])
    while waiting:
        path, one = waiting.popleft()
        yield from ((*path, word) for word, term in one.found.words() if includes_service(term, service))
        for node in one.nodes:
            if node.below is not None and node.below.domain == service.spf_host:
                yield (*path, node.term)  # by a redirect or a macro; other spellings come before
            if node.below is not None and node.below.domain not in seen:
                seen.add(node.below.domain)
                waiting.append(((*path, node.term), node.below))
