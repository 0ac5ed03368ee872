"""Do validating resolvers get the records? Checks every expected name, and every name that its CNAMEs lead to.

If a resolver answers SERVFAIL, but gives an answer with CD=1, the name is bogus: receivers behind a validating resolver
do not get it. This can happen in an unsigned domain, too: a CNAME may lead into a signed zone, and a broken parent may
fail to prove that there is no DS record.

Names that only an SPF term leads to are not checked, because the domain's owner cannot fix them.
"""

import asyncio
import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass

import dns.rdatatype

from elastx_mrs.lookup.answer import Answer
from elastx_mrs.lookup.question import LookupFailure, OverBudgetError, Question, Server
from elastx_mrs.lookup.response import absolute, read, text
from elastx_mrs.lookup.vantage import Vantage
from elastx_mrs.verify.checks.heard import Failed, Said, bogus, hear
from elastx_mrs.verify.checks.per_server import asked_instead, follow_delegation
from elastx_mrs.verify.expected import Expected
from elastx_mrs.verify.result import Detail, Outcome, Verdict
from elastx_mrs.verify.sources import Asked

CHECK = "dnssec"
NO_RESOLVER = "there is no recursive resolver to query"
NAME_ONE = "to check what mail receivers get, set a resolver in verification.resolvers or --resolver"
_TRUSTED = "use a resolver on this machine, or over tls:// or https://"


@dataclass(frozen=True)
class _Link:
    """Records to check: a CNAME on the way, or the TXT records at the end, or the proof that there are none."""

    name: str
    rdtype: dns.rdatatype.RdataType


@dataclass(frozen=True)
class _Heard:
    """One resolver's answer for one name."""

    server: Server
    name: str
    said: Said | Failed


async def dnssec(asked: Asked, expected: Expected) -> Outcome:
    """Check that signed records validate. Receivers that validate do not get bogus ones."""
    vantage, servers = asked.vantage, asked.vantage.compared
    if vantage.who.begins_at == "nameservers" and not servers:
        return _outcome(expected, [_only_given(vantage)])
    heard = [
        _Heard(server, name, said)
        for server, name, said in await asyncio.gather(
            *(_hear(vantage, server, name) for server in servers for name in expected.names)
        )
    ]
    wrong = await asyncio.gather(*(_bogus(vantage, one, expected.domain) for one in heard))
    if found := [detail for detail in wrong if detail is not None]:
        return _outcome(expected, found)
    links = [link for name in expected.names for link in _unproven(name, heard)]
    return await _proven(asked, expected, list(dict.fromkeys(links)))


async def _hear(vantage: Vantage, server: Server, name: str) -> tuple[Server, str, Said | Failed]:
    return server, name, await hear(vantage.network, server, name)


def _outcome(expected: Expected, details: Sequence[Detail], seen: str = "") -> Outcome:
    return Outcome(expected.domain, CHECK, expected.domain, tuple(details), seen)


def _only_given(vantage: Vantage) -> Detail:
    """Return that it is not known whether the names are signed, because the parent zones were not queried."""
    seen = f"verification queried only {asked_instead(vantage.who)}, so it did not check whether the domain is signed"
    return Detail("unchecked", "", "", seen, follow_delegation(vantage.who))


async def _bogus(vantage: Vantage, heard: _Heard, domain: str) -> Detail | None:
    """Return the problem if a resolver finds a name bogus, else None."""
    if not isinstance(heard.said, Failed):
        return None
    bare = await bogus(vantage.network, heard.server, heard.name, heard.said)
    if bare is None:
        return None
    culprit = await _culprit(vantage, heard.server, [heard.name, *map(text, bare.reading.chain)])
    what = heard.name if culprit == heard.name else f"{heard.name}, an alias that leads to {culprit}, which is bogus"
    seen = f"it {heard.said.problem} for {what}: with CD=1 it answers, so its data does not validate (bogus)"
    mend = f"sign the zone of {culprit} again, or correct or remove its DS record in the parent zone"
    if culprit != domain and not culprit.endswith(f".{domain}"):
        mend = f"tell the owner of {culprit}, or publish the record itself instead of the alias"
    cure = f"{mend}: receivers that validate get nothing for {heard.name}"
    return Detail("wrong", str(heard.server), f"an answer for {heard.name} that validates", seen, cure)


async def _culprit(vantage: Vantage, server: Server, chain: Sequence[str]) -> str:
    """Return the last name of a chain that does not validate by itself; the names before it are not to blame."""
    for name in reversed(chain[1:]):
        said = await hear(vantage.network, server, name)
        if isinstance(said, Failed) and said.servfail:
            return name
    return chain[0]


def _unproven(name: str, heard: Sequence[_Heard]) -> list[_Link]:
    """Return the parts of a name's answer that no trusted resolver has validated."""
    said = [(one.server, one.said) for one in heard if one.name == name and isinstance(one.said, Said)]
    if any(answer.authentic and _trusted(server) for server, answer in said):
        return []
    chain = [name, *map(text, said[0][1].reading.chain)] if said else [name]
    aliases = [_Link(alias, dns.rdatatype.CNAME) for alias in chain[:-1]]
    return [*aliases, _Link(chain[-1], dns.rdatatype.TXT)]


