"""Read what a domain publishes today from DNS, and write the stack config that keeps it."""

import asyncio
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import suppress
from typing import Any

import yaml

from elastx_mrs import fault
from elastx_mrs.adopt import dkim, dmarc, hosts, spf
from elastx_mrs.adopt.adopted import Adopted
from elastx_mrs.adopt.place import Place, look
from elastx_mrs.display import comment_line, show
from elastx_mrs.identity import NAMESPACE
from elastx_mrs.lookup import budget
from elastx_mrs.lookup.answer import Answer, Ask, answer_of
from elastx_mrs.records import RecordError, report
from elastx_mrs.records import dkim as dkim_record
from elastx_mrs.records import dmarc as dmarc_record
from elastx_mrs.records import spf as spf_record
from elastx_mrs.records.challenge import is_challenge
from elastx_mrs.records.dmarc_policy import is_dmarc
from elastx_mrs.records.names import owner_name
from elastx_mrs.records.text import presentation
from elastx_mrs.service import ELASTX, Service


async def read_all(ask: Ask, domains: Sequence[str], selectors: Sequence[str], own_key: str = "") -> list[Adopted]:
    """Read what each domain publishes, in parallel; return the results in the order of the domains.

    A bug that shows at one domain fails only that domain.

    :param selectors: those at which to look for DKIM keys, because DNS cannot list them.
    :param own_key: the stack's DKIM key, if it is known.
    """
    together = _taking_reports(ask, frozenset(domains))

    async def one(domain: str) -> Adopted:
        try:
            with budget.of_domain(f"reading {domain}") as own:
                found = await read(together, domain, selectors, own_key=own_key)
            if own.exhausted:
                found.unasked.append(f"{domain} was not read in full: {own.story()}")
            return found
        except Exception as error:
            return Adopted(domain, {"name": domain}, unasked=[f"{domain}: {fault.contained(error)}; {fault.CURE}"])

    return list(await asyncio.gather(*map(one, domains)))


def _taking_reports(ask: Ask, domains: Collection[str]) -> Ask:
    """Return a look-up of the DNS as it will be: domains of one config accept reports for each other (RFC 9990 §4)."""

    async def asked(name: str, rdtype: str) -> Answer:
        sender, found, host = name.partition("._report._dmarc.")
        if found and rdtype == "TXT" and sender in domains and host in domains:
            return answer_of(name, [report.VALUE.encode("ascii")])
        return await ask(name, rdtype)

    return asked


async def read(
    ask: Ask, domain: str, selectors: Sequence[str], service: Service = ELASTX, *, own_key: str = ""
) -> Adopted:
    """Read what a domain publishes and return the config that keeps it, with ``service`` added."""
    adopted = Adopted(domain, {"name": domain})
    try:
        names = {
            "SPF": domain,
            "DMARC": owner_name("_dmarc", domain),
            **{_key(selector): owner_name(f"{selector}._domainkey", domain) for selector in selectors},
        }
    except RecordError as error:
        adopted.faults.append(f"{domain} {error}; use a shorter domain, because a key and a policy need such names")
        return adopted
    found = {kind: await look(ask, name, domain) for kind, name in names.items()}
    for kind, place in found.items():
        if place.answer.status == "failed" and not place.elsewhere:
            adopted.unasked.append(f"{kind} of {domain} could not be looked up: {place.answer.problem}")
    await spf.keep(ask, adopted, found["SPF"], service)
    if not found["SPF"].alias:
        await hosts.name_losses(ask, adopted)
    await dmarc.keep(ask, adopted, found["DMARC"], service)
    dkim.keep_all(adopted, {selector: found[_key(selector)] for selector in selectors}, service, own_key)
    _others(adopted, found["SPF"], service)
    _write(adopted, service)
    return adopted


def _key(selector: str) -> str:
    return f"DKIM key {selector}"


def _write(adopted: Adopted, service: Service) -> None:
    """Quote a record, as in a zone file, if the config's reader would read the bare one differently.

    A value may contain quotes or backslashes, and the config also accepts pasted values in quotes.
    """
    readers: dict[str, Callable[[str, str], str]] = {
        "spf": lambda text, _: spf_record.from_paste(text, service),
        "dmarc": lambda text, _: dmarc_record.from_paste(text),
        "dkim": lambda text, selector: dkim_record.from_paste(text, selector, service),
    }
    for kind, read_again in readers.items():
        given = adopted.config.get(kind, {})
        for one in given if isinstance(given, list) else [given]:
            record = one.get("record")
            if record is None:
                continue
            with suppress(RecordError):
                if read_again(record, one.get("selector", "")) == record:
                    continue
            one["record"] = presentation(record)


def _others(adopted: Adopted, place: Place, service: Service) -> None:
    """Report challenges, and a DMARC policy at the domain itself, where no receiver looks."""
    values = place.answer.texts() if not place.alias else []
    tokens = [show(value) for value in values if is_challenge(value, service)]
    if tokens:
        adopted.own(adopted.domain)
        listed = ", ".join(f"{token[:24]}…" for token in tokens)
        what = "challenges of your accounts are taken over; others stay as they are"
        adopted.changes.append(f"{adopted.domain} has {listed}: {what}")
    for value in values:
        if is_dmarc(value):
            where = "at the domain itself, where no receiver looks (RFC 9989 §4.10); write it under dmarc if it is "
            adopted.faults.append(f"{adopted.domain} has '{show(value)}' {where}meant, and remove it there")


def render(found: Sequence[Adopted]) -> str:
    """Return the config as YAML. Comments list changes, records that cannot be kept, and failed look-ups."""
    config: dict[str, Any] = {
        f"{NAMESPACE}:domains": [one.config if len(one.config) > 1 else one.domain for one in found]
    }
    owners = [owner for one in found for owner in one.owners]
    if owners:
        config[f"{NAMESPACE}:adopt"] = owners
    return yaml.safe_dump(config, sort_keys=False, width=100_000, allow_unicode=False) + "".join(
        comment_line(note) for one in found for note in notes(one)
    )


def problems_of(found: Adopted) -> Iterator[str]:
    """Yield one line for each record of a domain that cannot be kept or is unknown."""
    yield from (f"CANNOT BE KEPT: {line}" for line in found.faults)
    yield from (f"NOT ASKED: {line}" for line in found.unasked)


def notes(found: Adopted) -> Iterator[str]:
    """Yield a domain's remarks, a line each: changes of an ``up``, records that cannot be kept, failed look-ups."""
    yield from found.changes
    yield from problems_of(found)
    if not (found.changes or found.faults or found.unasked):
        yield f"{found.domain} has no SPF, DMARC or DKIM record yet; the stack's defaults are added"
