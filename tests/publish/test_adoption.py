"""Which owner names a stack's config lets a create take over."""

import pytest

from elastx_mrs.publish.adoption import adopted
from elastx_mrs.records import RecordError


@pytest.mark.parametrize(
    ("given", "names"),
    [
        (None, set()),
        ("", set()),
        ("{}", set()),  # as Pulumi.yaml's default has it
        ("[]", set()),
        ('["A.example.", " _dmarc.a.example"]', {"a.example", "_dmarc.a.example"}),
    ],
)
def test_the_config_s_list(given: str | None, names: set[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ELASTX_MRS_ADOPT", raising=False)
    assert adopted(lambda key: given if key == "elastx-mrs:adopt" else None) == names


@pytest.mark.parametrize("given", ['{"a": 1}', "[1]", "a.example", '"a.example"', "0", "[" * 1000])
def test_what_is_no_list_is_named(given: str) -> None:
    with pytest.raises(RecordError, match=r"^adopt: is not a list of owner names; write a list such as"):
        adopted(lambda key: given)
