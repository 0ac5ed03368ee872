"""Reading a saved message, what its receiver claims, and how domains are aligned."""

import asyncio
import email.policy
from email.message import EmailMessage

import pytest

from elastx_mrs import limits
from elastx_mrs.check import Check
from elastx_mrs.message.chain import Chain, judge
from elastx_mrs.message.parse import NotAMessage, read
from tests import signed as make
from tests.lookup.fakes import Dns, Records

KEY = make.key()
RECORDS: dict[str, list[str]] = {
    "mail.example": ["A 192.0.2.1"],
    "elastx._domainkey.mail.example": [f"TXT {make.record(KEY)}"],
    "_dmarc.mail.example": ["TXT v=DMARC1; p=reject;"],
    "elastx._domainkey.news.mail.example": [f"TXT {make.record(KEY)}"],
    "elastx._domainkey.other.example": [f"TXT {make.record(KEY)}"],
}


def judged(octets: bytes, records: Records = RECORDS) -> Chain:
    return asyncio.run(judge(Dns(records).ask, read(octets)))


def found(octets: bytes, records: Records = RECORDS) -> dict[str, Check]:
    return {finding.name: finding for finding in judged(octets, records).findings}


@pytest.mark.parametrize("end", [b"\r\n", b"\n"], ids=["crlf", "lf"])
@pytest.mark.parametrize(
    "before", [b"", b"From x@y Tue Jan  5 10:00:00 2027\n", b"\xef\xbb\xbf"], ids=["", "mbox", "bom"]
)
def test_a_message_is_read_however_it_was_saved(end: bytes, before: bytes) -> None:
    octets = make.received(make.signed(make.message(), KEY)).replace(b"\r\n", end)
    chain = judged(before + octets)
    assert chain.sender == "news@mail.example"
    assert chain.return_path == "news@mail.example"
    assert [finding.verdict for finding in chain.findings] == ["pass", "pass", "pass"]


