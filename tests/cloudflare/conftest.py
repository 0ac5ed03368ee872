"""The stand-in, and an API for it, one of each for the tests of a module."""

from collections.abc import Iterator

import pytest

from tests.cloudflare.running import Running, running
from tests.cloudflare.served import TOKEN, Served, served


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    names = [f"example{number}.com" for number in range(25)]
    with served(tmp_path_factory.mktemp("plugin") / "zones", "example.com", *names) as running:
        yield running


@pytest.fixture
def zone(api: Served) -> str:
    api.faults.clear()
    return api.api.zone("example.com").id


@pytest.fixture(scope="module")
def bare() -> Iterator[Running]:
    """One for all tests that configure it themselves; it knows of no API and no token but those."""
    with running() as made:
        yield made


@pytest.fixture(scope="module")
def plugin(api: Served) -> Iterator[Running]:
    """One for all tests that do not configure it otherwise."""
    with running() as made:
        made.configure(baseUrl=api.url, apiToken=TOKEN)
        yield made
