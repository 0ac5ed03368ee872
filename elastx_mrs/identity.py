"""The names by which Pulumi and a stack's config know this project: namespace, resource types, RFC 2136 servers.

This module imports nothing of the project and no other package: the process of a dynamic provider starts with it at
every ``up``. All of these names are stored in stacks' states or files, so a change needs an alias or a migration.
"""

from collections.abc import Mapping
from typing import Any

NAMESPACE = "elastx-mrs"
"""The namespace of the keys in a stack's config, whatever the program's project is called; the plugin's name too."""

COMPONENT_TYPE = f"{NAMESPACE}:index:MailRelay"
"""The type of the component ``MailRelay``."""

CLOUDFLARE_TYPE = "cloudflare:index/dnsRecord:DnsRecord"
"""The type of a record that Cloudflare's provider publishes."""

DYNAMIC_TYPE = "pulumi-python:dynamic/rfc2136:TxtRecord"
"""The type of a record published by RFC 2136, as a Python program's dynamic resource; an alias of ``PLUGIN_TYPE``."""

PLUGIN_TYPE = f"{NAMESPACE}:index:TxtRecord"
"""The type of the same record as the plugin's own resource; an alias of ``DYNAMIC_TYPE``."""

DYNAMIC_STRING_TYPE = "pulumi-python:dynamic/rrset:TxtString"
"""The type of a string in a record set that the API owns whole, as a dynamic resource; an alias of the plugin's."""

PLUGIN_STRING_TYPE = f"{NAMESPACE}:index:TxtString"
"""The type of the same string as the plugin's own resource; an alias of ``DYNAMIC_STRING_TYPE``."""


def publisher_of(resource_type: str, inputs: Mapping[str, Any]) -> str:
    """Return the key of the built-in publisher of a record, as a config has it; the type itself of another one's.

    :param inputs: the resource's.
    """
    if resource_type in (DYNAMIC_TYPE, PLUGIN_TYPE):
        return "rfc2136"
    if resource_type in (DYNAMIC_STRING_TYPE, PLUGIN_STRING_TYPE):
        return str(inputs.get("publisher") or "")
    return "cloudflare" if resource_type == CLOUDFLARE_TYPE else resource_type


DEFAULT_PROFILE = "default"
"""The name of the RFC 2136 primary that a config describes without a name."""


def profile_path(profile: str, key: str) -> str:
    """Return the path of a primary's key in the config, such as ``rfc2136.profiles.internal.server``."""
    return f"rfc2136.{key}" if profile == DEFAULT_PROFILE else f"rfc2136.profiles.{profile}.{key}"
