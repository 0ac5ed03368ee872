"""The worlds of the contract: each begins with its first case, and lasts for all of them."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path

import pytest

from tests.publish.contract import cloudflare, octodns, rfc2136, route53
from tests.publish.contract.world import World

BEGIN: dict[str, Callable[[Path, pytest.MonkeyPatch], AbstractContextManager[World]]] = {
    "rfc2136": rfc2136.world,
    "route53": route53.world,
    "octodns": octodns.world,
    "cloudflare": cloudflare.world,
}


@pytest.fixture(scope="module")
def worlds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, World]]:
    """Those that have begun, by publisher; each ends with the module."""
    with ExitStack() as running:
        yield _Worlds(running, tmp_path_factory)


class _Worlds(dict[str, World]):
    def __init__(self, running: ExitStack, folders: pytest.TempPathFactory) -> None:
        self._running = running
        self._folders = folders

    def __missing__(self, name: str) -> World:
        folder = self._folders.mktemp(name)
        patch = self._running.enter_context(pytest.MonkeyPatch.context())
        self[name] = begun = self._running.enter_context(BEGIN[name](folder, patch))
        return begun


@pytest.fixture
def world(request: pytest.FixtureRequest, worlds: dict[str, World]) -> Iterator[World]:
    found = worlds[request.param]
    yield found
    found.reset()
