"""The check of the project's text: what is too long, what is an unwanted phrase, and what is never read."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.engine.stack import ROOT
from toolchain.prose import check, code, pages
from toolchain.prose.rules import LONG, LONGEST, phrases
from toolchain.prose.sentence import Sentence, sentences

INSTEAD = {
    "What needs one of these that is not there says which.": "If an extra is missing, the error names it.",
    "else with the tests' stand-in for it, and it says which":
        "otherwise a test stub; the output says which one is used",
    "They are read where the update is sent, and are no inputs.":
        "They are read at update time and never stored in Pulumi state.",
    "it is not declared, and verified all the same": "it is not created, but it is still verified",
    "What does not hold yet is waited for; what cannot come right is not.":
        "Waits for DNS to converge, and fails at once when waiting cannot help.",
    "Who does not want that gives the relay a stack of its own": "To avoid this, put `MailRelay` in its own stack.",
    "`--format …` How.": "`--format …` Output format.",
    "`--nameserver …` Ask this one": "`--nameserver …` Query this server instead of the delegated ones.",
    "Print what makes the shell complete this command.": "Print a shell completion script.",
    "Do: mend what is named first": "Fix the errors above first.",
    "goes on all the same": "To continue anyway: …",
    "what is no host's at a name that is none": "Each domain is matched to its longest matching zone.",
}  # fmt: skip
"""The table of the style page: what it would not have, and what to write."""


def found(text: str) -> list[str]:
    """The unwanted phrases of a page."""
    return [words for one in pages.read("page.md", text) for words, _ in phrases(one)]


@pytest.mark.parametrize("text", INSTEAD)
def test_an_unwanted_phrase_is_found(text: str) -> None:
    assert found(text)


@pytest.mark.parametrize("text", [*INSTEAD.values(), "There is no SPF.", "It is no longer there.", "Who is it for?"])
def test_plain_english_passes(text: str) -> None:
    assert found(text) == []


def test_every_sentence_has_its_line() -> None:
    text = "# Head\n\nOne sentence. Two\nlines; e.g. this one. `code` begins\nthe third.\n\n"
    text += "| a | b |\n|---|---|\n| cell one | two |\n"
    assert [(one.line, one.text) for one in pages.read("page.md", text)] == [
        (1, "Head"),
        (3, "One sentence."),
        (3, "Two lines; e.g. this one."),
        (4, "`code` begins the third."),
        (7, "a"),
        (7, "b"),
        (9, "cell one"),
        (9, "two"),
    ]


def test_code_is_not_read_and_a_span_is_one_word() -> None:
    assert list(pages.read("page.md", "```sh\nWho is told.\n```\n\n    mend it\n")) == []
    (one,) = pages.read("page.md", "Run `elastx-mrs verify --mend all the same` now.")
    assert (one.words, list(phrases(one))) == (3, [])


def test_a_long_sentence_is_counted_and_a_longer_one_fails() -> None:
    def at(words: int) -> check.Found:
        return check.find([Sentence("page.md", 1, " ".join(["word"] * words))])

    assert vars(at(LONG)) == {"too_long": [], "long": [], "phrases": []}
    assert at(LONG + 1).counts() == at(LONGEST).counts() == {"long": 1}
    assert at(LONGEST + 1).counts() == {}
    (line,) = check.problems({"page.md": at(LONGEST + 1)}, {})
    assert line.startswith(f"page.md:1: {LONGEST + 1} words, at most {LONGEST}: word word")


def test_a_file_may_only_come_to_have_fewer() -> None:
    two = {"a.md": check.find([Sentence("a.md", n, "Mend it.") for n in (1, 2)])}
    assert list(check.problems(two, {"a.md": {"phrases": 2}})) == []
    more = list(check.problems(two, {"a.md": {"phrases": 1}}))
    assert more[0] == "a.md: 2 of these, at most 1; rewrite:"
    assert [line.partition(": ")[0] for line in more[1:]] == ["a.md:1", "a.md:2"]
    (fewer,) = check.problems(two, {"a.md": {"phrases": 3}})
    assert "fell from 3 to 2" in fewer
    (gone,) = check.problems({}, {"b.md": {"long": 1}})
    assert gone.startswith("b.md: ")
    assert check.lowered(two, {"a.md": {"phrases": 3, "long": 1}, "b.md": {"long": 1}}) == {"a.md": {"phrases": 2}}
    assert check.lowered(two, {"a.md": {"phrases": 1}}) == {"a.md": {"phrases": 1}}
    assert check.lowered(two, {}) == {}


def test_a_paragraph_is_exempt_for_a_reason_alone() -> None:
    assert found("<!-- prose: a quotation -->\n\nMend it.\n") == []
    assert found("<!-- prose: -->\n\nMend it.\n") == ["Mend"]
    assert found("<!-- prose: a quotation -->\n\nMend it.\n\nMend this.\n") == ["Mend"]


SOURCE = '''"""The module says who is told of it."""

KEY = "mend"
NAME = "elastx_mrs.records"
ERROR = f"{NAME} has {len(KEY)} records; mend the"
MORE = (
    "first one here, or leave "  # prose: a quotation
    "it beside the others"
)
# prose: as the server says it
QUOTED = "mend this one for me"


@click.command()
def verify():
    """Ask this server for records.

    \\b
    elastx-mrs verify example.com    mend it
    elastx-mrs verify                mend all

    Then the rest.
    """


def helper():
    """Mend this one for me."""
    raise ValueError("the file " f"{NAME!r} is not declared, and verified all the same")
'''


def test_code_is_read_for_what_it_says_to_users() -> None:
    read = {one.line: one.text for one in code.read("module.py", SOURCE)}
    assert read == {
        5: "`code` has `code` records; mend the",
        16: "Then the rest.",
        28: "the file `code` is not declared, and verified all the same",
    }


def test_an_abbreviation_ends_no_sentence() -> None:
    assert [one.text for one in sentences("p", 1, "See e.g. This. Then that.")] == ["See e.g. This.", "Then that."]


def test_the_check_ends_with_1_and_names_the_place(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("Who is told.\n", encoding="utf-8")
    command = [sys.executable, "-m", "toolchain.prose", str(page)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[0].startswith(f"{page}:1: “Who”, write a subject")


def test_a_page_that_was_removed_and_one_with_another_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Git still knows the first one, and quotes the name of the second."""
    for name in ("gone.md", "hälsning.md"):
        (tmp_path / name).write_text("Who is told.\n", encoding="utf-8")
    for words in (["init", "-q"], ["add", "."]):
        subprocess.run(["git", *words], cwd=tmp_path, check=True)
    (tmp_path / "gone.md").unlink()
    monkeypatch.setattr(check, "ROOT", tmp_path)
    assert [one.text for path in check.files() for one in check.sentences_of(path)] == ["Who is told."]