async def _proven(asked: Asked, expected: Expected, links: Sequence[_Link]) -> Outcome:
    """Check whether the remaining records are signed, and if so, whether they validate."""
    if asked.vantage.who.begins_at == "nameservers":
        if not links:
            return _outcome(expected, (), "signed, and validates")
        return _outcome(expected, [_only_given(asked.vantage)])
    signed: list[_Link] = []
    for link in links:
        try:
            if await _is_signed(asked.vantage, link.name):
                signed.append(link)
        except (LookupFailure, ValueError) as failure:
            verdict: Verdict = "unreachable" if isinstance(failure, OverBudgetError) else "unchecked"
            return _outcome(expected, [Detail(verdict, "", "an answer for DS", str(failure), "verify again")])
    details = await _unvalidated(asked.vantage, signed)
    unsigned = [link.name for link in links if link not in signed]
    if details or not unsigned:
        return _outcome(expected, details, "signed, and validates")
    if set(expected.names) <= set(unsigned) and not signed:
        return _outcome(expected, (), "not signed: the parent has no DS")
    return _outcome(expected, (), f"what is signed validates; not signed: {', '.join(unsigned)}")


async def _unvalidated(vantage: Vantage, links: Sequence[_Link]) -> list[Detail]:
    """Return why no resolver proves that signed records are valid: one detail for each resolver and reason."""
    if links and not vantage.compared:
        return [Detail("unchecked", "", "a resolver that validates", NO_RESOLVER, NAME_ONE)]
    why: dict[tuple[Server, str, str], list[str]] = {}
    for link in links:
        found = {server: await _shown(vantage, server, link) for server in vantage.compared}
        if None in found.values():
            continue
        for server, reason in found.items():
            if reason is not None:
                why.setdefault((server, *reason), []).append(link.name)
    return [
        Detail("unchecked", str(server), f"AD for {', '.join(names)}", seen, cure)
        for (server, seen, cure), names in why.items()
    ]


async def _shown(vantage: Vantage, server: Server, link: _Link) -> tuple[str, str] | None:
    """Return why a resolver does not prove that records are valid, and the fix; None if it does."""
    said = await hear(vantage.network, server, link.name, link.rdtype)
    if isinstance(said, Failed):
        return f"it {said.problem}", "make it answer"
    if not said.authentic:
        return "no AD: it does not validate", "use a resolver that validates"
    return None if _trusted(server) else ("AD over plain DNS, which anybody on the network path can forge", _TRUSTED)


def _trusted(server: Server) -> bool:
    """Whether nobody on the network path can forge AD (RFC 6840 §5.8): this machine, DNS over TLS or HTTPS."""
    return bool(server.url) or ipaddress.ip_address(server.host).is_loopback


async def _is_signed(vantage: Vantage, name: str) -> bool:
    """Whether a name's zone, and each zone above it up to the top-level domain, has a DS record in its parent.

    If one is missing, the zone cannot be validated from the root (RFC 4035 §5.2).
    """
    through_resolvers = vantage.who.begins_at == "resolvers"
    zone = await (_zone_by_resolvers(vantage, name) if through_resolvers else _zone(vantage, name))
    while zone:
        if not await (_ds_by_resolvers(vantage, zone) if through_resolvers else _ds(vantage, zone)):
            return False
        above = zone.partition(".")[2]
        if "." not in above:
            return True
        zone = await (_zone_by_resolvers(vantage, above) if through_resolvers else _zone(vantage, above))
        if "." not in zone:
            return True
    return False


async def _zone(vantage: Vantage, name: str) -> str:
    return (await vantage.delegations.cut(name)).zone


async def _ds(vantage: Vantage, zone: str) -> bool:
    question = Question(absolute(zone), dns.rdatatype.DS)
    servers = await vantage.delegations.serving(question.name.parent())
    reading = await vantage.network.first(servers, question, lambda reply: read(reply, question))
    return reading.status == "found"


async def _zone_by_resolvers(vantage: Vantage, name: str) -> str:
    """Return the zone of a name; empty if that is a top-level domain."""
    while "." in name:
        answer = await _answered(vantage, name, "NS")
        if answer.status == "found" and answer.canonical == answer.name:
            return name
        name = name.partition(".")[2]
    return ""


async def _ds_by_resolvers(vantage: Vantage, zone: str) -> bool:
    return (await _answered(vantage, zone, "DS")).status == "found"


async def _answered(vantage: Vantage, name: str, rdtype: str) -> Answer:
    """Return an answer; raises LookupFailure if there is none. An answer without records is an answer."""
    answer = await vantage.ask_uncached(name, rdtype)
    if answer.status == "failed":
        raise (OverBudgetError if answer.over else LookupFailure)(None, answer.problem)
    return answer
