"""Debian's PowerDNS with its HTTP API, and what others do there, asked and sent without octoDNS."""

import json
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.servers import NameServer, Setup, free_port, start
from tests.servers.zones import ZONES

API_KEY = "pdns-Secret-Key-Of-The-Test-1234"


@dataclass
class PowerDns:
    """A server.

    :ivar kept: the record sets of each zone, as the server began with them.
    """

    dns: NameServer
    port: int
    kept: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    @property
    def config(self) -> dict[str, Any]:
        """octoDNS's provider, as a stack's config describes it."""
        return {
            "class": "octodns_powerdns.PowerDnsProvider",
            "host": "127.0.0.1",
            "port": self.port,
            "api_key": "env/PDNS_API_KEY",
        }

    def environment(self) -> dict[str, str]:
        return {"PDNS_API_KEY": API_KEY, "ELASTX_MRS_NAMESERVERS": self.dns.address}

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/api/v1/servers/localhost/{path}",
            None if body is None else json.dumps(body).encode(),
            {"X-API-Key": API_KEY},
            method=method,
        )
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
            text = answer.read()
        return json.loads(text) if text else None

    def sets(self, zone: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.ask("GET", f"zones/{zone}.")["rrsets"]
        return found

    def put(self, zone: str, owner: str, values: Sequence[str], ttl: int = 3600, disabled: Sequence[str] = ()) -> None:
        """Replace a TXT set, as somebody else would."""
        records = [{"content": one, "disabled": one in disabled} for one in (*values, *disabled)]
        change = {"name": f"{owner}.", "type": "TXT", "ttl": ttl, "changetype": "REPLACE", "records": records}
        self.ask("PATCH", f"zones/{zone}.", {"rrsets": [change]})

    def reset(self) -> None:
        """Put every TXT set back that a test has changed."""
        for zone, kept in self.kept.items():
            now = {(one["name"], one["type"]): one for one in self.sets(zone)}
            then = {(one["name"], one["type"]): one for one in kept}
            changes: list[Mapping[str, Any]] = [
                {"name": name, "type": kind, "changetype": "DELETE"} for name, kind in now if (name, kind) not in then
            ]
            changes += [
                {**one, "changetype": "REPLACE"} for key, one in then.items() if one != now.get(key) and key[1] != "SOA"
            ]
            if changes:
                self.ask("PATCH", f"zones/{zone}.", {"rrsets": changes})


def api_settings(port: int) -> str:
    """Return the lines of pdns.conf that open the HTTP API, and keep no answers."""
    api = f"webserver=yes\napi=yes\napi-key={API_KEY}\nwebserver-address=127.0.0.1\nwebserver-port={port}\n"
    return f"{api}cache-ttl=0\nquery-cache-ttl=0\nnegquery-cache-ttl=0\nzone-cache-refresh-interval=0\n"


@contextmanager
def powerdns(folder: Path, zones: Mapping[str, str] = ZONES, more: str = "") -> Iterator[PowerDns]:
    """Serve zones.

    :param more: lines of the server's config.
    """
    port = free_port()
    with start("powerdns", folder, zones, Setup(settings=api_settings(port) + more)) as dns:
        server = PowerDns(dns, port)
        server.kept = {zone: server.sets(zone) for zone in zones}
        yield server
