"""The checks of ``elastx-mrs doctor`` for RFC 2136 primaries: key, zones, clock, and the key's permissions.

Nothing is changed: an update deletes a value that cannot exist. A server accepts or refuses it like any other update
(RFC 2136 §3.3), and then has nothing to do (§3.4.2.4). With prerequisites alone, a server would check permissions last
(§3.2 is before §3.3), and BIND would not check its update-policy.
"""

import secrets
import time
from collections.abc import Iterator, Mapping, Sequence
from functools import partial

import dns.message
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rdtypes.ANY.TXT
import dns.tsig
import dns.update

from elastx_mrs import limits
from elastx_mrs.check import Check, Verdict
from elastx_mrs.config.environment import RFC2136_KEY, RFC2136_KEY_FILE
from elastx_mrs.display import some
from elastx_mrs.identity import DEFAULT_PROFILE, NAMESPACE
from elastx_mrs.publish.examination import READABLE, Examination, Subject, of_message
from elastx_mrs.publish.rfc2136.policy import owners_of
from elastx_mrs.publish.rfc2136.primary import Primary, RefusedError, UnreachableError, UpdateError
from elastx_mrs.publish.rfc2136.profiles import Profiles
from elastx_mrs.publish.rfc2136.settings import Rfc2136

FUDGE = 300
"""Seconds that two clocks may be apart (RFC 8945 §10)."""

NOTICED = 60
"""Seconds of difference that cause a notice, because a drifting clock passes them first."""

LISTED = 5
"""Zones or names that a line lists."""

_NOT_ASKED = "skipped, because a check above failed"
_KEY, _ZONE, _CLOCK, _UPDATE = "rfc2136-key", "rfc2136-zone", "rfc2136-clock", "rfc2136-update"
_EXPECTED = {
    _KEY: "a TSIG key and a primary",
    _ZONE: "an authoritative, signed answer for the zone",
    _CLOCK: f"the primary's clock within {FUDGE} s of this machine's (RFC 8945 §5.2.3)",
    _UPDATE: "the key may change TXT at each name of the stack",
}


def examine(subject: Subject) -> Sequence[Examination]:
    """Return an examination of each primary that the stack publishes to."""
    given: Rfc2136 = subject.settings
    profiles = Profiles(lambda key: subject.get(key), subject.environment)
    late = "check that the primary runs and that this machine reaches it over TCP"
    return [
        Examination(_ZONE, partial(_of_profile, subject, profiles, profile, zones), late)
        for profile, zones in owners_of(subject.arguments.records(), given.by_zone).items()
        if zones
    ]


def _of_profile(
    subject: Subject, profiles: Profiles, profile: str, zones: Mapping[str, Sequence[str]]
) -> Iterator[Check]:
    """Yield the checks of one primary.

    :param zones: the owner names that the stack has in each of its zones.
    """
    if (unknown := _encrypted(subject, profile)) is not None:
        yield unknown
        yield from _left(_ZONE, _CLOCK, _UPDATE)
        return
    try:
        found = {zone: profiles.primary(profile, zone) for zone in zones}
    except UpdateError as error:
        message = " ".join(str(error).split())
        verdict: Verdict = "absent" if "is missing" in message else "wrong"
        unreached = isinstance(error, UnreachableError)
        yield of_message(_KEY, "unreachable" if unreached else verdict, _EXPECTED[_KEY], message)
        yield from _left(_ZONE, _CLOCK, _UPDATE)
        return
    primary = next(iter(found.values()))
    key, algorithm = (name.to_text(omit_final_dot=True) for name in (primary.key.name, primary.key.algorithm))
    yield Check(_KEY, "pass", _EXPECTED[_KEY], f"{key} ({algorithm}), for {primary}")
    yield from _of_primary(found, zones)


def _of_primary(found: Mapping[str, Primary], zones: Mapping[str, Sequence[str]]) -> Iterator[Check]:
    served: dict[str, dns.message.Message] = {}
    skewed: UpdateError | None = None
    for zone, primary in found.items():
        try:
            served[zone] = primary.check_zone(zone)
        except UnreachableError as error:
            yield of_message(_ZONE, "unreachable", _EXPECTED[_ZONE], str(error))
            break  # the next zone would wait for the same server
        except UpdateError as error:
            if isinstance(error.__context__, dns.tsig.PeerBadTime | dns.tsig.BadTime):
                skewed = error
                break
            yield of_message(_ZONE, "wrong", _EXPECTED[_ZONE], str(error))
            if isinstance(error.__context__, dns.tsig.PeerError | dns.tsig.BadSignature):
                break  # the next zone would get the same answer
    if served:
        who = some(list(dict.fromkeys(str(found[zone]) for zone in served)), LISTED)
        seen = f"{who} serves {some(list(served), LISTED)}, and accepts the key's signature"
        yield Check(_ZONE, "pass", _EXPECTED[_ZONE], seen)
    if skewed is not None:
        yield Check(_ZONE, "unchecked", _EXPECTED[_ZONE], "skipped, because the clocks are too far apart")
        yield of_message(_CLOCK, "wrong", _EXPECTED[_CLOCK], str(skewed))
    else:
        yield from [_clock(next(iter(served.values())))] if served else _left(_CLOCK)
    yield from _updates({zone: found[zone] for zone in served}, zones) if served else _left(_UPDATE)


