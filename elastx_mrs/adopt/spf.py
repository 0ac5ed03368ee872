"""Write the config that keeps every term of a domain's SPF record."""

from elastx_mrs.adopt.adopted import Adopted
from elastx_mrs.adopt.judged import judged_spf
from elastx_mrs.adopt.place import Place
from elastx_mrs.display import all_quoted, show
from elastx_mrs.lookup.answer import Ask
from elastx_mrs.receiver.spf import MAX_LOOKUPS
from elastx_mrs.receiver.spf_tree import expand, number
from elastx_mrs.records import RecordError, spf
from elastx_mrs.records.near_miss import NearMiss, near_miss
from elastx_mrs.records.spf_terms import is_spf
from elastx_mrs.records.text import as_text
from elastx_mrs.service import Service


async def keep(ask: Ask, adopted: Adopted, place: Place, service: Service) -> None:
    """Keep the SPF record of the domain, with ``service`` added."""
    name = adopted.domain
    if place.alias:
        adopted.faults.append(
            f"{name} is a CNAME to {place.alias}, so it can have neither SPF nor a challenge (RFC 1034 "
            "§3.6.2). Replace the CNAME with its target's A, AAAA and MX records, or use another domain"
        )
        return
    values = place.answer.texts()
    records = [value for value in values if is_spf(value)]
    if len(records) > 1:
        listed = all_quoted(records)
        fault = f"{name} has {len(records)} SPF records, which is permerror (RFC 7208 §4.5): {listed}"
        adopted.faults.append(f"{fault}; merge them into one, by hand, and run this again")
        return
    if records:
        await _one(ask, adopted, place, records[0], service)
    missed = [(value, found) for value in values if not is_spf(value) if (found := near_miss("spf", value))]
    for value, found in missed:
        await _missed(ask, adopted, value, found, service, alone=not records and len(missed) == 1)


async def _one(ask: Ask, adopted: Adopted, place: Place, value: bytes, service: Service) -> None:
    """Keep the one record that receivers find."""
    name, before = adopted.domain, as_text(value)
    try:
        new = spf.whole_record(before, service)
    except RecordError as error:
        # A character that an editor added causes permerror. Without it, the record has the intended meaning.
        found = near_miss("spf", value)
        if found is not None and found.repaired and not (before.isascii() and before.isprintable()):
            await _missed(ask, adopted, value, found, service, alone=True)
            return
        adopted.faults += [f"{name}: its SPF record '{show(value)}' {problem}; {_AGAIN}" for problem in error.problems]
        return
    if not place.wildcard:
        adopted.own(name)
    adopted.config["spf"] = {"record": new}
    change = "stays as it is" if new == before else f"'{before}' becomes '{new}'"
    if place.wildcard:
        change = f"'{before}' is a wildcard's (RFC 4592): the domain gets its own record, '{new}'"
    was, will = await expand(ask, name, before), await expand(ask, name, new)
    cost = f"{number(was.lookups)} -> {number(will.lookups)} of {MAX_LOOKUPS}"
    adopted.changes.append(f"{name} SPF {change}; lookups {cost}")
    (await judged_spf(ask, name, spf.spf(name, new), service)).tell(adopted, f"{name} SPF")


async def _missed(ask: Ask, adopted: Adopted, value: bytes, found: NearMiss, service: Service, *, alone: bool) -> None:
    """Report a string that was meant as SPF. If that is certain and it is the only one, put it into the config."""
    name = adopted.domain
    unread = "which is permerror" if is_spf(value) else "which receivers do not read as SPF"
    fault = f"{name} has '{show(value)}', {unread}: it {found.problem}"
    if not alone or not found.repaired:
        adopted.faults.append(f"{fault}; add its terms to spf if they are needed, and remove it")
        return
    try:
        new = spf.whole_record(found.repaired, service)
    except RecordError as error:
        adopted.faults.append(f"{fault}; and it {error.problems[0]}; {_AGAIN}")
        return
    adopted.config["spf"] = {"record": new}
    rest = "check it, and remove that string"
    if is_spf(value):
        adopted.own(name)
        rest = "check it; an up replaces that string with it"
    adopted.faults.append(f"{fault}; the config above publishes what was meant, '{new}': {rest}")
    (await judged_spf(ask, name, spf.spf(name, new), service)).tell(adopted, f"{name} SPF")


_AGAIN = "correct it where it is published, and run this again"
