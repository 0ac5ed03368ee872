"""Which servers to query: one answer for the guard, verification and every command.

:class:`Who` is the user's choice, in a stack's config and for one run. :class:`Vantage` queries these servers:

- *delegation*, the default: the delegated servers, found from the root, and resolvers;
- ``nameservers``: these instead of the delegated servers; names outside their zones go to resolvers;
- ``via: resolvers``: resolvers alone, for a machine that cannot use port 53.

Name servers for one run (``ELASTX_MRS_NAMESERVERS``, ``--nameserver``) are the whole DNS of that run: it queries these
alone, and the servers in other options of that run.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

import dns.flags
import dns.rdatatype

from elastx_mrs.config.environment import NAMESERVERS
from elastx_mrs.lookup.answer import Answer
from elastx_mrs.lookup.authority import Configured, Delegated, Observer
from elastx_mrs.lookup.delegation import Authorities, GivenServers, ThroughResolvers
from elastx_mrs.lookup.network import Network
from elastx_mrs.lookup.question import Question, Server
from elastx_mrs.lookup.resolver import Resolver, Road, always, system_resolvers
from elastx_mrs.lookup.response import absolute
from elastx_mrs.lookup.start import Entrance
from elastx_mrs.lookup.walk import Delegations, Listed
from elastx_mrs.records import RecordError
from elastx_mrs.records.names import resolver_address

NAME_RESOLVER = (
    "use a resolver that this machine can reach (an address, tls://… or https://…): add --resolver ADDRESS, or "
    "run: pulumi config set --path 'elastx-mrs:verification.resolvers[0]' ADDRESS"
)
"""The fix if no resolver answers."""

Via = Literal["delegation", "resolvers"]


@dataclass(frozen=True)
class Who:
    """The servers that a user wants to query.

    :param nameservers: instead of the delegated servers; empty for those.
    :param root_hints: the root servers; empty for IANA's.
    :param primary: a hidden primary, queried in addition to the delegated servers.
    :param resolvers: recursive resolvers; None for the machine's own, empty for none at all.
    :param via: ``resolvers`` if this machine cannot reach the name servers.
    :param of_run: whether the name servers are given for one run, and not in the config.
    """

    nameservers: tuple[Server, ...] = ()
    root_hints: tuple[Server, ...] = ()
    primary: Server | None = None
    resolvers: tuple[Server, ...] | None = None
    via: Via = "delegation"
    of_run: bool = False

    @property
    def begins_at(self) -> Literal["root", "nameservers", "resolvers"]:
        """The first servers to query."""
        if self.via == "resolvers":
            return "resolvers"
        return "nameservers" if self.nameservers else "root"

    @classmethod
    def of(
        cls,
        nameservers: Sequence[str] | None = None,
        root_hints: Sequence[str] | None = None,
        primary: str | None = None,
        resolvers: Sequence[str] | None = None,
        via: Via = "delegation",
    ) -> "Who":
        """Return the choice of a config; the keys are those of ``verification``.

        :raises RecordError: for an invalid address, with its key.
        :raises NotInstalledError: for a resolver's HTTPS URL without the extra ``doh``.
        """
        return cls(
            _of_key("nameservers", nameservers or (), servers_at),
            _of_key("rootHints", root_hints or (), servers_at),
            next(iter(_of_key("primary", [primary] if primary is not None else (), servers_at)), None),
            _of_key("resolvers", resolvers, resolvers_at) if resolvers is not None else None,
            via,
        )

    def in_run(self, run: "Run") -> "Who":
        """Return the choice for one run.

        Name servers of the run replace the whole config. Each other setting of the run replaces that of the config.
        """
        if run.nameservers:
            return Who(run.nameservers, run.root_hints, run.primary, run.resolvers or (), run.via or "delegation", True)
        return replace(
            self,
            root_hints=run.root_hints or self.root_hints,
            primary=run.primary or self.primary,
            resolvers=run.resolvers or self.resolvers,
            via=run.via or self.via,
        )


@dataclass(frozen=True)
class Run:
    """The settings of one run, from a command's options and the environment; they override the config."""

    nameservers: tuple[Server, ...] = ()
    root_hints: tuple[Server, ...] = ()
    primary: Server | None = None
    resolvers: tuple[Server, ...] = ()
    via: Via | None = None

    @classmethod
    def of(cls, environment: Mapping[str, str] = os.environ) -> "Run":
        """Return the settings in the environment.

        :raises RecordError: for an invalid address, with the variable.
        """
        given = [text.strip() for text in environment.get(NAMESERVERS.name, "").split(",") if text.strip()]
        return cls(_of_key(NAMESERVERS.name, given, servers_at))


