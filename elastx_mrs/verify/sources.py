"""What one round of verification shares: one network, so nothing is asked twice, and what it found out on the way."""

from dataclasses import dataclass, field

from elastx_mrs.lookup.network import Network
from elastx_mrs.lookup.once import Once
from elastx_mrs.lookup.vantage import Vantage, Vantages, Who
from elastx_mrs.receiver.spf_tree import Tree
from elastx_mrs.service import Service
from elastx_mrs.verify.relay import Relay
from elastx_mrs.verify.result import Verdict

IN_FLIGHT = 200
"""Queries under way at once, over all servers."""

IN_FLIGHT_PER_SERVER = 100
"""Queries under way at once to one server: of two servers, neither waits for the other's share."""


@dataclass
class Asked:
    """What one round knows from one vantage.

    :ivar relays: what each service's own SPF record passes; looked up once, with the first domain that needs it.
    :ivar passing: SPF records known to pass all of a service's addresses, with what they lead to: most domains have the
        same text.
    """

    vantage: Vantage
    relays: Once[Service, Relay] = field(default_factory=Once)
    passing: dict[tuple[Service, str], Tree] = field(default_factory=dict)

    def cannot_ask(self, *, over: bool) -> Verdict:
        """Return the verdict if somebody else's name cannot be asked: ``nameservers`` may be all that this network has.

        :param over: whether a limit was reached: then somebody else's zone is at fault, and that must not pass.
        """
        return "unchecked" if self.vantage.who.begins_at == "nameservers" and not over else "unreachable"


class Round:
    """One round of asking: everything in it is asked once."""

    def __init__(self) -> None:
        self._vantages = Vantages(Network(IN_FLIGHT, IN_FLIGHT_PER_SERVER))
        self._asked: dict[Who, Asked] = {}

    def asked(self, who: Who) -> Asked:
        """Return what is known from a vantage; domains with the same one share it."""
        if who not in self._asked:
            self._asked[who] = Asked(self._vantages.of(who))
        return self._asked[who]
