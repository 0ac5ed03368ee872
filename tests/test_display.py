"""Text from outside, in every form in which the project displays it."""

import re
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from elastx_mrs.display import (
    comment_line,
    describe_character,
    github_command,
    mail_text,
    markdown_block,
    markdown_cell_code,
    markdown_cell_text,
    markdown_code,
    markdown_text,
    quoted,
    show,
    some,
    visible,
    visible_lines,
)
from tests.markdown import HOSTILE, rendered

surprising = st.text(
    alphabet=st.sampled_from("`|\\<>&*_[]()!@#~-+{}:.=$\"'\n\r\x1b\u202e\udce9 \u00e9ab1"), max_size=20
)
anything = st.text(max_size=30) | surprising | st.sampled_from(HOSTILE)


def hidden(character: str) -> bool:
    """Whether a reader sees nothing, by Unicode's own categories: every C and Z but the ASCII space."""
    return unicodedata.category(character)[0] in "CZ" and character != " "


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("§ Ö 語 💌", "§ Ö 語 💌"),
        ("a\x1b[31m\x07", "a<U+001B>[31m<U+0007>"),
        ("a\r\nb\u2028\x85", "a<U+000D><U+000A>b<U+2028><U+0085>"),
        ("\u202eevil\u2066", "<U+202E>evil<U+2066>"),
        ("a\u200b\u2060\ufeff\xad", "a<U+200B><U+2060><U+FEFF><U+00AD>"),
        ("a\xa0b\u3000", "a<U+00A0>b<U+3000>"),
        ("\u3164\u115f\u2800\ufe0f\U000e0100", "<U+3164><U+115F><U+2800><U+FE0F><U+E0100>"),
        ("\ud800", "<U+D800>"),
        (b"caf\xe9.yaml".decode("utf-8", "surrogateescape"), "caf\\233.yaml"),
        ("::error::x", "<U+003A>:error::x"),
        ("  ::error file=a:b,line=1::x", "  <U+003A>:error file=a:b,line=1::x"),
        ("x ##[stop-commands]y", "x #<U+0023>[stop-commands]y"),
        ("::1 and ::ffff:192.0.2.1", "::1 and ::ffff:192.0.2.1"),
        ("C:\\x ' \" #1", "C:\\x ' \" #1"),
    ],
)
def test_what_shows_stays_and_what_does_not_becomes_its_number(text: str, shown: str) -> None:
    assert visible(text) == shown


def runs_a_command(line: str) -> bool:
    """Whether GitHub's runner takes a line for a command: as TryParseV2 and TryParse do in its ActionCommand.cs."""
    start = line.lstrip()
    info = start[2 : start.index("::", 2)] if start.startswith("::") and "::" in start[2:] else ""
    old = line.partition("##[")[2].partition("]")[0] if "##[" in line else ""
    return any(re.fullmatch("[A-Za-z-]+", text.partition(" ")[0]) is not None for text in (info, old))


@given(anything)
def test_a_line_is_one_line_without_a_hidden_character(text: str) -> None:
    line = visible(text)
    assert not any(map(hidden, line))
    assert visible(line) == line
    assert len(line.splitlines()) <= 1
    assert not runs_a_command(line)
    assert not any(map(hidden, quoted(text)))
    assert comment_line(text).count("\n") == 1


@given(st.lists(st.sampled_from(["::", "error", "##[", "]", " ", "a=b:c", "#", ":", "x", "stop-commands"]), max_size=8))
def test_no_line_is_a_command_to_githubs_runner(parts: list[str]) -> None:
    assert not runs_a_command(visible("".join(parts)))


@given(st.text(max_size=30))
def test_text_that_shows_is_not_changed(text: str) -> None:
    fillers = "\u2800\u3164\uffa0\u115f\u1160"
    seen = "".join(c for c in text if unicodedata.category(c)[0] in "LNPS" and c not in f":#{fillers}")
    assert visible(seen) == seen


def test_lines_stay_lines() -> None:
    assert visible_lines("a\r\nb\x1b\n\nc") == ["a", "b<U+001B>", "", "c"]
    assert visible_lines("") == [""]


def test_octets_of_dns_are_decimals_as_in_a_zone_file() -> None:
    assert show(b"a\x00\xff\x1b[31m\\") == "a\\000\\255\\027[31m\\\\"
    assert show("§".encode()) == "\\194\\167"


@given(st.binary(max_size=40))
def test_octets_of_mail_are_utf_8_or_decimals(octets: bytes) -> None:
    text = mail_text(octets)
    text.encode()
    try:
        assert text == octets.decode()
    except UnicodeDecodeError:
        assert re.search(r"\\[0-9]{3}", text)


def test_octets_of_mail_that_are_not_utf_8() -> None:
    assert mail_text("Ö".encode() + b"\xe9\n") == "Ö\\233\n"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("exämple", "'exämple'"),
        ("it's", '"it\'s"'),
        ('it\'s "x"', "'it's \"x\"'"),
        ("a\nb", "'a<U+000A>b'"),
        ("x" * 81, f"'{'x' * 80}…'"),
        ("x" * 80, f"'{'x' * 80}'"),
        ("\\", "'\\'"),
    ],
)
def test_quoted(text: str, shown: str) -> None:
    assert quoted(text) == shown


