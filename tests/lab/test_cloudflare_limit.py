"""The rate limit of the lab's Cloudflare API on a clock of the test's own, its failures on demand, and its log."""

import json
import re
import time
from dataclasses import dataclass, field

import httpx
import pytest

from elastx_mrs.lab.cloudflare.zone import Token
from elastx_mrs.lab.session import Lab
from elastx_mrs.publish.clock import Clock
from tests.lab.client import ask, strings
from tests.lab.cloudflare_faults import Fault, faults_of
from tests.lab.wire import fault, info, made, records, txt, wire

SECOND, STRANGER = "d" * 40, "e" * 40


@dataclass(frozen=True)
class Stopped(Clock):
    """A clock that the test moves."""

    times: list[float] = field(default_factory=lambda: [1000.0])

    def now(self) -> float:
        return self.times[-1]


@pytest.fixture
def clock(lab: Lab) -> list[float]:
    """The times of the lab's clock, of which the last is now; three requests in five minutes are allowed."""
    stopped = Stopped()
    lab.cloudflare.api.limit.clock, lab.cloudflare.api.limit.requests = stopped, 3
    return stopped.times


def limits(response: httpx.Response) -> tuple[int, int]:
    """Requests and seconds that are left, by the headers that Cloudflare documents (changelog, 2025-09-03)."""
    match = re.fullmatch(r'"default";r=(\d+);t=(\d+)', response.headers["Ratelimit"])
    assert match is not None
    assert re.fullmatch(r'"default";q=\d+;w=300', response.headers["Ratelimit-Policy"])
    return int(match[1]), int(match[2])


def test_every_answer_to_a_known_token_says_what_is_left(http: httpx.Client, lab: Lab) -> None:
    answers = [
        http.get("/zones"), http.post(records(lab), json=txt()), http.post(records(lab), json=txt()),
        http.get(f"{records(lab)}/{'0' * 32}"), http.get("/zones/none"), http.get("/none"),
    ]  # fmt: skip
    assert [answer.status_code for answer in answers] == [200, 200, 400, 404, 404, 404]
    assert [limits(answer)[0] for answer in answers] == [1199, 1198, 1197, 1196, 1195, 1194]
    assert answers[0].headers["Ratelimit-Policy"] == '"default";q=1200;w=300'
    assert all("Retry-After" not in answer.headers for answer in answers)


def test_who_asks_too_much_is_blocked_for_five_minutes_from_then(
    http: httpx.Client, lab: Lab, clock: list[float]
) -> None:
    for expected in ((2, 300), (1, 200), (0, 100)):
        assert limits(http.get("/zones")) == expected
        clock.append(clock[-1] + 100)
    clock[-1] = 1299.5
    refused = http.get("/zones")
    assert fault(refused) == (429, 971)
    assert refused.headers["Retry-After"] == "300"
    assert limits(refused) == (0, 300)
    clock.append(1299.9)
    assert http.get("/zones").headers["Retry-After"] == "300", "asking on makes it no longer"
    clock.append(1300.5)  # the window is over, the block is not
    assert fault(http.get("/zones")) == (429, 971)
    clock.append(1599.4)
    refused = http.post(records(lab), json=txt())
    assert (fault(refused), refused.headers["Retry-After"]) == ((429, 971), "1")
    clock.append(1599.5)
    assert limits(http.get("/zones")) == (2, 300)
    assert ask(lab, "new.example.com").answer == []


def test_requests_are_counted_in_a_sliding_window(http: httpx.Client, clock: list[float]) -> None:
    for now in (1000, 1100, 1200, 1300, 1400, 1500, 1600):
        clock.append(now)
        assert http.get("/zones").status_code == 200
    assert http.get("/zones").status_code == 429


def test_two_tokens_of_a_user_are_counted_together_and_another_users_is_not(lab: Lab, clock: list[float]) -> None:
    lab.cloudflare.api.tokens |= {SECOND: Token(), STRANGER: Token(user="stranger")}
    with wire(lab) as first, wire(lab, f"Bearer {SECOND}") as second, wire(lab, f"Bearer {STRANGER}") as other:
        assert [limits(client.get("/zones"))[0] for client in (first, second, first, other)] == [2, 1, 0, 2]
        assert [client.get("/zones").status_code for client in (second, first, other)] == [429, 429, 200]


