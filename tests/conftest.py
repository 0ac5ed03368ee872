"""Settings of the whole run."""

from hypothesis import settings

# A loaded machine is no fault of the code's, and a run must say the same each time.
settings.register_profile("tests", deadline=None, derandomize=True)
settings.load_profile("tests")