class Vantage:
    """Queries the servers of a user's choice: each question once, and all through one network, so its limits hold.

    :ivar nobody: why no resolver can be queried from this machine; empty as long as one answers.
    """

    def __init__(self, who: Who, network: Network) -> None:
        self.who = who
        self.network = network
        self.nobody = ""

    async def ask(self, name: str, rdtype: str) -> Answer:
        """Query as a mail receiver does: resolvers, or the given servers. As :data:`~elastx_mrs.lookup.answer.Ask`.

        With name servers for one run, a top-level domain that they do not serve does not exist. So the walk up from a
        domain (RFC 9989 §4.10) ends there.
        """
        answer = await self._resolver.ask(name, rdtype)
        if answer.nobody:
            self.nobody = answer.problem
        alone = self.who.begins_at == "nameservers" and self.who.resolvers == ()
        if answer.lame and alone and "." not in answer.name.removeprefix("_dmarc."):
            return Answer(answer.name, answer.rdtype, "nxdomain", canonical=answer.name)
        return answer

    async def ask_uncached(self, name: str, rdtype: str) -> Answer:
        """Query the name servers themselves if possible, so no cache gives an old answer."""
        if self.who.begins_at == "root":
            return await self._iterative.ask(name, rdtype)
        return await self.ask(name, rdtype)

    async def check_resolvers(self, name: str) -> None:
        """Check that a resolver answers at all, with a query for the TXT records of ``name``.

        :param name: as A-labels.
        :raises NobodyError: if none answers.
        :raises ValueError: if DNS cannot hold the name.
        """
        await self._resolvers_entrance.servers(Question(absolute(name), dns.rdatatype.TXT, dns.flags.RD))

    @cached_property
    def resolvers(self) -> tuple[Server, ...]:
        """The recursive resolvers: the configured ones, or else the machine's own."""
        return self.who.resolvers if self.who.resolvers is not None else tuple(system_resolvers())

    @property
    def compared(self) -> tuple[Server, ...]:
        """The resolvers to compare with the name servers; with ``nameservers``, only configured ones."""
        return () if self.who.begins_at == "nameservers" and self.who.resolvers is None else self.resolvers

    @cached_property
    def delegations(self) -> Delegations:
        """The walk from the root."""
        return Delegations(self.network, self.who.root_hints)

    @cached_property
    def authorities(self) -> Authorities:
        """Finds the zone that serves a name."""
        if self.who.begins_at == "root":
            return self.delegations
        through = ThroughResolvers(Resolver(self.network, *self._recursive_roads).ask)
        if self.who.begins_at == "resolvers":
            return through
        return GivenServers(self.network, self.who.nameservers, through)

    @cached_property
    def observer(self) -> Observer:
        """Queries every server for a domain's records."""
        who = self.who
        listed: list[tuple[Server, Listed]]
        if who.begins_at == "resolvers":
            listed = [(server, "resolvers") for server in self.resolvers]
            return Observer(self.network, Configured(listed), int(dns.flags.RD))
        if who.begins_at == "nameservers":
            listed = [(server, "run" if who.of_run else "nameservers") for server in who.nameservers]
            if who.primary is not None:
                listed.append((who.primary, "primary"))
            return Observer(self.network, Configured(listed))
        return Observer(self.network, Delegated(self.network, self.delegations, who.primary))

    @cached_property
    def _resolver(self) -> Resolver:
        given = [Road(always(self.who.nameservers))] if self.who.begins_at == "nameservers" else []
        return Resolver(self.network, *given, *self._recursive_roads)

    @cached_property
    def _iterative(self) -> Resolver:
        return Resolver(self.network, Road(lambda question: self.delegations.serving(question.name)))

    @cached_property
    def _recursive_roads(self) -> tuple[Road, ...]:
        """The given name servers if they offer recursion, then the resolvers."""
        roads = []
        if self.who.begins_at == "nameservers":
            roads.append(Road(always(self.who.nameservers), dns.flags.RD, offered=True))
        if self.who.resolvers != ():
            roads.append(Road(self._resolvers_entrance.servers, dns.flags.RD))
        return tuple(roads)

    @cached_property
    def _resolvers_entrance(self) -> Entrance:
        nobody = (
            "no resolver gives a usable answer" if self.resolvers else "this machine has no resolver (/etc/resolv.conf)"
        )
        return Entrance(self.network, self.resolvers, nobody, NAME_RESOLVER)


class Vantages:
    """One vantage for each :class:`Who`; all share one network."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._made: dict[Who, Vantage] = {}

    def of(self, who: Who) -> Vantage:
        """Return the vantage for a user's choice."""
        if who not in self._made:
            self._made[who] = Vantage(who, self._network)
        return self._made[who]


def servers_at(addresses: Sequence[str]) -> tuple[Server, ...]:
    """Return the servers at these addresses; raises RecordError."""
    return tuple(Server.parse(text) for text in addresses)


def resolvers_at(texts: Sequence[str]) -> tuple[Server, ...]:
    """Return resolvers by address or URL.

    :raises RecordError: for any other text.
    :raises NotInstalledError: for a URL of HTTPS without the extra ``doh``.
    """
    found = [resolver_address(text) for text in texts]
    if any(url.startswith("https:") for _, _, url in found):
        from elastx_mrs.lookup.transport.encrypted import check_https

        check_https()
    return tuple(Server(host, port, url=url) for host, port, url in found)


def _of_key(key: str, texts: Sequence[str], read: Callable[[Sequence[str]], tuple[Server, ...]]) -> tuple[Server, ...]:
    try:
        return read(texts)
    except RecordError as error:
        raise RecordError(f"{key}: {error}") from None
