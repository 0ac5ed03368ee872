"""The project's program, or one of a test's own, on the real engine, publishing to the lab's Cloudflare API."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from elastx_mrs.lab.cloudflare.api import CloudflareApi
from elastx_mrs.lab.cloudflare.store import Record
from elastx_mrs.lab.session import Lab, open_lab
from tests import golden
from tests.cloudflare import which
from tests.engine.begun import Begun
from tests.engine.stack import TIMEOUT, Stack
from tests.lab.cloudflare_faults import Faults, faults_of

HEAD = "$TTL 3600\n@ SOA ns1 hostmaster 1 3600 900 604800 300\n@ NS ns1\nns1 A 127.0.0.1\n"
ELASTX = HEAD + '@ TXT "v=spf1 ip4:192.0.2.0/24 ip6:2001:db8::/32 -all"\nsmtp A 192.0.2.25\n'
ZONES = {"example.com": HEAD, "example.se": HEAD, "elastx.email": ELASTX}
FAST = {"ELASTX_MRS_LAB_CLOCK": "200"}
"""Retries of the stand-in's, and the rate limit's five minutes, in a moment. The real plugin takes its time."""

PATIENCE: float = TIMEOUT if which.plugin().kind == "stand-in" else 7200
"""Seconds that a run may take. Cloudflare's own plugin waits five minutes where the lab's clock says three seconds."""
patient = pytest.mark.timeout(4 * PATIENCE)
"""Marks tests that let the plugin wait."""


@dataclass
class Trial:
    """A lab, and stacks in folders of their own."""

    lab: Lab
    directory: Path
    stacks: list[Stack] = field(default_factory=list)

    @property
    def api(self) -> CloudflareApi:
        return self.lab.cloudflare.api

    @property
    def faults(self) -> Faults:
        return faults_of(self.lab.cloudflare)

    def stack(self, program: str = "", **config: Any) -> Stack:
        """A new stack of the project's program, or of a test's own.

        :param config: over accounts, DKIM key, ``domains: [example.com]`` and ``cloudflare: {}``.
        """
        directory = self.directory / f"stack-{len(self.stacks)}"
        directory.mkdir()
        own = {"accounts": ["a@acme.example"], "dkim": golden.DKIM, "domains": ["example.com"], "cloudflare": {}}
        stack = Stack.create(directory, self.environment(), own | config)
        stack.timeout = PATIENCE
        if program:
            (stack.directory / "__main__.py").write_text(program)
            stack.config = {}
        self.stacks.append(stack)
        return stack

    def begun(self, *options: str) -> Stack:
        """A new stack, of a project that ``elastx-mrs init`` writes."""
        stack = Begun.of(self.directory / f"stack-{len(self.stacks)}", self.environment(), *options)
        stack.timeout = PATIENCE
        self.stacks.append(stack)
        return stack

    def environment(self) -> dict[str, str]:
        own = {
            key: value for key, value in self.lab.environment().items() if key.startswith(("CLOUDFLARE_", "ELASTX_"))
        }
        return own | which.environment()

    def records(self, zone: str = "example.com") -> list[Record]:
        return self.api.zone(zone).book.all()

    def texts(self, name: str, zone: str = "example.com") -> list[str]:
        """The contents of the TXT records at a name, as the API has them."""
        return sorted(r.fields.content for r in self.records(zone) if r.key == (name, "TXT"))

    def dig(self, name: str) -> set[str]:
        """What DNS answers for TXT, each string's quotes and pieces as dig shows them."""
        host, _, port = self.lab.address.rpartition(":")
        command = ["dig", f"@{host}", "-p", port, "+short", "+tcp", name, "TXT"]
        return set(subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines())

    def asked(self) -> list[tuple[str, str, int | None]]:
        """Method, path and status of all requests since the last call; identifiers left out."""
        found = [(one.method, _without_ids(one.path), one.status) for one in self.api.log]
        self.api.log.clear()
        return found

    def changes(self) -> list[str]:
        """The methods of the requests since the last call that change something, sorted."""
        return sorted(method for method, _, _ in self.asked() if method != "GET")


def _without_ids(path: str) -> str:
    parts = ["{id}" if len(part) == 32 else part for part in path.split("/")]
    return "/".join(parts)


@contextmanager
def trial(directory: Path, zones: dict[str, str] | None = None) -> Iterator[Trial]:
    with open_lab(directory / "lab", zones or ZONES) as lab:
        yield Trial(lab, directory)


def diagnostics(result: subprocess.CompletedProcess[str]) -> str:
    """What a run said, without its outputs and the engine's word on where it found the plugin."""
    lines = (result.stdout + result.stderr).splitlines()
    return "\n".join(line for line in lines if "pulumi-resource-cloudflare from $PATH" not in line)
