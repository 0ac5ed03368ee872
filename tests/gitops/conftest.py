"""What the pipelines' tests share."""

import pytest

from tests.gitops.scene import Prepared, prepare
from tests.once import once


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    return once(tmp_path_factory, "prepared", prepare)
