"""What ``elastx-mrs doctor`` examines of Route 53: credentials, hosted zones, and whether they may read and change.

Nothing is changed: a batch that deletes what nobody can have is refused by the permissions, or because nothing is
there.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import partial

from elastx_mrs import limits
from elastx_mrs.check import Check, Verdict
from elastx_mrs.display import some
from elastx_mrs.publish.examination import NONE_HERE, Examination, Subject, of_message
from elastx_mrs.publish.route53.client import Client
from elastx_mrs.publish.route53.record_sets import Route53
from elastx_mrs.publish.route53.settings import PROVIDER
from elastx_mrs.publish.rrset.record_sets import LostError, RecordSetError, UnreachableError, Zone
from elastx_mrs.publish.rrset.zones import LISTED, find_here
from elastx_mrs.records.names import longest_zone

_CREDENTIALS, _ZONE, _READ, _CHANGE = "route53-credentials", "route53-zone", "route53-read", "route53-change"
_EXPECTED = {
    _CREDENTIALS: "credentials that Route 53 accepts",
    _ZONE: "one public hosted zone for each domain",
    _READ: "the credentials may list the record sets of each zone",
    _CHANGE: "the credentials may change TXT records at each name of the stack",
}
_NOT_ASKED = "skipped, because a check above failed"


def examine(subject: Subject) -> Sequence[Examination]:
    """Return the examination of the account."""
    late = "check the network, a proxy and AWS_ENDPOINT_URL_ROUTE_53; other tools may use up the account's requests"
    return [Examination(_CREDENTIALS, partial(_account, subject), late)]


def _account(subject: Subject) -> Iterator[Check]:
    sets = Route53(client := Client())
    try:
        named = subject.settings.zones
        found, owners = find_here(PROVIDER.name, sets, subject.arguments, named, subject.elsewhere)
        yield from _of_zones(sets, found.zones, found.problems, found.unreached, owners)
    except RecordSetError as error:
        yield _failed(_CREDENTIALS, error)
        yield from _left(_ZONE, _READ, _CHANGE)
    finally:
        client.close()


def _of_zones(
    sets: Route53,
    zones: "dict[str, Zone]",
    problems: Sequence[str],
    unreached: Sequence[str],
    owners: Sequence[str],
) -> Iterator[Check]:
    """Yield the checks of the zones that get records. If there are many, only some are checked."""
    if unreached:
        yield of_message(_CREDENTIALS, "unreachable", _EXPECTED[_CREDENTIALS], unreached[0])
        yield from _left(_ZONE, _READ, _CHANGE)
        return
    yield Check(_CREDENTIALS, "pass", _EXPECTED[_CREDENTIALS], "Route 53 accepts them")
    names: dict[str, list[str]] = {}
    for owner in dict.fromkeys(owners):
        if (zone := longest_zone(owner, zones)) is not None:
            names.setdefault(zone, []).append(owner)
    for problem in problems:
        yield of_message(_ZONE, "absent" if " has no zone for " in problem else "wrong", _EXPECTED[_ZONE], problem)
    if problems:
        yield from _left(_READ, _CHANGE)
        return
    if not names:
        yield Check(_ZONE, "unchecked", _EXPECTED[_ZONE], NONE_HERE)
        yield from _left(_READ, _CHANGE)
        return
    seen = some([f"{name} ({zones[name].id})" for name in names], LISTED)
    yield Check(_ZONE, "pass", _EXPECTED[_ZONE], seen)
    asked = list(names)[: limits.DOCTOR_ZONES.most]
    more = f"; {len(names) - len(asked)} more zones were not checked" if len(names) > len(asked) else ""
    yield from _permitted(_READ, asked, lambda zone: sets.try_read(zones[zone].id), "may list", more)
    yield from _permitted(_CHANGE, asked, lambda zone: _try_change(sets, zones[zone], names[zone]), "may change", more)


def _try_change(sets: Route53, zone: Zone, owners: Sequence[str]) -> None:
    size = limits.DOCTOR_UPDATE.most
    for start in range(0, len(owners), size):
        sets.try_change(zone.id, owners[start : start + size])


def _permitted(name: str, zones: Sequence[str], ask: Callable[[str], None], does: str, more: str) -> Iterator[Check]:
    permitted = []
    for zone in zones:
        try:
            ask(zone)
            permitted.append(zone)
        except RecordSetError as error:
            yield _failed(name, error)
    if permitted:
        changed = "; nothing was changed" if name == _CHANGE else ""
        seen = f"the credentials {does} the records of {some(permitted, LISTED)}{changed}{more}"
        yield Check(name, "pass", _EXPECTED[name], seen)


def _failed(name: str, error: RecordSetError) -> Check:
    """Return the check of a request that failed; credentials that are nowhere found are absent."""
    text = str(error)
    verdict: Verdict = "absent" if "Unable to locate credentials" in text or "not installed" in text else "wrong"
    late = isinstance(error, UnreachableError | LostError)
    return of_message(name, "unreachable" if late else verdict, _EXPECTED[name], text)


def _left(*names: str) -> list[Check]:
    return [Check(name, "unchecked", _EXPECTED[name], _NOT_ASKED) for name in names]
