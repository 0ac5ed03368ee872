"""One company's domain: who serves it, and what each of them says."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from tests.verify.namespace import BIND, KNOT, NSD
from tests.verify.scene import records

THREE: Mapping[str, tuple[str, ...]] = {"ns1": (BIND,), "ns2": (KNOT,), "ns3": (NSD,)}
"""BIND, Knot and NSD, by the label of the server's name below the domain."""

SILENT, SLOW, CUTTING, DEAD_SIX = "127.0.0.21", "127.0.0.22", "127.0.0.23", "fd00::dead"
"""Addresses of :mod:`tests.verify.world.odd`."""

NOT_LOADED = "@ NONSENSE\n"
"""A zone that NSD cannot read, and then answers SERVFAIL for."""

SERIAL = 2


@dataclass(frozen=True)
class Company:
    """A domain below ``com``.

    :param body: its records beside SOA, NS and the addresses of its servers.
    :param hosts: the labels of its name servers, with their addresses.
    :param instead: what a server at an address has in place of ``body``, with a serial one lower; ``None`` where it
        does not serve the zone at all.
    :param parent: what the parent names, where that is not all of the hosts.
    """

    domain: str
    body: str = field(default_factory=records)
    hosts: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: THREE)
    instead: Mapping[str, str | None] = field(default_factory=dict)
    parent: tuple[str, ...] = ()

    def at(self, address: str) -> str | None:
        """The zone as the real server at an address has it; None where it has none."""
        if address not in self.addresses() and address not in self.instead:
            return None
        body = self.instead.get(address, self.body)
        return None if body is None else self.zone(body, SERIAL - (address in self.instead))

    def addresses(self) -> set[str]:
        return {address for addresses in self.hosts.values() for address in addresses}

    def zone(self, body: str, serial: int = SERIAL) -> str:
        names = "".join(f"@ NS {label}\n" for label in self.hosts)
        soa = f"@ SOA ns1.{self.domain}. h. {serial} 3600 900 604800 300\n"
        return f"$TTL 3600\n$ORIGIN {self.domain}.\n{soa}{names}{self._glue('', self.hosts)}{body}"

    def delegation(self) -> str:
        """The parent's lines."""
        label = self.domain.removesuffix(".com")
        named = self.parent or tuple(self.hosts)
        lines = "".join(f"{label} NS {host}.{label}\n" for host in named)
        return lines + self._glue(f".{label}", named)

    def _glue(self, suffix: str, hosts: Iterable[str]) -> str:
        return "".join(
            f"{host}{suffix} {'AAAA' if ':' in address else 'A'} {address}\n"
            for host in hosts
            for address in self.hosts[host]
        )


def server(domain: str, label: str) -> str:
    """How verification writes a server of a domain, at its first address among the usual three."""
    return f"{label}.{domain} ({THREE[label][0]})"
