"""Work that takes a while says so, wherever it is waited for."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from elastx_mrs import display

T = TypeVar("T")


async def telling(work: Coroutine[Any, Any, T], tell: Callable[[], None], *, again: bool = True) -> T:
    """Do work; call ``tell`` where it is not done within two seconds.

    :param again: also each two seconds after that.
    """
    task = asyncio.create_task(work)
    try:
        while not (await asyncio.wait({task}, timeout=display.QUIET))[0]:
            tell()
            if not again:
                break
        return await task
    finally:
        if not task.done():
            task.cancel()
            await asyncio.wait({task})
