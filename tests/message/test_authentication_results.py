"""What receivers write of SPF and DKIM into a message's header, by RFC 8601's own examples and as they do write it."""

import time

import pytest

from elastx_mrs.message import authentication_results
from elastx_mrs.message.parse import read
from tests import signed as make


@pytest.mark.parametrize(
    ("field", "result", "domain", "identity"),
    [
        ("mx.example; spf=pass smtp.mailfrom=a@b.example", "pass", "b.example", "mailfrom"),
        ("mx.example 1; spf=Fail smtp.mailfrom=B.example", "fail", "b.example", "mailfrom"),
        (
            "mx.example; dkim=pass header.d=x; spf=softfail (a; (b) spf=pass) smtp.mailfrom=b.example",
            "softfail",
            "b.example",
            "mailfrom",
        ),
        ('mx.example;\r\n spf=pass reason="c; spf=fail" smtp.mailfrom="a@b.example"', "pass", "b.example", "mailfrom"),
        ("spf=pass (sender IP is 192.0.2.1) smtp.mailfrom=b.example; dkim=none", "pass", "b.example", "mailfrom"),
        ("mx.example; spf = pass smtp.helo = out.b.example", "pass", "out.b.example", "helo"),
        ("mx.example; spf=pass", "pass", "mail.example", "mailfrom"),
        ('mx.example; spf=pass smtp.mailfrom="', "pass", "mail.example", "mailfrom"),
        ("mx.example; spf=pass smtp.mailfrom=a@\u200e.example", "pass", "\u200e.example", "mailfrom"),
    ],
    ids=["plain", "version", "comment", "quoted", "no-authserv-id", "helo", "no-property", "open-quote", "no-name"],
)
def test_spf_in_authentication_results(field: str, result: str, domain: str, identity: str) -> None:
    octets = f"Return-Path: <x@mail.example>\r\nAuthentication-Results: {field}\r\n".encode() + make.message()
    claim = authentication_results.spf(read(octets))
    assert claim is not None
    assert (claim.result, claim.domain, claim.identity) == (result, domain, identity)


@pytest.mark.parametrize(
    ("field", "result", "domain", "identity"),
    [
        ('pass (mx: ok) client-ip=192.0.2.1; envelope-from="a@b.example"; helo=x', "pass", "b.example", "mailfrom"),
        ("Fail identity=helo; helo=out.b.example; receiver=mx.example", "fail", "out.b.example", "helo"),
        ("none", "none", "mail.example", "mailfrom"),
    ],
    ids=["mailfrom", "helo", "bare"],
)
def test_spf_in_received_spf(field: str, result: str, domain: str, identity: str) -> None:
    octets = f"Return-Path: <x@mail.example>\r\nReceived-SPF: {field}\r\n".encode() + make.message()
    claim = authentication_results.spf(read(octets))
    assert claim is not None
    assert (claim.result, claim.domain, claim.identity) == (result, domain, identity)


B = "<x@b.example>"

# RFC 8601, Appendix B.2 to B.7: the name of the receiver, and what it says, its properties too.
STANDARD = [
    ("example.org 1; none", "example.org", []),
    (
        "example.com;\r\n          spf=pass smtp.mailfrom=example.net",
        "example.com",
        [("spf", "pass", {"smtp.mailfrom": "example.net"})],
    ),
    (
        "example.com;\r\n          auth=pass (cram-md5) smtp.auth=sender@example.net;\r\n"
        "          spf=pass smtp.mailfrom=example.net",
        "example.com",
        [("auth", "pass", {"smtp.auth": "sender@example.net"}), ("spf", "pass", {"smtp.mailfrom": "example.net"})],
    ),
    (
        "example.com; iprev=pass\r\n          policy.iprev=192.0.2.200",
        "example.com",
        [("iprev", "pass", {"policy.iprev": "192.0.2.200"})],
    ),
    (
        'example.com;\r\n      dkim=pass reason="good signature"\r\n        header.i=@mail-router.example.net;\r\n'
        '      dkim=fail reason="bad signature"\r\n        header.i=@newyork.example.com',
        "example.com",
        [
            ("dkim", "pass", {"reason": "good signature", "header.i": "@mail-router.example.net"}),
            ("dkim", "fail", {"reason": "bad signature", "header.i": "@newyork.example.com"}),
        ],
    ),
    (
        "foo.example.net (foobar) 1 (baz);\r\n    dkim (Because I like it) / 1 (One yay) = (wait for it) fail\r\n"
        "      policy (A dot can go here) . (like that) expired\r\n"
        "      (this surprised me) = (as I wasn't expecting it) 1362471462",
        "foo.example.net",
        [("dkim", "fail", {"policy.expired": "1362471462"})],
    ),
]


