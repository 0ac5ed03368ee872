"""What ``elastx-mrs doctor`` examines of octoDNS's providers: keys and zones, and that each zone can be read.

octoDNS has no way to try a change without making it, so whether the keys may change records is not examined.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial

from elastx_mrs import limits
from elastx_mrs.check import Check, Verdict
from elastx_mrs.display import some
from elastx_mrs.publish.examination import NONE_HERE, READABLE, Examination, Subject, of_message
from elastx_mrs.publish.octodns.configured import described
from elastx_mrs.publish.octodns.record_sets import Octodns
from elastx_mrs.publish.octodns.served import Served
from elastx_mrs.publish.octodns.settings import PROVIDER
from elastx_mrs.publish.octodns.source import Source
from elastx_mrs.publish.rrset.record_sets import RecordSetError, UnreachableError, Zone
from elastx_mrs.publish.rrset.zones import LISTED, find_here
from elastx_mrs.records.names import longest_zone

_KEYS, _ZONE, _READ = "octodns-provider", "octodns-zone", "octodns-read"
_EXPECTED = {
    _KEYS: "providers of octoDNS that are installed, with keys that they accept",
    _ZONE: "one zone for each domain",
    _READ: "the keys may read each zone",
}


def examine(subject: Subject) -> Sequence[Examination]:
    """Return the examination of the providers."""
    return [Examination(_KEYS, partial(_providers, subject), "check the network, and the host in octodns")]


def _providers(subject: Subject) -> Iterator[Check]:
    if subject.hidden(f"elastx-mrs:{PROVIDER.name}"):
        yield Check(_KEYS, "unchecked", _EXPECTED[_KEYS], "the config of octodns is encrypted", READABLE)
        yield from _left(_ZONE, _READ)
        return
    try:
        sources = {key: Source(one) for key, one in described(subject.get, subject.environment).items()}
        for source in sources.values():
            with source.opened():
                pass
        sets = Octodns(sources, Served(subject.get, subject.environment))
        found, owners = find_here(PROVIDER.name, sets, subject.arguments, sets.named, subject.elsewhere)
    except RecordSetError as error:
        yield _failed(_KEYS, error)
        yield from _left(_ZONE, _READ)
        return
    shown = [f"{key} ({source.described.path})" for key, source in sources.items()]
    yield Check(_KEYS, "pass", _EXPECTED[_KEYS], some(shown, LISTED))
    for problem in found.problems:
        yield of_message(_ZONE, "absent" if " has no zone " in problem else "wrong", _EXPECTED[_ZONE], problem)
    for problem in found.unreached:
        yield of_message(_ZONE, "unreachable", _EXPECTED[_ZONE], problem)
    if found.problems or found.unreached:
        yield from _left(_READ)
        return
    yield from _of_zones(sets, found.zones, owners)


def _of_zones(sets: Octodns, zones: Mapping[str, Zone], owners: Sequence[str]) -> Iterator[Check]:
    names = list(dict.fromkeys(zone for owner in owners if (zone := longest_zone(owner, zones)) is not None))
    if not names:
        yield Check(_ZONE, "unchecked", _EXPECTED[_ZONE], NONE_HERE)
        yield from _left(_READ)
        return
    yield Check(_ZONE, "pass", _EXPECTED[_ZONE], some([zones[name].id for name in names], LISTED))
    asked = names[: limits.DOCTOR_ZONES.most]
    read = []
    for name in asked:
        try:
            sets.read(zones[name].id)
            read.append(name)
        except RecordSetError as error:
            yield _failed(_READ, error)
    if read:
        more = f"; {len(names) - len(asked)} more zones were not checked" if len(names) > len(asked) else ""
        seen = f"{some(read, LISTED)} can be read; only an up shows whether the keys may change records{more}"
        yield Check(_READ, "pass", _EXPECTED[_READ], seen)


def _failed(name: str, error: RecordSetError) -> Check:
    text = str(error)
    verdict: Verdict = "absent" if "not installed" in text or "is not set" in text else "wrong"
    return of_message(name, "unreachable" if isinstance(error, UnreachableError) else verdict, _EXPECTED[name], text)


def _left(*names: str) -> list[Check]:
    return [Check(name, "unchecked", _EXPECTED[name], "skipped, because a check above failed") for name in names]