def test_a_scaled_clock_makes_five_minutes_short(http: httpx.Client, lab: Lab) -> None:
    limit = lab.cloudflare.api.limit
    limit.requests, limit.clock = 1, Clock(scale=1000.0)
    assert [http.get("/zones").status_code for _ in range(2)] == [200, 429]
    time.sleep(0.31)
    assert http.get("/zones").status_code == 200


def test_a_fault_answers_instead_of_the_work_with_headers_of_its_own(http: httpx.Client, lab: Lab) -> None:
    faults = [Fault("POST", "/dns_records", status=429, headers={"Retry-After": "17"}), Fault("POST", status=503)]
    faults_of(lab.cloudflare).extend(faults)
    limited = http.post(records(lab), json=txt())
    assert (fault(limited)[:2], limited.headers["Retry-After"]) == ((429, 971), "17")
    assert fault(http.post(records(lab), json=txt()))[0] == 503
    assert info(http.get(records(lab), params={"name": "new.example.com"}))["count"] == 0
    made(http.post(records(lab), json=txt()))


def test_a_fault_passes_over_some_requests_and_strikes_some(http: httpx.Client, lab: Lab) -> None:
    faults_of(lab.cloudflare).append(Fault("GET", "page=2", skip=2, times=2, status=500))
    asked = [http.get("/zones", params={"page": str(page)}) for page in (2, 2, 1, 2, 1, 2, 2)]
    assert [one.status_code for one in asked] == [200, 200, 200, 500, 200, 500, 200]
    faults_of(lab.cloudflare)[:] = [Fault(times=-1, status=502)]
    assert [http.get("/zones").status_code for _ in range(4)] == [502] * 4


@pytest.mark.parametrize(("reset", "served"), [("before", []), ("after", ['"a"'])])
def test_a_reset_comes_before_or_after_the_work(http: httpx.Client, lab: Lab, reset: str, served: list[str]) -> None:
    faults_of(lab.cloudflare).append(Fault("POST", reset=reset))  # type: ignore[arg-type]  # one of the two
    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
        http.post(records(lab), json=txt())
    assert strings(ask(lab, "new.example.com")) == served
    again = http.post(records(lab), json=txt())
    assert again.status_code == (400 if served else 200)
    assert [(one.method, one.status) for one in lab.cloudflare.api.log] == [("POST", None), ("POST", again.status_code)]


def test_a_slow_answer_comes_and_holds_up_nobody_else(http: httpx.Client, lab: Lab) -> None:
    faults_of(lab.cloudflare).append(Fault("POST", delay=2.0))
    with pytest.raises(httpx.ReadTimeout):
        http.post(records(lab), json=txt(), timeout=0.05)
    made(http.post(records(lab), json=txt('"quick"')))
    assert strings(ask(lab, "new.example.com")) == ['"quick"']
    end = time.monotonic() + 60
    while len(strings(ask(lab, "new.example.com"))) == 1 and time.monotonic() < end:
        time.sleep(0.05)
    assert strings(ask(lab, "new.example.com")) == ['"a"', '"quick"'], "who hung up too early has it done"


def test_the_log_has_every_request_and_no_token(http: httpx.Client, lab: Lab) -> None:
    made(http.post(records(lab), json=txt(comment="ours")))
    http.get(records(lab), params={"name.exact": "new.example.com", "type": "TXT"})
    http.post(records(lab), content=b"{")
    with wire(lab, f"Bearer {SECOND}") as stranger:
        stranger.get("/zones?page=2")
    http.get("/nowhere")
    path = f"{records(lab)}"
    log = lab.cloudflare.api.log
    assert [(one.method, one.path, one.body, one.status) for one in log] == [
        ("POST", path, txt(comment="ours"), 200),
        ("GET", f"{path}?name.exact=new.example.com&type=TXT", None, 200),
        ("POST", path, None, 400),
        ("GET", "/zones?page=2", None, 403),
        ("GET", "/nowhere", None, 404),
    ]
    assert [one.at for one in log] == sorted(one.at for one in log)
    for file in lab.directory.rglob("*"):
        if file.is_file() and file.name != "cloudflare.token":
            assert lab.token not in file.read_text(), file
    lines = (lab.directory / "cloudflare" / "requests.jsonl").read_text().splitlines()
    assert [json.loads(line)["path"] for line in lines] == [one.path for one in log]
    assert not any(secret in repr(log) for secret in (lab.token, SECOND))
