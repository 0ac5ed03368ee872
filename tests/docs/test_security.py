"""``docs/security.md``: each threat has a test, each secret has a row, and its claims about the package are true."""

import ast
import re
from pathlib import Path

import pytest

from tests import secrecy
from tests.engine.stack import ROOT

PAGE = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
THREATS = PAGE.partition("## Threats")[2]
ROWS = [line for line in THREATS.splitlines() if line.startswith("| ") and not line.startswith("| threat |")]
NODES = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", THREATS)
STARTS = {"elastx_mrs/lab/session.py", "elastx_mrs/component/engine.py", "elastx_mrs/doctor/cli_version.py"}
"""Modules that start a program: the lab's command, ``ps``, and ``pulumi version`` of doctor."""

DOWNLOADS = re.compile(r"urllib\.request|requests|pip|ensurepip|ftplib|urllib3|aiohttp|http\.client")

ASKS = {("elastx_mrs/publish/cloudflare/api.py", module) for module in ("urllib.request", "http.client")}
"""Not a download: doctor queries Cloudflare's API, whose answers are JSON of limited size."""


@pytest.mark.parametrize("row", ROWS)
def test_each_threat_has_a_test(row: str) -> None:
    threat, does, tests = (cell.strip() for cell in row.strip("| ").split(" | "))
    assert threat
    assert does
    assert re.sub(r"`tests/[\w/]+\.py::\w+`(, )?", "", tests) == ""


@pytest.mark.parametrize(("path", "name"), NODES)
def test_each_named_test_exists(path: str, name: str) -> None:
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    assert name in [one.name for one in ast.walk(tree) if isinstance(one, ast.FunctionDef)]


@pytest.mark.parametrize("secret", secrecy.HELD, ids=lambda one: one.name)
def test_each_secret_has_its_row(secret: secrecy.Held) -> None:
    (row,) = (line for line in PAGE.splitlines() if line.startswith(f"| {secret.name} |"))
    assert [place for place in (*secret.variables, *secret.keys) if f"`{place}`" not in row] == []


@pytest.mark.parametrize("page", ["SECURITY.md", "docs/rfc2136.md", "README.md"])
def test_other_pages_link_to_it(page: str) -> None:
    assert "security.md" in (ROOT / page).read_text(encoding="utf-8")


def imported(path: Path) -> set[str]:
    found = set()
    for one in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(one, ast.Import):
            found |= {name.name for name in one.names}
        elif isinstance(one, ast.ImportFrom) and one.module:
            found |= {one.module, *(f"{one.module}.{name.name}" for name in one.names)}
    return found


def test_the_package_starts_no_program_and_downloads_nothing() -> None:
    starts, downloads = set(), set()
    for path in (ROOT / "elastx_mrs").rglob("*.py"):
        name = path.relative_to(ROOT).as_posix()
        modules = imported(path)
        starts |= {name for one in modules if one.split(".")[0] in ("subprocess", "multiprocessing", "pty")}
        starts |= {name} if re.search(r"\bos\.(system|exec|spawn|posix_spawn|popen|fork)", path.read_text()) else set()
        downloads |= {(name, one) for one in modules if DOWNLOADS.fullmatch(one)}
    assert starts == STARTS
    assert downloads == ASKS


def test_every_package_of_development_is_pinned_by_hash() -> None:
    text = (ROOT / "requirements-dev.txt").read_text(encoding="utf-8").replace("\\\n", " ")
    pinned = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    assert len(pinned) > 20
    assert [line for line in pinned if not re.match(r"[\w.\-\[\]]+==\S+ .*--hash=sha256:[0-9a-f]{64}", line)] == []
    assert "--require-hashes -r requirements-dev.txt" in (ROOT / "toolchain" / "venv.sh").read_text(encoding="utf-8")
