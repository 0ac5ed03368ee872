"""The examples: each page opens with what it shows and names its publisher, and each stack file passes the check."""

import re
from pathlib import Path

import pytest

from tests.cli.stackfiles import run
from tests.engine.stack import ROOT
from tests.examples.readme import GENERATED

EXAMPLES = sorted(path.parent for path in (ROOT / "examples").glob("*/README.md"))
PIPELINES = ROOT / "examples" / "gitops"
PROGRAMS = [folder for folder in EXAMPLES if folder != PIPELINES]
STACK_FILES = sorted(
    path
    for pattern in ("Pulumi.*.yaml", "Pulumi.*.yml")
    for path in (ROOT / "examples").rglob(pattern)
    if not {*path.parts} & {*GENERATED}
)


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("file", STACK_FILES, ids=named)
def test_each_stack_file_passes_the_check(file: Path) -> None:
    done = run(str(file))
    assert done.exit_code == 0, done.output


def test_each_example_with_a_project_has_one() -> None:
    projects = {path.parent for path in (ROOT / "examples").rglob("Pulumi.yaml") if not {*path.parts} & {*GENERATED}}
    assert projects == {path.parent for path in STACK_FILES}
    assert len(EXAMPLES) == len(list((ROOT / "examples").glob("*/"))), "each has a page"


@pytest.mark.parametrize("folder", PROGRAMS, ids=named)
def test_its_page_opens_with_what_it_shows_in_one_sentence(folder: Path) -> None:
    title, _, rest = (folder / "README.md").read_text(encoding="utf-8").partition("\n")
    first = rest.strip().partition("\n\n")[0]
    assert title.startswith("# ")
    assert re.fullmatch(r"[A-Z][^.]*(?:`[^`]*`[^.]*)*\.", first, re.DOTALL), first
    assert len(first.split()) <= 30, first


@pytest.mark.parametrize("folder", PROGRAMS, ids=named)
def test_it_publishes_through_cloudflare_or_says_why_not(folder: Path) -> None:
    text = (folder / "README.md").read_text(encoding="utf-8")
    assert re.search(r"^## (?:Why not|With) Cloudflare$", text, re.MULTILINE), "a section says which"


def test_the_pipelines_are_for_cloudflare_too() -> None:
    assert "CLOUDFLARE_API_TOKEN" in (PIPELINES / "README.md").read_text(encoding="utf-8")
    assert "elastx-mrs:cloudflare: {}" in (PIPELINES / "project" / "Pulumi.prod.yaml").read_text(encoding="utf-8")


REPLACED = [
    (folder, *found)
    for folder in PROGRAMS
    for found in re.findall(r"In `([^`]+)`, replace `([^`]+)…`", (folder / "README.md").read_text(encoding="utf-8"))
]


@pytest.mark.parametrize(("folder", "file", "text"), REPLACED)
def test_what_is_replaced_for_cloudflare_is_in_the_program(folder: Path, file: str, text: str) -> None:
    assert (folder / file).read_text(encoding="utf-8").count(text) == 1


def test_there_are_such() -> None:
    assert len(REPLACED) == len(PROGRAMS) - 1, "all but the one with a publisher of its own"
