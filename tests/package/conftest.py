"""The release, and an environment with the package alone, once for a file of tests."""

import pytest

from tests.package import fresh


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> fresh.Released:
    return fresh.build(tmp_path_factory.mktemp("dist"))


@pytest.fixture(scope="module")
def base(released: fresh.Released, tmp_path_factory: pytest.TempPathFactory) -> fresh.Environment:
    """The package without extras."""
    return fresh.Environment.create(tmp_path_factory.mktemp("base"), released, "elastx-mrs")
