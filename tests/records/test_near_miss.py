r"""Values that only look like a record: found, and read as they were meant. Foreign strings are left alone."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from elastx_mrs.records import RecordError, dmarc
from elastx_mrs.records.near_miss import near_miss
from elastx_mrs.records.spf_terms import is_spf, parse

SPF = "v=spf1 include:_spf.google.com ~all"
DMARC = "v=DMARC1; p=reject; rua=mailto:d@example.com;"


@pytest.mark.parametrize(
    ("text", "repaired"),
    [
        ("v=spf1\tinclude:_spf.google.com ~all", SPF),
        ("v=spf1\u00a0include:_spf.google.com\u00a0~all", SPF),
        ("\ufeffv=spf1 include:_spf.google.com ~all", SPF),
        ("v=spf1\u200b include:_spf.google.com ~all", SPF),
        ("\u201cv=spf1 include:_spf.google.com ~all\u201d", SPF),
        ('"v=spf1 include:_spf" ".google.com ~all"', SPF),
        ("'v=spf1 include:_spf.google.com ~all'", SPF),
        (" v=spf1 include:_spf.google.com ~all", SPF),
        ("v=spf1; include:_spf.google.com; ~all;", SPF),
        ("v=spf1,include:_spf.google.com,~all", SPF),
        ("v=spf1include:_spf.google.com ~all", SPF),
        ("v=spf1-all", "v=spf1 -all"),
        ("v = spf1 include:_spf.google.com ~all", SPF),
        ("v:spf1 include:_spf.google.com ~all", SPF),
        ("v=spf include:_spf.google.com ~all", SPF),
        ("spf1 include:_spf.google.com ~all", SPF),
        ("v=spf1 include:_spf.google.com \u2013all", "v=spf1 include:_spf.google.com -all"),
        ("v=spf10 include:_spf.google.com ~all", ""),
        ("v=spf2 include:_spf.google.com ~all", ""),
        ("v=spf1; inc:_spf.google.com ~all", ""),
    ],
)
def test_spf(text: str, repaired: str) -> None:
    found = near_miss("spf", text.encode())
    assert found is not None
    assert found.repaired == repaired
    assert found.problem.isprintable()


@pytest.mark.parametrize(
    ("text", "repaired"),
    [
        ("v=dmarc1; p=reject; rua=mailto:d@example.com", DMARC),
        ("v=DMARC1\\; p=reject\\; rua=mailto:d@example.com", DMARC),
        ('"v=DMARC1; p=reject; rua=mailto:d@example.com"', DMARC),
        ("\u201dv=DMARC1; p=reject; rua=mailto:d@example.com\u201d", DMARC),
        (" v=DMARC1; p=reject; rua=mailto:d@example.com", DMARC),
        ("v=DMARC1 p=reject; rua=mailto:d@example.com", DMARC),
        ("v=DMARC1, p=reject; rua=mailto:d@example.com", DMARC),
        ("v=DMARC; p=reject; rua=mailto:d@example.com", DMARC),
        ("p=reject; v=DMARC1; rua=mailto:d@example.com", DMARC),
        ("rua=mailto:d@example.com; p=reject; v=DMARC1", DMARC),
        ("v=dmarc1; p", ""),
    ],
)
def test_dmarc(text: str, repaired: str) -> None:
    found = near_miss("dmarc", text.encode())
    assert found is not None
    assert found.repaired == repaired


@pytest.mark.parametrize(
    "text",
    [
        "v=spf1-validator=1234567890",
        "spf2.0/pra include:example.com -all",
        "spf record: ask all of IT",
        "google-site-verification=spf1",
        "v=DKIM1; p=",
        "v=STSv1; id=1",
        "MS=ms12345678",
        "",
    ],
)
def test_foreign_strings_are_not_near_misses(text: str) -> None:
    assert near_miss("spf", text.encode()) is None
    assert near_miss("dmarc", text.encode()) is None


@given(st.binary(max_size=80).map(lambda tail: b"v=spf1;" + tail) | st.binary(max_size=80))
def test_whatever_is_repaired_is_a_record(value: bytes) -> None:
    found = near_miss("spf", value)
    if found is not None and found.repaired:
        assert is_spf(found.repaired)
        parse(found.repaired)
    found = near_miss("dmarc", b"v=dmarc1;" + value)
    assert found is not None
    if found.repaired:
        with suppress(RecordError):  # a tag's value is faulty, which whoever declares it is told
            assert dmarc.whole_record(found.repaired) == found.repaired
