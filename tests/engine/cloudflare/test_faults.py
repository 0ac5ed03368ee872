"""Runs that fail: whichever request fails, the next ``up``, or the step that the message names, ends as declared.

On the lab's clock, so that the plugin's waits, and the five minutes of a block, take a moment.
"""

import re
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from elastx_mrs.publish.clock import Clock
from elastx_mrs.records.text import presentation
from tests.cloudflare.plugin.ages import AGES, OLDEST, VARIABLE, age_of
from tests.cloudflare.which import ages, plugin
from tests.engine.cloudflare.stacks import FAST, PATIENCE, Trial, diagnostics, patient, trial
from tests.engine.cloudflare.test_cloudflare import sha256
from tests.engine.programs import DMARC, SKIP_CHECKS, records_of
from tests.engine.stack import Stack
from tests.lab.cloudflare_faults import Fault

pytestmark = [pytest.mark.engine, patient]

LABEL = "shared"
KEPT, NEW = f"kept.{LABEL}.example.com", f"new.{LABEL}.example.com"
GIVES_UP_AT_ONCE = plugin().kind == "stand-in" and age_of() == OLDEST
"""Whether this run's plugin is so old that nobody waits for it long."""
BLOCKED: dict[str, Any] = {"status": 429, "headers": {"Retry-After": "300"}}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trial]:
    with trial(tmp_path_factory.mktemp("faults")) as running:
        running.api.limit.clock = Clock(float(FAST["ELASTX_MRS_LAB_CLOCK"]))
        yield running


@pytest.fixture(scope="module")
def stack(run: Trial) -> Stack:
    """A stack of one domain, as published; each test leaves it so, for an ``up`` of one's own takes long."""
    stack = small(run, KEPT)
    stack.up()
    return stack


@pytest.fixture(autouse=True)
def no_faults_are_left(run: Trial) -> Iterator[None]:
    yield
    run.faults.clear()


def domain(name: str, ttl: int = 300) -> dict[str, Any]:
    """A domain of two records, a challenge and a DMARC policy: as many requests are to fail in turn."""
    return {"name": name, "ttl": ttl, "spf": {"external": True}, "dkim": {"external": True}, "dmarc": {"record": DMARC}}


def small(run: Trial, *names: str) -> Stack:
    stack = run.stack(domains=[domain(name) for name in names])
    stack.environment |= FAST | SKIP_CHECKS
    return stack


def added(stack: Stack) -> None:
    """Declare a new domain, and another TTL for the old one: two POSTs and two PUTs are due."""
    ttl = 700 - stack.config["domains"][0]["ttl"]
    stack.config["domains"] = [domain(KEPT, ttl), domain(NEW)]


def removed(stack: Stack) -> None:
    """Withdraw the new domain: two DELETEs are due."""
    stack.config["domains"] = stack.config["domains"][:1]


def settled(run: Trial, stack: Stack, label: str) -> None:
    """Check that every declared record is published once, with its value and TTL, and is the one in the state."""
    wanted = set()
    for one in stack.config["domains"]:
        token = presentation(f"elastx-mrs={sha256('a@acme.example')}")
        wanted |= {(one["name"], token, one["ttl"]), (f"_dmarc.{one['name']}", presentation(DMARC), one["ttl"])}
    found = [one for one in run.records() if label in one.fields.name]
    assert sorted((one.fields.name, one.fields.content, one.fields.ttl) for one in found) == sorted(wanted)
    assert {one["id"] for one in records_of(stack).values()} == {one.id for one in found}


def fails(stack: Stack, *messages: str) -> str:
    said = diagnostics(stack.up(check=False))
    assert "update failed" in said or "unhandled error" in said, said
    assert all(message in said for message in messages), said
    assert "Traceback" not in said
    return said


