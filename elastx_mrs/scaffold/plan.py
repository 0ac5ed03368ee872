"""The plan of a project, for every language."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from elastx_mrs.adopt.from_dns import notes
from elastx_mrs.config.base import snake
from elastx_mrs.display import quoted
from elastx_mrs.identity import NAMESPACE
from elastx_mrs.records import names
from elastx_mrs.registry import Provider
from elastx_mrs.scaffold import by_hand
from elastx_mrs.scaffold.answers import Answers, faults, questions, whole
from elastx_mrs.scaffold.look import Look

_NAME = re.compile(r"[A-Za-z0-9_.-]{1,100}")
"""What Pulumi allows for projects and stacks."""


@dataclass(frozen=True)
class Domain:
    """One sender domain.

    :param config: its entry in the stack file, with its ``name``.
    :param notes: comments about it, a line each.
    """

    config: Mapping[str, Any]
    notes: Sequence[str] = ()


@dataclass(frozen=True)
class Plan:
    """A project.

    :param dkim: the key's value; empty if each domain has its own.
    :param settings: the publisher's, by key in camelCase.
    :param adopt: the names whose records an ``up`` takes over.
    :param version: the version of elastx-mrs that writes it.
    """

    project: str
    stack: str
    accounts: Sequence[str]
    dkim: str
    domains: Sequence[Domain]
    provider: Provider
    settings: Mapping[str, Any]
    adopt: Sequence[str] = ()
    version: str = "0"

    @property
    def package(self) -> str:
        """The project's name for npm and Go: in lower case, beginning with a letter or a digit."""
        return self.project.lower().lstrip("._-") or "mail"

    @property
    def stack_file(self) -> str:
        """The name of the stack's file."""
        return f"Pulumi.{self.stack}.yaml"

    @property
    def adopts_by_config(self) -> bool:
        """Whether a key of the config takes over published records; otherwise, an import does."""
        return self.provider.adopts_by_config

    @property
    def of_the_stack(self) -> dict[str, Any]:
        """The settings that only the stack file may have, if a program has the others."""
        name = self.provider.name
        settings = {name: by_hand.value_of(self.provider, dict(self.settings))}
        refused = {one.path for one in faults(settings, program=True)} - {one.path for one in faults(settings)}
        return {key: value for key, value in self.settings.items() if f"{self.provider.name}.{snake(key)}" in refused}

    @property
    def of_the_program(self) -> Any:
        """The value of the publisher's key in the program."""
        settings = {key: value for key, value in self.settings.items() if key not in self.of_the_stack}
        return by_hand.value_of(self.provider, settings)


def plan_of(answers: Answers, provider: Provider, found: Look, project: str, stack: str) -> Plan:
    """Return the project for valid answers and the records found in DNS.

    :raises ConfigError: if the config does not accept a record from DNS.
    """
    entries = [
        Domain(one.config, [*_unicode(one.domain), *(notes(one) if found.asked else ())]) for one in found.domains
    ]
    given = answers.given | {"domains": [dict(one.config) for one in entries]}
    arguments = whole(given)
    in_order = [one.key for one in questions(provider) if one.key in answers.settings]
    settings = provider.start.settings({key: answers.settings[key] for key in [*in_order, *answers.settings]})
    dkim = str(arguments.dkim[0].record or "")
    return Plan(project, stack, answers.accounts, dkim, entries, provider, settings, found.owners)


def project_name(folder: Path) -> str:
    """Return a project name for a folder: the folder's name, without characters that Pulumi refuses."""
    found = re.sub(r"[^A-Za-z0-9_.-]+", "-", folder.resolve().name).strip("-.")[:100] or "mail"
    return found if found != NAMESPACE else "mail"


def name_problem(text: str) -> str:
    """Return the problem with the name of a project or a stack; empty if there is none."""
    if _NAME.fullmatch(text) and text.strip("."):
        return ""
    return f"{quoted(text)} is not a name that Pulumi accepts: 1 to 100 letters, digits, hyphens, underscores and dots"


def project_problem(text: str) -> str:
    """Return the problem with the name of a project; empty if there is none."""
    if text == NAMESPACE:
        return f"{quoted(text)} is the namespace of the component's own keys in a stack's file"
    return name_problem(text)


def _unicode(domain: str) -> list[str]:
    readable = names.to_unicode(domain)
    return [f"{domain} is {readable}"] if readable != domain else []
