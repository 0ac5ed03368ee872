"""What a name has, as receivers are told: CNAMEs followed, *there is none* and *could not ask* told apart."""

from collections.abc import Awaitable, Callable, Sequence

import dns.exception
import dns.flags
import dns.name
import dns.rdatatype

from elastx_mrs.lookup.answer import Answer
from elastx_mrs.lookup.network import LookupFailure, Network, Question, Server
from elastx_mrs.lookup.reading import MAX_CHAIN, Reading, absolute, read, text

Find = Callable[[dns.name.Name], Awaitable[Sequence[Server]]]
"""Finds the servers to ask about a name, in order; raises LookupFailure where it cannot."""


class Resolver:
    """Asks the servers for each name, in order, each question once.

    :param find: finds them; one that gives no usable answer is passed over for the next.
    :param flags: ``dns.flags.RD`` where they are recursive resolvers, 0 where they are authorities.
    :param nobody: what to say where there are no servers.
    """

    def __init__(self, network: Network, find: Find, flags: int, nobody: str) -> None:
        self._network = network
        self._find = find
        self._flags = flags
        self._nobody = nobody
        self._answers: dict[tuple[str, str], Answer] = {}

    @classmethod
    def system(cls, network: Network, configuration: str = "/etc/resolv.conf") -> "Resolver":
        """Return what asks the machine's own recursive resolvers.

        :param configuration: the file that lists them; on Windows the registry does.
        """
        servers = system_resolvers(configuration)
        return cls(network, _fixed(servers), dns.flags.RD, f"{configuration} names no resolver; set nameservers")

    @classmethod
    def of(cls, network: Network, servers: Sequence[Server]) -> "Resolver":
        """Return what asks the given servers, as the authorities that they are: RD clear, AA expected."""
        return cls(network, _fixed(servers), 0, "no nameservers are given")

    @classmethod
    def recursive(cls, network: Network, servers: Sequence[Server]) -> "Resolver":
        """Return what asks the given recursive resolvers."""
        return cls(network, _fixed(servers), dns.flags.RD, "no resolvers are given")

    @classmethod
    def iterative(cls, network: Network, find: Find) -> "Resolver":
        """Return what asks the authorities themselves, for each name those that ``find`` finds: no cache between."""
        return cls(network, find, 0, "it has no name server")

    async def ask(self, name: str, rdtype: str) -> Answer:
        """Return the answer; what the DNS does never raises.

        :param name: in presentation format (RFC 1035 §5.1), as A-labels, in any case, with or without a final dot.
        :param rdtype: such as ``TXT``.
        """
        try:
            asked = absolute(name)
        except ValueError as error:
            return Answer(name.lower().removesuffix("."), rdtype.upper(), "failed", problem=str(error))
        key = (text(asked), rdtype.upper())
        if key not in self._answers:
            self._answers[key] = await self._asked(asked, *key)
        return self._answers[key]

    async def _asked(self, asked: dns.name.Name, name: str, rdtype: str) -> Answer:
        chain = [asked]
        while True:
            try:
                servers = await self._find(chain[-1])
                if not servers:
                    return Answer(name, rdtype, "failed", problem=self._nobody)
                reading = await self._read(servers, Question(chain[-1], dns.rdatatype.from_text(rdtype), self._flags))
            except LookupFailure as failure:
                through = f"{_listed(chain)}: " if len(chain) > 1 else ""
                return Answer(name, rdtype, "failed", problem=f"{through}{failure}")
            chain += reading.chain
            if (problem := _endless(chain)) is not None:
                return Answer(name, rdtype, "failed", problem=problem)
            if reading.status is not None:
                return Answer(name, rdtype, reading.status, tuple(reading.rrset or ()), text(chain[-1]))

    async def _read(self, servers: Sequence[Server], question: Question) -> Reading:
        return await self._network.first(servers, question, lambda reply: read(reply, question))


def system_resolvers(configuration: str = "/etc/resolv.conf") -> list[Server]:
    """Return the machine's own recursive resolvers; none where it has none.

    :param configuration: the file that lists them; on Windows the registry does.
    """
    import dns.resolver  # 60 ms, most of them for what DNS over HTTPS needs; every preview would pay

    try:
        found = dns.resolver.Resolver(configuration)
    except dns.exception.DNSException:
        return []
    # As read from the system's settings they are addresses; the class has room for other kinds.
    return [Server(host, found.port) for host in found.nameservers if isinstance(host, str)]


def _fixed(servers: Sequence[Server]) -> Find:
    async def find(name: dns.name.Name) -> Sequence[Server]:
        return servers

    return find


def _endless(chain: Sequence[dns.name.Name]) -> str | None:
    if len(set(chain)) < len(chain):
        return f"its CNAMEs lead in a circle: {_listed(chain)}"
    if len(chain) > MAX_CHAIN + 1:
        return f"its CNAMEs lead on over {MAX_CHAIN} times: {_listed(chain)}"
    return None


def _listed(chain: Sequence[dns.name.Name]) -> str:
    shown = [text(name) for name in chain[:4]]
    return " -> ".join([*shown, "…"] if len(chain) > len(shown) else shown)
