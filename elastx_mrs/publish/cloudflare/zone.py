"""Shared by publishing to Cloudflare and adopting from it: plugin version, TXT content, zones of domains."""

import importlib.util
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.machinery import PathFinder
from pathlib import Path

from elastx_mrs.display import show
from elastx_mrs.records import RecordError
from elastx_mrs.records.names import longest_zone
from elastx_mrs.records.text import join, parse


@cache
def plugin_version(site: tuple[str, ...] = ()) -> str | None:
    """Return the plugin version of the installed package ``pulumi-cloudflare``, without importing the package.

    None if it is not installed.

    :param site: the folders to search for packages; empty for those of this Python.
    """
    name = "pulumi_cloudflare"
    spec = PathFinder.find_spec(name, list(site)) if site else importlib.util.find_spec(name)
    if spec is None or spec.origin is None:
        return None
    description = json.loads(Path(spec.origin).with_name("pulumi-plugin.json").read_text(encoding="utf-8"))
    return str(description["version"])


def txt_value(content: str) -> bytes:
    """Return a TXT's character-strings, joined. Content is quoted, or unquoted in older records.

    Other content, such as an unclosed quote, is returned as it is.
    """
    try:
        return join(parse(content)) if content.startswith('"') else octets(content)
    except ValueError:  # a quote that is never closed, or half a surrogate pair
        return octets(content)


def content_text(content: str) -> str:
    """Return a TXT's character-strings, joined, as readable text; unreadable content as it is."""
    return show(txt_value(content))


def octets(text: str) -> bytes:
    """Return foreign text as octets; any text is accepted."""
    return text.encode(errors="backslashreplace")


@dataclass(frozen=True)
class ZoneInfo:
    """A zone as Cloudflare lists it.

    :param name: lower-case A-labels.
    :param status: ``active``; or ``initializing``, ``pending`` or ``moved`` if it is not delegated to Cloudflare.
    :param name_servers: the servers that it must be delegated to.
    """

    id: str
    name: str
    account_id: str = ""
    status: str = "active"
    name_servers: tuple[str, ...] = ()


def find_zones(domains: Sequence[str], zones: Sequence[ZoneInfo]) -> dict[str, ZoneInfo]:
    """Match each domain to its longest listed zone.

    :raises RecordError: names every domain without a zone, and every zone that exists twice.
    """
    by_name: dict[str, list[ZoneInfo]] = {}
    for zone in zones:
        by_name.setdefault(zone.name, []).append(zone)
    named = {domain: longest_zone(domain, by_name) for domain in domains}
    lost = [domain for domain, name in named.items() if name is None]
    faults = []
    if lost:
        seen = f"{len(by_name)} zone{'s' if len(by_name) != 1 else ''} seen"
        faults.append(
            f"domains: Cloudflare lists no zone for {', '.join(lost)} ({seen}); add the zone there, or give the token "
            "Zone > Zone > Read for it. If the zone is in another account, correct cloudflare.accountId, or write the "
            "zone's id under cloudflare.zones"
        )
    for name in sorted({name for name in named.values() if name is not None and len(by_name[name]) > 1}):
        # Without the accounts' names, which often are somebody's address.
        accounts = " and ".join(zone.account_id for zone in by_name[name])
        faults.append(
            f"cloudflare.accountId: {name} is a zone in the accounts {accounts}; write the id of the delegated "
            "account, or its zone id under cloudflare.zones"
        )
    if faults:
        raise RecordError(*faults)
    return {domain: by_name[name][0] for domain, name in named.items() if name is not None}
