"""DKIM signatures of a message: what is verified, what is refused and why, and what could not be asked."""

import asyncio
import base64
import re
import sys
import time

import dkim
import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519

from elastx_mrs.extras import NotInstalledError
from elastx_mrs.message.parse import read
from elastx_mrs.message.signature import Signature, verify
from tests import signed as make
from tests.lookup.fakes import Dns

KEY = make.key()
RECORD = make.record(KEY)
NAME = "elastx._domainkey.mail.example"
OCTETS = make.signed(make.message(), KEY)


def verified(octets: bytes, *records: str) -> tuple[Signature, ...]:
    served = Dns({NAME: [f"TXT {text}" for text in records or [RECORD]]})
    return asyncio.run(verify(served.ask, read(octets)))


def only(octets: bytes, *records: str) -> Signature:
    (one,) = verified(octets, *records)
    return one


def retagged(tag: str, value: str | None, octets: bytes = OCTETS) -> bytes:
    """The message with a tag of its signature changed, put in or taken out, so that it is wrong in two ways."""
    field, rest = octets.split(b"\r\nFrom:", 1)
    pattern = re.compile(rb"(?<=[\s;])" + tag.encode() + rb"=[^;]*;?")
    new = b"" if value is None else f"{tag}={value};".encode()
    if not pattern.search(field):
        return field.replace(b"v=1;", b"v=1; " + new) + b"\r\nFrom:" + rest
    return pattern.sub(lambda _: new, field, count=1) + b"\r\nFrom:" + rest


@pytest.mark.parametrize("canonical", [(b"relaxed", b"relaxed"), (b"simple", b"simple")], ids=["relaxed", "simple"])
def test_a_valid_signature_lists_the_signed_fields(canonical: tuple[bytes, bytes]) -> None:
    one = only(make.signed(make.message(), KEY, canonicalize=canonical))
    assert (one.verdict, one.domain, one.selector) == ("pass", "mail.example", "elastx")
    assert one.name == NAME
    assert one.seen == "rsa-sha256, 2048 bits"
    assert {"from", "to", "subject", "date", "message-id"} <= set(one.headers)
    assert one.notes == ()


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        (b"this is a test", b"this was a test", "the body was changed after signing: its hash differs"),
        (b"this is a test.\r\n", b"", "the body was changed after signing: its hash differs"),
        (b"Subject: a test", b"Subject: a toast", "a signed header field was changed"),
        (b"From: News", b"From: Olds", "a signed header field was changed"),
    ],
    ids=["body", "cut-off", "subject", "from"],
)
def test_a_message_changed_on_its_way(old: bytes, new: bytes, says: str) -> None:
    one = only(OCTETS.replace(old, new))
    assert one.verdict == "wrong"
    assert says in one.seen
    assert one.cure


@pytest.mark.parametrize("canonical", ["relaxed", "simple"])
def test_a_signature_by_rfc_6376_alone_passes(canonical: str) -> None:
    octets = make.signed_by_hand(make.message(body=b"a \t b \r\n\r\n\r\n"), KEY, canonical=canonical)
    assert dkim.verify(octets, dnsfunc=lambda *_, **__: RECORD.encode()), "dkimpy takes it for one"
    assert only(octets).verdict == "pass"


ED25519 = ed25519.Ed25519PrivateKey.from_private_bytes(bytes(range(32)))


@pytest.mark.parametrize("services", ["email:tlsrpt", "tlsrpt : email", "*", "*:other", "email"])
@pytest.mark.parametrize("kind", ["rsa", "ed25519"])
def test_a_key_for_mail_among_others(kind: str, services: str) -> None:
    # RFC 6376 §3.6.1: s= is a list; unknown services are ignored. RFC 8460 §3 has tlsrpt.
    public = base64.b64encode(ED25519.public_key().public_bytes_raw()).decode()
    record = f"v=DKIM1; k=ed25519; s={services}; p={public}" if kind == "ed25519" else f"{RECORD}; s={services}"
    private = ED25519 if kind == "ed25519" else KEY
    assert only(make.signed_by_hand(make.message(), private), record).verdict == "pass"


@pytest.mark.parametrize("methods", ["dns/txt:other", "other : dns/txt", "DNS/TXT", "other/x:dns/txt"])
def test_unknown_query_methods_are_ignored(methods: str) -> None:
    # RFC 6376 §3.5, q=: "unrecognized query methods MUST be ignored".
    assert only(make.signed_by_hand(make.message(), KEY, f"q={methods};")).verdict == "pass"


