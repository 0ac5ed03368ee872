"""Hostile zones of third parties, in an Internet in memory: whom a domain's records lead to has hundreds of servers."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from tests import golden
from tests.fuzz import wire
from tests.fuzz.server import Server, Zone
from tests.fuzz.world import DMARC, RESOLVER, SECOND, SPF, World, nodes
from tests.fuzz.zones import GOOD, HIS, TOP

SHARED = "@ SOA -\n@ NS ns1.good.com\n@ NS ns2.good.com\n"


@dataclass
class Hostile:
    """A third party's zone below ``com``.

    :param name: such as ``dead.com``.
    :param delegated: the names in its NS records at the parent.
    :param addresses: of each name server that has glue, by name.
    :param records: what its own server has, which is at 10.6.6.6.
    """

    name: str
    delegated: Iterable[str]
    addresses: dict[str, list[str]] = field(default_factory=dict)
    records: str = ""


def dead(name: str, servers: int, each: int = 1) -> Hostile:
    """A zone of servers at addresses where nothing is."""
    names = [f"ns{number}.{name}" for number in range(servers)]
    hosts = {ns: [f"10.9.{number}.{last}" for last in range(1, each + 1)] for number, ns in enumerate(names)}
    return Hostile(name, names, hosts)


def glueless(name: str, servers: int, records: str) -> Hostile:
    """A zone whose own NS records name hundreds of servers, each in a zone whose servers are as many, without glue."""
    own = "".join(f"@ NS n{number}.x{number}.{name}\n" for number in range(servers))
    cuts = "".join(f"x{n} NS m{m}.x{n + m + 1}.{name}\n" for n in range(servers) for m in range(3))
    return Hostile(name, [f"ns.{name}"], {f"ns.{name}": [HIS]}, f"@ SOA -\n{own}{cuts}ns A {HIS}\n{records}")


def domain(name: str, spf: str = SPF, dmarc: str = DMARC, dkim: str = f"TXT {golden.DKIM}") -> dict[str, str]:
    """A domain of ours, on the good servers."""
    own = f"{SHARED}@ TXT {spf}\n@ TXT {golden.TOKEN}\nelastx._domainkey {dkim}\n_dmarc TXT {dmarc}\n"
    return {name: own}


def world(ours: dict[str, str], *hostile: Hostile) -> World:
    """An Internet with domains of ours beside good.com, and what their records lead to."""
    made = World(())
    parent = "".join(f"{name[:-4]} NS ns{n}.good.com\n" for name in ours for n in (1, 2))
    for one in hostile:
        parent += "".join(f"{one.name[:-4]} NS {ns}\n" for ns in one.delegated)
        parent += "".join(f"{ns[:-4]} A {ip}\n" for ns, ips in one.addresses.items() for ip in ips)
        if one.records:
            _add(made.servers[HIS], one.name, one.records)
    com = made.servers[TOP].zones[(b"com",)]
    made.servers[TOP].zones[(b"com",)] = Zone(com.origin, com.nodes | nodes("com", parent), com.ttl, glue=2000)
    for name, records in ours.items():
        for address in (GOOD, SECOND):
            _add(made.servers[address], name, records)
    resolver = made.servers[RESOLVER]
    for server in list(made.servers.values()):
        resolver.zones = {**server.zones, **resolver.zones}
    return made


def _add(server: Server, name: str, records: str) -> None:
    server.zones[wire.name(name)] = Zone(wire.name(name), nodes(name, records))
