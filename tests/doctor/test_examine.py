"""All examinations together: what there is to examine, side by side, bounded in time, and without a secret."""

import asyncio
import math
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from elastx_mrs import limits
from elastx_mrs.check import Check
from elastx_mrs.doctor.examine import AT_ONCE, examinations, examined, secrets_of
from elastx_mrs.limits import Limit
from elastx_mrs.lookup.transport import encrypted
from elastx_mrs.progress import Progress
from elastx_mrs.publish.examination import Examination
from tests.doctor.patient import provider, stack, verdicts
from tests.registry.test_registry import TOY

YAML = "name: mail\nruntime: yaml\n"


def names(found: Sequence[Examination]) -> list[str]:
    return [one.name for one in found]


def test_what_is_examined_follows_from_the_stack(tmp_path: Path) -> None:
    own = ["pulumi", "packages", "port-53-udp"]
    assert names(examinations(stack(tmp_path, {}))) == [*own, "publisher"]
    both = {"cloudflare": {}, "rfc2136": {"zones": ["example.com"], "server": "127.0.0.1:9"}}
    assert names(examinations(stack(tmp_path, {"cloudflare": {}}))) == [*own, "cloudflare-plugin", "cloudflare-token"]
    assert names(examinations(stack(tmp_path, {"rfc2136": both["rfc2136"]}))) == [*own, "rfc2136-zone"]
    assert names(examinations(stack(tmp_path, both))) == [*own, "cloudflare-plugin", "cloudflare-token", "rfc2136-zone"]
    other = names(examinations(stack(tmp_path, {}, project=YAML)))
    assert other[:2] == ["pulumi", "plugin"]


@pytest.mark.parametrize(("token", "verdict"), [({}, "absent"), ({"elastx-mrs:toyToken": "wound-up"}, "pass")])
def test_a_provider_of_another_package_brings_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, token: dict[str, str], verdict: str
) -> None:
    monkeypatch.syspath_prepend(str(TOY))
    found = provider(stack(tmp_path, {"toy": {"zone": "example.com"}}, others=token))
    assert verdicts(found) == [("toy-token", verdict)]


def test_a_stack_that_somebody_else_publishes_needs_no_publisher(tmp_path: Path) -> None:
    (found,) = [one for one in examinations(stack(tmp_path, {"external": True})) if one.name == "publisher"]
    (check,) = found.work()
    assert check.verdict == "pass"
    assert check.seen.endswith("; for the records, run: elastx-mrs records --format ticket")


def packages(folder: Path, **config: object) -> Check:
    (found,) = [one for one in examinations(stack(folder, config)) if one.name == "packages"]
    (check,) = found.work()
    return check


def test_the_extras_that_a_config_needs(tmp_path: Path) -> None:
    assert packages(tmp_path).expected == "elastx-mrs and all that it requires"
    assert packages(tmp_path, cloudflare={}).expected.startswith("elastx-mrs[cloudflare] ")
    doh = {"resolvers": ["https://127.0.0.1/dns-query"]}
    assert packages(tmp_path, cloudflare={}, verification=doh).expected.startswith("elastx-mrs[cloudflare,doh] ")
    assert packages(tmp_path, domains=[{"name": "a.net", "verification": doh}]).expected.startswith("elastx-mrs[doh] ")


def test_without_the_extra_doh_the_packages_say_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encrypted, "find_spec", lambda name: None)
    doh = {"resolvers": ["https://127.0.0.1/dns-query"]}
    assert names(examinations(stack(tmp_path, {"verification": doh}))) == ["pulumi", "packages", "publisher"]


