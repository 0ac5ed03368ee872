"""The wheel and the source archive: what is in them, what they say of themselves, and how an index shows it."""

import configparser
import re
import subprocess
import tarfile
import tomllib
import zipfile
from pathlib import Path

from packaging.metadata import RawMetadata, parse_email
from packaging.requirements import Requirement
from readme_renderer import markdown

from elastx_mrs import __version__
from tests.engine.stack import ROOT
from tests.package import fresh

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
INFO = f"elastx_mrs-{__version__}.dist-info"


def content(released: fresh.Released) -> dict[str, bytes]:
    with zipfile.ZipFile(released.wheel) as wheel:
        return {name: wheel.read(name) for name in wheel.namelist()}


def metadata(released: fresh.Released) -> RawMetadata:
    found, unknown = parse_email(content(released)[f"{INFO}/METADATA"])
    assert unknown == {}
    return found


def test_the_version_is_in_one_place(released: fresh.Released) -> None:
    assert metadata(released)["version"] == __version__
    assert released.wheel.name == f"elastx_mrs-{__version__}-py3-none-any.whl"
    assert released.sdist.name == f"elastx_mrs-{__version__}.tar.gz"
    assert PROJECT["dynamic"] == ["version", "readme"]


def test_it_has_the_package_and_nothing_else(released: fresh.Released) -> None:
    found = content(released)
    package = {
        str(path.relative_to(ROOT))
        for path in (ROOT / "elastx_mrs").rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    }
    own = {f"{INFO}/{name}" for name in ("METADATA", "WHEEL", "RECORD", "entry_points.txt", "licenses/LICENSE")}
    manual = f"elastx_mrs-{__version__}.data/data/share/man/man1/elastx-mrs.1"
    assert set(found) == package | own | {manual}
    assert found[manual] == (ROOT / "docs" / "elastx-mrs.1").read_bytes()
    assert "elastx_mrs/py.typed" in found
    assert "elastx_mrs/plugin/schema.json" in found
    assert found[f"{INFO}/licenses/LICENSE"] == (ROOT / "LICENSE").read_bytes()


def test_what_it_says_of_itself(released: fresh.Released) -> None:
    said = metadata(released)
    assert said["license_expression"] == "Apache-2.0"
    assert said["requires_python"] == ">=3.11"
    assert said["provides_extra"] == ["cloudflare", "doh", "lab", "message", "route53"]
    needed = map(Requirement, said["requires_dist"])
    assert {one.name for one in needed if not one.marker} == {Requirement(one).name for one in PROJECT["dependencies"]}
    assert said["author"] == PROJECT["authors"][0]["name"]
    scripts = configparser.ConfigParser()
    scripts.read_string(content(released)[f"{INFO}/entry_points.txt"].decode())
    assert dict(scripts["console_scripts"]) == PROJECT["scripts"]


def test_an_index_links_the_project(released: fresh.Released) -> None:
    links = metadata(released)["project_urls"]
    assert links == PROJECT["urls"]
    # The names that an index knows and shows with a sign of its own.
    assert list(links) == ["Homepage", "Documentation", "Repository", "Issues", "Changelog"]
    for link in links.values():
        path = re.fullmatch(rf"{links['Homepage']}(?:\.git|/issues|/(?:tree|blob)/main/(.+))?", link)
        assert path is not None, link
        assert path[1] is None or (ROOT / path[1]).exists(), link


def test_an_index_renders_its_description(released: fresh.Released) -> None:
    said = metadata(released)
    assert said["description_content_type"] == "text/markdown"
    text = said["description"]
    readme = (ROOT / "README.md").read_text()
    repository = re.escape(PROJECT["urls"]["Homepage"])
    assert re.sub(rf"{repository}/(?:blob|raw)/main/", "", text) == readme
    html = markdown.render(text)
    assert html is not None
    assert html.count("<table>") == len(re.findall(r"^(?:> )?\|(?:---\|)+$", text, re.MULTILINE)) > 1
    # An index has none of the files that a relative link leads to.
    links = re.findall(r"""(?:href|src)=["']([^"']+)""", html)
    assert [link for link in links if not link.startswith(("https://", "#"))] == []
    own = [link for link in links if re.match(rf"{repository}/(?:blob|raw)/", link)]
    assert len(own) > len(list((ROOT / "docs").glob("*.md")))
    for link in own:
        kind, _, path = link.removeprefix(f"{PROJECT['urls']['Homepage']}/").partition("/main/")
        assert (ROOT / path.partition("#")[0]).is_file(), link
        assert kind == ("raw" if path.endswith(".png") else "blob"), link


def test_the_source_archive_makes_the_same_wheel(released: fresh.Released, tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    # Not tarfile: its filter= is not in Debian's Python 3.11.2.
    subprocess.run(["tar", "--extract", "--file", released.sdist, "--directory", source], check=True)
    again = fresh.build(tmp_path / "dist", source / released.sdist.name.removesuffix(".tar.gz"), "wheel")
    assert again.wheel.read_bytes() == released.wheel.read_bytes()


def test_the_source_archive_has_what_is_to_be_read(released: fresh.Released) -> None:
    with tarfile.open(released.sdist) as archive:
        found = {name.partition("/")[2] for name in archive.getnames()}
    top = {name.partition("/")[0] for name in found}
    own = {"pyproject.toml", "hatch_build.py", "PKG-INFO", ".gitignore"}
    assert top == {"elastx_mrs", "docs", "examples", "stacks", "CHANGELOG.md", "LICENSE", "README.md"} | own
    # Whatever the README names by its path is there, or is of the checkout alone.
    named = set(re.findall(r"\]\(((?:docs|stacks|examples)/[\w./-]+)", (ROOT / "README.md").read_text()))
    assert "docs/policy.md" in named
    assert {name.rstrip("/") for name in named} - found - {str(Path(name).parent) for name in found} == set()
    left = [name for name in found if re.search(r"(^|/)(node_modules|sdks|__pycache__|\.lab|\.venv|bin)/", name)]
    assert left == []