@pytest.mark.parametrize(
    ("octets", "says"),
    [
        (b"", "is empty"),
        (b"\r\n \r\n", "is empty"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", "is an Outlook .msg file"),
        ("From: a@b.example\n\nx".encode("utf-16"), "is UTF-16 text"),
        (b"\x1f\x8b\x08", "is compressed"),
        (b"PK\x03\x04", "is a ZIP file"),
        (b"%PDF-1.7", "is a PDF file"),
        (b"<!DOCTYPE html><html>", "is HTML or XML"),
        (b"\r\nFrom: a@b.example\r\n\r\n", "begins with an empty line"),
        (b"Hello,\r\n\r\nhow are you?\r\n", "is not a message: line 1 is 'Hello,', not a header field"),
        (b"From: a@b.example\r\nrubbish\r\n\r\n", "has a broken header: line 2 is 'rubbish'"),
        (b"From: a@b.example\r\nX: \0\r\n\r\n", "is binary: line 2 has a NUL"),
        (bytes(range(1, 256)), "is not a message"),
        (b"From: a@b.example\r\nTo: c@d.exa", "ends before the empty line after its header"),
        (b"From: a@b.example\r\n", "ends before the empty line after its header"),
        (b"To: a@b.example\r\n\r\n", "has no From field"),
        (b"From: a@b.example\r\nfrom: c@d.example\r\n\r\n", "has 2 From fields; a message has one (RFC 5322 §3.6)"),
        (b"From: \r\n\r\n", "has a From field without a readable address"),
        (b"From: nobody\r\n\r\n", "has a From field without a readable address"),
        (b"From: undisclosed:;\r\n\r\n", "has a From field without a readable address"),
        (b"From: a@localhost\r\n\r\n", "whose domain is a single label"),
        (b"From: a@[192.0.2.1]\r\n\r\n", "whose domain is an IP address"),
        (b"From: a@b.example, c@d.example\r\n\r\n", "is from several domains"),
        (b"From: G: a@b.example, c@d.example;\r\n\r\n", "is from several domains"),
        (b"From: joe smith@b.example\r\n\r\n", "has a From field without a readable address"),
        (b"From: \x1b[31m@\r\n\r\n", "'<U+001B>[31m@'"),
    ],
    ids=lambda value: value[:30] if isinstance(value, str) else "",
)
def test_another_kind_of_file_is_named(octets: bytes, says: str) -> None:
    with pytest.raises(NotAMessage) as caught:
        read(octets)
    assert says in str(caught.value)
    assert all(character.isprintable() for character in str(caught.value))


def test_white_space_before_a_colon_is_accepted() -> None:
    message = read(b"From : a@b.example\r\nSubject\t:x\r\n y\r\n\r\nbody")
    assert message.fields == (("from", "a@b.example"), ("subject", "x y"))
    assert [field.name for field in message.raw] == [b"From ", b"Subject\t"]
    assert message.body == b"body"


def test_a_message_whose_lines_end_in_cr_alone() -> None:
    octets = make.received(make.signed(make.message(), KEY)).replace(b"\r\n", b"\r")
    assert [finding.verdict for finding in judged(octets).findings] == ["pass", "pass", "pass"]


@pytest.mark.limit("MESSAGE")
def test_a_file_that_is_too_large_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    octets = make.message()
    monkeypatch.setattr(limits, "MESSAGE", limits.MESSAGE._replace(most=len(octets)))
    assert read(octets).sender
    with pytest.raises(NotAMessage, match=f"is over {len(octets)} octets"):
        read(octets + b"x")


@pytest.mark.parametrize(
    ("field", "sender"),
    [
        ("a@B.Example", "a@b.example"),
        ('"A, B" <a@b.example>', "a@b.example"),
        ("=?utf-8?q?=C3=85?= <a@b.example>", "a@b.example"),
        ("A\r\n <a@b.example>", "a@b.example"),
        ("a@b.example, c@b.example", "a@b.example"),
        ("a@räksmörgås.example", "a@xn--rksmrgs-5wao1o.example"),
        ("joe@joe_x.com", "joe@joe_x.com"),
        ("ceo@h.com <crook@two.com>", "crook@two.com"),
        ("Team: a@b.example, c@b.example;", "a@b.example"),
        ("a(who?)@(where?)b . example", "a@b.example"),
    ],
    ids=["case", "quoted", "encoded", "folded", "two-of-one-domain", "idn", "underscore", "angle", "group", "comments"],
)
def test_the_sender(field: str, sender: str) -> None:
    assert read(make.message(field)).sender == sender


@pytest.mark.parametrize(
    "field",
    [
        "Received-SPF: moo",
        "Authentication-Results: mx.example; none",
        "X: y",
        "Authentication-Results:",
        "Authentication-Results: mx.example; spf=moo",
    ],
)
def test_no_claim_is_unchecked_and_fails_nothing(field: str) -> None:
    result = found(f"{field}\r\n".encode() + make.signed(make.message(), KEY))
    assert [one.verdict for one in result.values()] == ["unchecked", "pass", "pass"]
    assert "elastx-mrs spf mail.example --ip ADDRESS" in result["SPF"].cure


@pytest.mark.parametrize(
    ("result", "verdict"),
    [
        ("fail", "wrong"),
        ("softfail", "wrong"),
        ("neutral", "wrong"),
        ("none", "wrong"),
        ("permerror", "wrong"),
        ("temperror", "unreachable"),
    ],
)
def test_spf_that_did_not_pass(result: str, verdict: str) -> None:
    octets = make.received(make.signed(make.message(), KEY), f"spf={result} smtp.mailfrom=mail.example")
    assert [one.verdict for one in found(octets).values()] == [verdict, "pass", "pass"]


@pytest.mark.parametrize(
    ("policy", "spf", "signer", "verdicts"),
    [
        ("v=DMARC1; p=none", "other.example", "mail.example", ["pass", "pass", "pass"]),
        ("v=DMARC1; p=none", "mail.example", "other.example", ["pass", "wrong", "pass"]),
        ("v=DMARC1; p=none", "other.example", "other.example", ["pass", "wrong", "wrong"]),
        ("v=DMARC1; p=none", "bounce.mail.example", "news.mail.example", ["pass", "pass", "pass"]),
        ("v=DMARC1; p=none; adkim=s", "bounce.mail.example", "news.mail.example", ["pass", "wrong", "pass"]),
        ("v=DMARC1; p=none; adkim=s; aspf=s", "bounce.mail.example", "news.mail.example", ["pass", "wrong", "wrong"]),
        ("v=DMARC1; p=none; adkim=s; aspf=s", "mail.example", "mail.example", ["pass", "pass", "pass"]),
    ],
    ids=["by-dkim", "by-spf", "by-none", "relaxed", "strict-dkim", "strict-both", "same"],
)
def test_alignment(policy: str, spf: str, signer: str, verdicts: list[str]) -> None:
    octets = make.received(make.signed(make.message(), KEY, signer), f"spf=pass smtp.mailfrom=x@{spf}")
    result = found(octets, RECORDS | {"_dmarc.mail.example": [f"TXT {policy}"]})
    assert [one.verdict for one in result.values()] == verdicts, result


@pytest.mark.parametrize(
    ("policy", "says"),
    [
        ("v=DMARC1; p=none", "asks receivers to do nothing (p=none)"),
        ("v=DMARC1; p=quarantine", "asks receivers to treat it as suspicious (p=quarantine)"),
        ("v=DMARC1; p=reject", "asks receivers to reject it (p=reject)"),
        ("v=DMARC1; p=reject; t=y", "asks receivers to treat it as suspicious (p=reject; t=y)"),
    ],
    ids=["none", "quarantine", "reject", "test"],
)
def test_what_the_policy_would_do(policy: str, says: str) -> None:
    octets = make.received(make.message(), "spf=fail smtp.mailfrom=mail.example")
    result = found(octets, RECORDS | {"_dmarc.mail.example": [f"TXT {policy}"]})
    assert [one.verdict for one in result.values()] == ["wrong", "absent", "wrong"]
    assert says in result["DMARC"].seen


def test_a_subdomain_has_its_organizations_policy() -> None:
    octets = make.received(make.signed(make.message("a@news.mail.example"), KEY))
    records = RECORDS | {"_dmarc.mail.example": ["TXT v=DMARC1; p=none; sp=reject"]}
    assert "_dmarc.mail.example asks receivers to reject it (sp=reject)" in found(octets, records)["DMARC"].seen


@pytest.mark.parametrize(
    ("records", "verdict", "says"),
    [
        ({"_dmarc.mail.example": []}, "absent", "there is none for mail.example"),
        ({"_dmarc.mail.example": ["TXT v=DMARC1; p=none", "TXT v=DMARC1; p=reject"]}, "absent", "has several, which"),
        (
            {"_dmarc.mail.example": ["TXT v=DMARC1; p=reject", "TXT v=DMARC1; p=rejct"]},
            "absent",
            "there is none for mail.example; _dmarc.mail.example has several, which receivers ignore",
        ),
        ({"_dmarc.mail.example": ["TXT !"]}, "unreachable", "192.0.2.53 did not answer"),
        (
            {"_dmarc.mail.example": ["TXT v=DMARC1; p=rejct"], "_dmarc.example": ["TXT v=DMARC1; p=reject"]},
            "wrong",
            "does not apply: _dmarc.mail.example is 'v=DMARC1; p=rejct', which has a faulty p= and no valid rua=",
        ),
        ({"_dmarc.mail.example": ["TXT v=dmarc1; p=reject"]}, "absent", "there is none for mail.example"),
    ],
    ids=["none", "several", "malformed-rival", "failed", "void", "no-record"],
)
def test_no_policy(records: Records, verdict: str, says: str) -> None:
    result = found(make.received(make.signed(make.message(), KEY)), {**RECORDS, **records})["DMARC"]
    assert result.verdict == verdict
    assert says in result.seen


def test_a_policy_is_known_even_if_a_query_above_it_fails() -> None:
    records = {**RECORDS, "_dmarc.example": ["TXT !"]}
    same = make.received(make.signed(make.message(), KEY))
    assert [one.verdict for one in found(same, records).values()] == ["pass"] * 3
    below = make.received(make.signed(make.message(), KEY, "news.mail.example"), "spf=fail")
    assert [one.verdict for one in found(below, records).values()] == ["wrong", "unreachable", "unreachable"]


def test_without_dkim_and_an_spf_result_dmarc_is_unchecked() -> None:
    result = found(make.message())
    assert [one.verdict for one in result.values()] == ["unchecked", "absent", "unchecked"]


def test_a_signature_that_cannot_be_verified_is_not_a_success(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr("dkim.nacl", raising=False)
    octets = make.signed(make.message(), KEY).replace(b"a=rsa-sha256", b"a=ed25519-sha256")
    record = "TXT v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
    result = found(octets, {**RECORDS, "elastx._domainkey.mail.example": [record]})
    assert [one.verdict for one in result.values()] == ["unchecked", "unreachable", "unreachable"]


def test_a_message_from_a_mail_program() -> None:
    """Several parts, encoded words, folded fields."""
    letter = EmailMessage(policy=email.policy.SMTP)
    letter["From"], letter["To"], letter["Subject"] = "Räksmörgås <a@mail.example>", "b@c.example", "å" * 90
    letter.set_content("text å\n.\nFrom here\n")
    letter.add_alternative("<p>text</p>", subtype="html")
    letter.add_attachment(b"\0\1\2", maintype="application", subtype="octet-stream")
    assert found(make.received(make.signed(letter.as_bytes(), KEY)))["DKIM"].verdict == "pass"
