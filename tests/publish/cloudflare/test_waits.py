"""What is known of a wait for the plugin: its scheme is in cloudflare-go's ``retryDelay`` (6.6 and newer)."""

import asyncio
import datetime
import re

import pytest

from elastx_mrs.config.environment import LAB_CLOCK
from elastx_mrs.publish.clock import Clock
from elastx_mrs.publish.cloudflare.invoke import progress
from elastx_mrs.publish.cloudflare.waits import RETRIES, known

TRIES = 11


def test_the_time_is_the_longest_that_the_plugin_takes_by_itself() -> None:
    assert sum(min(2 * 2**number, 30) for number in range(TRIES - 1)) == RETRIES
    assert sum(min(0.5 * 2**number, 8) for number in range(TRIES - 1)) < RETRIES, "before 6.6"


def test_until_then_it_says_when_the_plugin_gives_up() -> None:
    before = datetime.datetime.now().astimezone()
    text = known(5.0)
    after = datetime.datetime.now().astimezone()
    told = re.search(r"tries up to 11 times, until (\d\d:\d\d:\d\d) ", text)
    assert told is not None
    left = datetime.timedelta(seconds=RETRIES - 5)
    between = [
        f"{before + left + datetime.timedelta(seconds=more):%H:%M:%S}"
        for more in range(int((after - before).total_seconds()) + 2)
    ]
    assert told[1] in between
    assert "5 minutes for the rate limit" in text


def test_after_it_only_a_wait_that_cloudflare_asked_for_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "until" in known(RETRIES - 1)
    assert known(RETRIES).startswith("That is longer than the plugin retries on its own: Cloudflare told it to wait")
    monkeypatch.setenv(LAB_CLOCK.name, "100")
    assert known(RETRIES / 100).startswith("That is longer than the plugin")


def test_a_question_is_named_when_it_takes_long_and_so_is_its_answer() -> None:
    lines: list[str] = []
    spoken = asyncio.Event()

    def log(text: str) -> None:
        lines.append(text)
        spoken.set()

    async def run() -> None:
        await progress(log, Clock(1e9)).wait("the list of zones", asyncio.wait_for(spoken.wait(), 60))

    asyncio.run(run())
    assert lines[0].startswith("waiting for Cloudflare for 0 s: the list of zones. ")
    assert lines[-1] == "Cloudflare answers after 0 s"
