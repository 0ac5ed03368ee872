"""How long the plugin of each age waits before it sends a failed request again; read in cloudflare-go's own source.

================= ===================== ==============
pulumi-cloudflare Cloudflare's provider cloudflare-go
================= ===================== ==============
6.10 to 6.12      5.11 to 5.15          6.1 to 6.5
6.13, 6.14        5.16 to 5.18          6.6 to 6.8
6.15 and later    5.19 and later        6.10 and later
================= ===================== ==============

Of 6.7 to 6.9 and of 6.10 and later the source was not to be had. The latter's waits were seen in builds of
Cloudflare's provider 5.19.1 and 5.22.0; somewhere between 6.6 and 6.10 each ``Retry-After`` came to count.
"""

import math
import os
import random
from collections.abc import Mapping
from dataclasses import dataclass

VARIABLE = "STAND_IN_AGE"
"""Names the age of a run's stand-in, as the oldest ``pulumi-cloudflare`` that waits so."""


@dataclass(frozen=True)
class Age:
    """When a request is sent again.

    :param tries: how often one is sent at most.
    :param first: seconds after the first try; twice as many after each other.
    :param longest: seconds that these come to at most.
    :param obeyed: seconds; a ``Retry-After`` of so many or more does not count.
    """

    tries: int
    first: float
    longest: float
    obeyed: float

    def wait(self, again: int, asked: float | None) -> float:
        """Return the seconds to wait.

        :param again: how often the request was sent again before, from 0.
        :param asked: the answer's ``Retry-After``; None for none.
        """
        if asked is not None and 0 <= asked < self.obeyed:
            return asked
        seconds = min(self.first * 2.0**again, self.longest)
        return seconds * (1 - random.random() / 4)  # noqa: S311


AGES = {
    "6.10": Age(tries=3, first=0.5, longest=8.0, obeyed=60.0),
    "6.13": Age(tries=11, first=2.0, longest=30.0, obeyed=60.0),
    "6.15": Age(tries=11, first=2.0, longest=30.0, obeyed=math.inf),
}
OLDEST, CURRENT = "6.10", "6.15"
"""The oldest that ``pyproject.toml`` allows, and the one whose code was tried (``pulumi-cloudflare`` 6.15 and 6.23)."""


def age_of(environ: Mapping[str, str] = os.environ) -> str:
    """Return which age a run asks for.

    :raises ValueError: for one that there is not.
    """
    asked = environ.get(VARIABLE) or CURRENT
    if asked not in AGES:
        raise ValueError(f"{VARIABLE} is {asked}; it can be {', '.join(AGES)}")
    return asked