@pytest.mark.parametrize("canonical", ["relaxed", "simple"])
@pytest.mark.parametrize("headers", ["from:to:subject", "from:to:x-foo:subject"], ids=["unsigned", "signed"])
def test_white_space_before_the_colon_of_a_field(canonical: str, headers: str) -> None:
    # RFC 5322 §4.5.8 lets readers take it; §3.4.2 of RFC 6376 removes it, §3.4.1 leaves it.
    octets = make.message(more="X-Foo \t : bar\r\n")
    assert only(make.signed_by_hand(octets, KEY, headers=headers, canonical=canonical)).verdict == "pass"
    changed = make.signed_by_hand(octets, KEY, headers=headers, canonical=canonical).replace(b": bar", b": baz")
    assert only(changed).verdict == ("wrong" if "x-foo" in headers else "pass")


@pytest.mark.parametrize(
    ("length", "verdict"), [(0, "pass"), (5, "pass"), (6, "pass"), (7, "wrong"), (100, "wrong"), (10**75, "wrong")]
)
@pytest.mark.parametrize("canonical", ["relaxed", "simple"])
def test_no_more_of_the_body_can_be_signed_than_there_is(canonical: str, length: int, verdict: str) -> None:
    # RFC 6376 §3.5, l=: it "MUST NOT be larger than the actual number of octets in the canonicalized message body".
    body = b"abcd\r\n\r\n\r\n" if canonical == "simple" else b"ab \t d \r\n\r\n"
    octets = make.signed_by_hand(make.message(body=body), KEY, f"l={length};", canonical=canonical, length=length)
    one = only(octets)
    assert one.verdict == verdict
    assert ("and the body has 6 octets (RFC 6376 §3.5)" in one.seen) is (verdict == "wrong")


# RFC 8616 §5: d=, i= and s= are U-labels in an internationalised header, or A-labels; keys are asked for by A-labels.
@pytest.mark.parametrize(
    ("domain", "identity"),
    [
        ("räksmörgås.example", "räka@räksmörgås.example"),
        ("räksmörgås.example", "@news.xn--rksmrgs-5wao1o.example"),
        ("xn--rksmrgs-5wao1o.example", "@RÄKSMÖRGÅS.example"),
        ("joe_x.example", "@joe_x.example"),
    ],
)
def test_an_internationalized_signature(domain: str, identity: str) -> None:
    octets = make.signed_by_hand(make.message(), KEY, f"i={identity};", place=f"d={domain}; s=räka;")
    ascii_domain = domain if domain.isascii() else "xn--rksmrgs-5wao1o.example"
    name = f"xn--rka-qla._domainkey.{ascii_domain}"
    (one,) = asyncio.run(verify(Dns({name: [f"TXT {RECORD}"]}).ask, read(octets)))
    assert (one.verdict, one.seen, one.name) == ("pass", "rsa-sha256, 2048 bits", name)
    (strict,) = asyncio.run(verify(Dns({name: [f"TXT {RECORD}; t=s"]}).ask, read(octets)))
    assert (strict.verdict == "pass") is ("news" not in identity)


def test_an_unsigned_field_may_be_added_and_a_second_from_may_not() -> None:
    assert only(b"Received: by x\r\n" + OCTETS.replace(b"To:", b"X-New: 1\r\nTo:")).verdict == "pass"


def test_another_key_than_the_one_that_signed() -> None:
    one = only(OCTETS, make.record(make.key(number=1)))
    assert one.verdict == "wrong"
    assert "or another key signed the message" in one.seen
    assert "check that the signer uses this selector's key" in one.cure


@pytest.mark.parametrize(
    ("records", "verdict", "says"),
    [
        (["v=spf1 -all"], "wrong", "the TXT record at elastx._domainkey.mail.example"),
        (["!"], "unreachable", "could not be queried: 192.0.2.53 did not answer"),
        ([RECORD, make.record(make.key(number=1))], "wrong", "there are 2 key records"),
        (["v=DKIM1; k=rsa; p="], "wrong", "its key is revoked: p= is empty"),
        (["v=DKIM1; k=rsa; p=AAAA"], "wrong", "its key "),
        ([RECORD[:-40]], "wrong", "its key is cut off or damaged"),
        ([RECORD.replace("k=rsa", "k=ed25519")], "wrong", "k=ed25519, but its key is RSA"),
        (["v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="], "wrong", "but its key is ed25519"),
        ([RECORD.replace("k=rsa", "k=rsa; h=sha1")], "wrong", "its key's h= forbids sha256"),
        ([RECORD.replace("k=rsa", "k=rsa; s=tlsrpt")], "wrong", "its key's s= says that it is not for mail"),
        ([RECORD.replace("DKIM1", "DKIM2")], "wrong", "must have v=DKIM1"),
    ],
    ids=["spf", "failed", "two", "revoked", "rubbish", "cut-off", "other-type", "ed25519", "sha1", "tlsrpt", "version"],
)
def test_an_invalid_key(records: list[str], verdict: str, says: str) -> None:
    one = only(OCTETS, *records)
    assert one.verdict == verdict
    assert says in one.seen


