"""What the component asks of a DNS provider: declare a record, say what is there, say what is taken over."""

from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

import pulumi

from elastx_mrs.config.model import Arguments
from elastx_mrs.config.modes import Mode
from elastx_mrs.progress import Hold
from elastx_mrs.publish.adoption import Adoption, Get
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


@runtime_checkable
class Settles(Protocol):
    """What a publisher may have too: it knows when its name servers have what was changed."""

    async def settled(self) -> None:
        """Wait until they have it, for a bounded time; called in an ``up``, before verification asks them."""
        ...


Say = Callable[[str, str], None]
"""Logs one line on the component's row: ``notice``, ``warning`` or ``error``, and the text."""

Resource = Callable[[str, dict[str, Any], pulumi.ResourceOptions], pulumi.CustomResource]
"""Makes the resource of one record, of its name, the record's properties and the options."""


@dataclass(frozen=True)
class Setup:
    """What a provider's factory makes its publisher of.

    :param settings: the provider's, of the type of its model.
    :param component: its own provider, where it has one, is the one to use.
    :param name: the component's.
    :param modes: the guard's, by sender domain.
    :param get: reads the stack's config, or the provider plugin's.
    :param resources: the kinds of resource in place of a publisher's own, by their type; the plugin has some.
    :param hold: is entered while the publisher itself keeps records back and says so.
    """

    settings: Any
    arguments: Arguments
    component: pulumi.Resource
    name: str
    modes: Mapping[str, Mode]
    say: Say
    get: Get
    resources: Mapping[str, Resource] = field(default_factory=dict)
    hold: Hold = nullcontext
