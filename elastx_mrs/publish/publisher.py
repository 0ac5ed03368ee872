"""What the component asks of a DNS provider: declare a record, say what is there, say what is taken over."""

from collections.abc import Mapping
from typing import Any, Protocol

import pulumi

from elastx_mrs.publish.adoption import Adoption
from elastx_mrs.publish.existing import Existing
from elastx_mrs.records import TxtRecord


class Publisher(Protocol):
    """What the component asks of a DNS provider; write your own for one that is not here."""

    @property
    def shares_ttl(self) -> bool:
        """Whether the records of a name have one TTL between them, as in DNS, and not each its own."""
        ...

    def declare(self, name: str, record: TxtRecord, options: pulumi.ResourceOptions) -> pulumi.CustomResource:
        """Declare one record as one resource called ``name``."""
        ...

    @property
    def adoption(self) -> Adoption:
        """How what is at a name already is taken over; the guard asks once a run."""
        ...

    def value_of(self, properties: Mapping[str, Any]) -> str:
        """Return the value in a resource's inputs or outputs, its character-strings joined, as people read them.

        The guard and verification read a resource through this.
        """
        ...

    async def existing(self, owner: str) -> Existing:
        """Say what is at an owner name, where this publisher would write to; the guard asks before anything is written.

        :raises CannotAskError: where that cannot be found out.
        """
        ...
