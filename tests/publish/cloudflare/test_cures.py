"""Cures for what the plugin hands on.

Codes and texts are Cloudflare's own, as their users have reported them; what an answer that is not Cloudflare's
becomes is in the sources of cloudflare-go 6.6 and 7.7 (``internal/requestconfig``), and what does not arrive in
those of Go's ``net``, ``net/http`` and ``crypto``; Python's words are those of the standard library and httpx.
"""

import re
from pathlib import Path

import pytest

from elastx_mrs.publish.cloudflare import cures
from tests.publish.cloudflare.test_errors import said

ROOT = Path(__file__).resolve().parents[3]
URL = "https://api.cloudflare.com/client/v4/zones"
ZONES = f'failed to make http request: GET "{URL}": '
SENT = f'failed to make http request: Get "{URL}": '


@pytest.mark.parametrize(
    ("status", "code", "message", "cure"),
    [
        ("403 Forbidden", 9109, "Invalid access token", "CLOUDFLARE_API_TOKEN"),
        ("403 Forbidden", 9109, "Unauthorized to access requested resource", "Zone > DNS > Edit"),
        ("400 Bad Request", 6003, "Invalid request headers", "CLOUDFLARE_API_TOKEN"),
        ("403 Forbidden", 10000, "Authentication error", "Zone > DNS > Edit"),
        (
            "403 Forbidden",
            0,
            "Actor 'x' requires 'com.cloudflare.api.account.zone.list'",
            "Zone > Zone > Read",
        ),
        ("400 Bad Request", 9021, "TTL must be between 60 and 86400 seconds, or 1 for Automatic.", "ttl: 1"),
        (
            "400 Bad Request",
            9313,
            "DNS record comment exceeds the maximum length of 100 characters.",
            "cloudflare.comment",
        ),
        ("400 Bad Request", 81053, "An A, AAAA, or CNAME record with that host already exists.", "remove it first"),
        ("400 Bad Request", 81054, "A CNAME record with that host already exists.", "remove it first"),
        ("400 Bad Request", 83011, "Combined content length of records with this name", "8,192"),
        ("401 Unauthorized", 1000, "Invalid API Token", "does not know the token"),
        ("400 Bad Request", 6111, "Invalid format for Authorization header", "malformed"),
        ("404 Not Found", 81044, "Record does not exist.", "pulumi up --refresh"),
        ("404 Not Found", 7003, "Could not route to /zones/x", "cloudflare.zones"),
    ],
)
def test_a_code_has_its_cure(status: str, code: int, message: str, cure: str) -> None:
    text = said(status, code, message)
    assert cure in cures.cure(text)


@pytest.mark.parametrize("status", ["500 Internal Server Error", "502 Bad Gateway", "503 Service Unavailable"])
@pytest.mark.parametrize("code", [*sorted(cures.CODES), 81058, 971])
def test_a_server_that_fails_is_no_refusal_whatever_its_code(status: str, code: int) -> None:
    text = said(status, code, "Authentication error")
    assert cures.cure(text) == cures.FAILED
    assert not cures.identical(text)
    assert not cures.limited(text)
    assert not cures.answered(text)


@pytest.mark.parametrize("status", ["500 Internal Server Error ", "502 Bad Gateway ", "522  ", "530  "])
def test_one_that_fails_without_a_word_too(status: str) -> None:
    assert cures.cure(f"{ZONES}{status}") == cures.FAILED


@pytest.mark.parametrize(
    "answer",
    [
        "400 Bad Request ",
        "401 Unauthorized ",
        "404 Not Found ",
        '404 Not Found {"message": "no such page"}',
        "expected destination type of 'string' or '[]byte' for responses with content-type 'text/html; charset=utf-8' "
        "that is not 'application/json'",
        "error parsing response json: invalid character '<' looking for beginning of value",
        "error parsing response json: EOF",
        "error parsing response json: unexpected EOF",
        "error reading response body: unexpected EOF; invalid character",
        "json: cannot unmarshal array into Go value of type",
        "Expecting value: line 1 column 1 (char 0)",
    ],
)
def test_an_answer_that_is_not_cloudflares(answer: str) -> None:
    assert cures.cure(f"{ZONES}{answer}") == cures.NOT_CLOUDFLARE


@pytest.mark.parametrize("answer", ["403 Forbidden ", '403 Forbidden {"message": "denied by policy"}'])
def test_a_page_that_forbids_is_somebody_elses_or_a_block(answer: str) -> None:
    assert cures.cure(f"{ZONES}{answer}") == cures.BLOCKED


