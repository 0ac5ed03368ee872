import hashlib

import pytest

from elastx_mrs.records import RecordError, TxtRecord
from elastx_mrs.records.challenge import account_address, challenge, misspelling, token
from tests import golden


def test_the_page_s_token() -> None:
    assert token(golden.ACCOUNT) == golden.TOKEN


def test_the_exact_string_is_hashed() -> None:
    assert token("User@domain.com") == "elastx-mrs=" + hashlib.sha256(b"User@domain.com").hexdigest()
    assert token("User@domain.com") != golden.TOKEN


def test_the_record_is_directly_under_the_domain_and_its_suffix_holds_no_account() -> None:
    record = challenge("domain.com", golden.ACCOUNT)
    assert record == TxtRecord("domain.com", "challenge", "domain.com", golden.TOKEN)
    assert record.suffix == "challenge-f7ee5ec73121"
    assert record.ttl == 1800


@pytest.mark.parametrize(
    "text", ["a@b.se ", "\ta@b.se", "user", "@b.se", "a@", "a@b", "a@@b.se", "a b@c.se", "a@b_c.se", ""]
)
def test_an_invalid_address_is_refused(text: str) -> None:
    with pytest.raises(RecordError, match=r"not an e-mail address|white space"):
        account_address(text)


OURS, OTHER = golden.TOKEN, token("b@domain.com")


@pytest.mark.parametrize(
    ("value", "slip"),
    [
        (OURS.upper(), "upper-case letters"),
        (OURS.replace("elastx", "Elastx"), "upper-case letters"),
        (f"{OURS} ", "white space after it"),
        (f"\t{OURS}", "white space before it"),
        (OURS.replace("=", "= "), "white space in it"),
        (f'"{OURS}"', "quotes or backslashes in its value"),
        (f" {OURS.upper()} ", "upper-case letters and white space before it and white space after it"),
        (OURS.encode() + b"\xc2\xa0", "characters that are not printable ASCII"),
        (OURS, None),
        (OTHER, None),
        (OURS[:-1], None),
        (f"{OURS}0", None),
        ("v=spf1 -all", None),
        ("", None),
    ],
)
def test_a_misspelt_token_is_recognised_with_its_fault(value: str | bytes, slip: str | None) -> None:
    assert misspelling(value, [OURS]) == slip
    assert misspelling(value.encode() if isinstance(value, str) else value, [OURS]) == slip