def test_no_key_is_absent() -> None:
    (one,) = asyncio.run(verify(Dns({"mail.example": ["A 192.0.2.1"]}).ask, read(OCTETS)))
    assert one.verdict == "absent"
    assert f"there is no key at {NAME}" in one.seen
    assert "elastx-mrs records" in one.cure


def test_another_txt_record_next_to_the_key_is_ignored() -> None:
    assert only(OCTETS, "hello there", RECORD).verdict == "pass"


def test_a_short_key_is_ignored_by_receivers() -> None:
    private = make.key(bits=1024)
    assert only(make.signed(make.message(), private), make.record(private)).verdict == "pass"
    (one,) = verified(OCTETS, f"v=DKIM1; p={SHORT}")
    assert one.verdict == "wrong"
    assert "512 bits, which receivers ignore (RFC 8301 §3.2)" in one.seen


@pytest.mark.limit("DKIM_KEY_BITS")
def test_a_key_as_long_as_it_may_be() -> None:
    """Nobody signs with it, as such a key takes minutes to make: it is used, or it is refused."""
    for bits, seen in ((16_384, "a signed header field was changed"), (16_385, "its key has 16385 bits")):
        (one,) = verified(OCTETS, f"v=DKIM1; p={base64.b64encode(public(3 << (bits - 2) | 1)).decode()}")
        assert one.verdict == "wrong"
        assert seen in one.seen


