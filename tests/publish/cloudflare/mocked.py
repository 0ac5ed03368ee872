"""Pulumi's mocks, on event loops that are closed again: the SDK opens one in every thread and leaves it."""

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pulumi
from pulumi.runtime.settings import SETTINGS, set_root_resource


@contextmanager
def mocked(mocks: pulumi.runtime.Mocks) -> Iterator[None]:
    """Let the programs that are deployed meanwhile have mocks for an engine; afterwards there is none again."""
    loops: list[asyncio.AbstractEventLoop] = []

    def own_loop() -> None:
        """Give a thread its event loop: the SDK's mocks want one, and would open it themselves and never close it."""
        loops.append(asyncio.new_event_loop())
        asyncio.set_event_loop(loops[-1])

    own_loop()
    main = loops[0]
    main.set_default_executor(ThreadPoolExecutor(initializer=own_loop))
    pulumi.runtime.set_mocks(mocks, preview=False)
    set_root_resource(None)  # type: ignore[arg-type]  # the one of the program before is on a loop that is closed
    yield
    main.run_until_complete(main.shutdown_default_executor())
    asyncio.set_event_loop(None)
    for loop in loops:
        loop.close()
    SETTINGS.monitor = None


def deploy(program: Callable[[], object]) -> None:
    """Run a program."""

    @pulumi.runtime.test  # type: ignore[untyped-decorator]
    def run() -> object:
        return program()

    run()
