"""Calls a provider's function on threads of our own, so that a hook can wait for it.

The SDK's ``invoke`` takes a thread of the pool in which every registration waits for its resource, 32 on a machine
with two cores: once as many records wait for a hook, a hook that waits for an invoke waits for ever.
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
    """Return what a function answers; nothing where that is not known yet, as with a provider of unknown settings.

    :param arguments: plain values, in the schema's casing.
    :param parent: whose provider is asked, the default one where it has none.
    :param version: the plugin's.
    :raises InvokeError: whatever the provider says.
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
