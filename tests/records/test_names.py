import pytest
from hypothesis import given
from hypothesis import strategies as st

from elastx_mrs.records import RecordError
from elastx_mrs.records.names import (
    ascii_form,
    longest_zone,
    mail_domain,
    owner_name,
    selector,
    sender_domain,
    server_address,
    to_unicode,
)


@pytest.mark.parametrize(
    ("given_", "name"),
    [
        ("example.com", "example.com"),
        ("Example.COM.", "example.com"),
        ("bücher.example", "xn--bcher-kva.example"),  # RFC 3492's and Unicode's usual sample
        ("BÜCHER.example", "xn--bcher-kva.example"),
        ("xn--bcher-kva.example", "xn--bcher-kva.example"),
    ],
)
def test_names_become_lower_case_a_labels(given_: str, name: str) -> None:
    assert sender_domain(given_) == name


@pytest.mark.parametrize(
    ("given_", "message"),
    [
        ("", "is empty"),
        (" example.com", "white space"),
        ("https://example.com/x", "is a URL or a path; write the domain alone: example.com"),
        ("example.com/24", "write the domain alone: example.com"),
        ("info@example.com", "write its domain alone: example.com"),
        ("192.0.2.1", "is an IP address"),
        ("2001:db8::1", "is an IP address"),
        ("[2001:db8::1]", "is an IP address"),
        ("*.example.com", "is a wildcard"),
        ("localhost", "is a single label"),
        ("example..com", "empty label"),
        (".example.com", "empty label"),
        ("-a.example", "begins or ends with a hyphen"),
        ("a_b.example", "'_' (U+005F)"),
        ("a" * 64 + ".example", "label of 64 octets"),
        (".".join(["a" * 60] * 5) + ".example", "DNS allows 253"),
        ("a.1", "ends in a number"),
        ("\u2065.example", "has U+2065 at position 1, which is invisible"),
    ],
)
def test_an_invalid_sender_domain_is_refused(given_: str, message: str) -> None:
    with pytest.raises(RecordError) as error:
        sender_domain(given_)
    assert message in str(error.value)


@given(st.text(max_size=80))
def test_any_text_is_a_name_or_our_own_error(text: str) -> None:
    try:
        name = sender_domain(text)
    except RecordError:
        return
    assert name.isascii()
    assert len(name) <= 253
    assert sender_domain(name) == name


def test_an_owner_name_that_gets_too_long_is_refused() -> None:
    domain = ".".join(["a" * 60] * 4)  # 243 octets: fits alone, not below elastx._domainkey
    assert sender_domain(domain) == domain
    with pytest.raises(RecordError, match="DNS allows 253"):
        owner_name("elastx._domainkey", domain)


def test_selectors() -> None:
    assert selector("Elastx.2026") == "elastx.2026"
    with pytest.raises(RecordError, match="write the selector alone, such as elastx"):
        selector("elastx._domainkey.example.com")
    with pytest.raises(RecordError, match="is not a selector"):
        selector("a b")


def test_the_longest_zone_wins_and_only_whole_labels_count() -> None:
    zones = ["example.com", "news.example.com", "ample.com"]
    assert longest_zone("a.news.example.com", zones) == "news.example.com"
    assert longest_zone("news.example.com", zones) == "news.example.com"
    assert longest_zone("example.com", zones) == "example.com"
    assert longest_zone("sample.com", zones) is None


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("192.0.2.1", ("192.0.2.1", 53)),
        ("192.0.2.1:5353", ("192.0.2.1", 5353)),
        ("2001:db8::1", ("2001:db8::1", 53)),
        ("[2001:db8::1]", ("2001:db8::1", 53)),
        ("[2001:DB8::1]:5353", ("2001:db8::1", 5353)),
    ],
)
def test_a_server_s_address(text: str, address: tuple[str, int]) -> None:
    assert server_address(text) == address


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ns1.example.com",
        "192.0.2.1:",
        "192.0.2.1:0",
        "192.0.2.1:65536",
        "[::1]53",
        "[::1",
        "fe80::1%\x1b[31m",
        "::1:x",
    ],
)
def test_an_invalid_server_address_is_refused(text: str) -> None:
    with pytest.raises(RecordError) as error:
        server_address(text)
    assert str(error.value).isprintable()


@pytest.mark.parametrize(
    ("text", "name"),
    [("Joe_X.com", "joe_x.com"), ("_a.b_.example.", "_a.b_.example"), ("räksmörgås.se", "xn--rksmrgs-5wao1o.se")],
)
def test_the_domain_of_somebody_s_address_may_have_underscores(text: str, name: str) -> None:
    assert mail_domain(text) == name


@pytest.mark.parametrize("text", ["", "a_b", "a_b.1", "a..b_c.se", f"{'a_' * 32}.se", "[192.0.2.1]", "a b_c.se"])
def test_an_invalid_mail_domain_is_refused(text: str) -> None:
    with pytest.raises(RecordError):
        mail_domain(text)


@pytest.mark.parametrize(
    ("name", "read"),
    [("example.com", "example.com"), ("xn--rksmrgs-5wao1o.se", "räksmörgås.se"), ("xn--a.se", "xn--a.se")],
)
def test_a_name_as_people_read_it(name: str, read: str) -> None:
    """RFC 5890 §2.3.2.1; ``xn--a`` is no A-label."""
    assert to_unicode(name) == read


def test_a_character_outside_a_valid_name_has_no_ascii_form() -> None:
    """RFC 1035 §3.1: a label has 63 octets."""
    assert ascii_form("ö" * 64 + ".example.com", 0) is None
