"""The private parts of Pulumi's SDK that this package uses. A later version may change or remove them.

Each function documents its purpose, and what happens without it. ``tests/publish/test_sdk.py`` lists the tested
versions, and checks that no other module uses such a name. A name that only some programs need is imported where it
is used.
"""

import asyncio
import sys
import threading
from collections.abc import Awaitable, Coroutine, Mapping, Sequence
from concurrent.futures import Executor
from typing import TYPE_CHECKING, Any, TypeVar

import pulumi
from pulumi.runtime import rpc, settings, sync_await
from pulumi.runtime.mocks import MockMonitor
from pulumi.runtime.settings import get_monitor

if TYPE_CHECKING:
    from pulumi.provider.experimental.server import ProviderServicer

T = TypeVar("T")

TURNS = 500
"""Turns of the event loop until a known value must have arrived. Each level of nesting takes a few turns."""


def is_mocked() -> bool:
    """Whether mocks replace the engine, as in a user's unit tests. They support no hooks, and publish nothing.

    The SDK has no public function for this. Without these names no program starts: the import error names them.
    """
    return isinstance(get_monitor(), MockMonitor)


def deployment() -> object | None:
    """Return an object that identifies the running deployment: the connection to its engine.

    Several programs may run in one process (Automation API). The SDK keeps one connection per program's context.
    None without an engine. Without the name no program starts.
    """
    return get_monitor()


def calls_begun() -> list[Awaitable[Any]] | None:
    """Return the SDK's list of begun calls, which it waits for at the program's end. Callers may add to it.

    None if the SDK no longer has it. Adding to it only makes a program faster.
    """
    manager = getattr(settings, "_get_rpc_manager", None)
    if manager is None:
        return None
    calls: list[Awaitable[Any]] = manager().rpcs
    return calls


class _Untraced:
    """While a thread is in this context, resources are registered without the Python stack that created them.

    The engine keeps that stack in the state. It is half of a record's state, and names folders of one machine. A file
    backend writes the whole state at every step. The stack of a component's child only leads into this package; the
    component has its own.

    The SDK reads it with :func:`traceback.extract_stack`, which stops at ``sys.tracebacklimit``. The SDK ignores a
    stack of one frame, and fails on an empty one. If a later SDK reads it differently, the state only gets larger.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._entered = 0
        self._before: int | None = None

    def __enter__(self) -> None:
        with self._lock:
            if self._entered == 0:
                self._before = getattr(sys, "tracebacklimit", None)
                sys.tracebacklimit = 1
            self._entered += 1

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._entered -= 1
            if self._entered == 0:
                if self._before is None:
                    vars(sys).pop("tracebacklimit", None)
                else:
                    sys.tracebacklimit = self._before


untraced = _Untraced()


def now(awaitable: Coroutine[Any, Any, T]) -> T | None:
    """Return what a coroutine returns, if it does so without waiting for anything; None if it does not.

    A program's constructor is not a coroutine, and runs inside the event loop. The SDK's synchronous ``invoke`` gives
    the loop its turns in the same way. Also None if the SDK no longer has that.
    """
    take_turn = getattr(sync_await, "_sync_await", None)
    if take_turn is None:
        awaitable.close()
        return None
    task = asyncio.ensure_future(awaitable)
    for _ in range(TURNS):
        if task.done():
            return task.result()
        take_turn(asyncio.sleep(0))
    # Do not cancel it: that would also cancel the program's Output that it may wait for.
    task.add_done_callback(_retrieved)
    return None


def waited(awaitable: Awaitable[T]) -> T:
    """Return what an awaitable returns, while a program's constructor waits for it, as for a synchronous ``invoke``.

    :raises pulumi.RunError: if the SDK no longer has that.
    """
    wait = getattr(sync_await, "_sync_await", None)
    if wait is None:
        asyncio.ensure_future(awaitable).cancel()
        raise pulumi.RunError("this version of Pulumi's SDK cannot wait for zones; write publish for each domain")
    found: T = wait(awaitable)
    return found


def _retrieved(task: "asyncio.Future[Any]") -> None:
    """Read the result of abandoned work. Otherwise asyncio would log its error."""
    if not task.cancelled():
        task.exception()


async def call_function(
    threads: Executor, token: str, arguments: Mapping[str, Any], provider: str, version: str
) -> tuple[Mapping[str, Any], list[str]]:
    """Call a provider's function on the caller's threads; return its answer, or the reasons why there is none.

    The public ``pulumi.runtime.invoke`` always uses the SDK's threads. Without these names each call fails, and the
    error names them.

    :param provider: its reference; empty for the default one.
    :raises grpc.RpcError: if the engine or the provider reports an error.
    :raises pulumi.RunError: if there is no engine.
    """
    from pulumi.runtime.proto import resource_pb2

    values = await rpc.serialize_properties(dict(arguments), {})
    request = resource_pb2.ResourceInvokeRequest(tok=token, args=values, provider=provider, version=version)
    monitor = get_monitor()
    if monitor is None:
        raise pulumi.RunError("there is no Pulumi engine to ask; run the program with pulumi")
    answer = await asyncio.get_running_loop().run_in_executor(threads, monitor.Invoke, request)
    if answer.failures:
        return {}, [failure.reason for failure in answer.failures]
    found: Mapping[str, Any]
    found, _ = rpc.deserialize_properties_unwrap_secrets(getattr(answer, "return"))
    return found, []


def server_options() -> Sequence[tuple[str, int]]:
    """Return gRPC's options for a plugin's server: messages of up to 400 MB, and half an hour of waiting.

    With gRPC's defaults, 4 MB and 30 s, a large component fails. Without the name the plugin does not start.
    """
    from pulumi.runtime._grpc_settings import _GRPC_CHANNEL_OPTIONS

    options: Sequence[tuple[str, int]] = _GRPC_CHANNEL_OPTIONS
    return options


async def construct(servicer: "ProviderServicer", request: Any, context: Any) -> Any:
    """Answer ``Construct`` as the SDK does, but pass errors on unchanged.

    The public method adds a traceback to each. Without the name, the plugin cannot create components. Until 3.245,
    that method holds a lock, because ``_construct`` changes settings of the whole process; a later SDK has none.
    """
    lock = getattr(servicer, "_lock", None)
    if lock is None:
        return await servicer._construct(request, context)
    async with lock:
        return await servicer._construct(request, context)


def is_output_value(fields: Mapping[str, Any]) -> bool:
    """Whether a struct on the wire is an output: a value with its dependencies and its secret flag.

    The wire's marks for it have no public names. Without these names, the plugin cannot create components.

    :param fields: the struct's fields, each a protobuf ``Value``.
    """
    mark = fields.get(rpc._special_sig_key)
    return mark is not None and mark.string_value == rpc._special_output_value_sig