@pytest.mark.parametrize(("field", "by", "results"), STANDARD)
def test_the_examples_of_the_standard(field: str, by: str, results: list[tuple[str, str, dict[str, str]]]) -> None:
    said = authentication_results.claims(read(f"Authentication-Results: {field}\r\n".encode() + make.message()))
    assert said is not None
    assert said.by == by
    assert [(one.method, one.result, one.properties) for one in said.results] == results


@pytest.mark.parametrize(
    ("path", "field", "result", "domain", "counts"),
    [
        # RFC 8601 §2.3: a statement is about one identity; RFC 9989 §4.4.2: MAIL FROM is the one.
        (B, "spf=none smtp.helo=m.other.com; spf=pass smtp.mailfrom=x@b.example", "pass", "b.example", True),
        (B, "spf=fail smtp.mailfrom=b.example; spf=pass smtp.helo=b.example", "fail", "b.example", True),
        (B, "spf=fail smtp.mailfrom=c.example; spf=pass smtp.mailfrom=b.example", "pass", "b.example", True),
        (B, "spf=pass smtp.helo=b.example smtp.mailfrom=c.example", "pass", "c.example", True),
        ("<x@other.com>", "spf=pass smtp.helo=mail.example", "pass", "mail.example", False),
        # RFC 7208 §2.4: without a return path it is postmaster@HELO.
        ("<>", "spf=pass smtp.helo=out.mail.example", "pass", "out.mail.example", True),
        ("<>", "spf=pass smtp.mailfrom=<> smtp.helo=out.mail.example", "pass", "out.mail.example", True),
        ("<>", "spf=pass smtp.mailfrom=postmaster@out.mail.example", "pass", "out.mail.example", True),
        ("<>", "spf=pass", "pass", "", True),
        (B, "spf=hardfail smtp.mailfrom=b.example", "fail", "b.example", True),
        (B, "spf=pass smtp.mailfrom=a@räksmörgås.example", "pass", "xn--rksmrgs-5wao1o.example", True),
        ("<x@räksmörgås.example>", "spf=pass", "pass", "xn--rksmrgs-5wao1o.example", True),
    ],
)  # fmt: skip
def test_the_identity_of_spf(path: str, field: str, result: str, domain: str, counts: bool) -> None:
    octets = f"Return-Path: {path}\r\nAuthentication-Results: mx.example; {field}\r\n".encode() + make.message()
    claim = authentication_results.spf(read(octets))
    assert claim is not None
    assert (claim.result, claim.domain, claim.counts) == (result, domain, counts)


def test_the_identity_of_spf_in_several_received_spf() -> None:
    # RFC 7208 §9.1: a receiver that checks both identities writes a field for each.
    fields = (
        "Received-SPF: pass (mx) identity=helo; helo=mail.other.com; receiver=mx.example\r\n"
        "Received-SPF: softfail (mx) identity=mailfrom; envelope-from=a@b.example; helo=c; receiver=mx.example\r\n"
        "Received-SPF: pass (forged) envelope-from=a@mail.example; receiver=forged.example\r\n"
    )
    claim = authentication_results.spf(read(f"Return-Path: <a@b.example>\r\n{fields}".encode() + make.message()))
    assert claim is not None
    assert (claim.result, claim.domain, claim.identity) == ("softfail", "b.example", "mailfrom")


def test_only_the_topmost_receiver_is_listened_to() -> None:
    forged = b"Authentication-Results: forged.example; spf=pass smtp.mailfrom=mail.example\r\n"
    octets = (
        b"Authentication-Results: mx.example; dkim=pass\r\nAuthentication-Results: mx.example; spf=fail\r\n" + forged
    )
    message = read(octets + make.message())
    said = authentication_results.claims(message)
    assert said is not None
    assert said.by == "mx.example"
    assert [(one.method, one.result) for one in said.results] == [("dkim", "pass"), ("spf", "fail")]
    claim = authentication_results.spf(message)
    assert claim is not None
    assert claim.result == "fail"


@pytest.mark.parametrize("size", [200_000])
@pytest.mark.parametrize(
    "junk",
    [" ", "(", '"', "=", ";", "\\", "a=", "\r\n "],
    ids=["space", "paren", "quote", "equals", "semicolon", "backslash", "pairs", "folds"],
)
def test_a_header_that_somebody_made_up_costs_no_time(junk: str, size: int) -> None:
    began = time.process_time()
    field = f"mx.example; spf=pass {junk * (size // len(junk))}x"
    authentication_results.spf(
        read(f"Authentication-Results: {field}\r\nReceived-SPF: {field}\r\n".encode() + make.message())
    )
    assert time.process_time() - began < 5
