"""The guard where something goes wrong in it: a record that was not checked, said in one line, and no other record."""

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from elastx_mrs import limits, notices
from elastx_mrs.adopt.judged import Planned
from elastx_mrs.config.modes import Mode
from elastx_mrs.lookup.network import Network
from elastx_mrs.lookup.vantage import Vantage, Who
from elastx_mrs.publish.adoption import Adoption
from elastx_mrs.publish.existing import CannotAskError, Existing
from elastx_mrs.publish.guard.checks import Case, Finding, noticed
from elastx_mrs.publish.guard.guard import Guard, Memory, StoppedError
from elastx_mrs.records import TxtRecord, dmarc, spf
from tests.fuzz.clock import Loop
from tests.lookup.fakes import Dns

RECORDS = [spf.spf("example.com", "v=spf1 -all"), dmarc.dmarc("example.com", "v=DMARC1; p=none;")]


class Publisher:
    """Has nothing, and says so after a while."""

    shares_ttl = True
    adoption = Adoption(frozenset(), lambda record: "merge", lambda record: "claim")

    def __init__(self, seconds: float = 0.0) -> None:
        self.seconds = seconds

    def declare(self, name: str, record: TxtRecord, options: object) -> Any:
        raise AssertionError

    def value_of(self, properties: Mapping[str, Any]) -> str:
        raise AssertionError

    async def existing(self, owner: str) -> Existing:
        await asyncio.sleep(self.seconds)
        return Existing(owner, "example.com")


async def broken(case: Case) -> list[Finding]:
    if case.record.kind == "spf":
        raise KeyError("secret")
    return []


def memory(seconds: float = 0.0) -> Memory:
    return Memory(Publisher(seconds), {"example.com": Vantage(Who(resolvers=()), Network())}, RECORDS)


def guard(mode: Mode, said: list[str], *, preview: bool) -> Guard:
    by_name: dict[str, TxtRecord] = {record.kind: record for record in RECORDS}
    return Guard(
        by_name, {"example.com": mode}, memory(), preview, lambda _, text, __: said.append(text), create=[broken]
    )


def before(checked: Guard) -> str:
    async def all_() -> str:
        await checked.before("dmarc", None)
        try:
            await checked.before("spf", None)
        except StoppedError as stopped:
            return str(stopped)
        return ""

    return asyncio.run(all_())


NOT_CHECKED = "example.com was not checked: internal error: KeyError at elastx_mrs/publish/guard/guard.py:"


def test_an_error_of_our_own_stops_its_record_alone() -> None:
    said: list[str] = []
    stopped = before(guard("require", said, preview=False))
    assert stopped.startswith(NOT_CHECKED)
    assert "please report this line" in stopped
    assert "ELASTX_MRS_GUARD=warn" in stopped
    assert "secret" not in stopped
    assert said == []


@pytest.mark.parametrize(("mode", "preview"), [("require", True), ("warn", True), ("warn", False)])
def test_an_error_of_our_own_is_a_remark_where_nothing_stops(mode: Mode, preview: bool) -> None:
    said: list[str] = []
    assert before(guard(mode, said, preview=preview)) == ""
    assert [text.partition(":")[2].strip().startswith(NOT_CHECKED) for text in said] == [True]


def test_whoever_stops_waiting_for_a_name_takes_it_from_nobody_else() -> None:
    """The tree of an SPF record waits 20 seconds; what the publisher has at a name is asked once for all checks."""

    async def work() -> Existing:
        known = memory(seconds=0.05)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0):
                await known.existing("example.com")
        return await known.existing("example.com")

    assert asyncio.run(work()).zone == "example.com"


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (1.9, []),
        (11.9, ["guard: waiting for answers, to check example.com, _dmarc.example.com …"]),
        (12.1, ["guard: waiting for answers, to check example.com, _dmarc.example.com …"] * 2),
    ],
)  # fmt: skip
def test_what_takes_a_while_is_told_once_for_all_records(
    seconds: float, said: list[str], loop: Loop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "QUIET", 2.0)
    told: list[tuple[str, str, str]] = []

    async def slow(case: Case) -> list[Finding]:
        await asyncio.sleep(seconds)
        return []

    made = guard("require", [], preview=False)
    made.create, made.say = [slow], lambda *line: told.append(line)

    async def both() -> None:
        await asyncio.gather(*(made.before(name, None) for name in ("spf", "dmarc")))

    loop.run_until_complete(both())
    assert told == [("progress", text, "") for text in said]


class Unreachable(Publisher):
    """Cannot say what it has."""

    async def existing(self, owner: str) -> Existing:
        raise CannotAskError("the primary does not answer")


def test_a_name_that_the_publisher_cannot_tell_of_is_asked_for_in_dns() -> None:
    """It may be there, so the DNS says what is there now."""
    vantages = {"example.com": Planned(Dns({}).ask, None)}

    def created(publisher: Publisher) -> str:
        world = Memory(publisher, vantages, RECORDS).world("example.com")
        return asyncio.run(world.ask("example.com", "A")).status

    assert created(Publisher()) == "nodata", "this run creates it"
    assert created(Unreachable()) == "nxdomain"


async def noisy(case: Case) -> list[Finding]:
    warning = Finding("warning", f"a warning of {case.record.domain}")
    return [noticed(notices.NULL_MX, f"a notice of {case.owner}"), warning]


@pytest.mark.parametrize(
    ("known", "said"),
    [
        ({}, ["guard: a notice of example.com [null-mx]", "guard: a notice of _dmarc.example.com [null-mx]"]),
        ({"null-mx"}, ["acknowledged: null-mx"]),
        ({"one-key"}, ["guard: a notice of example.com [null-mx]", "guard: a notice of _dmarc.example.com [null-mx]"]),
    ],
)
def test_a_notice_that_is_acknowledged_is_one_short_line_of_the_run(known: set[str], said: list[str]) -> None:
    lines: list[tuple[str, str, str]] = []
    by_name: dict[str, TxtRecord] = {record.kind: record for record in RECORDS}
    guard = Guard(
        by_name,
        {"example.com": "require"},
        memory(),
        True,
        lambda *line: lines.append(line),
        create=[noisy],
        acknowledged={"example.com": frozenset(known)},
    )
    for name in by_name:
        asyncio.run(guard.before(name, None))
    assert [text for level, text, _ in lines if level == "notice"] == said
    assert [text for level, text, _ in lines if level == "warning"] == ["guard: a warning of example.com"]


async def alike(case: Case) -> list[Finding]:
    return [Finding("stop", "example.com is a CNAME to other.example; remove it")]


@pytest.mark.parametrize("preview", [True, False])
def test_a_preview_says_once_why_several_records_are_stopped(preview: bool) -> None:
    by_name: dict[str, TxtRecord] = {f"mail-{record.kind}": record for record in RECORDS}
    guard = Guard(by_name, {"example.com": "require"}, memory(), preview, lambda *_: None, create=[alike])
    texts = []
    for name in by_name:
        with pytest.raises(StoppedError) as caught:
            asyncio.run(guard.before(name, None))
        texts.append(str(caught.value))
    assert sum("is a CNAME" in text for text in texts) == (1 if preview else 2), (
        "an up may end before the first is told"
    )
    if preview:
        assert texts[1] == "_dmarc.example.com is stopped too: the error of mail-spf says why"
