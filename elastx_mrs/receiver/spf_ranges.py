"""Finds the addresses of an SPF record: the points where its result can change from one address to the next."""

import ipaddress
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

from elastx_mrs import limits
from elastx_mrs.lookup.answer import Ask
from elastx_mrs.receiver.spf_record import is_name
from elastx_mrs.receiver.spf_tree import Tree
from elastx_mrs.records.spf_macro import letters
from elastx_mrs.records.spf_terms import Mechanism

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network


def trees(tree: Tree) -> list[Tree]:
    """Return a record's tree and every one below it, each once."""
    found = {tree.domain: tree}
    for _, node in tree.walk():
        if node.below is not None:
            found.setdefault(node.below.domain, node.below)
    return list(found.values())


async def networks(ask: Ask, tree: Tree) -> list[Network]:
    """Return every network in a term of the tree, also through ``a`` and ``mx``."""
    found: dict[Network, None] = {}
    for part in trees(tree):
        record = part.found.record
        for term in record.evaluated() if record is not None else ():
            if isinstance(term, Mechanism):
                found.update(dict.fromkeys([network async for network in _of(ask, part.domain, term)]))
    return list(found)


async def _of(ask: Ask, domain: str, term: Mechanism) -> AsyncIterator[Network]:
    if term.address is not None and term.network is not None:
        yield term.network
    elif term.name in ("a", "mx"):
        target = (term.domain or domain).lower()
        if letters(target) or "%" in target or not is_name(target):
            return
        hosts = [target] if term.name == "a" else (await ask(target, "MX")).names()
        for host in hosts[:10]:
            for rdtype, length in (("A", term.ip4_length), ("AAAA", term.ip6_length)):
                for address in (await ask(host, rdtype)).addresses() if is_name(host) else ():
                    yield ipaddress.ip_network((address, length), strict=False)


def points(within: Sequence[Network], borders: Iterable[Network]) -> list[Address]:
    """Return one address of ``within`` for each stretch between borders, because SPF has one result for a stretch.

    These are the first address of each network, and the addresses where another network begins or has just ended. There
    is at most one more than :data:`limits.SPF_ADDRESSES`.
    """
    found: dict[Address, None] = {}
    for network in within:
        found[network[0]] = None
    for border in borders:
        for address in _edges(border):
            if any(address.version == network.version and address in network for network in within):
                found[address] = None
    return list(found)[: limits.SPF_ADDRESSES.most + 1]


def _edges(network: Network) -> Iterator[Address]:
    yield network[0]
    last = network[-1]
    if int(last) + 1 < 1 << network.max_prefixlen:
        yield last + 1
