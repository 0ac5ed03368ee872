"""A program of ``DnsRecord`` alone under the real engine: what the plugin does, with nothing of ours in between."""

import json
import os
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.cloudflare.which import plugin

TIMEOUT = 180
DNS_RECORD = "cloudflare:index/dnsRecord:DnsRecord"
PROGRAM = """
import gc, json
from pathlib import Path

gc.disable()  # the SDK's import takes half again as long with it
import pulumi, pulumi_cloudflare as cloudflare

plan = json.loads(Path("plan.json").read_text())
zones = cloudflare.get_zones_output()
zone = zones.results.apply(lambda found: next(one.id for one in found if one.name == "example.com"))
for name, fields in plan["records"].items():
    cloudflare.DnsRecord(name, zone_id=zone, type="TXT", **fields)
if plan["listed"]:
    listed = cloudflare.get_dns_records_output(zone_id=zone, type="TXT", name={"exact": plan["listed"]})
    pulumi.export("listed", listed.results.apply(lambda found: [one.content for one in found]))
"""


@dataclass
class FlatStack:
    """A stack of records; ``records`` may be changed between runs.

    :param records: by resource name, the arguments of ``DnsRecord`` but for zone and type.
    :param listed: a name whose TXT records are looked up too.
    """

    directory: Path
    environment: dict[str, str]
    records: dict[str, dict[str, Any]] = field(default_factory=dict)
    listed: str = ""

    @classmethod
    def create(cls, directory: Path, environment: dict[str, str], program: str = PROGRAM) -> "FlatStack":
        if shutil.which("pulumi") is None:
            reason = "pulumi is not on PATH; run the tests with make test"
            pytest.fail(reason) if os.environ.get("CI") == "true" else pytest.skip(reason)
        (directory / "state").mkdir(parents=True)
        (directory / "Pulumi.yaml").write_text("name: flat\nruntime: python\n")
        (directory / "__main__.py").write_text(program)
        stack = cls(directory, environment)
        assert stack.pulumi("stack", "init", "test").returncode == 0
        return stack

    def pulumi(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        (self.directory / "plan.json").write_text(json.dumps({"records": self.records, "listed": self.listed}))
        return subprocess.run(
            ["pulumi", *arguments, "--non-interactive", "--color", "never"],
            cwd=self.directory,
            env=self._environment() | environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=TIMEOUT,
        )

    def up(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return self.pulumi("up", "--yes", "--skip-preview", "--stack", "test", *arguments)

    def preview(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return self.pulumi("preview", "--stack", "test", *arguments)

    def refresh(self) -> subprocess.CompletedProcess[str]:
        return self.pulumi("refresh", "--yes", "--skip-preview", "--stack", "test")

    def state(self) -> dict[str, Any]:
        """The records in the state by their resource's name, secrets as the engine keeps them."""
        found = json.loads(self.pulumi("stack", "export", "--stack", "test").stdout)["deployment"]["resources"]
        return {item["urn"].rpartition("::")[2]: item for item in found if item["type"] == DNS_RECORD}

    def urn(self, name: str) -> str:
        return f"urn:pulumi:test::flat::{DNS_RECORD}::{name}"

    def _environment(self) -> dict[str, str]:
        inherited = {key: os.environ[key] for key in ("HOME", "TMPDIR", "LANG") if key in os.environ}
        return inherited | {
            "PATH": f"{plugin().folder}{os.pathsep}{os.environ['PATH']}",
            "PULUMI_BACKEND_URL": f"file://{self.directory / 'state'}",
            "PULUMI_HOME": str(self.directory / "home"),
            "PULUMI_CONFIG_PASSPHRASE": "test",
            "PULUMI_SKIP_UPDATE_CHECK": "1",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
            **self.environment,
        }
