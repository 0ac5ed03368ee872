"""The zones that a publisher has. A stack with several publishers looks them up before it makes any publisher."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from elastx_mrs.records.names import longest_zone


@dataclass(frozen=True)
class Held:
    """What a provider tells of its zones.

    :param zones: the names of those that can be published to. A domain for which the config names a zone's id counts
        too.
    :param unreached: why the provider did not tell all of them, and what to do; empty if it did.
    :param kept: what its factory gets as ``Setup.held.kept``, and so need not ask for again.
    """

    zones: Sequence[str]
    unreached: str = ""
    kept: Any = None

    def zone_of(self, domain: str) -> str | None:
        """Return the longest zone that a domain is, or ends in; None if there is none."""
        return longest_zone(domain, self.zones)
