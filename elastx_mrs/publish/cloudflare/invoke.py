"""Call a provider's function on separate threads, which a hook can wait for.

The SDK's ``invoke`` takes a thread of the pool in which every registration waits for its resource. On two cores, the
pool has 32 threads. Once that many records wait for a hook, a hook that waits for an ``invoke`` would wait for ever.
"""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any

import grpc
import pulumi
from pulumi.runtime import rpc

from elastx_mrs import display
from elastx_mrs.progress import AGAIN, LONG, Progress
from elastx_mrs.publish.clock import Clock
from elastx_mrs.publish.cloudflare.waits import known
from elastx_mrs.publish.sdk import call_function

THREADS = 16


class InvokeError(Exception):
    """The function failed; the message is the provider's."""


async def invoke(token: str, arguments: Mapping[str, Any], parent: pulumi.Resource, version: str) -> Mapping[str, Any]:
    """Return a function's answer; empty if it is not known yet, as with a provider of unknown settings.

    :param arguments: plain values, in the schema's casing.
    :param parent: its provider is used, or the default one if it has none.
    :param version: the plugin's version.
    :raises InvokeError: if the provider reports an error.
    """
    provider = parent.get_provider(token)
    reference = ""
    if provider is not None:
        reference = f"{await provider.urn.future()}::{await provider.id.future() or rpc.UNKNOWN}"
    try:
        found, failures = await call_function(_threads(), token, arguments, reference, version)
    except grpc.RpcError as error:
        raise InvokeError(error.details()) from None
    if failures:
        raise InvokeError("; ".join(failures))
    return found


def progress(log: Callable[[str], None], clock: Clock) -> Progress:
    """Return what says which answers of Cloudflare's a run waits for."""

    def say(questions: Sequence[str], waited: float) -> None:
        log(f"waiting for Cloudflare for {waited:.0f} s: {display.some(questions, 3)}. {known(waited)}")

    def over(waited: float) -> None:
        log(f"Cloudflare answers after {waited:.0f} s")

    return Progress(say, clock.real(LONG), clock.real(AGAIN), over)


@cache
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=THREADS, thread_name_prefix="elastx-mrs-invoke")
