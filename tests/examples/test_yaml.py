"""examples/yaml in an empty environment: a YAML program and the plugin of the released package."""

import shutil
from pathlib import Path

import pytest

from tests.examples import readme
from tests.languages.programs import require
from tests.package import fresh

pytestmark = pytest.mark.engine


def test_the_readme_from_nothing_to_nothing(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    require("yaml")
    host = shutil.which("pulumi-language-yaml")
    assert host is not None
    lab = fresh.Environment.of_lab(tmp_path_factory)
    folder = readme.copied("yaml", tmp_path)
    environment = lab.released.environment(tmp_path, lab.stand_ins(tmp_path / "stand-ins"), Path(host).parent)
    commands = readme.run((folder / "README.md").read_text(), folder, environment)
    assert len(commands) == 7
    assert readme.left(folder) == []