def _clock(answer: dns.message.Message) -> Check:
    """Return the difference of the clocks. A signed answer contains the server's time (RFC 8945 §4.2)."""
    record = answer.tsig
    if record is None:  # the answer was accepted, so it is signed
        return _left(_CLOCK)[0]
    seconds = int(record[0].time_signed) - int(time.time())
    seen = f"its clock is {abs(seconds)} s {'ahead of' if seconds > 0 else 'behind'} this machine's"
    if abs(seconds) <= 1:  # the time is in whole seconds, and the answer took a moment
        seen = "its clock agrees with this machine's to the second"
    notices = (f"TSIG allows {FUDGE} s; set the clocks by NTP",) if abs(seconds) >= NOTICED else ()
    return Check(_CLOCK, "pass", _EXPECTED[_CLOCK], seen, notices=notices)


def _updates(found: Mapping[str, Primary], zones: Mapping[str, Sequence[str]]) -> Iterator[Check]:
    taken: list[str] = []
    for zone, primary in found.items():
        try:
            _try(primary, zone, zones[zone])
            taken += zones[zone]
        except UnreachableError as error:
            yield of_message(_UPDATE, "unreachable", _EXPECTED[_UPDATE], str(error))
        except UpdateError as error:
            yield _not_taken(primary, zone, zones[zone], error)
    if taken:
        seen = f"the primary accepts updates of {some(taken, LISTED)}; nothing was changed"
        yield Check(_UPDATE, "pass", _EXPECTED[_UPDATE], seen)


def _not_taken(primary: Primary, zone: str, owners: Sequence[str], error: UpdateError) -> Check:
    """Return the check that lists what the key may not change. The primary has just accepted its signature."""
    bad = _refused(primary, zone, owners)
    names = some(bad, LISTED) if bad else f"all {len(owners)} names of the stack in {zone} together"
    problem, _, cure = str(error).partition("; ")
    if not isinstance(error, RefusedError) or error.rcode == dns.rcode.REFUSED:
        key = primary.key.name.to_text(omit_final_dot=True)
        cure = f"allow the key {key} to update these names there: elastx-mrs rfc2136 policy prints the rules"
    return Check(_UPDATE, "wrong", _EXPECTED[_UPDATE], f"{names}: {problem}", cure)


def _refused(primary: Primary, zone: str, owners: Sequence[str]) -> list[str]:
    """Return the names that may not be changed. Each is tried; of many, only the first."""
    found = []
    for owner in owners[: limits.DOCTOR_NAMES.most]:
        try:
            _try(primary, zone, [owner])
        except UnreachableError:
            break  # this says nothing about the remaining names
        except UpdateError:
            found.append(owner)
    return found


def _try(primary: Primary, zone: str, owners: Sequence[str]) -> None:
    """Send an update that deletes, at each name, a TXT record that cannot exist.

    :raises UpdateError: if the primary refuses it.
    """
    size = limits.DOCTOR_UPDATE.most
    for start in range(0, len(owners), size):
        update = dns.update.UpdateMessage(zone, keyring=primary.key)
        for owner in owners[start : start + size]:
            value = f"elastx-mrs doctor {secrets.token_hex(16)}".encode()
            nobodys = dns.rdtypes.ANY.TXT.TXT(dns.rdataclass.IN, dns.rdatatype.TXT, [value])
            update.delete(dns.name.from_text(owner), nobodys)
        with primary.connected() as ask:
            ask(update)


def _encrypted(subject: Subject, profile: str) -> Check | None:
    """Return a check that reports a key that only Pulumi can read."""
    if any(subject.environment.get(variable.of(profile)) for variable in (RFC2136_KEY, RFC2136_KEY_FILE)):
        return None
    key = "tsigKey" if profile == DEFAULT_PROFILE else "tsigKeys"
    if not subject.hidden(f"{NAMESPACE}:{key}"):
        return None
    return Check(_KEY, "unchecked", _EXPECTED[_KEY], f"{key} is encrypted in the stack's file", READABLE)


def _left(*names: str) -> list[Check]:
    return [Check(name, "unchecked", _EXPECTED[name], _NOT_ASKED) for name in names]
