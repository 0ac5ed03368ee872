"""Starting and ending as a plugin of the engine."""

from __future__ import annotations

import os
import signal
import threading
from concurrent.futures import ThreadPoolExecutor

import grpc  # type: ignore[import-untyped]
from pulumi.runtime.proto import provider_pb2_grpc

from tests.cloudflare.plugin.log import EngineLog
from tests.cloudflare.plugin.provider import Provider

WORKERS = 128
"""More than the engine has under way at once: it holds the limit on parallel work, not the plugin."""
_LIMIT = 400 * 1024 * 1024  # the engine's own


def serve(arguments: list[str]) -> None:
    """Serve on a free port, named on the first line of stdout, until told to end or the engine is gone.

    :param arguments: the command line; the first is the engine's address.
    """
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    engine = os.getppid()
    server = grpc.server(
        ThreadPoolExecutor(WORKERS),
        options=[("grpc.max_receive_message_length", _LIMIT), ("grpc.max_send_message_length", _LIMIT)],
    )
    address = next((argument for argument in arguments if not argument.startswith("-")), None)
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(Provider(EngineLog(address)), server)
    print(server.add_insecure_port("127.0.0.1:0"), flush=True)
    server.start()
    while not ended.wait(1) and os.getppid() == engine:
        pass
    server.stop(None)
    os._exit(0)  # a request that waits to be sent again would hold up the end for a minute
