"""What one round of verification shares: one network, so no query is sent twice, and intermediate results."""

from dataclasses import dataclass, field

from elastx_mrs.lookup.network import Network
from elastx_mrs.lookup.once import Once
from elastx_mrs.lookup.vantage import Vantage, Vantages, Who
from elastx_mrs.receiver.spf_tree import Tree
from elastx_mrs.service import Service
from elastx_mrs.verify.relay import Relay
from elastx_mrs.verify.result import Verdict

IN_FLIGHT = 200
"""Queries in flight over all servers."""

IN_FLIGHT_PER_SERVER = 100
"""Queries in flight to one server, so two servers never wait for each other."""


@dataclass
class Asked:
    """The intermediate results of one round, from one vantage.

    :ivar relays: the addresses of each service; looked up once, for the first domain that needs them.
    :ivar passing: trees of SPF records that are known to pass all of a service's addresses. Most domains have the same
        record.
    """

    vantage: Vantage
    relays: Once[Service, Relay] = field(default_factory=Once)
    passing: dict[tuple[Service, str], Tree] = field(default_factory=dict)

    def cannot_ask(self, *, over: bool) -> Verdict:
        """Return the verdict if somebody else's name cannot be queried; ``nameservers`` may be all that is reachable.

        :param over: whether a limit was reached: somebody else's zone must not turn a check off.
        """
        return "unchecked" if self.vantage.who.begins_at == "nameservers" and not over else "unreachable"


class Round:
    """One round of queries: each is sent once."""

    def __init__(self) -> None:
        self._vantages = Vantages(Network(IN_FLIGHT, IN_FLIGHT_PER_SERVER))
        self._asked: dict[Who, Asked] = {}

    def asked(self, who: Who) -> Asked:
        """Return the results from a vantage; domains with the same one share them."""
        if who not in self._asked:
            self._asked[who] = Asked(self._vantages.of(who))
        return self._asked[who]
