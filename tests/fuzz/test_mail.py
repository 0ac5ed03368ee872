"""A few hundred inputs through each reader. The long run: ``python -m tests.fuzz.mail message``."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzz.mail import READERS, check


@pytest.mark.parametrize("reader", READERS)
@settings(max_examples=100, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(10**6, 2 * 10**6))
def test_no_input_ends_in_a_traceback_or_prints_what_cannot_be_seen(reader: str, seed: int) -> None:
    assert check(reader, seed) == []
