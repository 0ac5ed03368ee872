"""A stack whose publisher owns whole record sets, in this process: its publisher, and what it logs."""

import json
from dataclasses import dataclass, field
from typing import Any, cast

import pulumi

from elastx_mrs import registry
from elastx_mrs.config.parse import parse_stack
from elastx_mrs.publish.publisher import Setup
from elastx_mrs.publish.rrset.publisher import RrsetPublisher

CONFIG: dict[str, Any] = {"accounts": ["a@acme.example"], "dkim": {"external": True}, "domains": ["example.com"]}


@dataclass
class Program:
    """A program that names one provider.

    :param provider: its key in the config.
    :ivar said: the level and the text of each line.
    """

    provider: str
    said: list[tuple[str, str]] = field(default_factory=list)

    def publisher(self, **config: Any) -> RrsetPublisher:
        """Return the publisher of a stack's config; without settings, the provider has none."""
        given = CONFIG | {self.provider: {}} | config
        values = {f"elastx-mrs:{key}": value for key, value in given.items()}
        arguments = parse_stack(values)
        ((provider, settings),) = arguments.publishers
        assert provider is next(one for one in registry.providers() if one.name == self.provider)
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
        assert isinstance(made, RrsetPublisher)
        return made
