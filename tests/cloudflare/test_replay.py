"""What the real plugin was recorded to do, step by step, done again with the plugin and the API that there are.

The recordings are in ``recorded/``, a file for each step: the requests in order, and how the engine's command ended.
They are the only source of what is expected here.
"""

import json
import re
import subprocess
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cloudflare.flat import DNS_RECORD, FlatStack
from tests.cloudflare.served import TOKEN, Served, served
from tests.lab.cloudflare_faults import Fault
from tests.once import once

pytestmark = pytest.mark.engine

RECORDED = {path.stem: json.loads(path.read_text()) for path in sorted(Path(__file__).parent.glob("recorded/*.json"))}
PARALLEL = {"01-create", "03-refresh", "05-update-comment", "06-update-ttl", "09-refresh-gone", "15-destroy"}
"""Steps with requests for several records at once, which come in any order."""

SPF = {"name": "example.com", "content": '"v=spf1 include:elastx.email -all"'}
DKIM = {"name": "elastx._domainkey.example.com", "content": f'"v=DKIM1; p={"A" * 244}" "{"A" * 148}"'}
DMARC = {"name": "_dmarc.example.com", "content": '"v=DMARC1; p=none;"'}

Outcome = subprocess.CompletedProcess[str]
Request = dict[str, Any]
Done = tuple[Outcome, list[Request]]


class Replay:
    """The steps of one API, in order."""

    def __init__(self, folder: Path, api: Served) -> None:
        self.api = api
        self._folder = folder
        self._stacks: dict[str, FlatStack] = {}

    def do(self, step: "Step") -> "Done":
        """Return how a step's command ended, and what was requested."""
        before = len(self.api.api.log)
        outcome = step(self)
        return outcome, [self._request(logged) for logged in self.api.api.log[before:]]

    def stack(self, name: str) -> FlatStack:
        if name not in self._stacks:
            # The stand-in's waits are shorter by that; the real plugin takes its time.
            environment = self.api.environment() | {"ELASTX_MRS_LAB_CLOCK": "10"}
            self._stacks[name] = FlatStack.new(self._folder / name, environment)
        return self._stacks[name]

    def fail(self, fault: Fault) -> None:
        self.api.faults.append(fault)

    def record(self, name: str) -> tuple[str, str]:
        """The ids of the zone and of the one record at a name, as the API has them."""
        zone = self.api.api.zone("example.com")
        (found,) = (record for record in zone.book.all() if record.fields.name == name and record.fields.type == "TXT")
        return zone.id, found.id

    def take_away(self, name: str) -> None:
        """Delete a record behind the engine's back, and behind the log's."""
        zone, record = self.record(name)
        url = f"{self.api.url}/zones/{zone}/dns_records/{record}"
        request = urllib.request.Request(url, method="DELETE", headers={"Authorization": f"Bearer {TOKEN}"})  # noqa: S310
        urllib.request.urlopen(request).close()  # noqa: S310
        self.api.api.log.pop()

    def _request(self, logged: Any) -> Request:
        path = re.sub(r"(?<=/zones/)[0-9a-f]{32}", "{zone}", logged.path)
        request = {
            "method": logged.method,
            "path": re.sub(r"(?<=/dns_records/)[0-9a-f]{32}", "{record}", path),
            "status": "answer lost" if logged.status is None else logged.status,
        }
        # The API of the recording did not look at what it refused to work on.
        return request if logged.body is None or logged.status in (429, 500) else request | {"body": logged.body}


Step = Callable[[Replay], Outcome]


def create(replay: Replay) -> Outcome:
    stack = replay.stack("first")
    stack.records = {"spf": SPF | {"ttl": 1800}, "dkim": DKIM | {"ttl": 1800}, "dmarc": DMARC | {"ttl": 1800}}
    return stack.up()


def up(replay: Replay) -> Outcome:
    return replay.stack("first").up()


def refresh(replay: Replay) -> Outcome:
    return replay.stack("first").refresh()


def update_content(replay: Replay) -> Outcome:
    replay.stack("first").records["dmarc"]["content"] = '"v=DMARC1; p=quarantine;"'
    return up(replay)


def update_comment(replay: Replay) -> Outcome:
    for fields in replay.stack("first").records.values():
        fields["comment"] = "owner rec/r1"
    return up(replay)


def update_ttl(replay: Replay) -> Outcome:
    for fields in replay.stack("first").records.values():
        del fields["comment"]
        fields["ttl"] = 300
    return up(replay)


def list_records(replay: Replay) -> Outcome:
    stack = replay.stack("first")
    stack.listed = "example.com"
    outcome = stack.preview()
    stack.listed = ""
    return outcome


def delete_one(replay: Replay) -> Outcome:
    del replay.stack("first").records["dmarc"]
    return up(replay)


def refresh_gone(replay: Replay) -> Outcome:
    replay.take_away("example.com")
    return refresh(replay)


