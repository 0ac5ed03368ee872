import pytest

from elastx_mrs.records import RecordError
from elastx_mrs.records.dmarc import dmarc, from_tags, report_uri, tag_value, whole_record
from tests import golden


def test_the_owner_name_and_the_default() -> None:
    record = dmarc("example.com", from_tags({}))
    assert record.name == "_dmarc.example.com"
    assert record.value == "v=DMARC1; p=none;"


def test_v_and_p_stand_first_and_the_page_s_value_comes_out() -> None:
    assert from_tags({"adkim": "r", "p": "quarantine", "aspf": "r"}) == golden.DMARC


def test_the_page_s_value_is_taken_unchanged() -> None:
    assert whole_record(golden.DMARC) == golden.DMARC
    assert whole_record("v=DMARC1;p=none") == "v=DMARC1;p=none"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("p=none; v=DMARC1", "must begin with"),
        ("v=dmarc1; p=none", "must begin with"),
        ("v=DMARC1; sp=none; p=none", "p= right after"),
        ("v=DMARC1", "p= right after"),
        ("v=DMARC1; p=none; p=reject", "twice"),
        ("v=DMARC1; p=nono", "none, quarantine or reject"),
        ("v=DMARC1; p=none; adkim", "tag=value"),
        ("v=DMARC1; p=none; aspf=x", "r or s"),
        ("v=DMARC1; p=none;\n", "U+000A at position 18"),
        ("v=spf1 -all", "must begin with"),
    ],
)
def test_what_receivers_would_not_take_is_refused(text: str, message: str) -> None:
    with pytest.raises(RecordError) as error:
        whole_record(text)
    assert message in str(error.value)


def test_report_addresses_are_uris() -> None:
    assert report_uri("mailto:dmarc@example.com") == "mailto:dmarc@example.com"
    with pytest.raises(RecordError, match=r"write mailto:dmarc@example\.com"):
        report_uri("dmarc@example.com")
    for text in ("mailto:a@b.se,mailto:c@d.se", "mailto:a@b.se; p=none", "x"):
        with pytest.raises(RecordError):
            report_uri(text)


def test_fo() -> None:
    assert tag_value("fo", "1:d") == "1:d"
    with pytest.raises(RecordError):
        tag_value("fo", "2")
