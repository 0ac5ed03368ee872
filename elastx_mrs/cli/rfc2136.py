"""``elastx-mrs rfc2136 policy``: prints the update rules that a name server needs for the stack's key."""

import os
import re
from collections.abc import Iterator, Mapping

import click

from elastx_mrs.cli.arguments import arguments, unnamed
from elastx_mrs.cli.group import Group
from elastx_mrs.cli.inputs import BadInput, source_name
from elastx_mrs.cli.options import stack_options
from elastx_mrs.config.environment import RFC2136_KEY_NAME
from elastx_mrs.config.model import Arguments
from elastx_mrs.display import quoted
from elastx_mrs.identity import profile_path
from elastx_mrs.publish.cloudflare.settings import Cloudflare
from elastx_mrs.publish.rfc2136.policy import SERVERS, Owners, Rights, owners_of
from elastx_mrs.publish.rfc2136.settings import PROVIDER, Rfc2136

_KEY_NAME = re.compile(r"(?=.{1,254}$)[a-z0-9_](?:[a-z0-9_-]{0,62})(?:\.[a-z0-9_][a-z0-9_-]{0,62})*\.?", re.IGNORECASE)
"""Names that every server's configuration accepts without quotes."""


@click.group("rfc2136", cls=Group)
def command() -> None:
    """Help with your own name servers, which accept dynamic updates (RFC 2136).

    \b
    elastx-mrs rfc2136 policy --stack-config stacks/Pulumi.prod.yaml --for knot
    """


@command.command("policy")
@stack_options
@click.option(
    "--for",
    "kind",
    type=click.Choice(list(SERVERS)),
    default="bind",
    show_default=True,
    help="The name server software.",
)
@click.option("--key-name", metavar="NAME", help="Name of the TSIG key; by default, the key that the stack uses.")
@click.option("--profile", metavar="NAME", help="Print only the rules of this profile, one of rfc2136.profiles.")
def policy(stack_config: str | None, config: str | None, kind: str, key_name: str | None, profile: str | None) -> None:
    """Print the update rules that your name server needs for the stack's key.

    \b
    elastx-mrs rfc2136 policy --stack-config stacks/Pulumi.prod.yaml
    elastx-mrs rfc2136 policy --stack-config stacks/Pulumi.prod.yaml --for knot --profile internal
    pulumi config --show-secrets --json | elastx-mrs rfc2136 policy --config - --for powerdns --key-name mail-relay

    With these rules, the key can add, replace and remove TXT records at the names of the stack's records. It cannot
    change other names or other record types. For example.com in BIND:

    \b
    update-policy {
        grant mail-relay name example.com. TXT;
        grant mail-relay name _dmarc.example.com. TXT;
        grant mail-relay name elastx._domainkey.example.com. TXT;
    };

    The output depends on the name server software:

    \b
    bind             an update-policy for each zone
    knot (3.2+)      the acl, and the acl entries of each zone
    powerdns (4.1+)  a Lua script for the whole server, because PowerDNS has no rules per name

    PowerDNS drops an update that the script does not allow, and reports that only in its own log.

    The key's name comes from --key-name, otherwise from ELASTX_MRS_RFC2136_KEY_NAME, otherwise from the profile's
    keyName. Each profile has its own variable, such as ELASTX_MRS_RFC2136_INTERNAL_KEY_NAME for internal. When you add
    a domain, install its rules before pulumi up. When you remove a domain, remove its rules after pulumi up.
    """
    if bool(stack_config) == bool(config):
        raise unnamed()
    source = source_name(stack_config or config or "")
    given = arguments(stack_config, config, {})
    rfc2136 = given.settings(Rfc2136)
    if rfc2136 is None:
        raise BadInput(f"{source}: {_unpublished(given)}")
    records = given.perhaps_for(PROVIDER.name).records()
    owners = _chosen(owners_of(records, rfc2136.by_zone), rfc2136, profile, source)
    if kind == "powerdns" and len(owners) > 1:
        raise BadInput(
            f"--profile: is missing; a script serves one server, and {source} has the profiles {', '.join(owners)}"
        )
    keys = _keys(rfc2136, owners, key_name, source)
    server = SERVERS[kind]
    texts = [
        (f"{server.comment} profile {name}\n" if len(owners) > 1 else "") + server.write(Rights(keys[name], own))
        for name, own in owners.items()
    ]
    click.echo("\n".join(texts), nl=False)


def _unpublished(given: Arguments) -> str:
    what = "rfc2136: is missing; only name servers of your own have these rules"
    if given.settings(Cloudflare) is not None:
        return f"{what}, and this stack publishes through Cloudflare, where an API token's permissions take their place"
    return f"{what}: write elastx-mrs:rfc2136 with server, zones and keyName"


def _chosen(owners: Owners, rfc2136: Rfc2136, profile: str | None, source: str) -> Owners:
    if profile is not None and profile not in owners:
        raise BadInput(f"--profile: {source} has no {quoted(profile)}; write one of {', '.join(owners)}")
    chosen = {name: own for name, own in owners.items() if own and profile in (None, name)}
    if not chosen:
        zones = ", ".join(zone for zone, name in rfc2136.by_zone.items() if profile in (None, name))
        raise BadInput(f"{source}: the stack publishes nothing in {zones}, so the key needs no rights there")
    return chosen


def _keys(rfc2136: Rfc2136, profiles: Owners, key: str | None, source: str) -> Mapping[str, str]:
    """Return the key's name by profile, without a final dot."""
    found: dict[str, str] = {}
    faults: list[str] = []
    for profile in profiles:
        where, name = next(((where, name) for where, name in _said(rfc2136, profile, key, source) if name), ("", ""))
        if not name:
            path, variable = profile_path(profile, "keyName"), RFC2136_KEY_NAME.of(profile)
            faults.append(
                f"{source}: {path}: is missing; write the TSIG key's name there, set {variable}, or give --key-name"
            )
        elif not _KEY_NAME.fullmatch(name):
            faults.append(
                f"{where}: {quoted(name)} is not a key name; write one such as mail-relay: letters, digits, '-', '_' "
                "and dots"
            )
        found[profile] = name.removesuffix(".")
    if faults:
        raise BadInput("\n  ".join(dict.fromkeys(faults)))
    return found


def _said(rfc2136: Rfc2136, profile: str, key: str | None, source: str) -> Iterator[tuple[str, str | None]]:
    """Yield each place that can have the name, with the name there, in the order that signing uses."""
    variable = RFC2136_KEY_NAME.of(profile)
    yield "--key-name", key
    yield variable, os.environ.get(variable)
    yield f"{source}: {profile_path(profile, 'keyName')}", rfc2136.profiles.get(profile, rfc2136).key_name
