"""The world as a fixture: one for all tests that ask for it, which are in one group so that one worker has them all."""

import json
import sys
from collections.abc import Iterator

import pytest

from tests.verify.namespace import RESOLVER, World
from tests.verify.world import judges, open_world
from tests.verify.world.companies import COMPANIES, UNTOLD


@pytest.fixture(scope="session")
def internet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with open_world(tmp_path_factory.mktemp("internet")) as running:
        yield running


@pytest.fixture(scope="session")
def judgements(internet: World) -> dict[str, judges.Judged]:
    """What the judges say of every domain whose servers agree."""
    asked = [*(name for name in COMPANIES if name not in UNTOLD), "sub.inherit.com", "undelegated.com"]
    configuration = str(internet.folder / "opendkim.conf")
    done = internet.run(sys.executable, "-P", judges.__file__, configuration, RESOLVER, *asked)
    assert done.returncode == 0, done.stderr
    found: dict[str, judges.Judged] = json.loads(done.stdout.splitlines()[-1])
    return found
