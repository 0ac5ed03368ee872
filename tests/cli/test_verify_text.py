"""The report of ``verify`` for people: on terminals of several widths, in a pipe, and its parts."""

import asyncio
import io
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from elastx_mrs import limits
from elastx_mrs.cli.views import progress
from elastx_mrs.cli.views.layout import padded, row, shares, width, wrapped
from elastx_mrs.cli.views.verify import FORMATS
from elastx_mrs.cli.views.verify_text import COLOURS, text
from elastx_mrs.verify import report
from elastx_mrs.verify.result import Detail, Outcome
from elastx_mrs.verify.wait import Job
from tests import golden
from tests.cli import verified
from tests.cli.verified import CHALLENGE, SCREENS, SOURCE, bad, good, job, jobs, kept, on_terminal, readable


@pytest.mark.parametrize("name", SCREENS)
def test_a_terminal_shows_what_is_in_the_golden_file(name: str) -> None:
    columns, arguments = SCREENS[name]
    shown = on_terminal(columns, *arguments)
    assert readable(shown) == kept(name).read_text(encoding="utf-8")
    assert all(width(line) <= columns for line in click.unstyle(shown).splitlines())


def test_color_is_all_that_color_changes() -> None:
    for columns in (80, 120):
        coloured = kept(f"verify-{columns}-color").read_text(encoding="utf-8").replace("^[", "\x1b")
        assert coloured != click.unstyle(coloured) == kept(f"verify-{columns}").read_text(encoding="utf-8")


def test_no_color_and_a_dumb_terminal_have_none() -> None:
    plain = kept("verify-80").read_text(encoding="utf-8")
    assert on_terminal(80, NO_COLOR="1") == on_terminal(80, TERM="dumb") == plain


def shown(*given: Job) -> list[str]:
    return click.unstyle(text(given, SOURCE)).splitlines()


def test_a_pipe_has_a_line_for_each_text() -> None:
    lines = shown(*jobs())
    assert sum(line.lstrip().startswith(("expected ", "seen ", "fix ")) for line in lines) == 3 * 3 + 2 + 3
    assert sum(line.lstrip().startswith("effect ") for line in lines) == 2 + 1
    (key,) = [line for line in lines if "v=DKIM1" in line]
    assert len(key) > 160
    (heading,) = [line for line in lines if line.startswith("DOMAIN")]
    assert heading.split() == ["DOMAIN", "CHECK", "VERDICT", "WHERE"]


def test_columns_wraps_a_pipe_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert shown(*jobs()) == kept("verify-80").read_text(encoding="utf-8").splitlines()


def test_the_documentation_shows_the_report(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    block = "\n".join(["```text", *shown(good("good.com"), bad("bad.com")), "```"])
    assert block in (Path(__file__).parents[2] / "docs" / "verification.md").read_text(encoding="utf-8")


def test_the_documentation_shows_the_two_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    job = verified.flat("flat.com")
    del job.outcomes["delegation"]
    block = "\n".join(["```console", "$ elastx-mrs verify flat.com", *shown(job), "```"])
    assert block in (Path(__file__).parents[2] / "docs" / "verification.md").read_text(encoding="utf-8")


def test_a_green_domain_reads_green_and_what_was_not_checked_is_a_note_below() -> None:
    assert report.verdict(good("good.com")) == "pass"
    assert shown(good("good.com")) == [
        "pass        good.com",
        "unchecked   delegation: verification queried only the servers in verification.nameservers, so it did not "
        "check the delegation. Fix: to check this too, remove verification.nameservers; this machine must then reach "
        "name servers on port 53",
        "1 of 1 domain verified",
    ]


def test_a_domain_of_which_nothing_could_be_checked_is_not_green() -> None:
    blind = job("blind.com", Outcome("blind.com", "delegation", "blind.com", (verified.NOT_FOLLOWED,)))
    assert report.verdict(blind) == "unchecked"
    assert not any(line.startswith("pass") for line in shown(blind))


def test_accounts_go_by_name_where_they_are_known() -> None:
    assert any(f"account {golden.ACCOUNT}" in line for line in shown(bad("bad.com")))
    assert any(CHALLENGE in line for line in text([bad("bad.com")], report.NOWHERE).splitlines())
    assert not any("challenge-" in line for line in shown(*jobs()))


def test_the_reason_for_not_waiting_is_shown_to_those_who_would_wait() -> None:
    assert "  no wait   it will not change" in shown(bad("bad.com", timeout=60))
    assert not any("no wait" in line for line in shown(bad("bad.com")))


def test_the_worst_comes_first_and_the_same_once() -> None:
    groups = report.groups(jobs())
    assert [(group.verdict, group.domains) for group in groups] == [
        ("wrong", ("bad.com", "worse.example")),
        ("unreachable", ("silent.example",)),
    ]
    names = {subject.name for finding in groups[0].findings for subject in finding.subjects}
    assert names == {"", "elastx._domainkey.<domain>"}


@pytest.mark.parametrize(
    ("name", "alike"),
    [("_dmarc.{}", True), ("x{}", False), ("{}.net", False), ("{}", True), ("include:{}", True), ("other.org", True)],
)
def test_domains_share_what_differs_only_in_their_name(name: str, alike: bool) -> None:
    def one(domain: str) -> Job:
        detail = Detail("wrong", "", "", f"see {name.format(domain)}.", "")
        return job(domain, Outcome(domain, "spf", domain, (detail,)))

    groups = report.groups([one("a.com"), one("b.org")])
    assert len(groups) == (1 if alike else 2)
    (note, *more) = report.notes([noted("a.com", name), noted("b.org", name)])
    assert (note.domains, more) == (("a.com", "b.org"), []) if alike else more


def noted(domain: str, name: str) -> Job:
    return job(domain, Outcome(domain, "spf", domain, notices=(f"see {name.format(domain)}.",)))


def test_one_server_for_several_checks_and_several_servers_for_one() -> None:
    def outcome(check: str, *servers: str) -> Outcome:
        return Outcome("a.com", check, "a.com", tuple(Detail("unreachable", at, check, "silent", "") for at in servers))

    found = report.findings([outcome("spf", "one", "two"), outcome("dkim", "one", "two"), outcome("dmarc", "two")])
    assert [([str(subject) for subject in one.subjects], one.servers) for one in found] == [
        (["spf", "dkim"], ("one",)),
        (["spf", "dkim", "dmarc"], ("two",)),
    ]
    assert report.lines([outcome("spf", "one", "two")]) == ["unreachable: spf at one, two: silent"]


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=60), st.integers(2, 30))
def test_wrapping_loses_nothing_and_fits(said: str, columns: int) -> None:
    lines = wrapped(said, columns)
    assert all(width(line) <= columns for line in lines)
    assert "".join(lines).replace(" ", "") == said.replace(" ", "")
    assert wrapped(said, None) == [said]


