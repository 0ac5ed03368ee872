"""How long one server is waited for, and how often it is asked again: packets get lost, and servers are dead."""

from dataclasses import dataclass
from functools import cache

from elastx_mrs import limits


@dataclass(frozen=True, eq=False)  # by identity, which is what makes the cache below quick
class Patience:
    """How long a server is waited for, and how often it is sent one question.

    A try is a socket and an ID of its own, in which the packet is sent again and again; each try is longer than the one
    before. With a fifth of all packets lost each way, one in 3,000 questions is not answered in ``silent`` seconds, and
    one in 1,000,000,000 not in ``lossy``.

    :param first: seconds of the first try.
    :param growth: how many times as long each further try is.
    :param silent: seconds in all.
    :param lossy: the same for a server that has answered another question only when that was sent again: then it is
        the path that loses packets, and silence says nothing of the server.
    :param again: seconds until the packet is sent again within a try; each next pause is longer by a quarter.
    """

    first: float = 1.5
    growth: float = 5 / 3
    silent: float = limits.QUESTION_SECONDS.most
    lossy: float = limits.LOSSY_QUESTION_SECONDS.most
    again: float = 0.4

    @cache  # noqa: B019  of few patiences, and each lives as long as the process
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
"""What every server gets."""
