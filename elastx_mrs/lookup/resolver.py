"""Looks names up as mail receivers do: it follows CNAMEs, and separates *there is none* from *could not ask*."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rdatatype

from elastx_mrs import limits
from elastx_mrs.display import visible
from elastx_mrs.lookup import budget
from elastx_mrs.lookup.answer import Answer
from elastx_mrs.lookup.network import Network
from elastx_mrs.lookup.question import LookupFailure, OverBudgetError, Question, Server
from elastx_mrs.lookup.response import Reading, absolute, check_recursion, read, text
from elastx_mrs.lookup.start import NobodyError

Find = Callable[[Question], Awaitable[Sequence[Server]]]
"""Finds the servers for a question, in order; raises LookupFailure if it cannot."""


@dataclass(frozen=True)
class Road:
    """One way to an answer: some servers, and what they must do.

    :param find: finds the servers; if one gives no usable answer, the next is tried.
    :param flags: ``dns.flags.RD`` if they are recursive resolvers, 0 if they are authorities.
    :param offered: whether a server must serve the name, or offer recursion (RA).
    """

    find: Find
    flags: int = 0
    offered: bool = False


class Resolver:
    """Looks names up, each question once.

    :param roads: tried in order. The next one is for names outside the zones of the servers before it; any other
        failure ends the search.
    """

    def __init__(self, network: Network, *roads: Road) -> None:
        self._network = network
        self._roads = roads
        self._answers: dict[tuple[str, str], Answer] = {}

    async def ask(self, name: str, rdtype: str) -> Answer:
        """Return the answer; never raises because of DNS.

        :param name: in presentation format (RFC 1035 §5.1), as A-labels, in any case, with or without a final dot.
        :param rdtype: such as ``TXT``.
        """
        try:
            asked = absolute(name)
        except ValueError as error:
            return Answer(name.lower().removesuffix("."), rdtype.upper(), "failed", problem=str(error))
        key = (text(asked), rdtype.upper())
        answer = self._answers.get(key)
        if answer is None:
            with budget.of_question(f"looking up {visible(key[0])} {key[1]}"):
                answer = await self._asked(asked, *key)
            around = budget.current()
            if answer.status != "failed" or around is None or not around.exhausted:
                self._answers[key] = answer  # a failure for lack of this task's budget is not cached
        return answer

    async def _asked(self, asked: dns.name.Name, name: str, rdtype: str) -> Answer:
        chain = [asked]
        while True:
            try:
                reading = await self._read(chain[-1], dns.rdatatype.from_text(rdtype))
            except LookupFailure as failure:
                through = f"{_listed(chain)}: " if len(chain) > 1 else ""
                return Answer(
                    name,
                    rdtype,
                    "failed",
                    problem=f"{through}{failure}",
                    lame=failure.outside,
                    nobody=isinstance(failure, NobodyError),
                    over=isinstance(failure, OverBudgetError),
                )
            chain += reading.chain
            if (problem := _endless(chain)) is not None:
                return Answer(name, rdtype, "failed", problem=problem)
            if reading.status is not None:
                return Answer(name, rdtype, reading.status, tuple(reading.rrset or ()), text(chain[-1]))

    async def _read(self, name: dns.name.Name, rdtype: dns.rdatatype.RdataType) -> Reading:
        """Return the answer of the first road that leads to the name."""
        outside: LookupFailure | None = None
        for road in self._roads:
            question = Question(name, rdtype, road.flags)
            try:
                return await self._network.first(await road.find(question), question, _reader(road, question))
            except LookupFailure as failure:
                if not failure.outside:
                    raise
                outside = outside or failure
        raise outside or LookupFailure(None, "there is no server to query")


def _reader(road: Road, question: Question) -> Callable[[dns.message.Message], Reading]:
    def checked(reply: dns.message.Message) -> Reading:
        if road.offered:
            check_recursion(reply, question)
        return read(reply, question)

    return checked


def system_resolvers(configuration: str = "/etc/resolv.conf") -> list[Server]:
    """Return the machine's own recursive resolvers; none if it has none.

    :param configuration: the file that lists them; on Windows the registry does.
    """
    import dns.resolver  # it takes 60 ms, mostly for DNS over HTTPS, which every preview would pay

    try:
        found = dns.resolver.Resolver(configuration)
    except dns.exception.DNSException:
        return []
    # From the system's settings they are addresses; the class allows other kinds.
    return [Server(host, found.port) for host in found.nameservers if isinstance(host, str)]


def always(servers: Sequence[Server]) -> Find:
    """Return a function that finds the same servers for every question."""

    async def find(question: Question) -> Sequence[Server]:
        return servers

    return find


def _endless(chain: Sequence[dns.name.Name]) -> str | None:
    if len(set(chain)) < len(chain):
        return f"its CNAMEs form a loop: {_listed(chain)}"
    if len(chain) > limits.CNAMES.most + 1:
        return f"its CNAMEs go on for more than {limits.CNAMES.most} times: {_listed(chain)}"
    return None


def _listed(chain: Sequence[dns.name.Name]) -> str:
    shown = [text(name) for name in chain[:4]]
    return " -> ".join([*shown, "…"] if len(chain) > len(shown) else shown)
