"""What the tests of one run share."""

import pytest

from tests.languages.programs import Workspace


@pytest.fixture(scope="session")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    return Workspace(tmp_path_factory)
