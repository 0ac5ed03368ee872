"""A program of ``DnsRecord`` alone under the real engine: what the plugin does, with nothing of ours in between."""

import json
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.cloudflare import which
from tests.engine.stack import Stack

DNS_RECORD = "cloudflare:index/dnsRecord:DnsRecord"
PROGRAM = """
import json
from pathlib import Path

import pulumi

plan = json.loads(Path("plan.json").read_text())
zones = pulumi.runtime.invoke("cloudflare:index/getZones:getZones", {}).value["results"]
zone = next(one["id"] for one in zones if one["name"] == "example.com")
for name, fields in plan["records"].items():
    pulumi.CustomResource("cloudflare:index/dnsRecord:DnsRecord", name, {"zoneId": zone, "type": "TXT", **fields})
if plan["listed"]:
    asked = {"zoneId": zone, "type": "TXT", "name": {"exact": plan["listed"]}}
    listed = pulumi.runtime.invoke("cloudflare:index/getDnsRecords:getDnsRecords", asked).value["results"]
    pulumi.export("listed", [one["content"] for one in listed])
"""
"""Without Cloudflare's own SDK, whose import is as much work as the rest of a run."""


@dataclass
class FlatStack(Stack):
    """A stack of records; ``records`` may be changed between runs, whose failures are the caller's to see.

    :param records: by resource name, the arguments of ``DnsRecord`` but for zone and type.
    :param listed: a name whose TXT records are looked up too.
    """

    records: dict[str, dict[str, Any]] = field(default_factory=dict)
    listed: str = ""

    @classmethod
    def new(cls, directory: Path, environment: dict[str, str], program: str = PROGRAM) -> "FlatStack":
        project = directory / "project"
        project.mkdir(parents=True)
        (directory / "state").mkdir()
        (project / "Pulumi.yaml").write_text("name: flat\nruntime: python\n")
        (project / "__main__.py").write_text(program)
        stack = cls(project, which.environment() | environment, {})
        stack.init()
        return stack

    def pulumi(self, *arguments: str, check: bool = False, **environment: str) -> subprocess.CompletedProcess[str]:
        (self.directory / "plan.json").write_text(json.dumps({"records": self.records, "listed": self.listed}))
        return super().pulumi(*arguments, check=check, **environment)

    def up(self, *arguments: str, check: bool = False, **environment: str) -> subprocess.CompletedProcess[str]:
        return super().up(*arguments, check=check, **environment)

    def preview(self, *arguments: str, check: bool = False, **environment: str) -> subprocess.CompletedProcess[str]:
        return super().preview(*arguments, check=check, **environment)

    def refresh(self) -> subprocess.CompletedProcess[str]:
        return self.pulumi("refresh", "--yes", "--stack", "test")

    def urn(self, name: str) -> str:
        return f"urn:pulumi:test::flat::{DNS_RECORD}::{name}"

    @property
    def _file(self) -> Path:
        return self.directory / "Pulumi.test.yaml"
