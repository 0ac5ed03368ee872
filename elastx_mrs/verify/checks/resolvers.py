"""What recursive resolvers say, once every authority is right: what they still hold, and whether they can validate."""

import asyncio
import ipaddress
from collections.abc import Sequence

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
from dns.rdtypes.ANY.SOA import SOA

from elastx_mrs.lookup.answer import Answer
from elastx_mrs.lookup.network import LookupFailure, Network, Question, Server
from elastx_mrs.lookup.response import absolute, find, read
from elastx_mrs.lookup.transport.wire import UnusableError
from elastx_mrs.verify.checks.per_server import listed, nothing
from elastx_mrs.verify.checks.published import judge_of
from elastx_mrs.verify.expected import Expected
from elastx_mrs.verify.result import Detail, Outcome, Verdict
from elastx_mrs.verify.sources import Asked

RESOLVERS, DNSSEC = "resolvers", "dnssec"
_ASKED = int(dns.flags.RD | dns.flags.AD)  # AD asks for the AD bit of the answer (RFC 6840 §5.7)
_NO_RESOLVER = "no resolver is configured, and this machine names none"


async def resolvers(asked: Asked, expected: Expected) -> Outcome:
    """Say which resolvers still hold an old or a negative answer, and for how long."""
    domain, servers = expected.domain, asked.vantage.compared
    if asked.vantage.who.begins_at == "resolvers":
        return Outcome(domain, RESOLVERS, domain, seen="asked for every record")
    if not servers:
        return Outcome(domain, RESOLVERS, domain, (Detail("unchecked", "", "", _NO_RESOLVER, "name one"),))
    found = await asyncio.gather(*(_at(asked, expected, server, name) for server in servers for name in expected.names))
    details = tuple(detail for details in found for detail in details)
    return Outcome(domain, RESOLVERS, domain, details, f"{', '.join(map(str, servers))}: as the name servers")


async def _at(asked: Asked, expected: Expected, server: Server, name: str) -> list[Detail]:
    question = Question(absolute(name), dns.rdatatype.TXT, _ASKED)
    try:
        reply = await asked.vantage.network.exchange(server, question)
        reading = read(reply, question)
    except (LookupFailure, UnusableError) as failure:
        problem = failure.problem if isinstance(failure, LookupFailure) else str(failure)
        verdict: Verdict = "unreachable" if expected.resolvers_must_agree else "unchecked"
        cure = "see that it answers, or name other resolvers in verification.resolvers"
        return [Detail(verdict, str(server), f"an answer for {name}", f"it {problem}", cure)]
    answer = Answer(name, "TXT", reading.status or "nodata", tuple(reading.rrset or ()), name)
    wanted = await _wanted(asked, expected, name, answer)
    if not wanted:
        return []
    left = _seconds_left(reply)
    cure = f"wait: it forgets in {left} s at the latest" if left else "wait: it does not say how long it keeps this"
    seen = f"{listed(answer.texts()) or nothing(answer)}, kept for {left} s more"
    return [Detail("cached", str(server), f"{name}: {text}", seen, cure) for text in wanted]


async def _wanted(asked: Asked, expected: Expected, name: str, answer: Answer) -> list[str]:
    """Return what an answer lacks: declared records, or, where none are declared, what the authorities have."""
    declared = [record for record in expected.records if record.name == name]
    if declared:
        values = [(record.kind, record.value.encode("ascii")) for record in declared]
        return [
            listed([value]) for kind, value in values if judge_of(kind, value, expected.service)(answer) is not None
        ]
    seen = await asked.vantage.observer.txt(name)
    texts = next((sighting.answer.texts() for sighting in seen.sightings if sighting.answer.status != "failed"), [])
    return [] if set(texts) == set(answer.texts()) else [listed(texts) or "nothing"]


def _seconds_left(reply: dns.message.Message) -> int:
    """Return for how long an answer may be kept: its TTL, or that of "there is none" (RFC 2308 §5)."""
    rrset = find(reply.answer, dns.rdatatype.TXT)
    if rrset is not None:
        return int(rrset.ttl)
    soa = find(reply.authority, dns.rdatatype.SOA)
    if soa is None or not isinstance(soa[0], SOA):
        return 0
    return min(int(soa.ttl), int(soa[0].minimum))