def obey(stack: Stack, said: str) -> list[str]:
    """Run each command that was told, as it stands, in a shell."""
    commands = re.findall(r"run: (pulumi import .*? --generate-code=false|pulumi up --refresh)", said)
    told = list(dict.fromkeys(commands))
    for command in told:
        environment = stack.environ() | {"PULUMI_SKIP_CONFIRMATIONS": "true"}
        done = subprocess.run(
            ["bash", "-c", command], cwd=stack.directory, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
    return told


def test_a_list_that_fails_stops_the_run_before_anything_is_written(run: Trial) -> None:
    stack = small(run, "list.example.com")
    stack.environment["ELASTX_MRS_GUARD"] = "require"
    for where, page, fault, said, what, waits in (
        ("/zones", 1, BLOCKED, "run this again 5 minutes from now", "zones could not be listed", "the list of zones"),
        ("/zones", 2, {"status": 500}, "Cloudflare's API failed", "zones could not be listed", "the list of zones"),
        (
            "/dns_records",
            2,
            {"reset": "before"},
            "API was not reached",
            "does not list the records of example.com",
            "the records of example.com",
        ),
    ):
        run.faults[:] = [Fault("GET", where, skip=page - 1, times=-1, **fault)]
        run.asked()
        shown = fails(stack, said, what)
        assert GIVES_UP_AT_ONCE or re.search(rf"waiting for Cloudflare for \d+ s: {waits}. If Cloudflare's", shown)
        assert run.changes() == []
    run.faults[:] = [Fault("GET", "/zones", status=429, headers={"Retry-After": "90"})]
    shown = stack.up().stdout
    if not GIVES_UP_AT_ONCE:
        assert "waiting for Cloudflare for" in shown, "a wait that ends well is said, too"
        assert re.search(r"Cloudflare answers after \d+ s", shown)
    settled(run, stack, "list")


@pytest.mark.parametrize(
    ("fault", "passed", "said"),
    [
        ({"status": 500}, 0, "run pulumi up again, which continues from here"),
        ({"reset": "before"}, 1, "check CLOUDFLARE_BASE_URL and the network, and run pulumi up again"),
    ],
    ids=["500 at the first", "reset at the second"],
)
def test_what_failed_for_good_is_done_by_the_next_up(
    run: Trial, stack: Stack, fault: dict[str, Any], passed: int, said: str
) -> None:
    added(stack)
    run.faults[:] = [Fault(method, skip=passed, times=-1, **fault) for method in ("POST", "PUT")]
    shown = fails(stack, said)
    assert GIVES_UP_AT_ONCE or re.search(rf"waiting for \d of 4 records for .*mail-{NEW}", shown)
    run.faults.clear()
    stack.up()
    settled(run, stack, LABEL)

    removed(stack)
    run.faults[:] = [Fault("DELETE", skip=passed, times=-1, **fault)]
    fails(stack, said)
    run.faults.clear()
    stack.up()
    settled(run, stack, LABEL)


def test_an_answer_that_is_lost_after_the_work_is_done_is_made_up_for_as_the_message_says(
    run: Trial, stack: Stack
) -> None:
    added(stack)
    run.faults[:] = [Fault(method, skip=1, reset="after") for method in ("POST", "PUT")]
    told = obey(stack, fails(stack, "this exact record already exists"))
    assert len(told) == 1, "the second PUT of the same is no error"
    stack.up()
    settled(run, stack, LABEL)

    removed(stack)
    run.faults[:] = [Fault("DELETE", skip=1, reset="after")]
    assert obey(stack, fails(stack, "the record is gone already")) == ["pulumi up --refresh"]
    settled(run, stack, LABEL)


def test_a_destroy_whose_answer_is_lost_ends_with_refresh(run: Trial) -> None:
    """No program runs in it that could say so; ``docs/cloudflare.md`` does."""
    stack = small(run, "destroyed.example.com")
    stack.up()
    run.faults[:] = [Fault("DELETE", reset="after")]
    destroy = ("destroy", "--yes", "--skip-preview", "--stack", "test")
    said = stack.pulumi(*destroy, check=False)
    assert said.returncode != 0
    assert "Record does not exist" in said.stdout
    stack.pulumi(*destroy, "--refresh")
    assert not any("destroyed" in one.fields.name for one in run.records())
    assert records_of(stack) == {}


@pytest.mark.parametrize("age", ages(), ids=lambda age: age.get(VARIABLE, "real"))
def test_a_block_of_five_minutes_is_waited_out(run: Trial, stack: Stack, age: dict[str, Any]) -> None:
    """By the plugin; where it is so old that it gives up, by the program, which says so."""
    oldest = age.get(VARIABLE) == OLDEST
    times = 2 * (AGES[OLDEST].tries if oldest else 1)
    added(stack)
    run.faults[:] = [Fault(method, times=times, **BLOCKED) for method in ("POST", "PUT")]
    assert "continuing at" in stack.up(**age).stdout or not oldest
    settled(run, stack, LABEL)
    removed(stack)
    run.faults[:] = [Fault("DELETE", times=times, **BLOCKED)]
    assert "continuing at" in stack.up(**age).stdout or not oldest
    settled(run, stack, LABEL)


@pytest.mark.skipif(GIVES_UP_AT_ONCE, reason="this run's plugin waits for nothing that Ctrl-C could end")
def test_ctrl_c_twice_ends_a_wait_and_what_may_have_been_created_is_named(run: Trial, tmp_path: Path) -> None:
    stack = small(run, "stopped.example.com")
    wait: dict[str, Any] = {"status": 429, "headers": {"Retry-After": "36000"}}
    run.faults[:] = [Fault("POST", times=2, reset="after"), Fault("POST", times=-1, **wait)]
    shown = tmp_path / "shown"
    with shown.open("wb") as output:
        process = stack.start("up", "--yes", "--skip-preview", "--stack", "test", output=output)

    def seen(words: str) -> re.Match[str]:
        until = time.monotonic() + PATIENCE
        while (found := re.search(words, shown.read_text())) is None or len(published(run, "stopped")) < 2:
            assert time.monotonic() < until, shown.read_text()
            time.sleep(0.1)
        return found

    named = seen(r"waiting for 2 of 2 records for \d+ s: (\S+), (\S+)\. ")
    process.send_signal(signal.SIGINT)
    seen("received; cancelling")
    process.send_signal(signal.SIGINT)
    assert process.wait(60) != 0
    run.faults.clear()
    imported(stack, published(run, "stopped"))
    assert set(named.groups()) == records_of(stack).keys()


def published(run: Trial, label: str) -> set[str]:
    return {one.id for one in run.records() if f"{label}.example.com" in one.fields.name}


def imported(stack: Stack, numbers: set[str]) -> None:
    """Run what each ``up`` tells, until all is in the state: the engine may end before each has said its own."""
    told = []
    for _ in numbers:
        result = stack.up(check=False)
        if result.returncode == 0:
            break
        told += obey(stack, diagnostics(result))
    stack.up("--expect-no-changes")
    assert len(told) == len(set(told)) == len(numbers)
    assert {one["id"] for one in records_of(stack).values()} == numbers


def test_when_all_answers_are_lost_the_next_up_names_what_to_import(run: Trial) -> None:
    stack = small(run, "all.example.com")
    run.faults[:] = [Fault("POST", times=-1, reset="after")]
    fails(stack, "run pulumi up again")
    numbers = published(run, "all")
    assert len(numbers) == 2
    assert records_of(stack) == {}
    run.faults.clear()
    imported(stack, numbers)
    assert published(run, "all") == numbers
