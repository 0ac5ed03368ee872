from collections.abc import Iterator
from pathlib import Path

import pytest

from elastx_mrs.lab.session import Lab, open_lab
from tests.lab.client import ZONES


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    with open_lab(tmp_path / "lab", ZONES) as running:
        yield running
