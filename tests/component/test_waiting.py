"""What an ``up`` says of records that take long; when it does is :mod:`tests.test_progress`'s."""

import asyncio
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import pulumi
import pytest

from elastx_mrs.component import waiting
from elastx_mrs.component.waiting import NAMED, Records

AT_ONCE = 1e9
"""A clock on which five seconds are none."""


def resource(done: asyncio.Future[str]) -> Any:
    async def number() -> str:
        return await done

    return SimpleNamespace(id=SimpleNamespace(future=number))


@pytest.fixture(autouse=True)
def engine(monkeypatch: pytest.MonkeyPatch) -> None:
    """An engine that runs an ``up``."""
    monkeypatch.setattr(waiting, "is_mocked", lambda: False)
    monkeypatch.setattr(pulumi.runtime, "is_dry_run", lambda: False)


def said(names: Sequence[str], *ends: str | Exception, known: str = "") -> list[str]:
    """What is said, once each, of records of which the first end as given, and the others not at all."""
    lines: list[str] = []

    async def heard(begin: str) -> None:
        async with asyncio.timeout(60):
            while not any(line.startswith(begin) for line in lines):
                await asyncio.sleep(0)

    async def run() -> None:
        records = Records(lambda _: known, lines.append, AT_ONCE)
        done = [asyncio.get_running_loop().create_future() for _ in names]
        for name, future in zip(names, done, strict=True):
            records.watch(name, resource(future))
        for left, end in enumerate(ends):
            await heard(f"waiting for {len(names) - left} of")
            future = done.pop(0)
            future.set_exception(end) if isinstance(end, Exception) else future.set_result(end)
        await heard(f"waiting for {len(names) - len(ends)} of")

    asyncio.run(run())
    return list(dict.fromkeys(line.replace(" for 0 s", "").partition(". Ctrl-C waits")[0] for line in lines))


def test_those_that_are_not_there_are_named_with_what_is_known_of_the_wait() -> None:
    assert said(["a", "b", "c"], known="It tries again") == ["waiting for 3 of 3 records: a, b, c. It tries again"]


@pytest.mark.parametrize(("end", "tells"), [("an id", ["continuing after 0 s"]), (RuntimeError("refused"), [])])
def test_one_that_ends_is_named_no_longer_whatever_became_of_it(end: str | Exception, tells: list[str]) -> None:
    assert said(["a", "b"], end) == ["waiting for 2 of 2 records: a, b", *tells, "waiting for 1 of 2 records: b"]


def test_of_many_the_first_are_named() -> None:
    names = [f"n{number}" for number in range(NAMED + 3)]
    (line,) = said(names)
    assert line == f"waiting for {NAMED + 3} of {NAMED + 3} records: {', '.join(names[:NAMED])} and 3 more"


def test_a_preview_waits_for_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pulumi.runtime, "is_dry_run", lambda: True)

    async def run() -> None:
        records = Records(lambda _: "", pytest.fail, AT_ONCE)
        records.watch("a", resource(asyncio.get_running_loop().create_future()))
        await asyncio.sleep(0.05)

    asyncio.run(run())
