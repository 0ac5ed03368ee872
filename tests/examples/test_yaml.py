"""examples/yaml in an empty environment: a YAML program and the plugin of the released package."""

import shutil
from pathlib import Path

import pytest

from tests.examples import readme
from tests.languages.programs import require
from tests.package import fresh

pytestmark = pytest.mark.engine


def test_the_readme_from_nothing_to_nothing(tmp_path: Path) -> None:
    fresh.require_wheels()
    require("yaml")
    host = shutil.which("pulumi-language-yaml")
    assert host is not None
    released = fresh.build(tmp_path / "dist")
    folder = readme.copied("yaml", tmp_path)
    environment = released.environment(tmp_path, Path(host).parent)
    commands = readme.run((folder / "README.md").read_text(), folder, environment)
    assert len(commands) == 7
    left = (folder / ".lab" / "zones" / "example.com.zone").read_text()
    assert "elastx-mrs=" not in left
