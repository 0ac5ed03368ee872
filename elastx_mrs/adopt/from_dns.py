"""What a domain publishes today, read from DNS, as the stack config that keeps it."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import yaml

from elastx_mrs.display import comment_line, show
from elastx_mrs.identity import NAMESPACE
from elastx_mrs.lookup.answer import Answer, Ask
from elastx_mrs.receiver.spf import MAX_LOOKUPS
from elastx_mrs.receiver.spf_tree import expand, number
from elastx_mrs.records import RecordError, dkim, dmarc, spf
from elastx_mrs.records.challenge import is_challenge
from elastx_mrs.records.dmarc_policy import is_dmarc
from elastx_mrs.records.spf_terms import is_spf
from elastx_mrs.records.text import as_text
from elastx_mrs.service import ELASTX, Service


@dataclass
class Adopted:
    """One domain: its place in the config, the names to take over, and what to know, a line each."""

    domain: str
    config: dict[str, Any] = field(default_factory=dict)
    owners: list[str] = field(default_factory=list)
    changes: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    unasked: list[str] = field(default_factory=list)


async def read_all(ask: Ask, domains: Sequence[str], selector: str) -> list[Adopted]:
    """Read what each domain publishes, side by side; in their order."""
    return list(await asyncio.gather(*(read(ask, domain, selector) for domain in domains)))


async def read(ask: Ask, domain: str, selector: str, service: Service = ELASTX) -> Adopted:
    """Read what a domain publishes and return the config that keeps it, with ``service`` added."""
    adopted = Adopted(domain, {"name": domain})
    apex = await ask(domain, "TXT")
    await _spf(ask, adopted, apex, service)
    _dmarc(adopted, await ask(f"_dmarc.{domain}", "TXT"))
    _dkim(adopted, selector, service, await ask(f"{selector}._domainkey.{domain}", "TXT"))
    tokens = [show(value) for value in apex.texts() if is_challenge(value, service)]
    if tokens:
        _own(adopted, domain)
        listed = ", ".join(f"{token[:24]}…" for token in tokens)
        adopted.changes.append(f"{domain} has {listed}: of your accounts', each is taken over; others stay as they are")
    return adopted


async def _spf(ask: Ask, adopted: Adopted, answer: Answer, service: Service) -> None:
    name = adopted.domain
    texts = _texts(adopted, answer, "SPF", is_spf)
    if len(texts) > 1:
        fault = f"{name} has {len(texts)} SPF records, which is permerror (RFC 7208 §4.5): {' and '.join(texts)}"
        adopted.faults.append(f"{fault}; merge them into one, by hand, and run this again")
    if len(texts) != 1:
        return
    try:
        new = spf.whole_record(texts[0], service)
    except RecordError as error:
        adopted.faults += [f"{name}: its SPF record '{texts[0]}' {problem}" for problem in error.problems]
        return
    _own(adopted, name)
    adopted.config["spf"] = {"record": new}
    before, after = await expand(ask, name, texts[0]), await expand(ask, name, new)
    change = "stays as it is" if new == texts[0] else f"'{texts[0]}' becomes '{new}'"
    cost = f"{number(before.lookups)} -> {number(after.lookups)} of {MAX_LOOKUPS}"
    adopted.changes.append(f"{name} SPF {change}; lookups {cost}")
    for problem in after.problems():
        kept = adopted.unasked if problem.kind == "temperror" else adopted.changes
        kept.append(f"{name} SPF: {' > '.join(problem.path)}: {problem.text}")


def _dmarc(adopted: Adopted, answer: Answer) -> None:
    name = f"_dmarc.{adopted.domain}"
    texts = _texts(adopted, answer, "DMARC", is_dmarc)
    if len(texts) > 1:
        fault = f"{name} has {len(texts)} DMARC records, of which receivers take none (RFC 9989 §4.10)"
        adopted.faults.append(f"{fault}: {' and '.join(texts)}; leave one, and run this again")
    if len(texts) != 1:
        return
    _own(adopted, name)
    try:
        adopted.config["dmarc"] = {"record": dmarc.whole_record(texts[0])}
        adopted.changes.append(f"{name} stays as it is")
    except RecordError as error:
        adopted.faults += [f"{name}: its record '{texts[0]}' {problem}" for problem in error.problems]


def _dkim(adopted: Adopted, selector: str, service: Service, answer: Answer) -> None:
    name = f"{selector}._domainkey.{adopted.domain}"
    texts = _texts(adopted, answer, "DKIM", lambda _: True)
    if len(texts) > 1:
        adopted.faults.append(
            f"{name} has {len(texts)} TXT records, and one is allowed (RFC 6376 §3.6.2.2); leave the key"
        )
    if len(texts) != 1:
        return
    _own(adopted, name)
    try:
        adopted.config["dkim"] = {"selector": selector, "record": dkim.from_paste(texts[0], selector, service)}
        adopted.changes.append(f"{name} stays as it is; take it out here if it is the stack's own dkim")
    except RecordError as error:
        adopted.faults += [f"{name}: its record {problem}" for problem in error.problems]


def _texts(adopted: Adopted, answer: Answer, kind: str, wanted: Any) -> list[str]:
    if answer.status == "failed":
        adopted.unasked.append(f"{kind} of {adopted.domain} could not be asked for: {answer.problem}")
    if answer.status == "found" and answer.canonical not in ("", answer.name):
        adopted.faults.append(f"{answer.name} is a CNAME to {answer.canonical}; say external: true, or remove it first")
        return []
    return [as_text(value) for value in answer.texts() if wanted(value)]


def _own(adopted: Adopted, owner: str) -> None:
    if owner not in adopted.owners:
        adopted.owners.append(owner)


def render(found: Sequence[Adopted]) -> str:
    """Return the config as YAML, with what will change, what cannot be kept, and what was not asked as comments."""
    config: dict[str, Any] = {
        f"{NAMESPACE}:domains": [one.config if len(one.config) > 1 else one.domain for one in found]
    }
    owners = [owner for one in found for owner in one.owners]
    if owners:
        config[f"{NAMESPACE}:adopt"] = owners
    return yaml.safe_dump(config, sort_keys=False, width=100_000, allow_unicode=False) + "".join(_comments(found))


def _comments(found: Sequence[Adopted]) -> Iterator[str]:
    for one in found:
        for title, lines in (("", one.changes), ("CANNOT BE KEPT: ", one.faults), ("NOT ASKED: ", one.unasked)):
            for line in lines:
                yield comment_line(title + line)
        if not (one.changes or one.faults or one.unasked):
            yield comment_line(f"{one.domain} has no SPF, DMARC or DKIM record yet; the stack's defaults are added")
