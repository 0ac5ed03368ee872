"""What several tests of commands share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from elastx_mrs.lab.session import open_lab
from tests.cli.scene import SERVED, Scene


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    with open_lab(tmp_path / "lab", SERVED) as lab:
        yield Scene(lab, tmp_path)