@pytest.mark.limit("DOCTOR_WISHES")
@pytest.mark.parametrize("beyond", [0, 1])
def test_the_examined_settings_are_limited(tmp_path: Path, beyond: int) -> None:
    most = limits.DOCTOR_WISHES.most
    domains = [
        {"name": f"d{n}.net", "verification": {"nameservers": [f"127.0.0.{n}"]}} for n in range(1, most + beyond + 1)
    ]
    found = examinations(stack(tmp_path, {"domains": [*domains, {**domains[0], "name": "same.net"}]}))
    assert names(found).count("port-53-udp") == most
    rest = [check for one in found if one.name == "dns" for check in one.work()]
    assert [check.seen for check in rest] == ["1 further verification settings, of other domains, were not examined"][
        : len(rest)
    ]
    assert len(rest) == beyond


def run(*found: Examination, known: Sequence[str] = (), say: Callable[..., None] = lambda *_: None) -> list[Check]:
    shown: list[Check] = []
    done = asyncio.run(examined(found, known, Progress(say, limits.QUIET, math.inf), shown.append))
    assert shown == done
    return done


def work(name: str, do: Callable[[], None] = lambda: None) -> Examination:
    def checks() -> Iterator[Check]:
        do()
        yield Check(name, "pass", "", "")

    return Examination(name, checks, "fix it")


def test_they_run_in_parallel_and_are_shown_in_order() -> None:
    together = threading.Barrier(AT_ONCE, timeout=60)

    def wait() -> None:
        together.wait()

    found = [work(str(number), wait) for number in range(AT_ONCE)]
    assert [check.name for check in run(*found)] == [one.name for one in found]


@pytest.mark.limit("DOCTOR_SECONDS")
def test_one_that_takes_too_long_ends_and_keeps_what_it_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "DOCTOR_SECONDS", Limit("", "", 3, "seconds", ""))
    never = threading.Event()

    def checks() -> Iterator[Check]:
        yield Check("first", "pass", "", "")
        never.wait(120)
        yield Check("second", "pass", "", "")

    found = run(Examination("whole", checks, "fix it"), work("other"))
    assert verdicts(found) == [("first", "pass"), ("whole", "unreachable"), ("other", "pass")]
    assert (found[1].seen, found[1].cure) == ("no answer in 3 seconds", "fix it")
    monkeypatch.setattr(limits, "DOCTOR_SECONDS", Limit("", "", 60, "seconds", ""))
    assert verdicts(run(work("slow", lambda: time.sleep(0.3)))) == [("slow", "pass")]


def test_an_error_hides_no_other_verdict(capsys: pytest.CaptureFixture[str]) -> None:
    def fail() -> None:
        raise KeyError("secret text")

    found = run(work("bad", fail), work("good"))
    assert verdicts(found) == [("bad", "unreachable"), ("good", "pass")]
    assert found[0].seen.startswith("internal error: KeyError at ")
    assert "secret text" not in capsys.readouterr().err


def test_text_that_repeats_a_secret_is_hidden() -> None:
    check = Check("echo", "wrong", "", "it said: hunter2hunter2", "remove hunter2hunter2")
    (found,) = run(Examination("echo", lambda: [check], ""), known=["hunter2hunter2"])
    assert (found.verdict, found.seen, found.cure) == ("wrong", "hidden, because it repeats a secret", "")


def test_the_secrets_are_those_of_config_and_environment(tmp_path: Path) -> None:
    others = {
        "elastx-mrs:tsigKey": "one-secret",
        "elastx-mrs:tsigKeys": {"in": "two-secret", "out": {"secure": "v1:x"}},
        "cloudflare:apiToken": "three-secret",
        "elastx-mrs:adopt": ["no-secret.example.com"],
    }
    found = secrets_of(stack(tmp_path, {}, {"MY_TOKEN": "four-secret", "KEY": "ab", "HOME": "/home/x"}, others=others))
    assert set(found) == {"one-secret", "two-secret", "three-secret", "four-secret"}


def test_a_wait_is_announced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "QUIET", 0.1)
    told = threading.Event()

    def say(waiting: Sequence[str], seconds: float) -> None:
        assert list(waiting) == ["slow"]
        told.set()

    def wait() -> None:
        told.wait(60)

    run(work("slow", wait), say=say)
    assert told.is_set()