def test_wide_and_combining_characters_take_the_columns_that_they_have() -> None:
    assert [width(one) for one in ("abc", "日本", "e\u0301", "…")] == [3, 4, 1, 1]
    assert wrapped("日本日本", 5) == ["日本", "日本"]
    assert padded("日", 4) == "日  "


def test_a_row_pads_all_but_its_last_cell() -> None:
    assert list(row([["a b"], ["c", "d"]], [1, None])) == [("a", "c"), ("b", "d")]
    assert list(row([["a"], ["c d"]], [3, 1])) == [("a  ", "c"), ("   ", "d")]


@given(st.lists(st.integers(1, 200), min_size=3, max_size=3), st.integers(43, 200))
def test_columns_are_shared_within_the_room(natural: Sequence[int], room: int) -> None:
    given_ = shares(natural, room)
    assert sum(given_) <= max(room, sum(max(one, 8) for one in given_))
    assert all(one >= min(wish, room // 3) for one, wish in zip(given_, natural, strict=True))


def test_progress_in_a_pipe_is_a_line_for_each_change(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(limits, "QUIET", 3600)
    late = replace(bad("bad.com"), timeout=300)

    async def wait(
        given: Sequence[Job], say: Callable[[Sequence[Job]], None], step: Callable[[], None] | None = None
    ) -> None:
        for _ in range(3):
            say([late])
        del late.outcomes[CHALLENGE]
        say([late])

    asyncio.run(progress.shown([late], wait, None, SOURCE))
    first, second = capsys.readouterr().err.splitlines()
    assert first.startswith("waiting for bad.com: ")
    assert re.search(r"; \d+ s elapsed, at most [23]\d\d s left$", first)
    assert f"account {golden.ACCOUNT}" in first
    assert CHALLENGE not in first
    assert f"account {golden.ACCOUNT}" not in second
    with click.Context(click.Command("verify")) as context:
        context.meta["elastx_mrs.cli.terminal.amount"] = "quiet"
        asyncio.run(progress.shown([late], wait_nothing, None, SOURCE))
    assert capsys.readouterr().err == ""


async def wait_nothing(
    given: Sequence[Job], say: Callable[[Sequence[Job]], None], step: Callable[[], None] | None = None
) -> None:
    say(given)


@pytest.mark.parametrize("room", [40, 80, 120])
def test_the_live_table_keeps_verdicts_and_domains_where_much_is_missing(room: int) -> None:
    going = progress._Going([bad("bad.com"), bad("another.com")], None, SOURCE)
    console = Console(width=room, file=io.StringIO())
    with console.capture() as seen:
        console.print(progress._table(going, console))
    head, *rows, _ = seen.get().splitlines()
    assert head.split() == ["verdict", "domain", "still", "missing"]
    assert [line.split()[1] for line in rows] == ["bad.com", "another.com"]
    assert all(line.split()[0] in COLOURS and len(line) <= room for line in rows)


def test_junit_calls_an_account_by_its_name() -> None:
    """Also in what a case says, which a CI shows without the case's name."""
    text = FORMATS["junit"]([bad("bad.com")], SOURCE)
    assert f'name="account {golden.ACCOUNT}"' in text
    assert f"absent: account {golden.ACCOUNT}" in text
    assert CHALLENGE not in text
