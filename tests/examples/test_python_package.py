"""examples/python-package in an empty environment: another repository's program, with the released package alone."""

from pathlib import Path

import pytest

from tests.examples import readme
from tests.package import fresh

pytestmark = pytest.mark.engine


def test_the_readme_from_nothing_to_nothing(tmp_path: Path) -> None:
    fresh.require_wheels()
    released = fresh.build(tmp_path / "dist")
    folder = readme.copied("python-package", tmp_path)
    commands = readme.run((folder / "README.md").read_text(), folder, released.environment(tmp_path))
    assert len(commands) == 8
    left = (folder / ".lab" / "zones" / "example.com.zone").read_text()
    assert "elastx-mrs=" not in left
