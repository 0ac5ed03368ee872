"""The publishers of a component: each is made with what concerns it alone, after their zones decided what that is."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

import pulumi

from elastx_mrs.component.places import Places, by_zones
from elastx_mrs.config.model import Arguments
from elastx_mrs.config.modes import Mode
from elastx_mrs.config.rules import ttl_faults
from elastx_mrs.progress import Hold
from elastx_mrs.publish.adoption import Get
from elastx_mrs.publish.held import Held
from elastx_mrs.publish.publisher import Publisher, Resource, Say, Setup


@dataclass
class Setups:
    """What the publishers of a component are made from (see :class:`elastx_mrs.publish.publisher.Setup`)."""

    arguments: Arguments
    component: pulumi.Resource
    modes: Mapping[str, Mode]
    say: Say
    get: Get
    resources: Mapping[str, Resource]
    hold: Hold
    _held: dict[str, Held | None] = field(default_factory=dict)

    def looked_for(self, domains: Collection[str]) -> Places:
        """Return the publisher of each domain, by the zones that the publishers have.

        :raises pulumi.RunError: where none has a domain's zone, or several have; in an ``up``, also where a publisher
            did not list its zones.
        """
        for provider, settings in self.arguments.publishers:
            self._held[provider.name] = provider.held(self._setup(provider.name, settings, domains))
        paths = {domain.name: f"domains[{index}]" for index, domain in enumerate(self.arguments.domains)}
        found = by_zones({domain: paths[domain] for domain in domains}, self._held)
        problems = [*found.problems, *map(str, ttl_faults(self.arguments, found.places))]
        if not pulumi.runtime.is_dry_run():
            problems = problems or found.doubts
        if problems:
            raise pulumi.RunError("\n  ".join(problems))
        for text in found.doubts:
            self.say(
                "warning", f"{text} (This preview continues. An up lists the zones again, and stops if that fails)"
            )
        return found.places

    def publishers(self, places: Places) -> dict[str, Publisher]:
        """Return the publishers that have domains, by their keys, each made for its domains.

        :raises pulumi.RunError: as each of them.
        """
        made: dict[str, Publisher] = {}
        for provider, settings in self.arguments.publishers:
            domains = [domain for domain, there in places.items() if provider.name in there]
            if domains:
                made[provider.name] = provider.make(self._setup(provider.name, settings, domains))
            elif (held := self._held.get(provider.name)) is not None and not held.unreached:
                what = f"{provider.name}: publishes nothing, because it has no zone for any domain"
                self.say("warning", f"{what}; remove it, or create the zone")
        return made

    def _setup(self, name: str, settings: object, domains: Collection[str]) -> Setup:
        several = len(self.arguments.publishers) > 1
        return Setup(
            settings,
            self.arguments.for_domains(domains) if several else self.arguments,
            self.component,
            self.component.pulumi_resource_name,
            self.modes,
            self.say,
            self.get,
            self.resources,
            self.hold,
            self._held.get(name),
        )
