"""Settings of the whole run."""

import sys
from collections.abc import Iterator

import pytest
from hypothesis import settings

from tests.cloudflare.which import describe

# A loaded machine is no fault of the code's, and a run must say the same each time.
settings.register_profile("tests", deadline=None, derandomize=True)
settings.load_profile("tests")


def pytest_report_header() -> str:
    """Say which Cloudflare plugin the engine tests use."""
    return describe()


@pytest.fixture(autouse=True)
def _whole_tracebacks() -> Iterator[None]:
    """A provider that fails switches tracebacks off for its process, which here goes on."""
    yield
    if hasattr(sys, "tracebacklimit"):
        del sys.tracebacklimit