async def dnssec(asked: Asked, expected: Expected) -> Outcome:
    """Say whether a signed domain validates. Resolvers do that; what is bogus for them is lost mail."""
    domain, vantage = expected.domain, asked.vantage
    if vantage.who.begins_at == "nameservers":
        why = "name servers are configured, so that nobody asked the parent whether it is signed"
        return _of(domain, [Detail("unchecked", "", "", why, "leave out nameservers")])
    try:
        zone = await _signed(asked, domain)
    except (LookupFailure, ValueError) as failure:
        return _of(domain, [Detail("unchecked", "", "an answer for DS", str(failure), "ask again")])
    if zone is None:
        return Outcome(domain, DNSSEC, domain, seen="not signed: the parent has no DS")
    if not vantage.resolvers:
        return _of(domain, [Detail("unchecked", "", "a resolver that validates", _NO_RESOLVER, "name one")])
    found = await asyncio.gather(*(_validated(vantage.network, server, domain) for server in vantage.resolvers))
    wrong = [detail for detail in found if detail is not None and detail.verdict == "wrong"]
    if wrong or None not in found:
        return _of(domain, wrong or [detail for detail in found if detail is not None])
    return Outcome(domain, DNSSEC, domain, seen=f"{zone} is signed, and validates")


def _of(domain: str, details: Sequence[Detail]) -> Outcome:
    return Outcome(domain, DNSSEC, domain, tuple(details))


async def _signed(asked: Asked, domain: str) -> str | None:
    """Return the zone that a domain lies in where its parent has a DS for it; None where it has none."""
    if asked.vantage.who.begins_at == "resolvers":
        labels = domain.split(".")
        for start in range(len(labels) - 1):
            zone = ".".join(labels[start:])
            if (await asked.vantage.ask_uncached(zone, "DS")).status == "found":
                return zone
        return None
    zone = (await asked.vantage.delegations.cut(domain)).zone
    question = Question(absolute(zone), dns.rdatatype.DS)
    servers = await asked.vantage.delegations.serving(question.name.parent())
    reading = await asked.vantage.network.first(servers, question, lambda reply: read(reply, question))
    return zone if reading.status == "found" else None


async def _validated(network: Network, server: Server, domain: str) -> Detail | None:
    """Return why a resolver does not show that a signed domain is good; None where it does."""
    question = Question(absolute(domain), dns.rdatatype.TXT, _ASKED)
    try:
        reply = await network.exchange(server, question)
    except LookupFailure as failure:
        if failure.rcode != dns.rcode.SERVFAIL:
            return Detail("unchecked", str(server), "an answer", f"it {failure.problem}", "see that it answers")
        return await _bogus(network, server, domain, failure)
    if not reply.flags & dns.flags.AD:
        return Detail("unchecked", str(server), "AD", "no AD: it does not validate", "name a resolver that does")
    if not _trusted(server):
        cure = "name one on this machine, or over tls:// or https://"
        return Detail("unchecked", str(server), "AD over a way that nobody can change", "AD over plain DNS", cure)
    return None


async def _bogus(network: Network, server: Server, domain: str, failure: LookupFailure) -> Detail:
    """Tell bogus from broken: with CD=1 a resolver hands on what it cannot validate (RFC 4035 §3.2.2)."""
    question = Question(absolute(domain), dns.rdatatype.TXT, _ASKED | int(dns.flags.CD))
    try:
        await network.exchange(server, question)
    except LookupFailure:
        return Detail("unchecked", str(server), "an answer", f"it {failure.problem}", "see that it answers")
    cure = "mend the signatures, or have the DS taken out of the parent: to those who validate, the domain is gone"
    return Detail("wrong", str(server), "an answer", f"it {failure.problem}, and answers only unvalidated: bogus", cure)


def _trusted(server: Server) -> bool:
    """Whether nobody on the way can set AD (RFC 6840 §5.8): this machine, DNS over TLS, DNS over HTTPS."""
    return bool(server.url) or ipaddress.ip_address(server.host).is_loopback
