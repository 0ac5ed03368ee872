"""Which of a provider's zones each record is in: the longest one that its name is, or ends in."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from elastx_mrs.config.model import Arguments
from elastx_mrs.display import some
from elastx_mrs.publish.held import Held
from elastx_mrs.publish.rrset.record_sets import LoginError, RecordSetError, RecordSets, UnreachableError, Zone
from elastx_mrs.records import TxtRecord
from elastx_mrs.records.names import longest_zone

LISTED = 5
"""Names that a message lists."""


@dataclass
class Found:
    """The zones of a stack.

    :param zones: by name.
    :param problems: each zone that is missing or does not fit, and what to do.
    :param unreached: the zones that the config names by id, and that the provider did not answer for.
    """

    zones: dict[str, Zone] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    unreached: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Asked:
    """A provider's API, and the zones that it listed; None where it was not asked for them."""

    sets: RecordSets
    listed: Sequence[Zone] | None


def ask(key: str, sets: RecordSets, domains: Sequence[str], named: Mapping[str, str]) -> Held:
    """Return the zones that a provider has. They are listed only where a domain is in none that is named.

    :raises RecordSetError: as :func:`find`.
    """
    if all(longest_zone(domain, named) for domain in domains):
        return Held(tuple(named), kept=Asked(sets, None))
    try:
        listed = sets.zones()
    except UnreachableError as error:
        return Held(tuple(named), placed(key, error), Asked(sets, None))
    there = dict.fromkeys(zone.name for zone in listed if not zone.problem)
    return Held(tuple(dict.fromkeys([*named, *there])), kept=Asked(sets, listed))


def find(
    key: str,
    sets: RecordSets,
    records: Sequence[TxtRecord],
    named: Mapping[str, str],
    listed: Sequence[Zone] | None = None,
) -> Found:
    """Find the zones of all records. Zones are listed only where a record is in none that is named.

    :param key: the provider's, in a config.
    :param named: ids of zones by name, as the config has them.
    :param listed: the zones that the provider has listed already, if any.
    :raises RecordSetError: where zones cannot be listed, or there are no credentials that the provider knows.
    """
    found = Found()
    for name in dict.fromkeys(longest_zone(record.name, named) for record in records):
        if name is not None:
            _named(found, f"{key}.zones.{name}", sets, Zone(name, named[name]))
    if not found.problems and any(longest_zone(record.name, named) is None for record in records):
        _listed(found, key, sets, records, sets.zones() if listed is None else listed)
    return found


def find_here(
    key: str, sets: RecordSets, arguments: Arguments, named: Mapping[str, str], elsewhere: Collection[str]
) -> tuple[Found, Sequence[str]]:
    """Return the zones of the domains that are not another publisher's, and the owner names of their records.

    :param elsewhere: the domains that may be another publisher's: they are, if they have no zone here.
    :raises RecordSetError: as :func:`find`.
    """
    domains = [domain.name for domain in arguments.published]
    held = ask(key, sets, domains, named) if elsewhere else None
    if held is None or held.unreached:
        records = arguments.records()
    else:
        here = [domain for domain in domains if domain not in elsewhere or held.zone_of(domain)]
        records = arguments.for_domains(here).records()
    listed = held.kept.listed if held is not None else None
    return find(key, sets, records, named, listed), [record.name for record in records]


def placed(path: str, error: RecordSetError) -> str:
    """Return an error with its place in the config, unless it names one itself."""
    key, text = path.partition(".")[0], str(error)
    return text if re.match(rf"{key}[.:]", text) else f"{path}: {text}"


def _named(found: Found, path: str, sets: RecordSets, given: Zone) -> None:
    """Add a zone that the config names, or what is wrong with it."""
    try:
        zone = sets.zone(given.id)
    except UnreachableError as error:
        found.unreached.append(placed(path, error))
        found.zones[given.name] = given
        return
    except LoginError:
        raise
    except RecordSetError as error:
        found.problems.append(placed(path, error))
        return
    if zone.name != given.name:
        found.problems.append(f"{path}: {given.id} is the zone {zone.name}; write the id of {given.name}")
    elif zone.problem:
        found.problems.append(f"{path}: {given.id} {zone.problem}; write the id of another zone")
    else:
        found.zones[zone.name] = zone


def _listed(found: Found, key: str, sets: RecordSets, records: Sequence[TxtRecord], listed: Sequence[Zone]) -> None:
    """Add the zones that the provider lists, or what is wrong with them."""
    usable: dict[str, list[Zone]] = {name: [zone] for name, zone in found.zones.items()}
    for zone in listed:
        if not zone.problem and zone.name not in found.zones:
            usable.setdefault(zone.name, []).append(zone)
    for name in dict.fromkeys(longest_zone(record.name, usable) for record in records):
        if name is not None and len(usable[name]) > 1:
            ids = " and ".join(zone.id for zone in usable[name])
            what = f"{key}: {len(usable[name])} zones are called {name}: {ids}"
            found.problems.append(f"{what}; {sets.choice.format(key=key)}")
    missing = dict.fromkeys(record.domain for record in records if longest_zone(record.name, usable) is None)
    if missing:
        found.problems.append(_missing(key, sets.title, list(missing), listed))
    found.zones = {name: there[0] for name, there in usable.items()}


def _missing(key: str, title: str, domains: Sequence[str], listed: Sequence[Zone]) -> str:
    unusable = [
        f"{zone.name} ({zone.id}) {zone.problem}"
        for zone in listed
        if zone.problem and any(longest_zone(domain, [zone.name]) for domain in domains)
    ]
    names = list(dict.fromkeys(zone.name for zone in listed))
    there = ", ".join(unusable[:LISTED]) or f"these credentials see {some(names, LISTED) or 'no zone at all'}"
    what = f"{key}: {title} has no zone for {some(domains, LISTED)}: {there}"
    return f"{what}; create the zone, or use the credentials of the account that has it"