LOST = {
    "is not a URL": ['unsupported protocol scheme "htp"', 'parse ":foo": missing protocol scheme'],
    "the proxy does not answer": [
        "proxyconnect tcp: dial tcp 127.0.0.1:3128: connect: connection refused",
        "Proxy Authentication Required",
        "407 Proxy Authentication Required ",
    ],
    "is for another name": [
        "tls: failed to verify certificate: x509: certificate is valid for proxy.example, not api.cloudflare.com",
        "tls: failed to verify certificate: x509: cannot validate certificate for 127.0.0.1 because it doesn't contain "
        "any IP SANs",
        "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: Hostname mismatch, certificate is not valid for "
        "'localhost'. (_ssl.c:1000)",
    ],
    "is out of date": [
        "tls: failed to verify certificate: x509: certificate has expired or is not yet valid: current time "
        "2031-01-01T00:00:00Z is after 2026-01-01T00:00:00Z",
        "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: certificate has expired (_ssl.c:1000)",
    ],
    "is not trusted": [
        "tls: failed to verify certificate: x509: certificate signed by unknown authority",
        "x509: certificate signed by unknown authority",
        "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: self-signed certificate (_ssl.c:1000)",
    ],
    "plain HTTP where TLS": [
        "tls: first record does not look like a TLS handshake",
        "http: server gave HTTP response to HTTPS client",
        "[SSL: WRONG_VERSION_NUMBER] wrong version number (_ssl.c:1000)",
    ],
    "does not speak HTTP": [
        'net/http: HTTP/1.x transport connection broken: malformed HTTP response "\\x15\\x03\\x01\\x00"',
        'malformed HTTP status code "OpenSSH"',
        "illegal status line: bytearray(b'SSH-2.0-OpenSSH_9')",
    ],
    "cannot resolve its name": [
        "dial tcp: lookup api.cloudflare.com on 127.0.0.53:53: no such host",
        "dial tcp: lookup api.cloudflare.com on 127.0.0.53:53: server misbehaving",
        "dial tcp: lookup api.cloudflare.com: Temporary failure in name resolution",
        "dial tcp: lookup api.cloudflare.com on 192.0.2.1:53: read udp 192.0.2.2:4->192.0.2.1:53: i/o timeout",
        "[Errno -2] Name or service not known",
    ],
    "has no route": [
        "dial tcp 104.19.192.29:443: connect: network is unreachable",
        "dial tcp 104.19.192.29:443: connect: no route to host",
        "[Errno 101] Network is unreachable",
        "[Errno 113] No route to host",
    ],
    "was refused": ["dial tcp 127.0.0.1:1: connect: connection refused", "[Errno 111] Connection refused"],
    "did not answer in time": [
        "dial tcp 104.19.192.29:443: i/o timeout",
        "dial tcp 104.19.192.29:443: connect: connection timed out",
        "net/http: TLS handshake timeout",
        "context deadline exceeded (Client.Timeout exceeded while awaiting headers)",
        "timed out",
    ],
    "was cut": [
        "read tcp 192.0.2.1:5->104.19.192.29:443: read: connection reset by peer",
        "write tcp 192.0.2.1:5->104.19.192.29:443: write: broken pipe",
        "EOF",
        "http: server closed idle connection",
        "Server disconnected without sending a response.",
        "[Errno 104] Connection reset by peer",
    ],
    "TLS failed": ["remote error: tls: handshake failure", "tls: protocol version not supported"],
    "the connection failed": ["dial tcp 104.19.192.29:443: connect: operation not permitted", "Connection error."],
    "short of file descriptors": ["dial tcp 104.19.192.29:443: socket: too many open files"],
}
"""What is said, by what it means."""


@pytest.mark.parametrize(("why", "text"), [(why, text) for why, texts in LOST.items() for text in texts])
def test_a_way_of_not_reaching_it(why: str, text: str) -> None:
    found = cures.cure(f"{SENT}{text}")
    assert re.fullmatch(r"Cloudflare's API was not reached: .+; .+, and run pulumi up again", found)
    assert why in found


def test_every_way_is_tried() -> None:
    assert len(LOST) == len(cures.WAYS)
    for way in cures.WAYS:
        assert any(why in way.why for why in LOST), way.why


@pytest.mark.parametrize("way", cures.WAYS, ids=lambda way: str(way.why))
def test_every_way_is_in_the_documentation(way: cures.Way) -> None:
    page = (ROOT / "docs" / "troubleshooting.md").read_text(encoding="utf-8")
    table = page.partition("`Cloudflare's API was not reached: …` gives the reason:")[2].partition("\n## ")[0]
    assert any(message in way.why for message in re.findall(r"`([^`]+)`", table))


def test_a_run_that_was_stopped_did_not_fail() -> None:
    assert cures.cure(f"{SENT}context canceled") == cures.STOPPED


def test_what_nobody_knows_has_none() -> None:
    assert cures.cure("the dog ate it") == ""
    assert cures.cure(said("400 Bad Request", 4711, "odd")) == ""
    assert cures.way("the dog ate it") is None


@pytest.mark.parametrize("name", ["mail-timeout.example-spf", "EOF.407.example", "x509.example", "a-407.example-dmarc"])
def test_a_name_is_no_cause(name: str) -> None:
    assert cures.cure(f"'{name}' is invalid, and so is {name}.ttl; see \"{name}\"") == ""
    sent = f'failed to make http request: Get "{URL}/407/dns_records?name={name}&page=407": '
    assert "connection was refused" in cures.cure(f"{sent}dial tcp: connect: connection refused")
    assert "cannot resolve its name" in cures.cure(f"{sent}dial tcp: lookup {name}: no such host")


def test_the_rate_limit_and_an_identical_record_are_told_apart() -> None:
    limited = said("429 Too Many Requests", 971, "Please wait and consider throttling your request speed")
    identical = said("400 Bad Request", 81058, "An identical record already exists.")
    assert cures.limited(limited)
    assert not cures.identical(limited)
    assert cures.identical(identical)
    assert not cures.limited(identical)
