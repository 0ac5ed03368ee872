"""What a detail says to do, whoever made it."""

import pytest

from elastx_mrs.descriptors import FILES, MEMORY, PORTS, cure
from elastx_mrs.verify.result import Detail, Verdict


@pytest.mark.parametrize("kind", [FILES, PORTS, MEMORY])
@pytest.mark.parametrize("verdict", ["unreachable", "unchecked"])
def test_where_this_machine_is_short_the_cure_is_its_own(verdict: Verdict, kind: str) -> None:
    seen = f"example.com: ns1.example.com (192.0.2.1) could not be asked: {kind}"
    assert Detail(verdict, "", "", seen, "check that the server runs").cure == cure(seen, "") != ""


def test_any_other_cure_is_as_given() -> None:
    assert Detail("unreachable", "", "", "did not answer in 2 s", "check that the server runs").cure == (
        "check that the server runs"
    )
    assert Detail("wrong", "", "", f"'{FILES}'", "replace it").cure == "replace it"
