import dns.rdata
import dns.rdataclass
import dns.rdatatype
import pytest
from dns.rdtypes.ANY.TXT import TXT
from hypothesis import given
from hypothesis import strategies as st

from elastx_mrs.records import RecordError
from elastx_mrs.records.text import check_printable, cut, join, parse, presentation, quote
from tests import golden

printable = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E))


def dnspython_strings(text: str) -> list[bytes]:
    rdata = dns.rdata.from_text(dns.rdataclass.IN, dns.rdatatype.TXT, text)
    assert isinstance(rdata, TXT)
    return list(rdata.strings)


def test_the_page_s_dkim_value_is_cut_as_the_page_shows_it() -> None:
    assert [len(piece) for piece in cut(golden.DKIM.encode())] == [255, 148]
    assert presentation(golden.DKIM) == f'"{golden.DKIM_FIRST}" "{golden.DKIM_REST}"'


@pytest.mark.parametrize(
    ("length", "lengths"),
    [
        (1, [1]),
        (254, [254]),
        (255, [255]),
        (256, [255, 1]),
        (510, [255, 255]),
        (511, [255, 255, 1]),
        (766, [255] * 3 + [1]),
    ],
)
def test_cut_at_255_octets(length: int, lengths: list[int]) -> None:
    assert [len(piece) for piece in cut(b"x" * length)] == lengths


@given(st.binary(max_size=1100))
def test_cutting_and_joining_gives_the_value_back(value: bytes) -> None:
    pieces = cut(value)
    assert join(pieces) == value
    assert all(len(piece) == 255 for piece in pieces[:-1])
    assert len(pieces[-1]) <= 255


@given(printable)
def test_presentation_is_read_back_by_us_and_by_dnspython(value: str) -> None:
    assert join(parse(presentation(value))) == value.encode()
    assert join(dnspython_strings(presentation(value))) == value.encode()


@given(st.lists(st.binary(max_size=255), min_size=1, max_size=4))
def test_any_octets_are_quoted_as_dnspython_reads_them(strings: list[bytes]) -> None:
    text = " ".join(quote(string) for string in strings)
    assert text.isascii()
    assert text.isprintable()
    assert parse(text) == strings
    assert dnspython_strings(text) == strings


@given(st.text(max_size=60))
def test_parsing_any_text_gives_strings_or_our_own_error(text: str) -> None:
    try:
        strings = parse(text)
    except RecordError:
        return
    assert all(isinstance(string, bytes) for string in strings)


def test_semicolons_are_not_escaped_but_quotes_and_backslashes_are() -> None:
    assert presentation('v=DMARC1; p="x\\"') == '"v=DMARC1; p=\\"x\\\\\\""'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        ("ab\ncd", "U+000A at position 3"),
        ("p=å", "(U+00E5) at position 3"),
        ("a\x7f", "U+007F at position 2"),
    ],
)
def test_other_than_printable_ascii_is_refused_with_its_position(text: str, message: str) -> None:
    with pytest.raises(RecordError) as error:
        check_printable(text)
    assert message in str(error.value)


@pytest.mark.parametrize("text", ['"abc', "abc\\", '"\\256"'])
def test_broken_presentation_format_is_refused(text: str) -> None:
    with pytest.raises(RecordError):
        parse(text)
