"""Projects for tests: that of the examples, and one with all that a domain can have."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from elastx_mrs import registry
from elastx_mrs.scaffold.plan import Domain, Plan
from tests import golden

ACCOUNTS = ("smtp-prod@acme.example", "newsletter@acme.example")
KEPT: Sequence[dict[str, Any]] = (
    {"name": "example.com", "spf": {"record": "v=spf1 include:elastx.email include:_spf.google.com ~all"}},
    {
        "name": "news.example.com",
        "dkim": {"selector": "elastx", "external": True},
        "dmarc": {"record": "v=DMARC1; p=reject; rua=mailto:dmarc@example.com"},
    },
    {"name": "example.se", "dmarc": {"external": True}},
)

EXAMPLE: Sequence[dict[str, Any]] = (
    {"name": "example.com", "spf": {"include": ["_spf.google.com"], "all": "softfail"}},
    {"name": "news.example.com", "accounts": ["newsletter@acme.example"]},
    {"name": "example.se"},
)
"""The domains of the folders in ``examples/``."""

NOTES = ("'v=spf1 -all' becomes 'v=spf1 include:elastx.email -all'",)


def names(folder: Path = Path()) -> list[str]:
    """Return the names of what is in a folder, sorted."""
    return sorted(path.name for path in folder.iterdir())


def provider(name: str) -> registry.Provider:
    return next(one for one in registry.every() if one.name == name)


def plan(
    name: str = "rfc2136",
    domains: Sequence[dict[str, Any]] = KEPT,
    notes: Sequence[str] = NOTES,
    **changes: Any,
) -> Plan:
    entries = [Domain(one, notes) for one in domains]
    settings = {"zones": ["example.com", "example.se"], "server": "ns1.example.com", "keyName": "mail-relay"}
    given: dict[str, Any] = {
        "project": "acme-mail", "stack": "prod", "accounts": ACCOUNTS, "dkim": golden.DKIM, "domains": entries,
        "provider": provider(name), "settings": settings if name == "rfc2136" else {},
        "adopt": ["example.com", "_dmarc.news.example.com"],
    }  # fmt: skip
    return Plan(**given | changes)
