"""A stack that publishes to Route 53, in this process: its publisher, and what it says."""

from dataclasses import dataclass, field
from typing import Any, cast

import pulumi

from elastx_mrs import registry
from elastx_mrs.config.parse import parse_stack
from elastx_mrs.publish.publisher import Setup
from elastx_mrs.publish.rrset.publisher import RrsetPublisher

CONFIG: dict[str, Any] = {
    "accounts": ["a@acme.example"],
    "dkim": {"external": True},
    "domains": ["example.com"],
    "route53": {},
}


@dataclass
class Program:
    """What a program would be told.

    :ivar said: the level and the text of each line.
    """

    said: list[tuple[str, str]] = field(default_factory=list)

    def publisher(self, **config: Any) -> RrsetPublisher:
        """Return the publisher of a stack's config."""
        arguments = parse_stack({f"elastx-mrs:{key}": value for key, value in (CONFIG | config).items()})
        ((provider, settings),) = arguments.publishers
        assert provider is next(one for one in registry.providers() if one.name == "route53")
        setup = Setup(
            settings,
            arguments,
            cast("pulumi.Resource", None),
            "mail",
            {},
            lambda level, text: self.said.append((level, text)),
            lambda _: None,
        )
        made = provider.make(setup)
        assert isinstance(made, RrsetPublisher)
        return made
