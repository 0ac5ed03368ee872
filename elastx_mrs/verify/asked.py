"""Who is asked in one round. Everything goes through one network: nothing is asked twice, and one bound holds."""

import asyncio
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Literal

import dns.flags

from elastx_mrs.lookup.answer import Answer, Ask
from elastx_mrs.lookup.authority import Configured, Delegated, Observer, Places
from elastx_mrs.lookup.network import Network, Server
from elastx_mrs.lookup.resolver import Resolver
from elastx_mrs.lookup.walk import Delegations
from elastx_mrs.verify.outcome import Verdict

if TYPE_CHECKING:
    from elastx_mrs.verify.checks.spf import Relay

IN_FLIGHT = 200
"""Queries under way at once, over all servers."""

IN_FLIGHT_PER_SERVER = 100
"""Queries under way at once to one server: of two servers, neither waits for the other's share."""


@dataclass(frozen=True)
class Who:
    """Whom a user wants asked.

    :param nameservers: take the place of delegation; none where that is followed.
    :param root_hints: where delegation begins; IANA's root servers where there are none.
    :param primary: a hidden primary, asked beside the delegated servers.
    :param resolvers: recursive resolvers, asked after the authorities.
    :param must_agree: whether a resolver that is behind fails a domain.
    :param via: ``resolvers`` where the authorities cannot be reached from here.
    """

    nameservers: tuple[Server, ...] = ()
    root_hints: tuple[Server, ...] = ()
    primary: Server | None = None
    resolvers: tuple[Server, ...] = ()
    must_agree: bool = False
    via: Literal["delegation", "resolvers"] = "delegation"


@dataclass
class Asked:
    """One round's way to them.

    :ivar elastx: the addresses that Elastx's own SPF record passes; looked up once, with the first domain.
    :ivar passing: SPF records known to pass all of those, by their text: most domains have the same one.
    """

    who: Who
    network: Network
    elastx: "asyncio.Task[Relay] | None" = None
    passing: set[str] = field(default_factory=set)

    @cached_property
    def delegations(self) -> Delegations:
        """The walk from the root."""
        return Delegations(self.network, self.who.root_hints)

    @cached_property
    def observer(self) -> Observer:
        """Every server that is to be asked for a domain's records."""
        who = self.who
        places: Places
        if who.via == "resolvers":
            return Observer(self.network, Configured(who.resolvers), int(dns.flags.RD))
        if who.nameservers:
            places = Configured([*who.nameservers, *([who.primary] if who.primary is not None else [])])
        else:
            places = Delegated(self.network, self.delegations, who.primary)
        return Observer(self.network, places)

    @cached_property
    def ask(self) -> Ask:
        """What a receiver would be answered about any name, without a cache between."""
        who = self.who
        if who.via == "resolvers":
            return Resolver.recursive(self.network, who.resolvers).ask
        if who.nameservers:
            return self._configured()
        return Resolver.iterative(self.network, self.delegations.serving).ask

    @property
    def cannot_ask(self) -> Verdict:
        """What it means that somebody else's name could not be asked: configured servers need not know it."""
        return "unchecked" if self.who.nameservers else "unreachable"

    def _configured(self) -> Ask:
        """Ask the configured servers, and for names that they do not know the resolvers, where some are listed."""
        first = Resolver.of(self.network, self.who.nameservers).ask
        second = Resolver.recursive(self.network, self.who.resolvers).ask

        async def ask(name: str, rdtype: str) -> Answer:
            answer = await first(name, rdtype)
            if answer.status == "failed" and self.who.resolvers:
                return await second(name, rdtype)
            return answer

        return ask


class Round:
    """One round of asking: everything in it is asked once."""

    def __init__(self) -> None:
        self.network = Network(IN_FLIGHT, IN_FLIGHT_PER_SERVER)
        self._asked: dict[Who, Asked] = {}

    def asked(self, who: Who) -> Asked:
        """Return the way to them; those who are the same share it."""
        if who not in self._asked:
            self._asked[who] = Asked(who, self.network)
        return self._asked[who]
