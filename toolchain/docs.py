r"""Builds the documentation site, by ``make docs``; a broken link or anchor fails the build.

The pages in ``docs`` are written for GitHub. They are copied before the build, with four changes:

- A link that leaves ``docs`` leads to the repository, because the site has no such page.
- Headings between ``<!-- tabs -->`` and ``<!-- /tabs -->`` become tabs, one for each language.
- Text below a list item is indented by four spaces, as the site's Markdown needs it.
- ``\<``, and ``\|`` in a table's code, become HTML, because the site's Markdown shows the backslash.
"""

import html
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from toolchain.usage import usage

ROOT = Path(__file__).resolve().parent.parent
REPOSITORY = "https://github.com/elastx/elastx-mrs"

_OUTSIDE = re.compile(r"(\]\(|src=\")\.\./([^)\s\"]+)")
_PICTURE = re.compile(r"!\[[^\]]*\]\((?!https?:)([^)\s]+)\)")
_TABS = re.compile(r"^<!-- tabs -->\n(.*?)^<!-- /tabs -->\n", re.MULTILINE | re.DOTALL)
_ITEM = re.compile(r"( *)([-*]|[0-9]+\.)( +)(?=\S)")
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_CODE = re.compile(r"`([^`]+)`")
_FENCE = re.compile(r" *(`{3,}|~{3,})")


def main() -> None:
    """Build the site into ``.site/html``."""
    usage(__doc__)
    code = build(ROOT / ".site")
    if code == 0:
        print("docs: open .site/html/index.html")
    sys.exit(code)


def build(folder: Path, pages: Path = ROOT / "docs") -> int:
    """Build the site of some pages into ``html`` in a folder, which is emptied first, and return the exit code."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(pages, folder / "docs")
    shutil.copytree(ROOT / "toolchain" / "site", folder / "site")
    shutil.copy(ROOT / "zensical.toml", folder)
    missing = []
    for page in sorted(pages.glob("*.md")):
        text = page.read_text(encoding="utf-8")
        missing += [f"docs: {page.name}: {link} is not there" for link in _missing(text, pages)]
        (folder / "docs" / page.name).write_text(prepared(text), encoding="utf-8")
    print(*missing, sep="\n", end="\n" if missing else "", flush=True)
    command = [sys.executable, "-m", "zensical", "build", "--strict"]
    built = subprocess.run(
        command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    said = built.stdout.partition("Traceback (most recent call last):\n")[0]  # of a build that ends at a warning
    print(said if sys.stdout.isatty() else _COLOUR.sub("", said), end="", flush=True)
    return 1 if missing else built.returncode


def _missing(text: str, pages: Path) -> Iterator[str]:
    """Yield the pictures, and the links out of ``docs``, that lead nowhere: zensical checks neither."""
    for path in _PICTURE.findall(text):
        if not (pages / path).is_file():
            yield path
    for found in _OUTSIDE.finditer(text):
        if not (ROOT / found[2].partition("#")[0]).exists():
            yield f"../{found[2]}"


def prepared(text: str) -> str:
    """Return a page of ``docs`` as the site's Markdown needs it."""
    lines = "".join(f"{line}\n" for line in _lines(text.splitlines()))
    return _TABS.sub(lambda found: _tabs(found[1]), _OUTSIDE.sub(_in_repository, lines))


def _in_repository(found: re.Match[str]) -> str:
    opening, path = found.groups()
    if opening != "](":
        return f"{opening}{REPOSITORY}/raw/main/{path}"
    kind = "blob" if (ROOT / path.partition("#")[0]).is_file() else "tree"
    return f"{opening}{REPOSITORY}/{kind}/main/{path}"


def _tabs(text: str) -> str:
    """Return a tab for each heading. What is below the heading is in the tab."""
    lines, fence = [], ""
    for line in text.splitlines():
        if found := _FENCE.match(line):
            fence = "" if fence == found[1] else fence or found[1]
        heading = None if fence else re.fullmatch(r"#+ (.+)", line)
        lines.append(f'=== "{heading[1]}"' if heading else f"    {line}".rstrip())
    return "\n".join(lines) + "\n"


def _lines(lines: list[str]) -> Iterator[str]:
    """Yield the lines of a page; what belongs to a list item is indented by four spaces for each level."""
    open_items: list[int] = []
    fence = ""
    for line in lines:
        indent = len(line) - len(line.lstrip())
        if not fence and line:
            while open_items and indent < open_items[-1]:
                open_items.pop()
        content = line[open_items[-1] :] if open_items else line
        if found := _FENCE.match(content):
            fence = "" if fence == found[1] else fence or found[1]
        item = None if fence else _ITEM.match(content)
        yield f"{'    ' * len(open_items)}{content if fence else _unescaped(content)}".rstrip()
        if item and len(item[1]) < 4:
            open_items.append((open_items[-1] if open_items else 0) + item.end())


def _unescaped(line: str) -> str:
    """Return a line without the backslashes that the site would show."""
    if line.startswith("|"):
        line = _CODE.sub(_code, line)
    return line.replace(r"\<", "&lt;")


def _code(found: re.Match[str]) -> str:
    """Return a code span of a table, as HTML if it has a bar."""
    bars = html.escape(found[1], quote=False).replace(r"\|", "&#124;")
    return f"<code>{bars}</code>" if r"\|" in found[1] else found[0]


if __name__ == "__main__":
    main()
