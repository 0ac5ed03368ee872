"""Declares TXT records as Pulumi resources: one module per DNS provider, imported only when it is used."""

from typing import Protocol

import pulumi

from elastx_mrs.publish.existing import CannotAskError, Existing
from elastx_mrs.records import TxtRecord

__all__ = ["CannotAskError", "Existing", "Publisher"]


class Publisher(Protocol):
    """What the component asks of a DNS provider; write your own for one that is not here."""

    @property
    def shares_ttl(self) -> bool:
        """Whether the records of a name have one TTL between them, as in DNS, and not each its own."""
        ...

    def declare(self, name: str, record: TxtRecord, options: pulumi.ResourceOptions) -> pulumi.CustomResource:
        """Declare one record as one resource called ``name``."""
        ...

    def published(self, resource: pulumi.CustomResource) -> pulumi.Output[str]:
        """Return the value that a declared record has in the state, its character-strings joined."""
        ...

    async def existing(self, owner: str) -> Existing:
        """Say what is at an owner name, where this publisher would write to; the guard asks before anything is written.

        :raises CannotAskError: where that cannot be found out.
        """
        ...

    def adopted(self) -> frozenset[str]:
        """Return the owner names at which a create takes over what is there; empty where it never does."""
        ...

    def merging(self, record: TxtRecord) -> str:
        """Return what to run to keep, and change, what is at a record's name already."""
        ...

    def claiming(self, record: TxtRecord) -> str:
        """Return what to run where exactly a record's value is there already, as after an interrupted run."""
        ...
