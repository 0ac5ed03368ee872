"""The table of notices: names that last, each of them used, and the lines by which ``review`` knows them again."""

import re

import pytest

from elastx_mrs import notices
from tests.engine.stack import ROOT

SOURCES = [path for path in (ROOT / "elastx_mrs").rglob("*.py") if path.name != "notices.py"]


def test_names_are_short_words_and_each_stands_once() -> None:
    names = [one.name for one in notices.NOTICES]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name) for name in names)


def test_a_retired_name_is_never_given_to_another_notice() -> None:
    assert not {one.name for one in notices.NOTICES} & notices.RETIRED.keys()


def test_every_notice_is_in_the_table_and_made_somewhere() -> None:
    constants = {name: value for name, value in vars(notices).items() if isinstance(value, notices.Notice)}
    assert sorted(constants.values()) == sorted(notices.NOTICES)
    text = "\n".join(path.read_text(encoding="utf-8") for path in SOURCES)
    assert [name for name in constants if f"notices.{name}" not in text] == []


def test_the_guard_has_no_notice_without_a_name() -> None:
    places = [path.name for path in SOURCES if 'Finding("notice"' in path.read_text(encoding="utf-8")]
    assert places == ["checks.py"], "noticed() alone"


@pytest.mark.parametrize(
    "places",
    [
        {"one-key": "dkim"},
        {"no-rua": "dmarc, domains[1].dmarc and 3 more", "one-key": "dkim"},
        {"shared-ttl": ""},
    ],
)
def test_the_acknowledged_line_is_read_again(places: dict[str, str]) -> None:
    line = notices.acknowledged(places)
    assert notices.is_acknowledged(line)
    assert notices.read_acknowledged(["another line", line]) == places


@pytest.mark.parametrize("text", ["acknowledged: Something else", "one-key", "acknowledged: ", "acknowledged: a b"])
def test_any_other_line_is_not_acknowledged(text: str) -> None:
    assert not notices.is_acknowledged(text)


def test_a_record_that_is_stopped_too_names_the_one_with_the_reason() -> None:
    said = notices.STOPPED_TOO.format("example.com", "mail-example.com-spf")
    assert notices.cause_of(said) == notices.cause_of(notices.GUARD + said) == "mail-example.com-spf"
    assert notices.cause_of("example.com is a CNAME") == ""
