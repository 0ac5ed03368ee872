"""Find out what a name has: its own records, an alias, another zone, or only a wildcard's answer."""

from dataclasses import dataclass

from dns.rdtypes.ANY.CNAME import CNAME

from elastx_mrs import limits
from elastx_mrs.lookup.answer import Answer, Ask
from elastx_mrs.lookup.response import text
from elastx_mrs.lookup.wildcard import synthesised


@dataclass(frozen=True)
class Place:
    """One owner name.

    :param answer: its TXT, through any alias.
    :param alias: the target of its own CNAME, at the end of the chain if that is known; empty without a CNAME.
    :param circle: whether its CNAMEs form a loop.
    :param zone: the delegated zone below the domain that the name lies in; empty if there is none.
    :param wildcard: whether only a wildcard answers, and the name itself has no records.
    """

    owner: str
    answer: Answer
    alias: str = ""
    circle: bool = False
    zone: str = ""
    wildcard: bool = False

    @property
    def elsewhere(self) -> str:
        """Why a record for this name must be published elsewhere; empty if it belongs here."""
        if self.zone:
            return f"lies in the zone {self.zone}, which is delegated to other name servers"
        return f"is a CNAME to {self.alias}" if self.alias else ""


async def look(ask: Ask, owner: str, domain: str) -> Place:
    """Look up a name that is a domain or below it."""
    answer = await ask(owner, "TXT")
    zone = await _zone(ask, owner, domain)
    if zone or (answer.void and answer.canonical in ("", owner)):
        return Place(owner, answer, zone=zone)
    if answer.status == "failed":
        targets = await _targets(ask, owner)
        return Place(owner, answer, next(iter(targets), ""), circle=len(targets) > len(set(targets)))
    if await synthesised(ask, owner):
        return Place(owner, answer, wildcard=True)
    return Place(owner, answer, answer.canonical if answer.canonical not in ("", owner) else "")


async def _zone(ask: Ask, owner: str, domain: str) -> str:
    """Return the first zone between a domain and a name below it, without the domain's own zone."""
    above = await ask(domain, "TXT")
    names = []
    while owner != domain:
        names.append(owner)
        owner = owner.partition(".")[2]
    for name in reversed(names):
        found = await ask(name, "NS")
        # Configured name servers that only refer to others do not serve the name.
        if (found.status == "found" and found.canonical == name) or (found.lame and not above.lame):
            return name
    return ""


async def _targets(ask: Ask, owner: str) -> list[str]:
    """Return the targets of a chain of CNAMEs. In a loop, or beyond the limit, the last one is repeated."""
    targets: list[str] = []
    name = owner
    while len(targets) <= limits.CNAMES.most:
        found = await ask(name, "CNAME")
        alias = next((rdata for rdata in found.rdatas if isinstance(rdata, CNAME)), None)
        if alias is None:
            return targets
        name = text(alias.target)
        targets.append(name)
        if name == owner or name in targets[:-1]:
            break
    return [*targets, targets[-1]]
