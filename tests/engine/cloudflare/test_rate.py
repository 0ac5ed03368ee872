"""Cloudflare's rate limit: 1,200 requests in five minutes per user, then five minutes without (its page "Rate limits").

On the lab's clock, which runs faster, and counted by the lab's own log.
"""

from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from elastx_mrs.config.environment import LAB_CLOCK
from elastx_mrs.lab.cloudflare.log import Request
from elastx_mrs.publish.clock import Clock
from elastx_mrs.publish.cloudflare.rate import REQUESTS
from tests.cloudflare.plugin.ages import OLDEST, VARIABLE
from tests.cloudflare.which import ages
from tests.engine.cloudflare.stacks import Trial, diagnostics, patient, trial
from tests.engine.programs import records_of

pytestmark = [pytest.mark.engine, patient]

LIMIT, WINDOW = 1200, 300.0
DOMAINS = 240
ONE_WRITE: dict[str, Any] = {"PULUMI_EXPERIMENTAL": "true", "PULUMI_SKIP_CHECKPOINTS": "true"}
"""The state is written once, at the end: thousands of times take long."""


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Trial]:
    with trial(tmp_path) as running:
        yield running


def named(age: dict[str, str]) -> str:
    return age.get(VARIABLE, "real")


def clock(run: Trial, scale: float) -> dict[str, Any]:
    """Let five minutes pass faster, for the API, the plugin and the program."""
    run.api.limit.clock = Clock(scale)
    return {LAB_CLOCK.name: str(scale)}


def most_in_a_window(log: list[Request]) -> int:
    """The most requests that were answered within any five minutes."""
    window: deque[float] = deque()
    most = 0
    for request in sorted(log, key=lambda one: one.at):
        window.append(request.at)
        while window[0] <= request.at - WINDOW:
            window.popleft()
        most = max(most, len(window))
    return most


def test_hundreds_of_domains_get_through_with_as_few_requests_as_there_can_be(run: Trial) -> None:
    faster = clock(run, 6.0)
    names = [f"d{number:04}.example" for number in range(DOMAINS)]
    for name in names:
        run.api.add_zone(name, run.api.zone("example.com").account)
    stack = run.stack(domains=names, accounts=["a@acme.example", "b@acme.example"])
    said = stack.up(ELASTX_MRS_GUARD="off", **faster, **ONE_WRITE)
    log = list(run.api.log)
    assert [request.status for request in log if request.status != 200] == [], "the limit was never met"
    assert sum(request.method == "POST" for request in log) == 5 * DOMAINS
    pages = len(log) - 5 * DOMAINS
    assert pages == -(-len(run.api.zones) // 20) + 1, "pages of twenty, and the empty one that ends the list"
    most = most_in_a_window(log)
    assert most <= LIMIT
    # A preview before it may have asked for the same pages. A machine that is slow enough never has to wait.
    assert "continuing at" in said.stdout or most < REQUESTS - 2 * pages


@pytest.mark.parametrize("age", ages(), ids=named)
def test_a_block_is_waited_out_and_nothing_is_lost(run: Trial, age: dict[str, Any]) -> None:
    """By the plugin, which does as Cloudflare tells it to; the oldest gives up in a moment, and the program waits."""
    faster = clock(run, 100.0)
    run.api.limit.requests = 4
    stack = run.stack()
    said = stack.up(ELASTX_MRS_GUARD="off", **faster, **age)
    refused = [request for request in run.api.log if request.status == 429]
    assert refused
    made = [request for request in run.api.log if request.method == "POST" and request.status == 200]
    assert len(made) == 4
    assert made[-1].at - refused[0].at >= WINDOW
    assert "1,200 requests in 5 minutes; continuing at" in said.stdout or age.get(VARIABLE) != OLDEST
    stack.preview("--expect-no-changes", **clock(run, 1e6))


def test_a_withdrawn_domain_s_deletes_wait_too(run: Trial) -> None:
    stack = run.stack(domains=["example.com", "example.se"])
    stack.up(ELASTX_MRS_GUARD="off")
    faster = clock(run, 100.0)
    stack.config["domains"] = ["example.com"]
    run.api.limit.requests = 4
    run.asked()
    stack.up(ELASTX_MRS_GUARD="off", **faster)
    assert [request.method for request in run.api.log if request.status == 200].count("DELETE") == 4
    assert run.texts("example.se", "example.se") == []


@pytest.mark.parametrize("age", ages(), ids=named)
def test_a_destroy_that_meets_the_limit_waits_or_goes_on_when_it_is_run_again(run: Trial, age: dict[str, Any]) -> None:
    """No program runs that could wait: the plugin does, and the oldest says what ended it."""
    stack = run.stack()
    stack.up(ELASTX_MRS_GUARD="off")
    faster = clock(run, 100.0)
    run.api.limit.requests = 2
    run.asked()
    said = stack.pulumi("destroy", "--yes", "--stack", "test", check=False, **faster, **age)
    assert 429 in {status for _, _, status in run.asked()}
    assert (said.returncode != 0) == (age.get(VARIABLE) == OLDEST)
    if said.returncode != 0:
        assert "429 Too Many Requests" in diagnostics(said)
        run.api.limit.requests = LIMIT
        clock(run, 1e6)
        stack.pulumi("destroy", "--yes", "--stack", "test")
    assert run.texts("example.com") == []
    assert records_of(stack) == {}
