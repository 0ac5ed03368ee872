"""Previews as Pulumi prints them, small: the shapes of ``tests/engine/test_review.py``'s, in a few words."""

import json
from typing import Any

COMPONENT = "elastx-mrs:index:MailRelay"
RFC2136 = "pulumi-python:dynamic/rfc2136:TxtRecord"
CLOUDFLARE = "cloudflare:index/dnsRecord:DnsRecord"
START = "urn:pulumi:prod::acme"


def state(type_: str, name: str, inputs: dict[str, Any], **more: Any) -> dict[str, Any]:
    urn = f"{START}::{COMPONENT}${type_}::{name}"
    return {"urn": urn, "custom": True, "type": type_, "inputs": inputs, "parent": f"{START}::{COMPONENT}::mail"} | more


def txt(owner: str, value: str, **more: Any) -> dict[str, Any]:
    return {"owner": owner, "value": value, "zone": owner, "profile": "default"} | more


def step(
    op: str,
    name: str,
    old: dict[str, Any] | None = None,
    new: dict[str, Any] | None = None,
    type_: str = RFC2136,
    **more: Any,
) -> dict[str, Any]:
    """One step; ``more`` goes into the old state."""
    found: dict[str, Any] = {"op": op, "urn": f"{START}::{COMPONENT}${type_}::{name}"}
    if old is not None:
        found["oldState"] = state(type_, name, old, **more)
    if new is not None:
        found["newState"] = state(type_, name, new)
    return found


def preview(*steps: dict[str, Any], said: tuple[tuple[str, str], ...] = (), **config: Any) -> str:
    """A whole preview; ``said`` are severities and messages."""
    return json.dumps(
        {
            "config": {f"elastx-mrs:{key}": json.dumps(value) for key, value in config.items()},
            "steps": list(steps),
            "diagnostics": [{"severity": severity, "message": f"{text}\n"} for severity, text in said],
            "duration": 1,
            "changeSummary": {},
        }
    )
