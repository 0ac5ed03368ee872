"""Who is asked, in one place: the configured name servers, else delegation and the machine's own resolvers."""

import asyncio
import sys
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from elastx_mrs.lookup.answer import Ask
from elastx_mrs.lookup.delegation import Authorities
from elastx_mrs.lookup.network import Network, Server
from elastx_mrs.lookup.resolver import Resolver
from elastx_mrs.records.names import server_address

NAMESERVERS = "ELASTX_MRS_NAMESERVERS"
"""The environment variable that overrides the configured name servers for one run; addresses with commas between."""

PATIENCE = 2.0
"""Seconds after which a command says that it is still asking."""

T = TypeVar("T")


@dataclass(frozen=True)
class Asking:
    """What asks: everything through one network, so that one bound holds over all of it.

    :param ask: what a mail receiver would be answered.
    :param authorities: who is authoritative for a name.
    """

    network: Network
    ask: Ask
    authorities: Authorities

    @classmethod
    def of(cls, nameservers: Sequence[str], root_hints: Sequence[str], environment: Mapping[str, str]) -> "Asking":
        """Return what asks the given servers, or, without any, delegation and the machine's resolvers.

        :param nameservers: addresses with ports; ``ELASTX_MRS_NAMESERVERS`` overrides them.
        :param root_hints: addresses to begin delegation at; IANA's root servers unless given.
        :raises RecordError: naming the address that is none.
        """
        servers = configured(nameservers, environment)
        network = Network()
        if servers:
            return cls(network, Resolver.of(network, servers).ask, Authorities.of(network, servers))
        hints = servers_at(root_hints)
        return cls(network, Resolver.system(network).ask, Authorities.delegated(network, hints))


def configured(nameservers: Sequence[str], environment: Mapping[str, str]) -> tuple[Server, ...]:
    """Return the name servers that take the place of delegation; ``ELASTX_MRS_NAMESERVERS`` overrides them.

    :raises RecordError: naming the address that is none.
    """
    override = [text.strip() for text in environment.get(NAMESERVERS, "").split(",") if text.strip()]
    return servers_at(override or nameservers)


def servers_at(addresses: Sequence[str]) -> tuple[Server, ...]:
    """Return servers by their addresses; raises RecordError."""
    return tuple(Server(*server_address(text)) for text in addresses)


def answered(work: Coroutine[Any, Any, T], asking: Asking) -> T:
    """Run a command's questions to their end, with a line on standard error where that takes a while."""

    async def run() -> T:
        task = asyncio.ensure_future(work)
        done, _ = await asyncio.wait({task}, timeout=PATIENCE)
        if not done:
            print(f"still asking name servers ({asking.network.sent} queries so far) …", file=sys.stderr, flush=True)
        return await task

    return asyncio.run(run())
