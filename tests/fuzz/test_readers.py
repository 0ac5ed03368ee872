"""A few hundred hostile inputs for each reader. The long run, by hand: ``python -m tests.fuzz.readers READER``."""

from pathlib import Path

import pytest

from tests.fuzz.readers import READERS, run

INPUTS = {"stack-file": 60, "dkim-paste": 300, "plugin-request": 60, "dns-message": 150}


@pytest.mark.parametrize("reader", READERS)
def test_what_a_reader_refuses_it_names(reader: str, tmp_path: Path) -> None:
    assert list(run(reader, iter(range(INPUTS[reader])), tmp_path)) == []
