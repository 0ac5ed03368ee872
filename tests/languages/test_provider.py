"""Where the plugin publishes: as the stack's config says, or an explicit provider, and what the state keeps of it."""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc

from elastx_mrs.identity import PLUGIN_TYPE
from tests import golden
from tests.engine.stack import ROOT
from tests.languages.programs import Example, Workspace
from tests.servers import NameServer, start

pytestmark = pytest.mark.engine

EXPLICIT = """
import pulumi
import elastx_mail_relay as elastx

config = pulumi.Config()
dns = elastx.Provider(
    "dns",
    rfc2136={"server": config.require("server"), "key_name": config.require("keyName"), "zones": ["example.com"]},
    tsig_key=config.require_secret("tsigKey"),
)
elastx.MailRelay(
    "mail",
    accounts=["a@acme.example"],
    dkim={"record": config.require("dkim")},
    domains=[{"name": "news.example.com"}],
    rfc2136={"zones": ["example.com"]},
    opts=pulumi.ResourceOptions(providers={"elastx-mrs": dns}),
)
"""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[NameServer]:
    with start("lab", tmp_path / "server") as running:
        yield running


def exported(stack: Example) -> dict[str, Any]:
    state: dict[str, Any] = json.loads(stack.state())["checkpoint"]["latest"]
    return state


def test_the_stack_s_config_says_where(server: NameServer, tmp_path: Path, workspace: Workspace) -> None:
    stack = workspace.example("yaml", tmp_path, {"ELASTX_MRS_NAMESERVERS": server.address})
    stack.config["rfc2136"] = {"server": server.address, "keyName": server.key_name}
    stack.config["domains"] = ["not the provider's"]
    stack.pulumi("config", "set", "--secret", "elastx-mrs:tsigKey", server.key, "--stack", "test")
    stack.config |= {"tsigKey": stack.written()["elastx-mrs:tsigKey"]}
    stack.up()
    assert len(server.txt("news.example.com")) == 2
    text = json.dumps(exported(stack))
    assert server.key not in text
    assert "not the provider's" not in text
    stack.pulumi("refresh", "--yes", "--stack", "test", "--expect-no-changes")
    stack.pulumi("destroy", "--yes", "--stack", "test")
    assert server.txt("news.example.com") == {}


def test_a_key_that_is_wrong_is_told_in_one_line(server: NameServer) -> None:
    """As the plugin answers the engine, which shows it as it is."""
    environment = os.environ | server.environment() | {"ELASTX_MRS_RFC2136_KEY": "d3Jvbmc="}
    command = [str(ROOT / ".venv" / "bin" / "pulumi-resource-elastx-mrs"), "127.0.0.1:1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        with grpc.insecure_channel(f"127.0.0.1:{process.stdout.readline().strip()}") as channel:
            stub = provider_pb2_grpc.ResourceProviderStub(channel)
            stub.Configure(provider_pb2.ConfigureRequest())
            request = provider_pb2.CreateRequest(urn=f"urn:pulumi:test::mail::{PLUGIN_TYPE}::spf")
            request.properties.update(
                {"profile": "default", "zone": "example.com", "owner": "example.com", "value": golden.SPF}
            )
            with pytest.raises(grpc.RpcError) as caught:
                stub.Create(request)
        process.terminate()
    said: str = caught.value.details()
    assert "BADSIG" in said
    assert "\n" not in said
    assert "Unexpected <class" not in said
    assert "Traceback" not in said


def test_an_explicit_provider_says_where(server: NameServer, tmp_path: Path, workspace: Workspace) -> None:
    stack = workspace.example("python", tmp_path, {"ELASTX_MRS_NAMESERVERS": server.address})
    (stack.directory / "__main__.py").write_text(EXPLICIT)
    stack.others |= {"acme-mail:server": server.address, "acme-mail:keyName": server.key_name}
    stack.pulumi("config", "set", "--secret", "tsigKey", server.key, "--stack", "test")
    stack.others |= {
        "acme-mail:tsigKey": stack.written()["acme-mail:tsigKey"],
        "pulumi:disable-default-providers": ["*"],
    }
    stack.up()
    assert len(server.txt("news.example.com")) == 2
    assert server.key not in json.dumps(exported(stack))
    stack.pulumi("destroy", "--yes", "--stack", "test")
    assert server.txt("news.example.com") == {}
