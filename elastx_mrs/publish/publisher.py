"""The interface of a DNS provider: declare a record, return existing records, take records over."""

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
from elastx_mrs.publish.held import Held
from elastx_mrs.records import TxtRecord


class Publisher(Protocol):
    """The interface that the component needs from a DNS provider. Write your own for one that is not built in."""

    @property
    def shares_ttl(self) -> bool:
        """Whether all records of a name share one TTL, as in DNS, or each has its own."""
        ...

    def declare(self, name: str, record: TxtRecord, options: pulumi.ResourceOptions) -> pulumi.CustomResource:
        """Declare one record as one resource called ``name``."""
        ...

    @property
    def adoption(self) -> Adoption:
        """How existing records are taken over. The guard reads this once per run."""
        ...

    def value_of(self, properties: Mapping[str, Any]) -> str:
        """Return the value in a resource's inputs or outputs, with its character-strings joined, as readable text.

        The guard and verification read a resource through this.
        """
        ...

    async def existing(self, owner: str) -> Existing:
        """Return the existing records at an owner name. The guard calls this before anything is written.

        :raises CannotAskError: if they cannot be read.
        """
        ...


@runtime_checkable
class Settles(Protocol):
    """What a publisher may have too: it knows when its name servers have what was changed."""

    async def settled(self) -> None:
        """Wait until they have it, for a bounded time; called in an ``up``, before verification asks them."""
        ...


@runtime_checkable
class Typed(Protocol):
    """What a publisher has too if others may use its Pulumi type: two resources of a type need different names."""

    @property
    def resource_type(self) -> str:
        """The type, or one of its aliases."""
        ...


Say = Callable[[str, str], None]
"""Logs one line on the component's row: ``notice``, ``warning`` or ``error``, and the text."""

Resource = Callable[[str, dict[str, Any], pulumi.ResourceOptions], pulumi.CustomResource]
"""Creates the resource of one record from its name, the record's properties and the options."""


@dataclass(frozen=True)
class Setup:
    """The input of a provider's factory.

    :param settings: the provider's settings, of its model's type.
    :param arguments: the component's. If it has several publishers, ``published`` and ``records()`` have only what is
        for this one.
    :param component: the component. Use its own provider, if it has one.
    :param name: the component's name.
    :param modes: the guard's modes, by sender domain.
    :param get: reads the stack's config, or the provider plugin's.
    :param resources: create resources instead of a publisher, by their type; the plugin has some of its own.
    :param hold: a context that the publisher enters while it delays records and reports that itself.
    :param held: what the provider told of its zones; None if it was not asked.
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
    held: Held | None = None
