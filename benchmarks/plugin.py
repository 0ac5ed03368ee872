"""The plugin's start beside ``import pulumi``, and its ``up`` beside the Python class's."""

import copy
import json
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import grpc
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc

from elastx_mrs.lab.session import open_lab
from tests.engine.stack import Stack
from toolchain.usage import part

STARTS, UPS = 11, 3
PROGRAM = """
import json, pulumi

class Remote(pulumi.ComponentResource):
    def __init__(self, name, props):
        super().__init__("elastx-mrs:index:MailRelay", name, {{"smtp": None, **props}}, None, True)

Remote("mail", json.loads({args!r}))
"""


def starts() -> tuple[list[float], list[float]]:
    """Return the seconds until the plugin has answered its schema, and those of ``import pulumi``."""
    script = shutil.which("pulumi-resource-elastx-mrs") or sys.exit("the plugin is not on PATH; run make bench")
    ours, other = [], []
    for _ in range(STARTS):
        started = time.perf_counter()
        with subprocess.Popen([script, "127.0.0.1:1"], stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            port = int(process.stdout.readline())
            with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
                stub = provider_pb2_grpc.ResourceProviderStub(channel)
                assert json.loads(stub.GetSchema(provider_pb2.GetSchemaRequest()).schema)["name"] == "elastx-mrs"
            ours.append(time.perf_counter() - started)
            process.kill()
        started = time.perf_counter()
        subprocess.run([sys.executable, "-c", "import pulumi"], check=True)
        other.append(time.perf_counter() - started)
    return ours[1:], other[1:]


def ups(folder: Path, config: Mapping[str, Any], samples: Mapping[str, str]) -> tuple[list[float], list[float]]:
    """Return the seconds of an ``up`` from nothing, by the plugin and by the class; guard and verification off."""
    args = dict(config) | {
        "dkim": {"record": config["dkim"]},
        "domains": [{"name": name} for name in config["domains"]],
    }
    with open_lab(folder / "lab", samples) as lab:
        server = {key: value for key, value in lab.environment().items() if key.startswith("ELASTX")}
        server["ELASTX_MRS_GUARD"] = "off"
        by_class = Stack.create(folder / "class", server, copy.deepcopy(dict(config)))
        plugin = Stack.create(folder / "plugin", server, copy.deepcopy(dict(config)))
        (plugin.directory / "__main__.py").write_text(PROGRAM.format(args=json.dumps(args)))
        seconds: dict[str, list[float]] = {"plugin": [], "class": []}
        for _ in range(UPS):
            for name, stack in (("plugin", plugin), ("class", by_class)):
                started = time.perf_counter()
                stack.up()
                seconds[name].append(time.perf_counter() - started)
                stack.pulumi("destroy", "--yes", "--stack", "test", "--skip-preview")
    return seconds["plugin"], seconds["class"]


if __name__ == "__main__":
    part(__doc__)
