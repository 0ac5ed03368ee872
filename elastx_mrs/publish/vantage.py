"""The servers that a stack's config has asked, for what publishes where Pulumi runs no program."""

from collections.abc import Mapping
from typing import Any

from elastx_mrs.extras import NotInstalledError
from elastx_mrs.identity import NAMESPACE
from elastx_mrs.lookup.network import Network
from elastx_mrs.lookup.vantage import Run, Vantage, Who
from elastx_mrs.publish.adoption import Get
from elastx_mrs.reading import read_json
from elastx_mrs.records import RecordError


def object_of(get: Get, key: str) -> dict[str, Any]:
    """Return an object of the stack's config; empty if it is missing.

    :raises RecordError: if it is not an object.
    """
    try:
        found = read_json(get(f"{NAMESPACE}:{key}") or "{}")
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise RecordError(f"{key}: is not an object with keys; check the stack's file: elastx-mrs config check FILE")
    return found


def vantage_of(get: Get, environment: Mapping[str, str]) -> Vantage:
    """Return the servers to ask, with a new network. The program has already checked the config.

    :raises RecordError: for an invalid address, with its path.
    """
    try:
        given = object_of(get, "verification")
    except RecordError:
        given = {}  # the mode alone
    try:
        who = Who.of(
            given.get("nameservers"),
            given.get("rootHints"),
            given.get("primary"),
            given.get("resolvers"),
            given.get("via") or "delegation",
        )
        return Vantage(who.in_run(Run.of(environment)), Network())
    except (RecordError, NotInstalledError) as error:
        raise RecordError(f"verification: {error}") from None
