"""Settings of the whole run."""

from hypothesis import settings

from tests.cloudflare.which import describe

# A loaded machine is no fault of the code's, and a run must say the same each time.
settings.register_profile("tests", deadline=None, derandomize=True)
settings.load_profile("tests")


def pytest_report_header() -> str:
    """Say which Cloudflare plugin the engine tests use."""
    return describe()
