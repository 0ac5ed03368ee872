"""Starting and ending as a plugin of the engine."""

from __future__ import annotations

import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor

import grpc
from pulumi.runtime.proto import provider_pb2_grpc

from tests.cloudflare.plugin.log import EngineLog
from tests.cloudflare.plugin.provider import Provider

WORKERS = 128
"""More than the engine has under way at once: it holds the limit on parallel work, not the plugin."""
_ASKS = 300.0
"""Seconds after which Pulumi's library asks again whether there still is an engine."""
_LIMIT = 400 * 1024 * 1024  # the engine's own


def serve(arguments: list[str]) -> None:
    """Serve on a free port, named on the first line of stdout, until told to end or, for minutes, without an engine.

    :param arguments: the command line; the first is the engine's address.
    """
    engine = os.getppid()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _end)
    server = grpc.server(
        ThreadPoolExecutor(WORKERS),
        options=[("grpc.max_receive_message_length", _LIMIT), ("grpc.max_send_message_length", _LIMIT)],
    )
    address = next((argument for argument in arguments if not argument.startswith("-")), None)
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(Provider(EngineLog(address)), server)
    print(server.add_insecure_port("127.0.0.1:0"), flush=True)
    server.start()
    while os.getppid() == engine:
        time.sleep(_ASKS / float(os.environ.get("ELASTX_MRS_LAB_CLOCK") or 1))
    _end()


def _end(*_: object) -> None:
    """End at once: Python would wait for a request that itself waits, for minutes, to be sent again."""
    os._exit(0)
