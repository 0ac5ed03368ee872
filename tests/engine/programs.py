"""Programs of a test's own, for what the project's program does not do: explicit providers, transforms, aliases."""

import json
from typing import Any

import yaml

from elastx_mrs.lab.cloudflare.api import CloudflareApi
from elastx_mrs.lab.cloudflare.zone import Account, Zone
from tests import golden
from tests.engine.cloudflare.stacks import Trial
from tests.engine.stack import Stack

RECORD = "cloudflare:index/dnsRecord:DnsRecord"
DMARC = "v=DMARC1; p=reject"
HEAD = f"""
import gc, json, os
gc.disable()  # the SDK's import takes half again as long with it
import pulumi
from elastx_mrs import MailRelay

def args(*domains, **more):
    return {{
        "accounts": ["a@acme.example"], "dkim": {{"record": {golden.DKIM!r}}}, "dmarc": {{"record": {DMARC!r}}},
        "domains": [{{"name": domain}} for domain in domains], "cloudflare": {{}},
    }} | more
"""
SDK = """
import pulumi_cloudflare as cloudflare

def provider(name, token):
    return cloudflare.Provider(name, api_token=token, base_url=os.environ["BASE_URL"])
"""
"""Cloudflare's SDK, as users' programs import it: three CPU seconds a run."""

PROVIDERS = """
def provider(name, token):
    inputs = {"apiToken": pulumi.Output.secret(token), "baseUrl": os.environ["BASE_URL"]}
    return pulumi.ProviderResource("cloudflare", name, inputs)
"""
"""The same for the engine and for the component, without the SDK."""

EXPLICIT = ("--config-path", "--config", "pulumi:disable-default-providers[0]=*")
"""Arguments of a run in which a resource or a look-up without a provider of its own fails."""

SKIP_CHECKS = {"ELASTX_MRS_GUARD": "off"}
"""For zones that no name server of the lab has: the guard asks for their delegation."""


def program(run: Trial, *parts: str, **environment: str) -> Stack:
    """Return a stack whose program is ``HEAD`` and these parts, with no config of the project's."""
    stack = run.stack(HEAD + "".join(parts))
    path = stack.directory / "Pulumi.yaml"
    project = yaml.safe_load(path.read_text())
    del project["config"]  # which would be asked for
    path.write_text(yaml.safe_dump(project))
    stack.environment |= environment
    return stack


def rewrite(stack: Stack, *parts: str) -> None:
    (stack.directory / "__main__.py").write_text(HEAD + "".join(parts))


def without_default(stack: Stack) -> Stack:
    """Take what the default provider would find; programs find the API as ``BASE_URL``."""
    stack.environment["BASE_URL"] = stack.environment.pop("CLOUDFLARE_BASE_URL")
    del stack.environment["CLOUDFLARE_API_TOKEN"]
    return stack


def records_of(stack: Stack) -> dict[str, dict[str, Any]]:
    """The DNS records in the state by the name of their resource."""
    return {name: one for name, one in stack.resources().items() if one["type"] == RECORD}


def steps(stack: Stack) -> dict[str, int]:
    """How many resources a preview would do what to; those that stay are left out."""
    said = json.loads(stack.preview("--json").stdout)["changeSummary"]
    return {kind: count for kind, count in said.items() if kind != "same"}


def hand_over(api: CloudflareApi, name: str, account: Account) -> Zone:
    """Put a zone that the lab serves into another account."""
    zone = api.zone(name)
    del api.zones[zone.id]
    zone.account = account
    api.zones[zone.id] = zone
    return zone
