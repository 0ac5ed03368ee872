"""Every page: its links have targets, its commands and options exist, and the messages it quotes are in the code."""

import ast
import re
import shlex
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import click
import pytest

from elastx_mrs.cli.main import main
from tests.engine.stack import ROOT
from tests.examples import readme

DOCS = sorted((ROOT / "docs").glob("*.md"))
PAGES = [*sorted(ROOT.glob("*.md")), *DOCS, *sorted((ROOT / "examples").glob("*/README.md"))]
PULUMI_SAYS = {
    "the stack is currently locked", "resource monitor shut down", "grpc: the client connection is closing",
    "incorrect passphrase", "passphrase must be set", "message authentication failed",
    'before hook "', "-guard\" failed",
    "Attempting to deploy or update resources with", "pending operations", "failed to load checkpoint: EOF",
    "unexpected end of JSON input", "no space left on device", "snapshot integrity failure",
    "^C received; cancelling", "429 Too Many Requests",
}  # fmt: skip
"""Messages of Pulumi, not of elastx-mrs."""

GROUPS = ["Tutorial", "Publish", "Automate", "Solve a problem", "Reference", "Explanation", "Project", "Elastx"]
"""The README's groups of pages."""

OF_THE_SITE = {"index.md"}
"""Pages that only the documentation site needs: the README is the repository's first page."""

OUTSIDE = ("toolchain/build.py",)
"""Programs outside the package that print messages."""

_LINK = re.compile(r"(?<!!)\[[^\]]+\]\(([^)\s]+)\)")


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_links_lead_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for link in _LINK.findall(re.sub(r"```.*?```|`[^`]*`", "", text, flags=re.DOTALL)):
        if link.startswith(("https://", "mailto:")):
            continue
        path, _, anchor = link.partition("#")
        target = page.parent / path if path else page
        assert target.exists(), f"{named(page)}: {link}"
        assert not anchor or anchor in anchors(target), f"{named(page)}: {link}"


@cache
def anchors(page: Path) -> set[str]:
    """Return the anchors that GitHub gives to headings."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_files_that_a_page_names_exist(page: Path) -> None:
    found = re.findall(r"`((?:docs|examples|toolchain|elastx_mrs|tests|plugin|\.ci)/[\w./-]+)`", page.read_text())
    missing = [name for name in found if not (ROOT / name).exists()]
    assert missing == []


def test_the_readme_links_every_page_once_grouped_by_what_a_reader_wants() -> None:
    text = (ROOT / "README.md").read_text().partition("## Documentation\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (\w[^|]*) \| (.*) \|$", text, re.MULTILINE)
    assert [title for title, _ in rows] == GROUPS
    linked = re.findall(r"\]\(docs/([\w-]+\.md)\)", text)
    assert sorted(linked) == sorted(page.name for page in DOCS if page.name not in OF_THE_SITE)
    assert linked[0] == "start.md"


def test_the_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text().splitlines()) <= 150


def test_make_targets_in_contributing_exist() -> None:
    targets = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    told = re.findall(r"(?m)(?:^|`)(?:PYTHON=\S+ )?make (\w+)", (ROOT / "CONTRIBUTING.md").read_text())
    assert {"setup", "fast", "check", "test"} <= set(told) <= targets


def test_the_readme_links_the_other_pages_at_the_top() -> None:
    listed = set(re.findall(r"\]\((\w+\.md)\)", (ROOT / "README.md").read_text().partition("## Documentation")[2]))
    assert sorted([*listed, "README.md"]) == sorted(page.name for page in ROOT.glob("*.md"))


def test_the_changelog_names_every_command() -> None:
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert [name for name in main.list_commands(click.Context(main)) if f"`elastx-mrs {name}" not in text] == []


def commands() -> Iterator[tuple[str, str]]:
    """Yield every command line with ``elastx-mrs`` in it, with its page."""
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        blocks = [step.command for step in readme.steps(text)]
        blocks += re.findall(r"^ {4}(elastx-mrs .*)$", text, re.MULTILINE)
        blocks += re.findall(r"`(elastx-mrs [^`]+)`", text)
        for block in blocks:
            for line in block.replace("\\\n", " ").splitlines():
                for part in _parts(line.partition("    # ")[0]):
                    if part.startswith("elastx-mrs "):
                        yield named(page), part


def _parts(line: str) -> Iterator[str]:
    """Yield the commands of a line; a separator in quotes does not count."""
    words = shlex.shlex(line, posix=False, punctuation_chars="|;&")
    words.whitespace_split, words.commenters = True, ""
    found: list[str] = []
    for word in words:
        if set(word) <= set("|;&"):
            yield " ".join(found)
            found = []
        else:
            found.append(word)
    yield " ".join(found)


@pytest.mark.parametrize(("page", "line"), sorted(set(commands())))
def test_a_command_has_the_options_that_a_page_gives_it(page: str, line: str) -> None:
    """The line is parsed as the command parses it, but not run. A command after ``lab --`` is parsed, too."""
    words = shlex.split(re.sub(r"[<>]\s*\S+", "", line), comments=True)[1:]
    lab = words[:1] == ["lab"] and "--" in words
    inner = words[words.index("--") + 1 :] if lab else []
    words = words[: words.index("--")] if lab else words
    parse(main, words)
    if inner[:1] == ["elastx-mrs"]:
        parse(main, inner[1:])


def parse(command: click.Command, words: list[str]) -> None:
    context = click.Context(command, info_name="elastx-mrs")
    while isinstance(command, click.Group):
        if not words or words[0].startswith("-"):
            return
        name, words = words[0], words[1:]
        below = command.get_command(context, name)
        assert below is not None, f"there is no {name}"
        command, context = below, click.Context(below, parent=context, info_name=name)
    known = {option for one in command.get_params(context) for option in (*one.opts, *one.secondary_opts)}
    given = [word.partition("=")[0] for word in words if word.startswith("-") and word != "-"]
    assert [option for option in given if option not in known and not option[1:].isdigit()] == []
    for one in command.get_params(context):
        if isinstance(one.type, click.Choice) and isinstance(one, click.Option):
            for option in one.opts:
                for value in (words[i + 1] for i, word in enumerate(words[:-1]) if word == option):
                    one.type.convert(value, one, context)


@cache
def printed() -> str:
    """Return every string in the code, one a line."""
    texts = []
    for path in [*(ROOT / "elastx_mrs").rglob("*.py"), *(ROOT / name for name in OUTSIDE)]:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        texts += [one.value for one in ast.walk(tree) if isinstance(one, ast.Constant) and isinstance(one.value, str)]
    return "\n".join(texts)


def messages() -> list[str]:
    text = (ROOT / "docs" / "troubleshooting.md").read_text(encoding="utf-8")
    cells = [line.split(" | ")[0] for line in text.splitlines() if line.startswith("| ") and "| it says" not in line]
    return [message for cell in cells for message in re.findall(r"`([^`]+)`", cell)]


@pytest.mark.parametrize("message", messages())
def test_a_message_in_troubleshooting_is_in_the_code(message: str) -> None:
    for part in message.split("…"):
        piece = part.strip(" :?")
        assert piece in PULUMI_SAYS or piece in printed(), piece


def test_there_are_enough_messages() -> None:
    assert len(messages()) > 20
