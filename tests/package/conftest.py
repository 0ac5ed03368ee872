"""The release, and an environment with the package alone, once a run."""

from pathlib import Path

import pytest

from tests.package import fresh


@pytest.fixture(scope="session")
def released(tmp_path_factory: pytest.TempPathFactory) -> fresh.Released:
    return fresh.released(tmp_path_factory)


@pytest.fixture
def base(tmp_path_factory: pytest.TempPathFactory, tmp_path: Path) -> fresh.Environment:
    """The package without extras, for a user of the test's own."""
    return fresh.Environment.base(tmp_path_factory).at(tmp_path / "home")
