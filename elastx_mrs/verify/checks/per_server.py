"""How the answers of several servers for one name become a verdict: all servers count, at any of their addresses."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from elastx_mrs.config.environment import NAMESERVERS
from elastx_mrs.display import show, some
from elastx_mrs.lookup.answer import Answer
from elastx_mrs.lookup.authority import Observation, Sighting
from elastx_mrs.lookup.question import Server
from elastx_mrs.lookup.vantage import Who
from elastx_mrs.lookup.walk import Listed
from elastx_mrs.verify.result import Detail, Verdict

LENGTH = 160
"""Characters of a value in a message. A DKIM key has over 400."""

MOST_NAMED = 6
"""Servers that a message lists."""

FEWER = "use fewer name servers for the zone, all of which answer"
"""The fix if a limit was reached."""

RESTORE = "pulumi up --refresh, which also restores what was deleted or changed by hand"
"""How to publish a declared record. Without a refresh, the engine compares with its state, and sees no difference."""

Fault = tuple[Verdict, str, str]
"""What is wrong with an answer: the verdict, what was seen, and the fix."""

_DENIED: Fault = (
    "wrong",
    "records together with NXDOMAIN: resolvers ignore the records, and say that the name does not exist",
    "correct this server: with records its answer must be NOERROR (RFC 2308 §2.1)",
)

Judge = Callable[[Answer], Fault | None]
"""Returns what is wrong with one usable answer, or None."""


_WAYS_OUT: Mapping[Listed, str] = {
    "zone": "remove it from the NS records",
    "nameservers": "remove it from verification.nameservers",
    "run": f"use another server with --nameserver or {NAMESERVERS}",
    "primary": "correct verification.primary or --primary",
    "resolvers": "use other resolvers (--resolver or verification.resolvers)",
}
"""How to stop using a server, by the place where it is listed."""


def usable_at(listed: Listed) -> str:
    """Return the fix if a server could not be queried."""
    return f"check that the server runs and is reachable from here (UDP and TCP, port 53), or {_WAYS_OUT[listed]}"


def asked_instead(who: Who) -> str:
    """Return what this run queries instead of the delegated name servers, as a phrase for messages."""
    if who.begins_at == "nameservers":
        given = f"--nameserver or {NAMESERVERS}" if who.of_run else "verification.nameservers"
        return f"the servers in {given}"
    return "resolvers"


def follow_delegation(who: Who) -> str:
    """Return how to query the delegated name servers."""
    if who.begins_at == "nameservers":
        place = f"--nameserver and {NAMESERVERS}" if who.of_run else "verification.nameservers"
    else:
        place = "via: resolvers in verification, and --via"
    return f"to check this too, remove {place}; this machine must then reach name servers on port 53"


def judged(
    seen: Observation, expected: str, judge: Judge, effect: Callable[[Answer], str] = lambda answer: ""
) -> tuple[list[Detail], list[str]]:
    """Return the problems, server by server, and the notices.

    :param expected: the answer that every server should give.
    :param effect: returns what an application meets at the relay service because of a wrong answer.
    """
    if seen.problem:
        return [Detail("unreachable", "", expected, seen.problem, usable_at("zone"))], []
    details = not_asked(seen.sightings, expected)
    notices: list[str] = []
    for server in seen.nobody:
        details.append(Detail("unreachable", server.name, expected, server.problem, usable_at(server.listed)))
    for host, sightings in seen.by_host().items():
        usable = [sighting for sighting in sightings if sighting.answer.status != "failed"]
        failed = [sighting for sighting in sightings if sighting.answer.status == "failed" and not sighting.answer.over]
        if usable:
            dead = [sighting for sighting in failed if not sighting.no_route]
            notices += [f"{sighting.server} {sighting.answer.problem}" for sighting in dead]
            found = _of_one(host, usable, expected, judge, effect)
            details += found
            if not found and len({_said(sighting.answer) for sighting in usable}) > 1:
                notices.append(f"{host} has addresses that differ in other records of {seen.name}")
        elif failed:
            details += [failure(sighting, seen.zone, expected) for sighting in failed]
    return details, notices


def right(seen: Observation, details: Sequence[Detail]) -> tuple[Server, ...]:
    """Return the servers with the right answer: those without a detail."""
    if seen.problem:
        return ()
    wrong = {detail.server for detail in details}
    answered = [sighting.server for sighting in seen.sightings if sighting.answer.status != "failed"]
    return tuple(server for server in answered if str(server) not in wrong) if wrong else tuple(answered)


def not_asked(sightings: Sequence[Sighting], expected: str) -> list[Detail]:
    """Return a detail for each limit that was reached, with the addresses that were not queried."""
    left: dict[str, list[str]] = {}
    for sighting in sightings:
        if sighting.answer.over:
            left.setdefault(sighting.answer.problem, []).append(str(sighting.server))
    return [
        Detail("unreachable", "", expected, f"{some(servers, MOST_NAMED)} {problem}", FEWER)
        for problem, servers in left.items()
    ]


def failure(sighting: Sighting, zone: str, expected: str) -> Detail:
    """Return the problem of a server without a usable answer: it is lame, or could not be queried.

    :param zone: the zone that is delegated to it; empty if there is no delegation, so it cannot be lame (RFC 9499).
    """
    server, problem = str(sighting.server), sighting.answer.problem
    if sighting.answer.lame and zone:
        load = f"load the zone {zone} on it, or {_WAYS_OUT[sighting.listed]}"
        return Detail("wrong", server, expected, f"lame: it {problem}", load)
    return Detail("unreachable", server, expected, problem, usable_at(sighting.listed))


def _of_one(
    host: str, usable: Sequence[Sighting], expected: str, judge: Judge, effect: Callable[[Answer], str]
) -> list[Detail]:
    faults = [(sighting, _DENIED if sighting.answer.denied else judge(sighting.answer)) for sighting in usable]
    details = [
        Detail(fault[0], str(sighting.server), expected, fault[1], fault[2], effect(sighting.answer))
        for sighting, fault in faults
        if fault
    ]
    if details and len(details) < len(faults):
        right = next(str(sighting.server) for sighting, fault in faults if fault is None)
        cure = f"{host} has addresses that disagree: make all of them serve what {right} serves"
        details = [replace(item, verdict="wrong", cure=cure) for item in details]
    return details


def agree(seen: Observation) -> bool:
    """Whether all servers that answered agree."""
    usable = [sighting.answer for sighting in seen.sightings if sighting.answer.status != "failed"]
    return bool(usable) and not seen.problem and len({_said(answer) for answer in usable}) == 1


def _said(answer: Answer) -> frozenset[bytes]:
    return frozenset(answer.texts())


def listed(values: Sequence[bytes]) -> str:
    """Return values for people: sorted, and cut if they are long."""
    shown = [show(value) for value in sorted(values)[:4]]
    cut = [text if len(text) <= LENGTH else f"{text[:LENGTH]}… ({len(text)} octets)" for text in shown]
    more = f" and {len(values) - 4} more" if len(values) > 4 else ""
    return " | ".join(f"'{text}'" for text in cut) + more


def nothing(answer: Answer) -> str:
    """Return in words that an answer has no records."""
    if answer.canonical not in ("", answer.name):
        return f"an alias of {answer.canonical}"
    return "no such name" if answer.status == "nxdomain" else "no TXT record there"
