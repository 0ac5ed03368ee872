"""mypy and pyright find every mistake in a program's arguments, where it is, and none in programs that are right."""

import json
import os
import re
import shutil
import subprocess
import sys
import textwrap
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.component.mistakes import HEAD, MISTAKES, RIGHT, Mistake
from tests.engine.stack import ROOT
from tests.once import once

pytestmark = pytest.mark.engine  # as slow

PYRIGHT = ROOT / ".toolchain" / "node" / "node_modules" / "pyright" / "index.js"
CHECKERS = ("mypy", "pyright")
PROGRAMS = [ROOT / "__main__.py", *sorted(ROOT.glob("examples/**/__main__.py"))]
OF_THE_SDK = "import elastx_mail_relay"
"""A program that uses the plugin's SDK: ``tests/languages`` check it."""

PAGES = [ROOT / "README.md", *sorted(ROOT.glob("docs/*.md"))]
SHOWN = re.compile(r"(?m)^(?:```python|cat > \S+\.py <<'END')\n((?:(?!```|END).*\n)*)|((?:^(?: {4}.*)?\n)+)")

Said = Mapping[str, Mapping[int, str]]
"""The errors by file and line, counted from 1."""


class Checked(NamedTuple):
    """What the checkers said of all programs, and where the mistakes are."""

    said: Mapping[str, Said]
    starts: list[int]


@pytest.fixture(scope="module")
def checked(tmp_path_factory: pytest.TempPathFactory) -> Checked:
    if not PYRIGHT.exists() or shutil.which("node") is None:
        reason = "there is no pyright in .toolchain/node; run: make languages"
        pytest.fail(reason) if os.environ.get("CI") == "true" else pytest.skip(reason)
    return once(tmp_path_factory, "checkers", check)


def shown() -> dict[str, str]:
    """The programs that pages show whole, by name."""
    found: dict[str, str] = {}
    for page in PAGES:
        for fenced, indented in SHOWN.findall(page.read_text()):
            text = textwrap.dedent(fenced or indented)
            if "import pulumi\n" in text and "from elastx_mrs import" in text and "MailRelay(" in text:
                found[f"{page.stem.lower()}_{len(found)}"] = text
    return found


def right() -> dict[str, str]:
    """The programs without a mistake, by name."""
    of_examples = {program.parent.name.replace("-", "_"): program.read_text() for program in PROGRAMS}
    plain = {f"example_{name}": text for name, text in of_examples.items() if OF_THE_SDK not in text}
    return plain | shown() | {"right": HEAD + RIGHT}


def check(folder: Path) -> Checked:
    """Run each checker once over all programs."""
    for name, text in right().items():
        (folder / f"{name}.py").write_text(text)
    wrong, starts = HEAD, []
    for mistake in MISTAKES:
        starts.append(wrong.count("\n") + 1)
        wrong += mistake.program()
    (folder / "wrong.py").write_text(wrong)
    return Checked({"mypy": by_mypy(folder), "pyright": by_pyright(folder)}, [*starts, wrong.count("\n") + 1])


def by_mypy(folder: Path) -> Said:
    """As ``make check`` runs it, whose cache it uses."""
    command = [sys.executable, "-m", "mypy", "--output=json", *map(str, sorted(folder.glob("*.py")))]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=500)
    assert done.returncode in (0, 1), done.stdout + done.stderr
    errors = [json.loads(line) for line in done.stdout.splitlines()]
    return by_line([(one["file"], one["line"], one["message"]) for one in errors if one["severity"] == "error"])


def by_pyright(folder: Path) -> Said:
    settings = {"include": ["."], "extraPaths": [str(ROOT)]}
    (folder / "pyrightconfig.json").write_text(json.dumps(settings))
    command = ["node", str(PYRIGHT), "--outputjson", "--pythonpath", sys.executable, "--project", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=500)
    assert done.returncode in (0, 1), done.stdout + done.stderr
    errors = json.loads(done.stdout)["generalDiagnostics"]
    return by_line([(one["file"], one["range"]["start"]["line"] + 1, one["message"]) for one in errors])


def by_line(errors: list[tuple[str, int, str]]) -> Said:
    found: dict[str, dict[int, str]] = defaultdict(dict)
    for file, line, message in errors:
        of_file = found[Path(file).name]
        of_file[line] = "\n".join(filter(None, [of_file.get(line), message]))
    return dict(found)


@pytest.mark.parametrize("checker", CHECKERS)
@pytest.mark.parametrize("number", range(len(MISTAKES)), ids=[one.name for one in MISTAKES])
def test_a_mistake_is_found_where_it_is(number: int, checker: str, checked: Checked) -> None:
    mistake, start, end = MISTAKES[number], *checked.starts[number : number + 2]
    said = {line: text for line, text in checked.said[checker]["wrong.py"].items() if start <= line < end}
    assert len(said) == 1, said
    ((line, text),) = said.items()
    (here,) = (start + index for index, one in enumerate(mistake.program().split("\n")) if one.endswith("# here"))
    if names_the_key(mistake, text) or mistake.path[-1:] == ("dkim",):  # one object, or a list of them: a union
        assert start <= line <= here, "it is not in the right object, which is blamed"
    else:
        assert line == here, text


def names_the_key(mistake: Mistake, text: str) -> bool:
    """Whether the error is that a key is missing, or mypy's of an unknown one: it has the object's place."""
    return any(
        said in text
        for said in (
            f'Extra key "{mistake.key}"',
            f'Missing key "{mistake.key}"',
            f'Missing keys "{mistake.key}"',
            f'"{mistake.key}" is required in',
        )
    )


@pytest.mark.parametrize("checker", CHECKERS)
@pytest.mark.parametrize("name", right())
def test_a_right_program_has_no_error(name: str, checker: str, checked: Checked) -> None:
    assert checked.said[checker].get(f"{name}.py", {}) == {}


def test_the_pages_programs_are_found() -> None:
    assert "readme" in {name.partition("_")[0] for name in shown()}
