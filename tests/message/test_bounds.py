"""What is limited of a saved message: each limit is met, and one more is beyond it."""

import asyncio

import pytest

from elastx_mrs import limits
from elastx_mrs.lookup.answer import Answer
from elastx_mrs.message.authentication_results import claims
from elastx_mrs.message.chain import judge
from elastx_mrs.message.parse import NotAMessage, read
from elastx_mrs.message.signature import verify
from tests import signed as make
from tests.lookup.fakes import Dns

KEY = make.key()
SERVED = Dns({"elastx._domainkey.mail.example": [f"TXT {make.record(KEY)}"]})
FIELDS = 5
"""That a message of the tests has."""


@pytest.mark.limit("MESSAGE_FIELDS")
def test_header_fields() -> None:
    most = limits.MESSAGE_FIELDS.most
    assert len(read(b"X:\n" * (most - FIELDS) + make.message()).fields) == most
    with pytest.raises(NotAMessage, match="has over 200,000 fields in its header; save the message as it was received"):
        read(b"X:\n" * (most - FIELDS + 1) + make.message())


def test_a_million_header_fields_are_not_read() -> None:
    """They took over a minute."""
    with pytest.raises(NotAMessage, match="has a header of over 1 MiB; save the message"):
        read(b"X: y\r\n" * 1_000_000 + make.message())


