"""A plugin by itself, asked as the engine asks it."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import grpc
import pytest
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc

from tests.cloudflare.flat import DNS_RECORD
from tests.cloudflare.plugin.values import plain, struct
from tests.cloudflare.served import Served
from tests.cloudflare.which import EXECUTABLE, STAND_IN

URN = f"urn:pulumi:test::flat::{DNS_RECORD}::spf"
COMMAND = str(STAND_IN / EXECUTABLE)
FAST = "400"  # times the real clock: five minutes of waiting in 0.75 s
INPUTS = {"zoneId": "z", "name": "example.com", "type": "TXT", "ttl": 300, "content": '"a"'}


class Running:
    """A plugin that the test has started; ``stub`` has its methods."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process
        assert process.stdout is not None
        port = int(process.stdout.readline())
        self.stub: Any = provider_pb2_grpc.ResourceProviderStub(grpc.insecure_channel(f"127.0.0.1:{port}"))

    def configure(self, **settings: Any) -> None:
        self.stub.Configure(provider_pb2.ConfigureRequest(args=struct(settings)))

    def create(self, zone: str, **fields: Any) -> Any:
        inputs = {"zoneId": zone, "name": "example.com", "type": "TXT", "ttl": 300, **fields}
        return self.stub.Create(provider_pb2.CreateRequest(urn=URN, type=DNS_RECORD, properties=struct(inputs)))

    def invoke(self, function: str, **arguments: Any) -> dict[str, Any]:
        token = f"cloudflare:index/{function}:{function}"
        answer = self.stub.Invoke(provider_pb2.InvokeRequest(tok=token, args=struct(arguments)))
        return plain(getattr(answer, "return"))


def start(**environment: str) -> "subprocess.Popen[str]":
    inherited = {key: value for key, value in os.environ.items() if not key.startswith("CLOUDFLARE_")}
    return subprocess.Popen(
        [COMMAND], stdout=subprocess.PIPE, text=True, env=inherited | {"ELASTX_MRS_LAB_CLOCK": FAST} | environment
    )


@contextmanager
def running(**environment: str) -> Iterator[Running]:
    process = start(**environment)
    yield Running(process)
    process.terminate()
    assert process.wait(timeout=5) == 0
    assert process.stdout is not None
    process.stdout.close()


def failure(call: Any, *arguments: Any, **named: Any) -> str:
    with pytest.raises(grpc.RpcError) as caught:
        call(*arguments, **named)
    details: str = caught.value.details()
    return details


def posts(api: Served) -> int:
    return sum(request.method == "POST" for request in api.api.log)