@pytest.mark.parametrize(
    ("character", "described"),
    [
        ("å", "'å' (U+00E5)"),
        ("\t", "U+0009"),
        ("\u202e", "U+202E"),
        ("\u3164", "U+3164"),
        ("\ud800", "U+D800"),
        ("\udce9", "the octet \\233"),
        ("<", "'<' (U+003C)"),
    ],
)
def test_a_character_is_described(character: str, described: str) -> None:
    assert describe_character(character) == described


@settings(deadline=None)
@given(anything)
def test_code_shows_exactly_the_text_and_nothing_gets_out(text: str) -> None:
    page = rendered(f"a {markdown_code(text)} b\n")
    assert set(page.tags) <= {"p", "code"}
    assert page.code == [visible(text) or " "]
    assert page.prose.strip("\n") == "a  b"


@settings(deadline=None)
@given(anything)
def test_code_in_a_cell_shows_exactly_the_text_and_nothing_gets_out(text: str) -> None:
    page = rendered(f"| a | b |\n|---|---|\n| {markdown_cell_code(text)} | x |\n")
    assert set(page.tags) <= {"table", "thead", "tbody", "tr", "th", "td", "code"}
    assert len(page.rows[1]) == 2
    assert page.rows[1][1] == "x"
    assert page.code == [re.sub(r"\\(?=\|)", "<U+005C>", visible(text)) or " "]


@settings(deadline=None)
@given(st.lists(anything, max_size=4))
def test_a_block_shows_exactly_its_lines(lines: list[str]) -> None:
    page = rendered(markdown_block(lines))
    assert set(page.tags) == {"pre", "code"}
    assert page.code == ["".join(f"{visible(line)}\n" for line in lines)]


@settings(deadline=None)
@given(anything | st.lists(anything, max_size=4).map(" ".join))
@pytest.mark.parametrize("before", ["", "- **x** ", "> "])
def test_a_sentence_shows_its_words_and_nothing_gets_out(before: str, text: str) -> None:
    page = rendered(f"{before}{markdown_text(text)}\n")
    assert set(page.tags) <= {"p", "code", "ul", "li", "strong", "blockquote"}
    assert page.tags.count("ul") == (before == "- **x** ")
    assert page.attributes == []
    assert re.search(r"[@#`<>|~$\[\]_*&]|://|www\.", page.prose) is None
    assert page.text.split() == [*("x" if "x" in before else ""), *visible(text).split()]


@settings(deadline=None)
@given(anything | st.lists(anything, max_size=4).map(" ".join))
def test_a_sentence_in_a_cell_shows_its_words_and_nothing_gets_out(text: str) -> None:
    page = rendered(f"| a | b |\n|---|---|\n| {markdown_cell_text(text)} | y |\n")
    assert set(page.tags) <= {"table", "thead", "tbody", "tr", "th", "td", "code"}
    assert page.rows[1][1:] == ["y"]
    assert re.search(r"[@#`<>|~$\[\]_*&]|://|www\.", page.prose) is None
    assert page.rows[1][0].split() == re.sub(r"\\(?=\|)", "<U+005C>", visible(text)).split()


def test_prose_stays_prose() -> None:
    text = "says p=none: receivers do nothing (RFC 9989 §4.7), as 'none' asks; see rua=mailto:a@b.example."
    shown = "says `p=none`: receivers do nothing (RFC 9989 §4.7), as 'none' asks; see `rua=mailto:a@b.example`."
    assert markdown_text(text) == shown


def unescaped(text: str) -> str:
    """As the runner reads data back, by the table in its ActionCommand.cs."""
    for character in "\r\n:,%":
        text = text.replace(f"%{ord(character):02X}", character)
    return text


@given(anything, anything)
def test_a_command_to_github_stays_one_command(message: str, title: str) -> None:
    line = github_command("error", message, file=title, line=None, col=3)
    assert not any(map(hidden, line))
    info, _, data = line.removeprefix("::").partition("::")
    name, _, listed = info.partition(" ")
    assert name == "error"
    assert [pair.partition("=")[0] for pair in listed.split(",")] == ["file", "col"]
    for given_, shown in ((message, data), (title, listed.split(",")[0].removeprefix("file="))):
        parts = [re.split("[\r\n]", part) for part in (unescaped(shown), given_)]
        assert list(map(visible, parts[0])) == list(map(visible, parts[1]))


def test_a_command_to_github_keeps_its_lines() -> None:
    assert github_command("notice", "50%\nb", title="a:b,c") == "::notice title=a%3Ab%2Cc::50%25%0Ab"
    assert github_command("warning", "x") == "::warning::x"


@pytest.mark.parametrize(
    ("texts", "shown"),
    [
        ([], ""),
        (["a"], "a"),
        (["a", "b"], "a, b"),
        (["a", "b", "c"], "a, b and 1 more"),
        (["a"] * 9, "a, a and 7 more"),
    ],
)
def test_the_first_of_a_list_and_how_many_more(texts: list[str], shown: str) -> None:
    assert some(texts, 2) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("(pulumi up --refresh, which restores it)", "(pulumi up `--refresh`, which restores it)"),
        ("set --nameserver and X_Y: then wait", "set `--nameserver` and `X_Y`: then wait"),
        ("write a_b; or c_d, e_f.", "write `a_b`; or `c_d, e_f`."),
        ("only ,,,", "only `,,,`"),
    ],
)
def test_the_comma_after_a_code_span_is_outside(text: str, shown: str) -> None:
    assert markdown_text(text) == shown
