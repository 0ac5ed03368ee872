"""Settings of the whole run."""

import gc
import os
import signal
import sys
import tempfile
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from elastx_mrs import limits
from tests.authority import Authority
from tests.cloudflare.which import describe
from tests.engine.marker import MARKER, Guard
from tests.engine.stack import SWIFT
from tests.fuzz.clock import Loop

# A loaded machine is no fault of the code's, and a run must say the same each time.
settings.register_profile("tests", deadline=None, derandomize=True)
settings.load_profile("tests")


def pytest_report_header() -> str:
    """Say which Cloudflare plugin the engine tests use."""
    return describe()


GUARD = pytest.StashKey[Guard]()


def pytest_configure(config: pytest.Config) -> None:
    # Here and not in pyproject.toml, which .venv is made anew for.
    config.addinivalue_line("markers", "limit: meets limits of elastx_mrs/limits.py, by name, and goes one beyond them")
    os.environ.pop("PYTHONUNBUFFERED", None)  # users have it not, and output that fails ends otherwise with it
    os.environ.pop("COLUMNS", None)  # a worker of xdist has it, and text in a pipe is wrapped by it
    os.environ.update(SWIFT)
    # A shell ignores Ctrl-C in what it starts in the background, and the programs that tests start would inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    folder = tempfile.TemporaryDirectory(prefix="elastx-mrs-unmarked-")
    config.add_cleanup(folder.cleanup)
    config.stash[GUARD] = Guard(Path(folder.name))


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Look for no garbage among thousands of tests, which stay until the end."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.hookimpl(tryfirst=True)  # before a plugin that shuffles
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes long, so that no worker has much to do when the others are done."""
    items.sort(key=lambda item: item.get_closest_marker(MARKER) is None)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> Generator[None, object, object]:
    with item.config.stash[GUARD].watch(item):
        return (yield)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    with item.config.stash[GUARD].watch(item):
        return (yield)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None, object, object]:
    with item.config.stash[GUARD].watch(item):
        return (yield)


@pytest.fixture(scope="session", autouse=True)
def _without_waiting_for_disks() -> Iterator[None]:
    """The lab syncs each change of a zone to the disk, which no test looks at after a crash of the machine."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda _: None)
        yield


@pytest.fixture(autouse=True)
def _quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    """A loaded machine is slow, and what a command says of that is no part of what most tests compare."""
    monkeypatch.setattr(limits, "QUIET", 600.0)


@pytest.fixture(autouse=True)
def _whole_tracebacks() -> Iterator[None]:
    """A provider that fails switches tracebacks off for its process, which here goes on."""
    yield
    if hasattr(sys, "tracebacklimit"):
        del sys.tracebacklimit


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """A certificate authority of the test's own, which nobody trusts unless told to."""
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def loop() -> Iterator[Loop]:
    """An event loop whose clock jumps to what is due next."""
    yield (made := Loop())
    made.close()
