"""Read what a stack's state already holds from the output of ``pulumi stack export``."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from elastx_mrs.identity import CLOUDFLARE_TYPE, COMPONENT_TYPE, publisher_of

EXPORT = "pipe: pulumi stack export"
"""The fix for other input."""


@dataclass(frozen=True)
class State:
    """The parts of a stack's state that an import must know.

    :param component: the component's URN; empty if the state has none, or was not read.
    :param names: the names of the component's records, each with its publisher: its key in a config, or the type of
        the resource.
    :param owners: the names of all records at Cloudflare, by the record's identifier.
    :param provider: the URN of the explicit provider of the component's records; empty for the default one.
    :param imported: the names of the component's records at Cloudflare. Other publishers may have records of these
        names.
    """

    component: str = ""
    names: frozenset[tuple[str, str]] = frozenset()
    owners: Mapping[str, str] = field(default_factory=dict)
    provider: str = ""
    imported: frozenset[str] = frozenset()


class StateError(Exception):
    """A state that cannot be used for an import. The message names the reason."""


def state_of(content: Any, component: str) -> State:
    """Return a component's part of a state, and the records that Cloudflare's provider publishes.

    :param content: the export, parsed from JSON.
    :param component: the component's name.
    :raises StateError: if the content is not an export, or has several components of that name.
    """
    try:
        resources = [one for one in content["deployment"].get("resources") or [] if not one.get("delete")]
        found = [one["urn"] for one in resources if (one["type"], _name(one["urn"])) == (COMPONENT_TYPE, component)]
        records = [one for one in resources if one["type"] == CLOUDFLARE_TYPE]
        urn = found[0] if found else ""
        own = [one for one in records if urn and one.get("parent") == urn]
        names = frozenset(
            (publisher_of(one["type"], one.get("inputs") or {}), _name(one["urn"]))
            for one in resources
            if urn and one.get("parent") == urn
        )
        # A reference to a provider is its URN and its identifier.
        providers = {str(one.get("provider", "")).rpartition("::")[0] for one in own}
        owners = {str(one["id"]).rpartition("/")[2]: _name(one["urn"]) for one in records if one.get("id")}
    except (TypeError, KeyError, AttributeError, IndexError):
        raise StateError(f"is not what pulumi stack export prints; {EXPORT}") from None
    if len(found) > 1:
        raise StateError(f"has {len(found)} components named {component}; name them differently")
    explicit = sorted(provider for provider in providers if provider and not _name(provider).startswith("default"))
    here = frozenset(_name(one["urn"]) for one in own)
    return State(urn, names, owners, explicit[0] if explicit else "", here)


def _name(urn: str) -> str:
    return urn.split("::", 3)[3]
