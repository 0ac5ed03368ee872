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
    """What DNS has of the domains.

    :param domains: what is known of each, in the order given.
    :param zones: the zones that they are in, each once.
    :param unanswered: a line for each failed query; empty if DNS answered everything.
    :param asked: whether DNS was queried at all.
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
        """Whether a published record cannot be kept as it is."""
        return any(one.faults for one in self.domains)


def nothing(domains: Sequence[str]) -> Look:
    """Return a result for a run that does not query DNS."""
    return Look([Adopted(domain, {"name": domain}) for domain in domains], _outermost(domains), asked=False)


async def look(vantage: Vantage, domains: Sequence[str], key: str) -> Look:
    """Look up what DNS has of the domains.

    :param domains: as A-labels.
    :param key: the stack's DKIM key.
    """
    found, zones = await asyncio.gather(
        read_all(vantage.ask, domains, [ELASTX.dkim_selector], key),
        asyncio.gather(*(_zone(vantage.ask, domain, domains) for domain in domains)),
    )
    unanswered = [vantage.nobody] if vantage.nobody else [line for one in found for line in one.unasked]
    return Look(found, _outermost(list(zones), keep=True), unanswered)


async def _zone(ask: Ask, domain: str, domains: Sequence[str]) -> str:
    """Return the zone that a domain is in: the nearest name at or above it that has an SOA.

    If none is found, it is the domain itself. An unregistered domain does not exist, and the zone above it is a public
    suffix, such as ``co.uk``. So the zone of a name that does not exist must have an MX, as a company's has, or be one
    of the domains.
    """
    with budget.of_domain(f"finding the zone of {domain}"):
        name, exists = domain, True
        while "." in name:
            answer = await ask(name, "SOA")
            if answer.status == "failed":
                break
            if name == domain:
                exists = answer.status != "nxdomain"
            if answer.status == "found" and answer.canonical == name:
                theirs = exists or name in domains or (await ask(name, "MX")).status == "found"
                return name if theirs else domain
            name = name.partition(".")[2]
    return domain


def _outermost(domains: Sequence[str], *, keep: bool = False) -> list[str]:
    """Return each name once; unless all are kept, without those that are below another one."""
    once = list(dict.fromkeys(domains))
    return once if keep else [one for one in once if names.longest_zone(one, set(once) - {one}) is None]
