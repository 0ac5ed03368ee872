"""What README.md and docs/migrating.md show is what their commands print, run in their order against the lab.

``smtp`` and ``message``, which need a mail server and a mail that was received, are in
``tests/cli/test_smtp_servers.py`` and ``tests/cli/test_message.py``.
"""

import json
from pathlib import Path

import pytest

from tests.docs import shown
from tests.docs.shown import Ran
from tests.engine.stack import ROOT, require_pulumi

REVIEW = "pulumi preview --json | elastx-mrs review --format text"
FAILS = {"README.md": [REVIEW], "docs/migrating.md": []}
"""The commands of a page that fail: the README adds a domain that has an SPF record."""

PROVED = {
    "README.md": ["elastx-mrs records", "pulumi preview", "pulumi up", "elastx-mrs verify"],
    "docs/migrating.md": [
        "elastx-mrs adopt example.net",
        "elastx-mrs spf",
        "elastx-mrs config check",
        "elastx-mrs adopt --import",
        "elastx-mrs adopt --stack-config",
        "pulumi import",
        "pulumi up",
        "elastx-mrs verify",
    ],
}
"""Commands that a page has, by how they begin."""


@pytest.mark.engine
@pytest.mark.parametrize("name", shown.PAGES)
def test_a_page_shows_what_its_commands_print(name: str, tmp_path: Path) -> None:
    require_pulumi()
    made = shown.page(name, tmp_path)
    assert [one.command for one in made.ran if one.code] == FAILS[name], [one for one in made.ran if one.code]
    for command in PROVED[name]:
        assert any(one.command.startswith(command) for one in made.ran), command
    assert made.text == (ROOT / name).read_text(encoding="utf-8"), "run: python -m tests.docs.shown"
    for file in (tmp_path / "user" / "project").glob("import.json"):
        assert len(json.loads(file.read_text())["resources"]) == 3, "the component, and two records"


PAGE = """A

```yaml
# a.yaml
b: 1
```

```console
$ one
old

$ two \\
    more
old
```

```sh
$ no
```
"""


def test_a_page_gets_its_files_written_and_the_output_of_its_commands_renewed(tmp_path: Path) -> None:
    said = iter(["new\n\nnewer\n", ""])
    made = list(shown.written(PAGE, tmp_path, lambda command: Ran(command, 0, next(said))))
    assert [one.command for one in made if isinstance(one, Ran)] == ["one", "two \\\n    more"]
    page = "".join(one for one in made if isinstance(one, str))
    assert page == PAGE.replace("$ one\nold\n", "$ one\nnew\nnewer\n").replace("more\nold\n", "more\n")
    assert (tmp_path / "a.yaml").read_text() == "b: 1\n"


VERIFIED = "1 of 1 domain verified"
FAILED = ["a: The preview failed.", "error: b", "    (c)"]


@pytest.mark.parametrize(
    ("command", "code", "output", "lines"),
    [
        ("elastx-mrs adopt x", 0, ["a", "", "b"], ["a", "b"]),
        ("elastx-mrs verify", 0, ["pass  a", "unchecked b", VERIFIED], ["pass  a", "…", VERIFIED]),
        ("elastx-mrs records", 0, ["a", "notice: b"], ["a"]),
        ("pulumi up", 0, ["x", "Diagnostics:", "x", "    + 1 created", "x"], ["…", "Diagnostics:", "    + 1 created"]),
        ("pulumi preview", 1, [*FAILED, "d"], [*FAILED, "…"]),
    ],
)
def test_lines_that_are_left_out_are_marked(command: str, code: int, output: list[str], lines: list[str]) -> None:
    assert list(shown.kept(Ran(command, code, "\n".join(output)))) == lines


def test_long_lines_are_wrapped_and_cut() -> None:
    first, second = shown.wrapped(" ".join(["word"] * 100))
    assert max(len(first), len(second)) <= 100
    assert second.endswith("word …")
    assert shown.wrapped("short") == ["short"]
