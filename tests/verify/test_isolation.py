"""One domain's trouble is its own: what goes wrong while it is judged takes no other domain's verdict away."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pulumi
import pytest

from elastx_mrs.component import verification
from elastx_mrs.config.modes import Mode
from elastx_mrs.config.parse import parse
from elastx_mrs.verify import report
from elastx_mrs.verify.checks import delegation
from elastx_mrs.verify.expected import Expected, from_domains
from elastx_mrs.verify.wait import INTERNAL, Job, wait
from tests.fuzz.clock import Loop
from tests.fuzz.world import WHO, World, answering

BAD = "bad.com"


def fails(error: BaseException) -> Callable[..., Awaitable[Any]]:
    real = delegation.delegation

    async def failing(asked: Any, expected: Expected) -> Any:
        if expected.domain == BAD:
            raise error
        return await real(asked, expected)

    return failing


def jobs(timeout: float = 0.0) -> list[Job]:
    return [Job(one, WHO["root"], timeout) for one in from_domains(["good.com", BAD])]


@pytest.fixture
def loop() -> Any:
    made = Loop()
    with answering(World(())):
        yield made
    for task in (left := asyncio.all_tasks(made)):
        task.cancel()
    if left:
        made.run_until_complete(asyncio.wait(left))
    made.close()


@pytest.mark.parametrize(
    "error",
    [KeyError("secret"), RecursionError("secret"), ExceptionGroup("a group", [ValueError("secret")])],
    ids=lambda error: type(error).__name__,
)
@pytest.mark.parametrize("timeout", [0.0, 60.0])
def test_an_error_of_our_own_is_the_verdict_of_its_domain(
    error: Exception, timeout: float, loop: Loop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delegation, "delegation", fails(error))
    good, bad = found = jobs(timeout)
    loop.run_until_complete(wait(found, lambda pending: None))
    assert loop.time() < 60, "waiting does not help"
    assert report.verdict(good) == "pass"
    assert set(bad.outcomes) == {INTERNAL}
    assert report.verdict(bad) == "unreachable"
    (said,) = report.messages([bad])
    kind = type(error.exceptions[0] if isinstance(error, ExceptionGroup) else error).__name__
    assert f"unreachable: internal-error: internal error: {kind} at elastx_mrs/verify/" in said
    assert "please report this line" in said
    assert "secret" not in said
    assert "Traceback" not in said


class InterruptedByTest(BaseException):
    """As Ctrl-C is, which would end the tests too."""


def test_what_is_no_error_ends_the_run(loop: Loop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delegation, "delegation", fails(InterruptedByTest()))
    found = jobs()
    with pytest.raises(BaseExceptionGroup):
        loop.run_until_complete(wait(found, lambda pending: None))
    assert INTERNAL not in found[1].outcomes


def test_a_run_that_is_cancelled_ends(loop: Loop) -> None:
    async def work() -> None:
        running = asyncio.create_task(wait(found, lambda pending: None))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        running.cancel()
        await running

    found = jobs()
    with pytest.raises(asyncio.CancelledError):
        loop.run_until_complete(work())
    assert [job.outcomes for job in found] == [{}, {}]


def test_what_is_cancelled_below_a_domain_is_no_verdict(loop: Loop, monkeypatch: pytest.MonkeyPatch) -> None:
    """A task group passes over a task that ends so, and a domain without any outcome would pass."""
    monkeypatch.setattr(delegation, "delegation", fails(asyncio.CancelledError()))
    good, bad = found = jobs()
    loop.run_until_complete(wait(found, lambda pending: None))
    assert (report.verdict(good), report.verdict(bad)) == ("pass", "unreachable")


def up(mode: Mode, loop: Loop) -> list[tuple[str, str]]:
    """Verify as an ``up`` does; return what it logs."""
    config = {"accounts": ["a@b.se"], "dkim": {"external": True}, "domains": ["good.com", BAD], "cloudflare": {}}
    said: list[tuple[str, str]] = []
    modes: dict[str, Mode] = {"good.com": "require", BAD: mode}
    work = verification._verify(
        parse(config, camel_case=True), jobs(), modes, lambda level, text: said.append((level, text))
    )
    loop.run_until_complete(work)
    return said


def test_an_error_of_our_own_warns_of_its_domain_in_an_up(loop: Loop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delegation, "delegation", fails(KeyError("secret")))
    said = up("warn", loop)
    (warning,) = [text for level, text in said if level == "warning"]
    assert warning.startswith(f"{BAD} is not verified:\n  unreachable: internal-error: internal error: KeyError at ")
    assert ("notice", "verification: 1 of 2 domains verified") in said


def test_an_error_of_our_own_stops_an_up_that_requires_its_domain(loop: Loop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delegation, "delegation", fails(KeyError("secret")))
    with pytest.raises(
        pulumi.RunError, match=r"^bad\.com is not verified:\n  unreachable: internal-error: "
    ) as stopped:
        up("require", loop)
    assert "ELASTX_MRS_VERIFICATION=warn" in str(stopped.value)
    assert "good.com" not in str(stopped.value)
