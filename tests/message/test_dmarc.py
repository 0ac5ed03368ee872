"""What DMARC takes of SPF, and where receivers of RFC 7489 and of RFC 9989 judge a message differently."""

import pytest

from tests import signed as make
from tests.lookup.fakes import Records
from tests.message.test_message import KEY, found

NONE = "TXT v=DMARC1; p=none"


def test_helo_alone_does_not_count_for_dmarc() -> None:
    octets = b"Return-Path: <x@other.com>\r\nAuthentication-Results: rx.example; spf=pass smtp.helo=mail.example\r\n"
    result = found(octets + make.message())
    assert [one.verdict for one in result.values()] == ["unchecked", "absent", "wrong"]
    assert "no result for MAIL FROM, the only one that counts for DMARC (RFC 9989 §4.4.2)" in result["SPF"].seen
    unknown = found(octets.replace(b"other.com", b"news.mail.example") + make.message())
    assert unknown["DMARC"].verdict == "unchecked"


def test_helo_replaces_an_empty_return_path() -> None:
    octets = b"Return-Path: <>\r\nAuthentication-Results: rx.example; spf=pass smtp.helo=out.mail.example\r\n"
    result = found(octets + make.message())
    assert [one.verdict for one in result.values()] == ["pass", "absent", "pass"]
    assert "helo, in place of an empty MAIL FROM: RFC 7208 §2.4" in result["SPF"].seen


def notices(sender: str, signer: str, records: Records) -> tuple[str, str]:
    """The verdict of DMARC for a message without SPF, and what is noticed of it."""
    keys = {f"elastx._domainkey.{signer}": [f"TXT {make.record(KEY)}"]}
    octets = make.signed(make.message(f"a@{sender}"), KEY, signer)
    result = found(b"Return-Path: <x@elsewhere.example>\r\n" + octets, {**keys, **records})["DMARC"]
    return result.verdict, "; ".join(result.notices)


@pytest.mark.parametrize(
    ("sender", "signer", "records", "verdict", "says"),
    [
        # The tree walk knows sub.d.com as an organisation; a list of public suffixes knows d.com.
        ("sub.d.com", "d.com", {"_dmarc.sub.d.com": [NONE]}, "wrong", "to align it for all, publish a DMARC record at"),
        (
            "a.d.com", "b.d.com", {"_dmarc.a.d.com": [NONE], "d.com": ["MX 1 mx.d.com"]},
            "wrong", "For RFC 7489 receivers it is, unless d.com is a public suffix",
        ),
        ("a.co.uk", "b.co.uk", {"_dmarc.a.co.uk": [NONE]}, "wrong", ""),
        (
            "sub.d.com", "d.com", {"_dmarc.sub.d.com": [f"{NONE}; psd=n"], "_dmarc.d.com": [NONE]},
            "wrong", "if both are one organization, remove psd=n from _dmarc.sub.d.com",
        ),
        ("sub.d.com", "d.com", {"_dmarc.sub.d.com": ["TXT v=DMARC1; p=none; adkim=s; aspf=s"]}, "wrong", ""),
        ("d.com", "other.com", {"_dmarc.d.com": [NONE]}, "wrong", ""),
        ("sub.d.com", "d.com", {"_dmarc.d.com": [NONE]}, "pass", ""),
        (
            "d.com", "e.com", {"_dmarc.com": [NONE]},
            "pass", "aligned only by the record of the top-level domain com,",
        ),
        # The policy of a name in between: older receivers look at two names only.
        (
            "a.b.d.com", "a.b.d.com", {"_dmarc.b.d.com": [NONE], "d.com": ["MX 1 mx.d.com"]},
            "pass", "only at _dmarc.a.b.d.com and _dmarc.d.com (if",
        ),
        ("a.b.co.uk", "a.b.co.uk", {"_dmarc.b.co.uk": [NONE]}, "pass", ""),
        (
            "a.d.com", "a.d.com", {"_dmarc.a.d.com": [NONE] * 2, "_dmarc.d.com": [NONE]},
            "pass", "RFC 7489 receivers apply no DMARC",
        ),
        ("d.com", "d.com", {"_dmarc.d.com": [f"{NONE};; p:x"]}, "pass", "receivers skip an empty part, 'p:x'"),
    ],
)  # fmt: skip
def test_a_notice_if_older_receivers_differ(
    sender: str, signer: str, records: Records, verdict: str, says: str
) -> None:
    found_verdict, said = notices(sender, signer, records)
    assert found_verdict == verdict
    assert says in said
    assert bool(said) is bool(says)


def test_a_name_whose_alias_leads_nowhere_exists() -> None:
    # RFC 6604 §3: the rcode is about the end of the chain; RFC 9989, Appendix A.4: the name itself exists.
    records = {
        "_dmarc.mail.example": ["TXT v=DMARC1; p=none; sp=quarantine; np=reject"],
        "news.mail.example": ["CNAME gone.other.example"],
    }
    octets = make.received(make.message("a@news.mail.example"), "spf=fail smtp.mailfrom=mail.example")
    assert "(sp=quarantine)" in found(octets, records)["DMARC"].seen
    del records["news.mail.example"]
    assert "(np=reject)" in found(octets, records)["DMARC"].seen
