"""What is said of a wait, and when, on a clock that steps from one timer to the next."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

import pytest

from elastx_mrs.progress import Progress
from tests.fuzz.clock import Loop

Program = Callable[[Progress], Coroutine[Any, Any, None]]


def said(loop: Loop, program: Program) -> list[str]:
    lines: list[str] = []

    def say(what: Sequence[str], seconds: float) -> None:
        lines.append(f"{', '.join(what)} for {seconds:.0f}")

    progress = Progress(say, 5, 30, lambda seconds: lines.append(f"after {seconds:.0f}"))
    loop.run_until_complete(program(progress))
    return lines


def waits(*given: tuple[str, float], together: bool = False) -> Program:
    """What is waited for, one after the other or side by side."""

    async def program(progress: Progress) -> None:
        work = [progress.wait(what, asyncio.sleep(seconds)) for what, seconds in given]
        if together:
            await asyncio.gather(*work)
        else:
            for one in work:
                await one

    return program


@pytest.mark.parametrize(
    ("program", "lines"),
    [
        (waits(("zones", 4.9)), []),
        (waits(("zones", 4), ("records", 4)), []),
        (waits(("zones", 5.1)), ["zones for 5", "after 5"]),
        (waits(("zones", 66)), ["zones for 5", "zones for 35", "zones for 65", "after 66"]),
        (waits(("zones", 1), ("records", 6)), ["records for 5", "after 6"]),
        (waits(("a", 4), ("b", 8), ("c", 7), together=True), []),
        (waits(("a", 3), ("b", 11), ("c", 11), together=True), ["b, c for 5", "after 8"]),
        (waits(("a", 6), ("b", 14), together=True), ["a, b for 5", "after 6", "b for 5", "after 8"]),
        (waits(("a", 6), ("b", 7)), ["a for 5", "after 6", "b for 5", "after 7"]),
    ],
)
def test_what_is_waited_for_is_said_when_nothing_has_come_for_a_while(
    loop: Loop, program: Program, lines: list[str]
) -> None:
    assert said(loop, program) == lines


def test_while_something_else_is_waited_for_nothing_is_said(loop: Loop) -> None:
    async def program(progress: Progress) -> None:
        async def held() -> None:
            with progress.hold():
                await asyncio.sleep(20)

        await asyncio.gather(held(), progress.wait("a", asyncio.sleep(28)))

    assert said(loop, program) == ["a for 5", "after 8"]


def test_work_that_fails_is_waited_for_no_longer(loop: Loop) -> None:
    async def fail() -> None:
        await asyncio.sleep(7)
        raise ValueError("no")

    async def program(progress: Progress) -> None:
        with pytest.raises(ValueError, match="no"):
            await progress.wait("a", fail())
        await asyncio.sleep(100)

    assert said(loop, program) == ["a for 5"]


def test_work_that_is_cancelled_brings_nothing(loop: Loop) -> None:
    async def program(progress: Progress) -> None:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(progress.wait("a", asyncio.Event().wait()), 7)

    assert said(loop, program) == ["a for 5"]


def test_what_is_pending_when_its_loop_is_closed_ends_in_silence() -> None:
    """As in a program that fails: the engine shows what Python prints of exceptions that it ignores."""
    progress = Progress(lambda *_: None, 5, 30)

    async def held() -> None:
        with progress.hold():
            await progress.wait("a", asyncio.get_running_loop().create_future())

    async def program() -> Coroutine[Any, Any, None]:
        coroutine = held()
        coroutine.send(None)
        return coroutine

    asyncio.run(program()).close()
