"""docs/editors.md: the modeline and the schema are those that ``init`` writes, and the mappings are of stack files."""

import json
import re
import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path

import pytest

from elastx_mrs.scaffold.stack_file import SCHEMA
from tests.cli.test_init import FILES
from tests.engine.stack import ROOT
from toolchain import config_schema

TEXT = (ROOT / "docs" / "editors.md").read_text(encoding="utf-8")
SETTINGS = json.loads(re.findall(r"^```json\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)[0])
LUA = re.findall(r"^```lua\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)[0]
PATTERNS = SETTINGS["yaml.schemas"][f"./{SCHEMA}"]
MODELINE = f"# yaml-language-server: $schema={SCHEMA}"


def test_the_schema_has_the_name_that_init_gives_it() -> None:
    assert SCHEMA in FILES
    assert f"elastx-mrs config schema > {SCHEMA}\n" in TEXT
    assert list(SETTINGS) == ["yaml.schemas"]
    assert list(SETTINGS["yaml.schemas"]) == [f"./{SCHEMA}"]


def test_the_modeline_is_the_one_that_init_and_the_help_have() -> None:
    assert re.findall(r"^# yaml-language-server.*$", TEXT, re.MULTILINE) == [MODELINE]
    assert MODELINE in (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
    assert MODELINE in (ROOT / "docs" / "start.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["Pulumi.prod.yaml", "stacks/Pulumi.prod.yaml"])
def test_the_mappings_are_of_stack_files(name: str) -> None:
    assert any(fnmatch(name, pattern) for pattern in PATTERNS)
    assert f'["./{SCHEMA}"] = {{ {", ".join(map(json.dumps, PATTERNS))} }}' in LUA
    assert f"the file path pattern `{PATTERNS[0]}`" in TEXT


def test_the_projects_own_file_is_not_a_stack_file() -> None:
    assert not any(fnmatch("Pulumi.yaml", pattern) for pattern in PATTERNS)


def test_the_schema_is_of_the_version_that_the_page_names() -> None:
    assert "*JSON Schema version 7*" in TEXT
    assert json.loads(config_schema.TARGET.read_text())["$schema"] == "http://json-schema.org/draft-07/schema#"


@pytest.mark.engine  # as slow
def test_mypy_says_what_the_page_shows(tmp_path: Path) -> None:
    (program,) = re.findall(r"^```python\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
    (said,) = re.findall(r"^```text\n(error: .*)\n```$", TEXT, re.MULTILINE)
    assert '"p": "quarantine"' in program
    path = tmp_path / "program.py"
    path.write_text(program.replace('"p": "quarantine"', '"p": "qarantine"'))
    command = [sys.executable, "-m", "mypy", "--strict", str(path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=500)
    line = program.splitlines().index(next(one for one in program.splitlines() if '"p":' in one)) + 1
    assert f"{path.name}:{line}: {said}" in done.stdout, done.stdout + done.stderr
