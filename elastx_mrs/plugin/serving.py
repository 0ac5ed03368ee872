"""The plugin as a gRPC server. Each error is one message to the user; see :mod:`elastx_mrs.fault`."""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

import grpc
import grpc.aio
from google.protobuf import struct_pb2  # type: ignore[import-untyped]
from pulumi import RunError
from pulumi.provider.experimental.server import ProviderServicer
from pulumi.runtime import rpc
from pulumi.runtime.proto import provider_pb2_grpc

from elastx_mrs import __version__, fault, limits
from elastx_mrs.display import MOST_QUOTED, visible
from elastx_mrs.plugin.provider import Plugin
from elastx_mrs.plugin.wire import PluginError
from elastx_mrs.publish.sdk import construct, is_output_value, server_options

if TYPE_CHECKING:
    from elastx_mrs.component.declared import Declared

ORPHANED = 1.0
"""Seconds until a plugin ends after its engine was killed."""


class Servicer(ProviderServicer):
    """The SDK's servicer puts a traceback into every message. This one shows a :class:`PluginError` without it."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._declared: dict[tuple[str, bool], Declared] = {}

    async def Construct(self, request: Any, context: Any) -> Any:  # noqa: N802
        """See the protocol."""
        from elastx_mrs.component.declared import GIVEN

        if problem := excess(request):
            await context.abort(grpc.StatusCode.INVALID_ARGUMENT, problem)
        for value in request.inputs.fields.values():
            complete(value)
        # The address of the engine's monitor identifies the deployment. Each call is a task with its own context.
        GIVEN.set(self._declared.setdefault((request.monitorEndpoint, request.dryRun), {}))
        try:
            return await construct(self, request, context)
        except (PluginError, RunError) as error:
            # The SDK itself raises a RunError for a record's input that failed, such as a zone that is not listed.
            await context.abort(grpc.StatusCode.INVALID_ARGUMENT, str(error))
        except Exception as error:
            await context.abort(grpc.StatusCode.UNKNOWN, _unexpected(error))

    async def CheckConfig(self, request: Any, context: Any) -> Any:  # noqa: N802  gRPC's names
        """See the protocol."""
        return await _told(super().CheckConfig, request, context)

    async def Configure(self, request: Any, context: Any) -> Any:  # noqa: N802
        """See the protocol."""
        return await _told(super().Configure, request, context)

    async def Check(self, request: Any, context: Any) -> Any:  # noqa: N802
        """See the protocol."""
        return await _told(super().Check, request, context)

    async def Diff(self, request: Any, context: Any) -> Any:  # noqa: N802
        """See the protocol."""
        return await _told(super().Diff, request, context)

    async def Create(self, request: Any, context: Any) -> Any:  # noqa: N802
        """See the protocol."""
        return await _told(super().Create, request, context)

    async def Read(self, request: Any, context: Any) -> Any:  # noqa: N802
        """See the protocol."""
        return await _told(super().Read, request, context)

    async def Update(self, request: Any, context: Any) -> Any:  # noqa: N802
        """See the protocol."""
        return await _told(super().Update, request, context)

    async def Delete(self, request: Any, context: Any) -> Any:  # noqa: N802
        """See the protocol."""
        return await _told(super().Delete, request, context)


def complete(value: struct_pb2.Value) -> None:
    """Complete the output values in a value, in place.

    SDKs of other languages leave out empty fields on the wire: the dependencies, the secret flag, and an unknown
    value. This SDK's reader needs all three.
    """
    if value.HasField("list_value"):
        for item in value.list_value.values:
            complete(item)
    elif value.HasField("struct_value"):
        fields = value.struct_value.fields
        if is_output_value(fields):
            if "value" not in fields:
                fields["value"].string_value = rpc.UNKNOWN
            fields["dependencies"].list_value.SetInParent()
            fields["secret"].bool_value = fields["secret"].bool_value
        for key in list(fields):
            complete(fields[key])


def excess(request: Any) -> str | None:
    """Return the error of a request whose values exceed a limit, with their key; None if none do.

    Protocol buffers allow values thousands of levels deep, and the SDK's reader is recursive.
    """
    left = limits.VALUES.most
    for _, struct in request.ListFields():
        for key, value in struct.fields.items() if isinstance(struct, struct_pb2.Struct) else ():
            level = [value]
            for _ in range(limits.NESTING.most + 1):
                left -= len(level)
                if left < 0:
                    return f"{visible(key[:MOST_QUOTED])}: has more than {limits.VALUES.text}; write less"
                level = [child for one in level for child in _children(one)]
                if not level:
                    break
            else:
                problem = f"has more than {limits.NESTING.most} nested lists and objects"
                return f"{visible(key[:MOST_QUOTED])}: {problem}; check where they are made"
    return None


def _children(value: struct_pb2.Value) -> list[struct_pb2.Value]:
    if value.HasField("list_value"):
        return list(value.list_value.values)
    return list(value.struct_value.fields.values()) if value.HasField("struct_value") else []


async def _told(method: Callable[[Any, Any], Awaitable[Any]], request: Any, context: Any) -> Any:
    if problem := excess(request):
        await context.abort(grpc.StatusCode.INVALID_ARGUMENT, problem)
    try:
        return await method(request, context)
    except Exception as error:
        cause = error.__context__ or error  # the SDK raises its own error while it handles this one
        told = str(cause) if isinstance(cause, PluginError) else _unexpected(cause)
        await context.abort(grpc.StatusCode.UNKNOWN, told)


def _unexpected(error: BaseException) -> str:
    """Return the message of a bug. The SDK would show the exception's own text, which may be secret."""
    return f"{fault.traced(error)}{fault.told(error)}; {fault.CURE}"


def serve(arguments: list[str]) -> None:
    """Serve until the engine ends this process, by SIGINT, or is gone; the port is the one line on standard output.

    It always ends at once. The engine interrupts a plugin that it no longer needs, and gives it 5 seconds. Python would
    wait for every thread, and a failed ``up`` leaves threads that wait for the engine. The engine would then kill the
    plugin, and report that it "exited prematurely", which is "always a bug".

    :param arguments: of the command; the last one that is not an option is the engine's address.
    """
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: os._exit(0))
    started_by = os.getppid()
    engine = [argument for argument in arguments if not argument.startswith("-")][-1]

    async def until_the_end() -> None:
        server = grpc.aio.server(options=server_options())
        servicer = Servicer(arguments, __version__, Plugin(), engine)
        provider_pb2_grpc.add_ResourceProviderServicer_to_server(servicer, server)
        port = server.add_insecure_port("127.0.0.1:0")
        await server.start()
        print(port, flush=True)
        while os.getppid() == started_by:
            await server.wait_for_termination(ORPHANED)
        os._exit(0)

    asyncio.run(until_the_end())
