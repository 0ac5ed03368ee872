"""examples/python-package in an empty environment: another repository's program, with the released package alone."""

from pathlib import Path

import pytest

from tests.examples import readme
from tests.package import fresh

pytestmark = pytest.mark.engine


def test_the_readme_from_nothing_to_nothing(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    lab = fresh.Environment.of_lab(tmp_path_factory)
    folder = readme.copied("python-package", tmp_path)
    environment = lab.released.environment(tmp_path, lab.stand_ins(tmp_path / "stand-ins"))
    commands = readme.run((folder / "README.md").read_text(), folder, environment)
    assert len(commands) == 8
    assert readme.left(folder) == []