def public(modulus: int) -> bytes:
    """The DER of an RSA public key (RFC 8017 appendix A.1.1) with the usual exponent."""
    number = modulus.to_bytes(modulus.bit_length() // 8 + 1)
    content = b"\x02\x82" + len(number).to_bytes(2) + number + b"\x02\x03\x01\0\x01"
    return b"\x30\x82" + len(content).to_bytes(2) + content


SHORT = (  # an RSA key of 512 bits, which cryptography no longer makes
    "MFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBAL2Ph0bTsRB3L1Pn6xGgd1g2E8Ltb7eYnKPoyNO8yRlSN8Bh4UxWQy2g5kZR1DrBEoKmpTqn"
    "hYMEbmEqF0xqk3kCAwEAAQ=="
)


@pytest.mark.parametrize(
    ("record", "says"),
    [
        (RECORD.replace("k=rsa", "k=rsa; t=y"), "in test mode (t=y)"),
    ],
    ids=["test-mode"],
)
def test_a_notice_of_a_valid_signature(record: str, says: str) -> None:
    one = only(OCTETS, record)
    assert one.verdict == "pass"
    assert any(says in note for note in one.notes)


def test_a_part_of_the_body_alone_is_signed() -> None:
    octets = make.signed(make.message(), KEY, length=True) + b"added\r\n"
    one = only(octets)
    assert one.verdict == "pass"
    assert any("octets of the body (l=), so anybody can add text" in note for note in one.notes)


def test_a_key_for_the_domain_itself_only() -> None:
    octets = make.signed(make.message(), KEY, identity=b"x@sub.mail.example")
    assert only(octets).verdict == "pass"
    one = only(octets, RECORD.replace("k=rsa", "k=rsa; t=s"))
    assert one.verdict == "wrong"
    assert "has i=…@sub.mail.example, but t=s in its key requires mail.example" in one.seen


@pytest.mark.parametrize(
    ("tag", "value", "says"),
    [
        ("a", "rsa-sha1", "has a=rsa-sha1, which receivers must not accept (RFC 8301 §3.1)"),
        ("a", "\\x", "has a=\\x, which"),
        ("h", "to : subject", "does not sign From (RFC 6376 §5.4)"),
        ("d", None, "has no d= (RFC 6376 §3.5)"),
        ("bh", None, "has no bh= (RFC 6376 §3.5)"),
        ("d", "nowhere", "has a d= or s= that is a single label"),
        ("d", "*.example", "has a d= or s= that is a wildcard"),
        ("s", "a b", "has a d= or s= that is not a selector"),
        ("x", "1000000000", "expired on 2001-09-09 01:46 UTC, by its x="),
        ("x", "9" * 400, "a signed header field was changed"),
        ("t", "99999999999", "has t=99999999999, which is in the future"),
        ("t", "soon", "has t=soon, which is not a time in seconds (RFC 6376 §3.5)"),
        ("q", "carrier/pigeon", "has q=carrier/pigeon, which is not dns/txt, nor a list with it"),
        ("c", "loose/tight", "has c=loose/tight, which is not simple or relaxed"),
        ("bh", "!!", "has bh=!!, which is not base64"),
        ("v", "2", "has v=2, which is not 1"),
        ("l", "-1", "has l=-1, which is not a number of octets"),
        ("b", "", "has b=, which is not base64"),
        ("b", "AAAA", ""),
        ("i", "@other.example", "has i=@other.example, which is neither of mail.example nor of a subdomain"),
        ("i", "@xmail.example", "has i=@xmail.example, which is neither of"),
        ("i", "@é..example", "has an i= whose domain is not a valid internationalised name"),
        ("x", "1", "expired on 1970-01-01"),
        ("t", "9" * 400, "which is in the future"),
        ("t", "99999999998; x=99999999997", "is in the future"),
        ("z", "a; a=b", "has the tag 'a' twice"),
    ],
)
def test_an_invalid_signature(tag: str, value: str | None, says: str) -> None:
    one = only(retagged(tag, value))
    assert one.verdict == "wrong"
    assert says in one.seen
    assert all(character.isprintable() for character in one.seen)


@pytest.mark.parametrize("field", ["", "v", "=;=", "\x1b[31m", "å", ";" * 9000, "x" * 30_000, "v=1; v=1"])
def test_a_field_that_is_not_a_signature(field: str) -> None:
    one = only(f"DKIM-Signature: {field}\r\n".encode() + make.message())
    assert one.verdict == "wrong"
    assert all(character.isprintable() for character in one.seen)


def test_of_several_fields_of_a_name_the_lowest_are_signed() -> None:
    # RFC 6376 §5.4.2: from the bottom up; a name more often than there are fields is signed as not being there.
    octets = make.signed(make.message(more="X: 1\r\nX: 2\r\nX: 3\r\n"), KEY, include_headers=[b"from", b"x", b"x"])
    assert only(octets.replace(b"X: 1", b"X: 9")).verdict == "pass"
    assert only(octets.replace(b"X: 2", b"X: 9")).verdict == "wrong"
    assert only(octets.replace(b"X: 1", b"X: 0\r\nX: 1")).verdict == "pass"
    over = make.signed(make.message(more="X: 1\r\n"), KEY, include_headers=[b"from", b"x", b"x"])
    assert only(over).verdict == "pass"
    assert only(over.replace(b"X: 1", b"X: 0\r\nX: 1")).verdict == "wrong"


def test_many_fields_and_many_signed_names_cost_no_time() -> None:
    names = [b"from", *(f"absent-{number}".encode() for number in range(300))]
    octets = make.signed(make.message(), KEY, include_headers=names)
    began = time.process_time()
    assert only(b"X: y\r\n" * 100_000 + octets).verdict == "pass"
    assert time.process_time() - began < 10


def test_a_field_of_white_space_costs_no_time() -> None:
    began = time.process_time()
    assert only(retagged("b", "A" + " " * 7_000 + "!")).verdict == "wrong"
    assert time.process_time() - began < 10


def test_several_signatures_are_verified_up_to_a_limit() -> None:
    octets = make.signed(OCTETS.replace(b"a test", b"a text"), KEY)
    assert [one.verdict for one in verified(octets)] == ["pass", "wrong"]
    many = b"DKIM-Signature: v=1\r\n" * 12 + OCTETS
    found = verified(many)
    assert [one.verdict for one in found] == ["wrong"] * 10 + ["unchecked"] * 3


def test_the_same_key_is_queried_once_in_any_case() -> None:
    octets = make.signed(make.message(), KEY, "Mail.Example", "ELASTX")
    one = only(octets)
    assert (one.verdict, one.name) == ("pass", NAME)


def test_without_dkimpy_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "dkim", None)
    with pytest.raises(NotInstalledError, match=r"dkimpy is not installed; run: pip install 'elastx-mrs\[message\]'"):
        verified(OCTETS)
    assert verified(make.message()) == ()


def test_ed25519_without_its_package_is_not_called_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr("dkim.nacl", raising=False)
    octets = retagged("a", "ed25519-sha256")
    one = only(octets, "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=")
    assert one.verdict == "unchecked"
    assert one.cure == "pip install 'dkimpy[ed25519]'"


def test_a_signature_that_expires_before_it_is_made() -> None:
    """RFC 6376 §3.5: x= must be later than t=; both are near, as clocks differ."""
    now = int(time.time())
    one = only(retagged("x", str(now + 100), retagged("t", str(now + 200))))
    assert one.verdict == "wrong"
    assert f"before t={now + 200}" in one.seen


@pytest.mark.parametrize(
    ("error", "seen"),
    [
        (dkim.ValidationError("b'd=\\xc3\\xa5.se' is odd"), "d=\xe5.se is odd"),
        (ZeroDivisionError("b'x' by zero"), "ZeroDivisionError: x by zero"),
    ],
)
def test_whatever_dkimpy_raises_is_a_verdict(error: Exception, seen: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def verify(*_: object, **__: object) -> bool:
        raise error

    monkeypatch.setattr(dkim.DKIM, "verify_sig", verify)
    one = only(OCTETS)
    assert (one.verdict, one.seen) == ("wrong", seen)
