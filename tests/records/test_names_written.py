"""Servers, resolvers and report addresses as people write them: taken, or refused with the form to write."""

import pytest

from elastx_mrs.records import RecordError
from elastx_mrs.records.names import primary_address, resolver_address, sender_domain, server_address, to_unicode
from elastx_mrs.records.report import destination


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("127.0.0.1", ("127.0.0.1", 53)),
        ("127.0.0.1:5353", ("127.0.0.1", 5353)),
        ("2001:db8::1", ("2001:db8::1", 53)),
        ("[2001:db8::1]:5353", ("2001:db8::1", 5353)),
        ("ns1", ("ns1", 53)),
        ("ns1.example.com:5353", ("ns1.example.com", 5353)),
        ("ns1.bücher.example", ("ns1.xn--bcher-kva.example", 53)),
    ],
)
def test_a_primary_is_an_address_or_a_name(text: str, wanted: tuple[str, int]) -> None:
    assert primary_address(text) == wanted


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("dns://127.0.0.1:53", "write 127.0.0.1:53 alone"),
        ("dns://ns1.example.com/", "write ns1.example.com alone"),
        ("tcp://[2001:db8::1]:53", "write [2001:db8::1]:53 alone"),
        ("dns://dns://x", "write 192.0.2.1, [2001:db8::1]:53 or ns1.example.com"),
        ("127.0.0.300", "is not an address"),
        ("127.0.0.1:x", "is not an address"),
        ("ns1:0", "is not an address"),
        ("a b", "is not an address"),
        ("", "is not an address"),
        ("ns1\u200b", "U+200B at position 4"),
    ],
)
def test_an_invalid_primary_gets_a_message_with_the_right_form(text: str, message: str) -> None:
    with pytest.raises(RecordError) as error:
        primary_address(text)
    assert message in str(error.value)


def test_the_message_about_a_server_s_url_has_its_address() -> None:
    with pytest.raises(RecordError, match=r"write 127\.0\.0\.1:53 alone"):
        server_address("dns://127.0.0.1:53")
    with pytest.raises(RecordError, match=r"write 192\.0\.2\.1, "):
        server_address("dns://ns1.example.com")  # a name is not an address either


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("dns://192.0.2.1:53", "write 192.0.2.1 alone"),
        ("dot://dns.example", "write tls://dns.example"),
        ("doh://dns.example", "write https://dns.example/dns-query"),
        ("http://dns.example", "write https://dns.example/dns-query"),
        ("quic://dns.example", "write an address, tls://"),
        ("tls://bücher.example", "write xn--bcher-kva.example in it"),
    ],
)
def test_the_message_about_a_resolver_s_scheme_has_the_right_form(text: str, message: str) -> None:
    with pytest.raises(RecordError) as error:
        resolver_address(text)
    assert message in str(error.value)


def test_reports_go_by_mail() -> None:
    assert destination("mailto:dmarc@bücher.example") == "mailto:dmarc@xn--bcher-kva.example"
    assert destination("MAILTO:a@x.example?subject=x") == "MAILTO:a@x.example?subject=x"
    with pytest.raises(RecordError, match="receivers send them only by mail; write mailto:"):
        destination("https://reports.example/x")
    with pytest.raises(RecordError, match="mailbox that is not ASCII"):
        destination("mailto:dmärc@x.example")
    with pytest.raises(RecordError, match="bare address"):
        destination("a@bücher.example")


def test_a_domain_with_a_hidden_character_is_refused_and_joiners_are_idna_s() -> None:
    with pytest.raises(RecordError, match=r"U\+00AD at position 3"):
        sender_domain("ex\u00adample.com")
    assert to_unicode(sender_domain("\u0646\u0627\u0645\u0647\u200c\u0627\u06cc.example")).count("\u200c") == 1
    with pytest.raises(RecordError, match="internationalised"):
        sender_domain("a\u200db.example")
    assert to_unicode("xn--a.example") == "xn--a.example"
