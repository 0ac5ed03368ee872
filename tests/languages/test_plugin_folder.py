"""The folder ``plugin/`` of a checkout, which ``pulumi package add <repository>/plugin@<tag>`` has Pulumi start."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import grpc
import yaml
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc

from tests.engine.stack import ROOT


def test_it_serves_the_package_of_its_checkout(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "plugin", tmp_path / "plugin", ignore=shutil.ignore_patterns("__pycache__", ".venv"))
    shutil.copytree(ROOT / "elastx_mrs", tmp_path / "elastx_mrs", ignore=shutil.ignore_patterns("__pycache__"))
    described = tmp_path / "elastx_mrs" / "plugin" / "schema.json"
    described.write_text(described.read_text().replace("Elastx Mail Relay", "of this checkout", 1))
    command = [sys.executable, str(tmp_path / "plugin"), "127.0.0.1:1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=tmp_path) as process:
        assert process.stdout is not None
        port = int(process.stdout.readline())
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            answer = provider_pb2_grpc.ResourceProviderStub(channel).GetSchema(provider_pb2.GetSchemaRequest())
        process.kill()
    assert json.loads(answer.schema)["displayName"] == "of this checkout"


def test_what_pulumi_reads_of_it() -> None:
    description = yaml.safe_load((ROOT / "plugin" / "PulumiPlugin.yaml").read_text())
    assert (description["name"], description["runtime"]["name"]) == ("elastx-mrs", "python")
    assert "-r ../requirements.txt" in (ROOT / "plugin" / "requirements.txt").read_text()


def test_the_command_by_itself_says_what_it_is() -> None:
    script = shutil.which("pulumi-resource-elastx-mrs") or ""
    for arguments, code in (([], 2), (["--help"], 0)):
        said = subprocess.run([script, *arguments], capture_output=True, text=True, check=False)
        assert said.returncode == code
        assert "is a plugin, which Pulumi starts" in said.stderr
        assert "Traceback" not in said.stderr
