"""What several tests of commands share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from elastx_mrs.lab.session import open_lab
from tests.cli import commands
from tests.cli.scene import SERVED, Scene


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    with open_lab(tmp_path / "lab", SERVED) as lab:
        yield Scene(lab, tmp_path)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[commands.World]:
    with commands.opened(tmp_path_factory.mktemp("commands")) as made:
        yield made
