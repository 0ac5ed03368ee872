import pytest

from elastx_mrs.records import RecordError
from elastx_mrs.records.spf import from_terms, host, include_target, ip4_network, ip6_network, whole_record
from tests import golden


def test_without_terms_it_is_the_page_s_basic_value() -> None:
    assert from_terms() == golden.SPF


def test_further_terms_stand_between_elastx_and_all() -> None:
    value = from_terms(
        ["_spf.google.com"], ["192.0.2.0/24"], ["2001:db8::/32"], ["@", "a.example.com/24"], ["@//64"], "softfail"
    )
    assert value == (
        "v=spf1 include:elastx.email ip4:192.0.2.0/24 ip6:2001:db8::/32 a a:a.example.com/24 mx//64 "
        "include:_spf.google.com ~all"
    )


def test_elastx_among_the_includes_is_not_written_twice() -> None:
    assert from_terms(["elastx.email", "_spf.google.com"]) == "v=spf1 include:elastx.email include:_spf.google.com -all"


@pytest.mark.parametrize(
    ("given", "value"),
    [
        ("v=spf1 include:elastx.email -all", "v=spf1 include:elastx.email -all"),
        ("v=spf1 mx include:elastx.email ~all", "v=spf1 mx include:elastx.email ~all"),
        ("v=spf1 -ip4:192.0.2.1 mx -all", "v=spf1 include:elastx.email -ip4:192.0.2.1 mx -all"),
        ("v=spf1", "v=spf1 include:elastx.email"),
    ],
)
def test_elastx_is_put_first_in_a_record_that_lacks_it(given: str, value: str) -> None:
    assert whole_record(given) == value


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("v=spf2 -all", "not an SPF record"),
        ("v=spf1-all", "not an SPF record"),
        ("v=DMARC1; p=none", "not an SPF record"),
        ("v=spf1 ~include:elastx.email -all", "qualifier"),
        ("v=spf1 +include:elastx.email -all", "qualifier"),
        ("v=spf1 -all include:elastx.email", "after 'all'"),
        ("v=spf1 include:elastx.email +all", "every server"),
        ("v=spf1 include:elastx.email all", "every server"),
        ("v=spf1 include:elastx.email include:Elastx.email. -all", "twice"),
        ("v=spf1 -all v=spf1 mx -all", "two SPF records"),
        ("v=spf1 include:å -all", "position 16"),
    ],
)
def test_a_record_that_would_not_pass_elastx_is_refused(text: str, message: str) -> None:
    with pytest.raises(RecordError) as error:
        whole_record(text)
    assert message in str(error.value)


def test_terms_are_checked() -> None:
    assert include_target("_spf.google.com") == "_spf.google.com"
    assert ip4_network("192.0.2.1") == "192.0.2.1"
    assert ip6_network("2001:db8::/32") == "2001:db8::/32"
    for check, text in [
        (include_target, "include:x.example"),
        (include_target, "a b.example"),
        (include_target, "localhost"),
        (ip4_network, "192.0.2.0/33"),
        (ip4_network, "2001:db8::"),
        (ip4_network, "192.0.2.0/255.255.255.0"),
        (ip6_network, "192.0.2.1"),
        (host, "a.example.com/33"),
        (host, "@//129"),
        (host, "nodots"),
    ]:
        with pytest.raises(RecordError):
            check(text)
