"""How long to wait for a server, and how often to repeat a query: packets get lost, and servers are dead."""

from dataclasses import dataclass
from functools import cache

from elastx_mrs import limits


@dataclass(frozen=True, eq=False)  # by identity, which makes the cache below quick
class Patience:
    """How long to wait for a server, and how often to send it a query.

    Each try has its own socket and ID, sends the packet several times, and is longer than the one before. If a fifth of
    all packets is lost each way, one in 3,000 queries has no answer within ``silent`` seconds, and one in 1,000,000,000
    within ``lossy``.

    :param first: seconds of the first try.
    :param growth: the factor by which each next try is longer.
    :param silent: seconds in all.
    :param lossy: the same for a server that answered another query only when it was repeated: then the path loses
        packets, and silence tells nothing about the server.
    :param again: seconds until the packet is sent again within a try; each next pause is a quarter longer.
    """

    first: float = 1.5
    growth: float = 5 / 3
    silent: float = limits.QUESTION_SECONDS.most
    lossy: float = limits.LOSSY_QUESTION_SECONDS.most
    again: float = 0.4

    @cache  # noqa: B019  there are few, and each lives as long as the process
    def pauses(self, seconds: float) -> tuple[float, ...]:
        """Return the seconds between one packet and the next, within a try of this length."""
        found = []
        pause, left = self.again, seconds
        while pause < left:
            found.append(pause)
            left -= pause
            pause *= 1.25
        return tuple(found)


PATIENCE = Patience()
"""The default for every server."""