def replace(replay: Replay) -> Outcome:
    stack = replay.stack("first")
    return stack.up("--replace", stack.urn("spf"))


def duplicate(replay: Replay) -> Outcome:
    second = replay.stack("second")
    second.records = {"spf": SPF | {"ttl": 300}}
    return second.up()


def import_record(replay: Replay) -> Outcome:
    identifier = "/".join(replay.record("example.com"))
    options = ("--yes", "--skip-preview", "--protect=false", "--generate-code=false", "--stack", "test")
    return replay.stack("second").pulumi("import", DNS_RECORD, "spf", identifier, *options)


def preview_after_import(replay: Replay) -> Outcome:
    return replay.stack("second").preview("--expect-no-changes")


def destroy(replay: Replay) -> Outcome:
    return replay.stack("first").pulumi("destroy", "--yes", "--skip-preview", "--stack", "test")


def create_500(replay: Replay) -> Outcome:
    replay.fail(Fault("POST", times=2, status=500))
    replay.stack("first").records = {"spf": SPF | {"ttl": 301}}
    return up(replay)


def create_429(replay: Replay) -> Outcome:
    replay.fail(Fault("POST", times=3, status=429, headers={"Retry-After": "1"}))
    replay.stack("first").records["dkim"] = DKIM | {"ttl": 301}
    return up(replay)


def answer_lost(replay: Replay) -> Outcome:
    replay.take_away("example.com")
    replay.fail(Fault("POST", reset="after"))
    third = replay.stack("third")
    third.records = {"spf": SPF | {"ttl": 1800}}
    return third.up()


def up_after_lost(replay: Replay) -> Outcome:
    return replay.stack("third").up()


LIFE: dict[str, Step] = {
    "01-create": create,
    "02-no-change": up,
    "03-refresh": refresh,
    "04-update-content": update_content,
    "05-update-comment": update_comment,
    "06-update-ttl": update_ttl,
    "07-list-records": list_records,
    "08-delete-one": delete_one,
    "09-refresh-gone": refresh_gone,
    "10-up-after-gone": up,
    "11-replace": replace,
    "12-duplicate": duplicate,
    "13-import": import_record,
    "14-preview-after-import": preview_after_import,
    "15-destroy": destroy,
}
FAILURES: dict[str, Step] = {
    "16-create-500": create_500,
    "17-create-429": create_429,
    "18-answer-lost": answer_lost,
    "19-up-after-lost": up_after_lost,
}


def replayed(folder: Path, steps: dict[str, Step], *zones: str) -> dict[str, Done]:
    with served(folder / "zones", *zones) as api:
        replay = Replay(folder, api)
        return {name: replay.do(step) for name, step in steps.items()}


@pytest.fixture(scope="module")
def life(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Done]:
    return once(tmp_path_factory, "life", lambda folder: replayed(folder, LIFE, "example.com", "example.net"))


@pytest.fixture(scope="module")
def failures(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Done]:
    return once(tmp_path_factory, "failures", lambda folder: replayed(folder, FAILURES, "example.com"))


def test_every_recording_is_replayed() -> None:
    assert list(RECORDED) == [*LIFE, *FAILURES]


def check(done: dict[str, Done], name: str) -> Outcome:
    outcome, requests = done[name]
    expected = RECORDED[name]["requests"]
    if name in PARALLEL:
        requests, expected = (
            sorted(each, key=lambda request: json.dumps(request, sort_keys=True)) for each in (requests, expected)
        )
    assert requests == expected, outcome.stdout + outcome.stderr
    assert outcome.returncode == RECORDED[name]["exit"], outcome.stdout + outcome.stderr
    return outcome


@pytest.mark.parametrize("name", LIFE)
def test_the_life_of_records(life: dict[str, Done], name: str) -> None:
    outcome = check(life, name)
    if outcome.returncode:
        said_twice(outcome)


def test_a_record_that_is_gone_is_warned_of(life: dict[str, Done]) -> None:
    outcome, _ = life["09-refresh-gone"]
    assert re.search(r"DnsRecord \(spf\):\n    warning: .*will be removed from state", outcome.stdout), outcome.stdout


@pytest.mark.parametrize("name", FAILURES)
def test_failing_answers(failures: dict[str, Done], name: str) -> None:
    outcome = check(failures, name)
    if outcome.returncode:
        said_twice(outcome)


def said_twice(outcome: Outcome) -> None:
    """An error is told with the whole answer, once in the log and once as what became of the record."""
    told = outcome.stdout.partition("Diagnostics:")[2]
    said = re.findall(r'POST "http://[^"]+/zones/[0-9a-f]{32}/dns_records": 400 Bad Request (\{.*\})', told)
    assert [json.loads(answer)["errors"][0]["code"] for answer in said] == [81058, 81058], outcome.stdout
    assert told.count('error: failed to make http request: POST "http://') == 1
