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
"""Of the event loop, which a value that is known takes to come through; each level of nesting takes a few."""


def is_mocked() -> bool:
    """Whether mocks stand for the engine, as in a user's unit tests: they know no hooks, and nothing is published.

    The SDK has no public question for it. Without these names no program starts: the import says which is missing.
    """
    return isinstance(get_monitor(), MockMonitor)


def deployment() -> object | None:
    """Return what stands for the deployment whose program runs: the connection to its engine, one for each.

    Several programs may run in one process (Automation API), each in a context of its own, which the SDK has this by.
    None without an engine. Without the name no program starts.
    """
    return get_monitor()


def calls_begun() -> list[Awaitable[Any]] | None:
    """Return the SDK's own list of calls that have begun, which it waits for at the program's end; it may be added to.

    None where the SDK has it no longer: to add to it makes a program faster, and nothing else.
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
    # Not cancelled: what it waits for may be an Output of the program's, which would be cancelled with it.
    task.add_done_callback(_retrieved)
    return None


def _retrieved(task: "asyncio.Future[Any]") -> None:
    """Take the result of work that nobody waits for any more, or asyncio would log its error."""
    if not task.cancelled():
        task.exception()


async def call_function(
    threads: Executor, token: str, arguments: Mapping[str, Any], provider: str, version: str
) -> tuple[Mapping[str, Any], list[str]]:
    """Call a provider's function on the caller's threads; return its answer, or the reasons why there is none.

    The public ``pulumi.runtime.invoke`` has no other threads than the SDK's. Without these names each call fails, and
    the error names what is missing.

    :param provider: its reference; empty for the default one.
    :raises grpc.RpcError: whatever the engine, or the provider, says.
    :raises pulumi.RunError: where there is no engine.
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
    """Return gRPC's options of a plugin's server: messages of 400 MB, which may wait for half an hour.

    With gRPC's own, 4 MB and 30 s, a large component fails. Without the name the plugin does not start.
    """
    from pulumi.runtime._grpc_settings import _GRPC_CHANNEL_OPTIONS

    options: Sequence[tuple[str, int]] = _GRPC_CHANNEL_OPTIONS
    return options


async def construct(servicer: "ProviderServicer", request: Any, context: Any) -> Any:
    """Answer ``Construct`` as the SDK does, but let errors through as they are.

    The public method puts a traceback into each. Without the name no component is made through the plugin. Until 3.245
    that method holds a lock, for ``_construct`` changes settings of the whole process; a later SDK has none.
    """
    lock = getattr(servicer, "_lock", None)
    if lock is None:
        return await servicer._construct(request, context)
    async with lock:
        return await servicer._construct(request, context)


def is_output_value(fields: Mapping[str, Any]) -> bool:
    """Whether a struct on the wire stands for an output: a value with its dependencies, and whether it is secret.

    The wire's marks for it have no public names. Without these names no component is made through the plugin.

    :param fields: the struct's, each a protobuf ``Value``.
    """
    mark = fields.get(rpc._special_sig_key)
    return mark is not None and mark.string_value == rpc._special_output_value_sig
