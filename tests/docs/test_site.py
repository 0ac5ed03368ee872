"""The documentation site: it builds, every link in it leads somewhere, and it reads as the pages do on GitHub."""

import re
import shutil
import subprocess
import sys
import tomllib
from dataclasses import dataclass, field
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit
from xml.etree import ElementTree

import comrak
import pytest

from tests.engine.stack import ROOT
from tests.servers import require
from toolchain import docs

PAGES = sorted(path.stem for path in (ROOT / "docs").glob("*.md"))
LANGUAGES = {"Python": "python/__main__.py", "TypeScript": "typescript/index.ts", "Go": "go/main.go"}
LANGUAGES |= {"YAML": "yaml/Pulumi.yaml"}

_VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
_LOADS = {"src", "srcset", "data", "poster"}


@dataclass
class Page(HTMLParser):
    """What a page links to, loads, and says in its article."""

    html: str
    links: list[str] = field(default_factory=list)
    loads: list[str] = field(default_factory=list)
    anchors: set[str] = field(default_factory=set)
    tabs: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    _open: list[tuple[str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()
        self.feed(self.html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag not in _VOID:
            self._open.append((tag, given.get("class", "")))
        self.anchors |= {given[name] for name in ("id", "name") if name in given}
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        self.loads += [value for name, value in given.items() if name in _LOADS or (name == "href" and tag == "link")]

    def handle_endtag(self, tag: str) -> None:
        if any(tag == one for one, _ in self._open):
            while self._open.pop()[0] != tag:
                pass

    def handle_data(self, data: str) -> None:
        if any(css == "tabbed-labels" for _, css in self._open) and data.strip():
            self.tabs.append(data.strip())
        elif any(tag == "article" for tag, _ in self._open) and self._open[-1][1] not in ("headerlink", "md-button"):
            self.said.append(data)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    assert docs.build(folder) == 0
    return folder / "html"


@cache
def read(path: Path) -> Page:
    return Page(path.read_text(encoding="utf-8"))


def pages(site: Path) -> dict[str, Page]:
    return {path.name: read(path) for path in sorted(site.glob("*.html"))}


def test_the_build_needs_no_network(tmp_path: Path) -> None:
    program = f"import pathlib, sys; from toolchain import docs; sys.exit(docs.build(pathlib.Path({str(tmp_path)!r})))"
    command = [require("unshare"), "-rn", sys.executable, "-c", program]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("picture", sorted((ROOT / "docs").glob("*.svg")), ids=lambda path: path.stem)
def test_a_diagram_is_described_and_loads_nothing(picture: Path) -> None:
    text = picture.read_text(encoding="utf-8")
    root = ElementTree.fromstring(text)  # noqa: S314 - our own file
    parts = {one.get("id"): "".join(one.itertext()) for one in root if one.tag.endswith(("}title", "}desc"))}
    assert root.get("role") == "img"
    assert [len(parts[name]) > 10 for name in (root.get("aria-labelledby") or "").split()] == [True, True]
    assert re.findall(r"https?://(?!www\.w3\.org/2000/svg)|href|url\(|<script", text) == []


def test_every_page_is_in_it(site: Path) -> None:
    assert sorted(path.stem for path in site.glob("*.html")) == sorted([*PAGES, "404"])


def test_every_page_is_in_the_navigation_once() -> None:
    config = tomllib.loads((ROOT / "zensical.toml").read_text(encoding="utf-8"))["project"]
    assert sorted(named(config["nav"])) == [f"{page}.md" for page in PAGES]
    sections = [title for entry in config["nav"] for title in entry]
    assert sections == ["Overview", "Tutorial", "How-to guides", "Reference", "Explanation"]


def named(entry: Any) -> list[str]:
    """Return the pages of an entry of the navigation."""
    if isinstance(entry, str):
        return [entry]
    below = entry.values() if isinstance(entry, dict) else entry
    return [page for one in below for page in named(one)]


def test_every_link_and_anchor_leads_somewhere(site: Path) -> None:
    broken = []
    for name, page in pages(site).items():
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme or name == "404.html":
                continue
            target = site / (unquote(parts.path) or name)
            target = target / "index.html" if target.is_dir() else target
            if not target.is_file() or (parts.fragment and unquote(parts.fragment) not in read(target).anchors):
                broken.append(f"{name}: {link}")
    assert broken == []


def test_a_link_to_the_repository_names_a_file_there(site: Path) -> None:
    prefix = f"{docs.REPOSITORY}/"
    found = {
        link.removeprefix(prefix) for page in pages(site).values() for link in page.links if link.startswith(prefix)
    }
    kinds = {"blob": Path.is_file, "tree": Path.is_dir}
    here = [link.partition("#")[0].split("/", 2) for link in found if link.split("/")[0] in kinds]
    assert len(here) > 5
    for kind, branch, path in here:
        assert branch == "main"
        assert kinds[kind](ROOT / path), path


def test_nothing_is_loaded_from_another_host(site: Path) -> None:
    for name, page in pages(site).items():
        for load in page.loads:
            parts = urlsplit(load)
            assert (parts.scheme in ("", "data"), parts.netloc) == (True, ""), f"{name}: {load}"
            assert name == "404.html" or parts.scheme or (site / unquote(parts.path)).is_file(), f"{name}: {load}"
        assert "md-source__fact" not in page.html
        assert 'data-md-component="source"' not in page.html  # it would ask GitHub for the number of stars
        assert 'class="mermaid"' not in page.html  # it would load a script
    for style in site.rglob("*.css"):
        urls = re.findall(r"url\(\s*['\"]?([^'\")]+)", style.read_text(encoding="utf-8"))
        assert [url for url in urls if not url.startswith(("data:", "#", "../", "./"))] == []


@pytest.mark.parametrize("name", PAGES)
def test_a_page_reads_as_on_github(site: Path, name: str) -> None:
    """Letter by letter: a list, a table or a code block that the site's Markdown takes for another thing differs."""
    extensions = comrak.ExtensionOptions()
    extensions.table = True
    options = comrak.RenderOptions()
    options.unsafe_ = True
    text = (ROOT / "docs" / f"{name}.md").read_text(encoding="utf-8")
    text = re.sub(rf"^#+ ({'|'.join(LANGUAGES)})$", "", text, flags=re.MULTILINE)  # tabs in the site
    html = comrak.render_markdown(text, extension_options=extensions, render_options=options)
    wanted, found = letters(Page(f"<article>{html}</article>")), letters(read(site / f"{name}.html"))
    same = next((i for i, (one, other) in enumerate(zip(found, wanted, strict=False)) if one != other), None)
    assert found == wanted, f"{found[(same or 0) - 40 :][:120]} | {wanted[(same or 0) - 40 :][:120]}"


def letters(page: Page) -> str:
    return "".join("".join(page.said).split())


def test_the_program_in_each_language_is_the_example_s(site: Path) -> None:
    assert read(site / "programs.html").tabs == list(LANGUAGES)
    text = (ROOT / "docs" / "programs.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```\w+\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    programs = [(ROOT / "examples" / path).read_text(encoding="utf-8") for path in LANGUAGES.values()]
    assert blocks == [program.expandtabs(4) for program in programs]  # Markdown's lint takes no tabs


@pytest.mark.parametrize(
    "broken",
    ["[a page](nothing.md)", "[an anchor](start.md#nothing)", "[a file](../nothing.md)", "![a picture](nothing.svg)"],
)
def test_a_broken_link_fails_the_build(tmp_path: Path, broken: str, capfd: pytest.CaptureFixture[str]) -> None:
    pages = tmp_path / "docs"
    shutil.copytree(ROOT / "docs", pages)
    with (pages / "lab.md").open("a", encoding="utf-8") as page:
        page.write(f"\n{broken}\n")
    assert docs.build(tmp_path / "site", pages) == 1
    shown = "".join(capfd.readouterr())
    assert "lab.md" in shown


PREPARED = {
    "See [it](../examples/go/README.md#a), [them](../examples/go) and [here](lab.md).\n": (
        "See [it](https://github.com/elastx/elastx-mrs/blob/main/examples/go/README.md#a), "
        "[them](https://github.com/elastx/elastx-mrs/tree/main/examples/go) and [here](lab.md).\n"
    ),
    "1. One:\n\n   ```sh\n   a\n     - b\n   ```\n\n   - two\n     more\n2. Three\n\nEnd\n": (
        "1. One:\n\n    ```sh\n    a\n      - b\n    ```\n\n    - two\n        more\n2. Three\n\nEnd\n"
    ),
    "Code:\n\n    - a\n      b\n": "Code:\n\n    - a\n      b\n",
    "<!-- tabs -->\n\n## A\n\n```sh\n# no heading\n```\n\n## B\n\nb\n\n<!-- /tabs -->\nend\n": (
        '\n=== "A"\n\n    ```sh\n    # no heading\n    ```\n\n=== "B"\n\n    b\n\nend\n'
    ),
}


@pytest.mark.parametrize(("text", "wanted"), PREPARED.items())
def test_what_differs_from_github_is_changed_before_the_build(text: str, wanted: str) -> None:
    assert docs.prepared(text) == wanted