@pytest.mark.limit("MESSAGE_HEADER")
@pytest.mark.parametrize("line", [b"x" * 998, b"(" * 998, b""])
def test_octets_of_the_header(line: bytes) -> None:
    head, _, text = make.message().partition(b"\r\n\r\n")
    left = limits.MESSAGE_HEADER.most - len(head) - len(b"\r\nX:\r\n\r\n")
    folded = (b"\r\n " + line) * (left // (len(line) + 3))
    folded += b" " * (left - len(folded))
    octets = b"X:" + folded + b"\r\n" + head + b"\r\n\r\n"
    assert len(octets) == limits.MESSAGE_HEADER.most
    assert read(octets + text).sender == "news@mail.example"
    with pytest.raises(NotAMessage, match="has a header of over 1 MiB"):
        read(b"X" + octets + text)


@pytest.mark.parametrize("piece", ["(", "<", '"', '\\"', "[", "@", ":", ",", "a@b,", "g:", "\\", "=?utf-8?q?"])
def test_an_address_field_of_any_length(piece: str) -> None:
    field = piece * (limits.MESSAGE_ADDRESSES.most // len(piece))
    message = read(f"Return-Path: {field}\r\n".encode() + make.message())
    assert len(message.return_path or "") <= limits.MESSAGE_ADDRESSES.most
    with pytest.raises(NotAMessage, match=r"has a From field without|is from|whose domain"):
        read(f"From: {field}\r\n\r\n".encode())


@pytest.mark.limit("MESSAGE_ADDRESSES")
def test_the_end_of_an_address_field_is_never_left_out() -> None:
    """What is left of news@mail.example.com may be another domain's address."""
    end = ") <news@mail.example>"
    longest = "(".ljust(limits.MESSAGE_ADDRESSES.most - len(end), "x") + end
    for field, whole in ((longest, True), (f"(x{longest[1:]}", False)):
        message = f"Return-Path: {field}\r\n".encode() + make.message()
        assert read(message).return_path == ("news@mail.example" if whole else None)
        if whole:
            assert read(f"From: {field}\r\n\r\n".encode()).sender == "news@mail.example"
    with pytest.raises(NotAMessage, match="has a From field of over 10,000 characters; save the message"):
        read(f"From: {field}\r\n\r\n".encode())


@pytest.mark.parametrize("piece", ['"', '\\"', "(", ";", "a=b ", "/1", " / ", "smtp . ", "\\", "=", "spf=pass;"])
def test_a_field_of_results_of_any_length(piece: str) -> None:
    """Quotes that nothing closes were each looked for an end."""
    message = read(f"Authentication-Results: mx; {piece * (100_000 // len(piece))}\r\n".encode() + make.message())
    assert claims(message) is not None
    assert asyncio.run(judge(SERVED.ask, message)).sender == "news@mail.example"


@pytest.mark.limit("MESSAGE_RESULTS")
def test_fields_of_results() -> None:
    most = limits.MESSAGE_RESULTS.most
    fields = [b"Authentication-Results: mx; dkim=pass header.d=%d\r\n" % number for number in range(most + 1)]
    said = claims(read(b"".join(fields) + make.message()))
    assert said is not None
    assert [result.properties["header.d"] for result in said.results] == [str(number) for number in range(most)]


def test_an_unclosed_quote_hides_nothing() -> None:
    said = claims(read(b'Authentication-Results: mx; spf=pass reason="a;b" smtp.mailfrom="x@y.z\r\n' + make.message()))
    assert said is not None
    assert said.results[0].properties == {"reason": "a;b", "smtp.mailfrom": "x@y.z"}


@pytest.mark.limit("DKIM_SIGNATURES")
def test_signatures() -> None:
    most = limits.DKIM_SIGNATURES.most
    octets = make.message()
    for _ in range(most + 1):
        octets = make.signed(octets, KEY, include_headers=[b"from"])
    found = asyncio.run(verify(SERVED.ask, read(octets)))
    assert [one.verdict for one in found] == ["pass"] * most + ["unchecked"]
    assert found[-1].seen == "was not checked: the message has over 10 signatures"


@pytest.mark.limit("DKIM_HEADERS")
def test_names_that_a_signature_signs() -> None:
    most = limits.DKIM_HEADERS.most
    names = ":".join(["from", *(f"x{number}" for number in range(most - 1))])
    for more, verdict in (("", "pass"), (":y", "wrong")):
        octets = make.signed_by_hand(make.message(), KEY, headers=names + more)
        (found,) = asyncio.run(verify(SERVED.ask, read(octets)))
        assert found.verdict == verdict, found
    assert found.seen == "signs over 500 names of header fields in h="


@pytest.mark.limit("DKIM_SIGNATURE")
def test_octets_of_a_signature() -> None:
    (found,) = asyncio.run(verify(SERVED.ask, read(b"DKIM-Signature: " + b"x" * 8_000 + b"\r\n" + make.message())))
    assert (found.verdict, found.seen) == ("wrong", "is 8003 octets long")
    (found,) = asyncio.run(verify(SERVED.ask, read(b"DKIM-Signature: " + b"x" * 7_997 + b"\r\n" + make.message())))
    assert found.seen.startswith("cannot be read")


def test_a_shortage_on_this_machine_has_its_fix_in_every_line() -> None:
    """It said so of DKIM, and of DMARC that trying again would do."""
    problem = "192.0.2.53 could not be asked: this machine is short of file descriptors (this process may have 64 open)"

    async def ask(name: str, rdtype: str) -> Answer:
        return Answer(name, rdtype, "failed", problem=problem)

    octets = make.signed(make.message(), KEY)
    found = asyncio.run(judge(ask, read(octets))).findings
    cures = {one.name: one.cure for one in found if one.verdict == "unreachable"}
    assert cures.keys() == {"DKIM", "DMARC"}
    assert all("ulimit -n" in cure for cure in cures.values())


@pytest.mark.parametrize("canonical", ["relaxed", "simple"])
@pytest.mark.parametrize("piece", [b" ", b"\t", b" \r\n", b"\r\n", b"\r"])
def test_a_body_of_blanks_is_hashed(piece: bytes, canonical: str) -> None:
    """dkimpy takes the square of their number."""
    octets = make.signed_by_hand(make.message(body=b"x\r\n"), KEY, canonical=canonical)
    octets = octets[:-3] + piece * (500_000 // len(piece)) + b"\r\n"
    (found,) = asyncio.run(verify(SERVED.ask, read(octets)))
    assert found.seen == "the body was changed after signing: its hash differs"
