"""Which publishers a domain goes to, by their zones, and what its resources are called there.

The longest zone wins, as at one provider: a domain of a zone that is delegated to another provider goes there. If two
publishers have a zone of the same name, nobody but the user knows which of them serves it.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from elastx_mrs.component.key import Key
from elastx_mrs.display import some
from elastx_mrs.publish.held import Held
from elastx_mrs.records import TxtRecord

LISTED = 5
"""Domains or zones that a message lists."""

Places = Mapping[str, Sequence[str]]
"""The keys of the publishers of each domain."""


@dataclass
class Found:
    """What the publishers' zones decide.

    :ivar places: of the domains whose zone was found.
    :ivar problems: why other domains have no place.
    :ivar doubts: what a publisher that did not list its zones might change; a preview warns, and an up stops.
    """

    places: dict[str, tuple[str, ...]] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)


def by_zones(domains: Mapping[str, str], held: Mapping[str, Held | None]) -> Found:
    """Return where domains are published, by their zones.

    :param domains: the path in the config of each.
    :param held: the zones of each publisher, by its key; None if it does not tell.
    """
    found = Found()
    unplaced: list[str] = []
    shared: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for domain in domains:
        zones = {name: zone for name, one in held.items() if one is not None and (zone := one.zone_of(domain))}
        if not zones:
            unplaced.append(domain)
            continue
        longest = max(zones.values(), key=len)
        there = tuple(name for name, zone in zones.items() if zone == longest)
        if len(there) > 1:
            shared.setdefault((longest, there), []).append(domain)
        else:
            found.places[domain] = there
    for (zone, there), names in shared.items():
        found.problems.append(f"{domains[names[0]]}: {_of_several(zone, there, names)}")
    if unplaced:
        found.problems.append(f"{domains[unplaced[0]]}: {_of_none(unplaced, held)}")
    asked = {name: one for name, one in held.items() if one is not None}
    found.doubts = [doubt(name, one, [*found.places]) for name, one in asked.items() if one.unreached and found.places]
    return found


def _of_several(zone: str, there: Sequence[str], names: Sequence[str]) -> str:
    what = f"{' and '.join(there)} each have a zone {zone}"
    of = "" if list(names) == [zone] else f", for {some(names, LISTED)}"
    one = f"write publish: [{there[0]}] if {there[0]} serves the zone"
    return f"{what}{of}; {one}, or publish: [{', '.join(there)}] to publish to each"


def _of_none(names: Sequence[str], held: Mapping[str, Held | None]) -> str:
    looked = "; ".join(_looked(name, one) for name, one in held.items())
    cure = "create the zone; if one of these publishers has it, name that one in publish"
    return f"no publisher is known to have a zone for {some(names, LISTED)} ({looked}); {cure}"


def _looked(name: str, held: Held | None) -> str:
    if held is None:
        return f"{name} cannot tell which zones it has"
    zones = f"{name} has {some(held.zones, LISTED)}" if held.zones else f"{name} has no zone"
    return f"{name} did not list its zones: {held.unreached}" if held.unreached else zones


def doubt(name: str, held: Held, domains: Sequence[str]) -> str:
    """Return what a publisher that did not list its zones might change, and what to do."""
    what = f"{name} did not list its zones, and may have one for {some(domains, LISTED)} too: {held.unreached}"
    return f"{what}. To continue without its zones, write publish for each domain"


@dataclass(frozen=True)
class Named:
    """A record at one publisher, with the name of its resource.

    :param former: a name that the resource may have had: an alias of it; empty for none.
    """

    publisher: str
    resource: str
    record: TxtRecord
    former: str = ""

    @property
    def key(self) -> Key:
        """What identifies the resource."""
        return Key(self.publisher, self.resource)


def named(component: str, records: Sequence[TxtRecord], places: Places, types: Mapping[str, str]) -> list[Named]:
    """Return the records at each of their publishers.

    Pulumi tells resources of two types apart, but not two of one type. These have their publisher in the name. Each
    has its other name as an alias, so the records are kept when a domain gets or loses a second publisher.

    :param places: the publishers of each domain.
    :param types: the Pulumi type of each publisher that may share it.
    """
    found = []
    for record in records:
        plain = record.resource(component)
        there = places[record.domain]
        counts = Counter(types[name] for name in there if name in types)
        seen: set[str] = set()
        for name in there:
            of_type = types.get(name)
            own = f"{plain}-{name}"
            if of_type is None:
                found.append(Named(name, plain, record))
            elif counts[of_type] == 1:
                found.append(Named(name, plain, record, former=own))
            else:
                found.append(Named(name, own, record, former="" if of_type in seen else plain))
                seen.add(of_type)
    return found
