"""Looks up what the domains publish today: the config that keeps it, and their zones."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from elastx_mrs.adopt.adopted import Adopted
from elastx_mrs.adopt.from_dns import read_all
from elastx_mrs.lookup import budget
from elastx_mrs.lookup.answer import Ask
from elastx_mrs.lookup.vantage import Vantage
from elastx_mrs.records import names
from elastx_mrs.service import ELASTX


@dataclass(frozen=True)
class Look:
    """What DNS has.

    :param domains: what is known of each, in the order that was asked for.
    :param zones: the zones that they are in, each once.
    :param unanswered: what could not be asked, a line each; empty if DNS answered everything.
    :param asked: whether DNS was asked at all.
    """

    domains: Sequence[Adopted]
    zones: Sequence[str]
    unanswered: Sequence[str] = ()
    asked: bool = True

    @property
    def owners(self) -> list[str]:
        """The names whose records an ``up`` takes over."""
        return [owner for one in self.domains for owner in one.owners]

    @property
    def wrong(self) -> bool:
        """Whether something that is published cannot be kept as it is."""
        return any(one.faults for one in self.domains)


def nothing(domains: Sequence[str]) -> Look:
    """Return a result for a run that does not query DNS."""
    return Look([Adopted(domain, {"name": domain}) for domain in domains], _outermost(domains), asked=False)


async def look(vantage: Vantage, domains: Sequence[str], key: str) -> Look:
    """Look at what DNS has of the domains.

    :param domains: as A-labels.
    :param key: the stack's DKIM key.
    """
    found, zones = await asyncio.gather(
        read_all(vantage.ask, domains, ELASTX.dkim_selector, key),
        asyncio.gather(*(_zone(vantage.ask, domain) for domain in domains)),
    )
    unanswered = [vantage.nobody] if vantage.nobody else [line for one in found for line in one.unasked]
    return Look(found, _outermost(list(zones), keep=True), unanswered)


async def _zone(ask: Ask, domain: str) -> str:
    """Return the zone that a domain is in: the nearest name at or above it that has an SOA; itself if none is found."""
    with budget.of_domain(f"finding the zone of {domain}"):
        name = domain
        while "." in name:
            answer = await ask(name, "SOA")
            if answer.status == "failed":
                break
            if answer.status == "found" and answer.canonical == name:
                return name
            name = name.partition(".")[2]
    return domain


def _outermost(domains: Sequence[str], *, keep: bool = False) -> list[str]:
    """Return each name once; unless all are kept, without those that are below another one."""
    once = list(dict.fromkeys(domains))
    return once if keep else [one for one in once if names.longest_zone(one, set(once) - {one}) is None]
