"""Changes by dynamic update, as the provider makes them and as a human does, and what is served then."""

import json
import subprocess
from collections.abc import Sequence
from typing import Any

from pulumi.dynamic import Config, ConfigureRequest

from elastx_mrs.publish.rfc2136.primary import Primary
from elastx_mrs.publish.rfc2136.resource import TxtProvider
from elastx_mrs.publish.rfc2136.tsig import key_from
from tests.servers import NameServer, require, shown


def provider(server: NameServer, /, adopt: Sequence[str] = (), **config: Any) -> TxtProvider:
    """A provider with the server's address and key; ``adopt`` is the stack's list of owner names to take over."""
    settings = {"server": server.address, "keyName": server.key_name} | config
    values = {"elastx-mrs:rfc2136": json.dumps(settings), "elastx-mrs:tsigKey": server.key}
    values["elastx-mrs:adopt"] = json.dumps(list(adopt))
    made = TxtProvider()
    made.configure(ConfigureRequest(Config(values, "project")))
    return made


def record(owner: str, value: str, zone: str = "example.com", **more: Any) -> dict[str, Any]:
    return {"profile": "default", "zone": zone, "owner": owner, "value": value} | more


def primary(server: NameServer, name: str = "", secret: str = "") -> Primary:
    """The client; with the server's own key unless another's name or secret is given."""
    return Primary(server.host, server.port, key_from(name or server.key_name, secret or server.key))


def nsupdate(server: NameServer, text: str) -> None:
    """As a human does it."""
    command = [require("nsupdate"), "-v", "-y", f"hmac-sha256:{server.key_name}:{server.key}"]
    lines = f"server {server.host} {server.port}\n{text}\nsend\n"
    said = subprocess.run(command, input=lines, capture_output=True, text=True, check=False)
    assert said.returncode == 0, said.stdout + said.stderr


def served(server: NameServer, name: str) -> dict[bytes, int]:
    """What anybody is served, as dig and kdig show it, over UDP and TCP."""
    found = server.txt(name)
    for program in ("dig", "kdig"):
        for options in ((), ("+tcp",)):
            assert shown(server, program, name, *options) == found
    return found
