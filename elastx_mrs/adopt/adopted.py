"""The result for one domain: its config, the names to take over, and remarks."""

from dataclasses import dataclass, field
from typing import Any


@dataclass
class Adopted:
    """One domain: its config, the names to take over, and remarks of one line each.

    :ivar changes: the records that are kept, and those that an ``up`` changes.
    :ivar faults: what cannot be kept as it is, each with its fix.
    :ivar unasked: the failed look-ups.
    """

    domain: str
    config: dict[str, Any] = field(default_factory=dict)
    owners: list[str] = field(default_factory=list)
    changes: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    unasked: list[str] = field(default_factory=list)

    def own(self, owner: str) -> None:
        """Take over the records at a name."""
        if owner not in self.owners:
            self.owners.append(owner)
