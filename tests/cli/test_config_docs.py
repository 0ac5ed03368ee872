"""What ``docs/stacks.md`` shows is what happens."""

import re
from pathlib import Path

import pytest

from elastx_mrs.cli.arguments import arguments
from elastx_mrs.cli.views.records import render
from elastx_mrs.stackfile.stack import read_stack
from tests.cli.stackfiles import run, write
from tests.engine.stack import ROOT

PAGE = (ROOT / "docs" / "stacks.md").read_text()
EXAMPLE = (ROOT / "stacks" / "Pulumi.example.yaml").read_text()
DIFFS = re.findall(r"(?ms)^```diff\n(.*?)^```\n.*?^```text\n(.*?)^```$", PAGE)


def records(text: str, path: Path) -> list[str]:
    return [
        " ".join(line.split())
        for line in render(arguments(write(path, text), None, {}).records(), [], "text").splitlines()
    ]


def test_there_is_a_diff_of_a_domain_and_one_of_an_account() -> None:
    assert len(DIFFS) == 2


@pytest.mark.parametrize(("diff", "added"), DIFFS)
def test_a_diff_applies_to_the_example_and_makes_the_records_that_are_shown(
    diff: str, added: str, tmp_path: Path
) -> None:
    before = "".join(line[1:] + "\n" for line in diff.splitlines() if line[0] != "+")
    after = "".join(line[1:] + "\n" for line in diff.splitlines())
    assert EXAMPLE.count(before) == 1
    old = records(EXAMPLE, tmp_path / "old.yaml")
    new = records(EXAMPLE.replace(before, after), tmp_path / "new.yaml")
    assert [line for line in old if line not in new] == []
    shown = [" ".join(line.split()).removesuffix("…") for line in added.splitlines()]
    found = [line for line in new if line not in old]
    assert len(found) == len(shown)
    assert all(line.startswith(start) for line, start in zip(found, shown, strict=True))


def test_a_typing_error_is_told_as_it_is_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (told,) = re.findall(r"(?m)^(stacks/Pulumi\.prod\.yaml:.*)$", PAGE)
    monkeypatch.chdir(tmp_path)
    wrong = EXAMPLE.replace("accounts: [newsletter@example.com]", "accounts: [newsleter@example.com]")
    assert run(write(Path("stacks/Pulumi.prod.yaml"), wrong)).stdout.splitlines()[0] == told


def test_what_the_project_s_file_shares_is_shared(tmp_path: Path) -> None:
    (shared,) = re.findall(r"(?ms)^```yaml\n(config:\n  dmarc:\n.*?)^```$", PAGE)
    write(tmp_path / "Pulumi.yaml", f"name: elastx-mrs\nruntime: python\n{shared}")
    stack = read_stack(write(tmp_path / "Pulumi.prod.yaml", "config:\n  elastx-mrs:domains: [example.com]\n"))
    assert stack.own == {
        "dmarc": {"p": "quarantine", "rua": ["mailto:dmarc@example.com"]},
        "domains": ["example.com"],
    }


def test_what_the_command_says_is_in_the_table(tmp_path: Path) -> None:
    """The first words of each row, against what the code has."""
    paths = [path for folder in ("stackfile", "config") for path in (ROOT / "elastx_mrs" / folder).glob("*.py")]
    code = "".join(path.read_text() for path in paths)
    rows = re.findall(r"(?m)^\| `([a-z][^`]*?)(?: in line 7.*?|; did you mean …\?)?` \|", PAGE)
    assert len(rows) >= 6
    assert all(row in code for row in rows), rows
