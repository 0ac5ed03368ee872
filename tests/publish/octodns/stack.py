"""A stack that publishes through octoDNS, in this process: its publisher, and what it says."""

import json
from dataclasses import dataclass, field
from typing import Any, cast

import pulumi

from elastx_mrs import registry
from elastx_mrs.config.parse import parse_stack
from elastx_mrs.publish.octodns.publisher import OctodnsPublisher
from elastx_mrs.publish.publisher import Setup

CONFIG: dict[str, Any] = {"accounts": ["a@acme.example"], "dkim": {"external": True}, "domains": ["example.com"]}


@dataclass
class Program:
    """What a program would be told.

    :ivar said: the level and the text of each line.
    """

    said: list[tuple[str, str]] = field(default_factory=list)

    def publisher(self, **config: Any) -> OctodnsPublisher:
        """Return the publisher of a stack's config."""
        values = {f"elastx-mrs:{key}": value for key, value in (CONFIG | config).items()}
        arguments = parse_stack(values)
        ((provider, settings),) = arguments.publishers
        assert provider is next(one for one in registry.providers() if one.name == "octodns")
        setup = Setup(
            settings,
            arguments,
            cast("pulumi.Resource", None),
            "mail",
            {},
            lambda level, text: self.said.append((level, text)),
            {key: json.dumps(value) for key, value in values.items()}.get,
        )
        made = provider.make(setup)
        assert isinstance(made, OctodnsPublisher)
        return made
