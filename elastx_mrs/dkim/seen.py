"""What the name servers have at a selector: is the key on each of them, with which TTL, and how long is "no" cached?"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from dns.rdtypes.ANY.SOA import SOA

from elastx_mrs.lookup import budget
from elastx_mrs.lookup.answer import Answer
from elastx_mrs.lookup.vantage import Vantage
from elastx_mrs.receiver import relay

DEFAULT_NEGATIVE = 3600
"""Seconds for which a negative answer may be cached if the zone's SOA cannot be read."""


@dataclass(frozen=True)
class Seen:
    """What all authoritative servers have at a selector, of all domains.

    :param missing: the servers that do not have the key, each with what they have.
    :param unasked: the servers that did not answer.
    :param ttl: the longest TTL of the key, in seconds; None if no server has it.
    :param cached: whether resolvers were queried, which count the TTL down.
    """

    missing: tuple[str, ...] = ()
    unasked: tuple[str, ...] = ()
    ttl: int | None = None
    cached: bool = False

    @property
    def everywhere(self) -> bool:
        """Whether every server has the key."""
        return self.ttl is not None and not self.missing and not self.unasked


@dataclass(frozen=True)
class Sought:
    """A key to look for.

    :param value: its record; None if only its publisher knows it, and any usable key will do.
    """

    selector: str
    value: str | None


async def look(domains: Sequence[tuple[str, Vantage]], keys: Sequence[Sought]) -> tuple[dict[str, Seen], int]:
    """Query every authoritative server of some domains for keys.

    :param domains: each with the servers to query.
    :return: what they have, by selector, and for how many seconds a resolver may remember at most that a name does not
        exist.
    """
    found = await asyncio.gather(*(_of_domain(domain, vantage, keys) for domain, vantage in domains))
    merged = {key.selector: _merged([seen[key.selector] for seen, _ in found]) for key in keys}
    return merged, max((negative for _, negative in found), default=DEFAULT_NEGATIVE)


async def _of_domain(domain: str, vantage: Vantage, keys: Sequence[Sought]) -> tuple[dict[str, Seen], int]:
    with budget.of_domain(f"querying the DKIM keys of {domain}"):
        seen = {key.selector: await _at(domain, vantage, key) for key in keys}
        return seen, await _negative(domain, vantage)


def _merged(found: Sequence[Seen]) -> Seen:
    ttls = [one.ttl for one in found if one.ttl is not None]
    return Seen(
        tuple(text for one in found for text in one.missing),
        tuple(text for one in found for text in one.unasked),
        max(ttls, default=None),
        any(one.cached for one in found),
    )


async def _at(domain: str, vantage: Vantage, key: Sought) -> Seen:
    name = f"{key.selector}._domainkey.{domain}"
    seen = await vantage.observer.txt(name)
    unasked = [f"{name}: {seen.problem}"] if seen.problem else []
    unasked += [f"{name} at {server.name}: {server.problem}" for server in seen.nobody]
    missing: list[str] = []
    ttls: list[int] = []
    for sighting in seen.sightings:
        at = f"{name} at {sighting.host}"
        if sighting.answer.status == "failed":
            unasked += [] if sighting.no_route else [f"{at}: {sighting.answer.problem}"]
        elif (wrong := _wrong(sighting.answer, key.value)) is not None:
            missing.append(f"{at}: {wrong}")
        else:
            ttls.append(sighting.answer.ttl or 0)
    if not (ttls or missing or unasked):
        unasked.append(f"{name}: no server could be queried, because this machine has no IPv6")
    return Seen(tuple(missing), tuple(unasked), max(ttls, default=None), vantage.who.begins_at == "resolvers")


def _wrong(answer: Answer, value: str | None) -> str | None:
    texts = answer.texts()
    if not texts:
        return "no such name" if answer.status == "nxdomain" else "no TXT record"
    if len(texts) > 1:
        return f"{len(texts)} TXT records, and there must be one"
    if value is not None:
        return None if texts[0] == value.encode("ascii") else "another record"
    return "; ".join(relay.unusable(texts)) or None


async def _negative(domain: str, vantage: Vantage) -> int:
    """Return the minimum in the SOA of the zone that a domain is in: how long "no" may be cached (RFC 2308 §5)."""
    name = domain
    while name:
        answer = await vantage.ask_uncached(name, "SOA")
        minima = [rdata.minimum for rdata in answer.rdatas if isinstance(rdata, SOA)]
        if minima:
            return int(max(minima))
        if answer.status == "failed":
            break
        name = name.partition(".")[2]
    return DEFAULT_NEGATIVE
