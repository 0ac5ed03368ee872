"""The answers of recursive resolvers, once every name server is right: stale ones, and those of a private view."""

import asyncio
from dataclasses import replace

import dns.flags
import dns.message
import dns.name
import dns.rdatatype
from dns.rdtypes.ANY.SOA import SOA

from elastx_mrs.lookup.answer import Answer
from elastx_mrs.lookup.question import Server
from elastx_mrs.lookup.response import find
from elastx_mrs.verify.checks.dnssec import NAME_ONE, NO_RESOLVER
from elastx_mrs.verify.checks.heard import Failed, Said, bogus, hear
from elastx_mrs.verify.checks.kept import Finding, Look, Memory, finding
from elastx_mrs.verify.checks.per_server import listed, nothing
from elastx_mrs.verify.checks.published import judge_of
from elastx_mrs.verify.expected import Expected
from elastx_mrs.verify.result import Detail, Outcome, Verdict
from elastx_mrs.verify.sources import Asked

CHECK = "resolvers"
_OTHERS = "use other resolvers (verification.resolvers)"
_OWN = f"correct the zone, view or policy that this resolver has of its own, or {_OTHERS}"
_ALIASES = (dns.rdatatype.CNAME, dns.rdatatype.DNAME)

_Told = tuple[list[Detail], float | None]
"""Details, and the seconds after which another look helps."""


async def resolvers(asked: Asked, expected: Expected, memory: Memory) -> Outcome:
    """Return which resolvers still have an old or negative answer, and for how long.

    :param memory: their answers in earlier rounds of this run; this round's are added.
    """
    domain, servers = expected.domain, asked.vantage.compared
    if asked.vantage.who.begins_at == "resolvers":
        return Outcome(domain, CHECK, domain, seen="asked for every record")
    if not servers:
        return Outcome(domain, CHECK, domain, (Detail("unchecked", "", "", NO_RESOLVER, NAME_ONE),))
    told = await asyncio.gather(
        *(_at(asked, expected, server, name, memory) for server in servers for name in expected.names)
    )
    details = tuple(detail for found, _ in told for detail in found)
    own = dict.fromkeys(detail.server for detail in details if detail.verdict == "wrong")
    hopeless = f"what {', '.join(own)} answers does not come from a cache, so waiting does not change it" if own else ""
    seen = f"{', '.join(map(str, servers))}: as the name servers"
    again = min((seconds for _, seconds in told if seconds is not None), default=None)
    return Outcome(domain, CHECK, domain, details, seen, hopeless=hopeless, again=again)


async def _at(asked: Asked, expected: Expected, server: Server, name: str, memory: Memory) -> _Told:
    said = await hear(asked.vantage.network, server, name)
    if isinstance(said, Failed):
        return [await _failed(asked, expected, server, name, said)], None
    reading = said.reading
    answer = Answer(name, "TXT", reading.status or "nodata", tuple(reading.rrset or ()), name)
    wanted = await _wanted(asked, expected, name, answer)
    looks = memory.setdefault((str(server), name), [])
    if not wanted:
        looks.clear()
        return [], None
    looks.append(await _look(asked, server, said))
    found = finding(looks)
    most = _at_most(said)
    if most is not None and found.left is not None:
        found = replace(found, left=min(found.left, most))
    verdict, seen, cure = _in_words(listed(answer.texts()) or nothing(answer), found)
    return [Detail(verdict, str(server), f"{name}: {text}", seen, cure) for text in wanted], found.again


def _in_words(answer: str, found: Finding) -> tuple[Verdict, str, str]:
    if found.own:
        return "wrong", f"{answer}, which does not come from a cache: {found.own}", _OWN
    if found.left is None:
        return "cached", f"{answer}; its TTLs do not show for how long", "wait until the old record's TTL is over"
    if not found.left:
        return "cached", f"{answer}, although its TTL is over", "verify again: a cache has dropped it by now"
    cure = f"wait up to {found.left} s; if the answer stays, it does not come from a cache"
    return "cached", f"{answer}, kept for {found.left} s more", cure


async def _failed(asked: Asked, expected: Expected, server: Server, name: str, failed: Failed) -> Detail:
    """Return the problem of a resolver without a usable answer.

    If it fails for this name alone, with CD=1 too, receivers behind it fail as well. If it fails for all names, this
    says nothing about this one.
    """
    cure = f"make it answer, or {_OTHERS}"
    verdict: Verdict = "unreachable" if expected.resolvers_must_agree else "unchecked"
    if failed.servfail:
        if await bogus(asked.vantage.network, server, name, failed) is not None:
            cure = "see the check dnssec"
        elif isinstance(await hear(asked.vantage.network, server, ".", dns.rdatatype.NS), Said):
            verdict, cure = "unreachable", f"find out why it fails for this name only, or {_OTHERS}"
    return Detail(verdict, str(server), f"an answer for {name}", f"it {failed.problem}", cure)


async def _wanted(asked: Asked, expected: Expected, name: str, answer: Answer) -> list[str]:
    """Return what is missing in an answer: declared records or, without any, the records of the name servers."""
    declared = [record for record in expected.records if record.name == name]
    if declared:
        values = [(record.kind, record.value.encode("ascii")) for record in declared]
        return [
            listed([value]) for kind, value in values if judge_of(kind, value, expected.service)(answer) is not None
        ]
    seen = await asked.vantage.observer.txt(name)
    texts = next((sighting.answer.texts() for sighting in seen.sightings if sighting.answer.status != "failed"), [])
    return [] if set(texts) == set(answer.texts()) else [listed(texts) or "nothing"]


async def _look(asked: Asked, server: Server, said: Said) -> Look:
    at = asyncio.get_running_loop().time()
    root = await hear(asked.vantage.network, server, ".", dns.rdatatype.NS)
    rrset = None if isinstance(root, Failed) else find(root.reply.answer, dns.rdatatype.NS, dns.name.root)
    ttl = int(rrset.ttl) if rrset is not None else None
    return Look(at, _seconds_left(said), bool(said.reply.flags & dns.flags.AA), ttl)


def _seconds_left(said: Said) -> int | None:
    """Return the TTL of an answer: that of its records, or of the SOA of a negative answer; None if there is none.

    With aliases it is the longest, because an old alias leads to the old records even after these were fetched again.
    """
    kept = [int(rrset.ttl) for rrset in said.reply.answer if rrset.rdtype in _ALIASES]
    if said.reading.rrset is not None:
        return max([*kept, int(said.reading.rrset.ttl)])
    soa = find(said.reply.authority, dns.rdatatype.SOA)
    return max([*kept, int(soa.ttl)] if soa is not None else kept, default=None)


def _at_most(said: Said) -> int | None:
    """Return how long a negative answer is cached at most (RFC 2308 §5); None for records, and behind an alias.

    Unbound returns the SOA as it has it. Its TTL may be longer, and does not count down.
    """
    soa = find(said.reply.authority, dns.rdatatype.SOA)
    if said.reading.rrset is not None or said.reading.chain or soa is None or not isinstance(soa[0], SOA):
        return None
    return int(soa[0].minimum)
