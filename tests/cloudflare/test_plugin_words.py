"""What the stand-in says of answers that are no answers of the API's, and of none: what its users read is Go's."""

import re
import socket
import ssl

import httpx
import pytest
from pulumi.runtime.proto import provider_pb2

from tests.cloudflare.plugin.network import words
from tests.cloudflare.plugin.values import struct
from tests.cloudflare.running import INPUTS, URN, Running, failure
from tests.cloudflare.served import TOKEN, Served
from tests.cloudflare.somebody_else import answering
from tests.lab.cloudflare_faults import Fault

UNTYPED = "expected destination type of 'string' or '[]byte' for responses with content-type 'text/html' that is not "
LOOKUP = "dial tcp: lookup a.test on 127.0.0.53:53"
READING = "read tcp 127.0.0.1:40000->a.test:80: read"
NO_JSON = "error parsing response json: invalid character '<' looking for beginning of value"
LISTED, CREATED, READ, DELETED = "getZones", "POST", "GET", "DELETE"


@pytest.mark.parametrize(
    ("status", "kind", "act", "said"),
    [
        (200, "text/html", LISTED, f"{UNTYPED}'application/json'"),
        (200, "text/html", DELETED, f"{UNTYPED}'application/json'"),
        (200, "application/json", LISTED, NO_JSON),
        (403, "text/html", LISTED, 'GET "{at}/zones": 403 Forbidden '),
        (403, "text/html", CREATED, 'POST "{at}/zones/z/dns_records": 403 Forbidden '),
        (403, "text/html", READ, 'GET "{at}/zones/z/dns_records/r": 403 Forbidden '),
        (404, "text/html", CREATED, 'POST "{at}/zones/z/dns_records": 404 Not Found '),
        (502, "text/html", DELETED, 'DELETE "{at}/zones/z/dns_records/r": 502 Bad Gateway '),
    ],
)
def test_a_page_of_html(bare: Running, status: int, kind: str, act: str, said: str) -> None:
    """A failing answer that is no JSON is not told. That of a 200 is an error where cloudflare-go itself reads it."""
    with answering(status, "<html>sign in</html>", kind) as url:
        bare.configure(baseUrl=url, apiToken=TOKEN)
        state = struct(INPUTS)
        calls = {
            LISTED: lambda: bare.invoke("getZones"),
            CREATED: lambda: bare.create("z", content='"html"'),
            READ: lambda: bare.stub.Read(provider_pb2.ReadRequest(id="r", urn=URN, properties=state)),
            DELETED: lambda: bare.stub.Delete(provider_pb2.DeleteRequest(id="r", urn=URN, properties=state)),
        }
        assert failure(calls[act]) == f"failed to make http request: {said.format(at=url)}"


def test_a_page_of_html_that_says_404_takes_a_record_out_of_the_state(bare: Running) -> None:
    """As in Cloudflare's source, which looks at the status alone."""
    with answering(404, "<html>not here</html>", "text/html") as url:
        bare.configure(baseUrl=url, apiToken=TOKEN)
        assert bare.stub.Read(provider_pb2.ReadRequest(id="r", urn=URN, properties=struct(INPUTS))).id == ""


def test_a_list_that_ends_early_says_at_which_page(plugin: Running, api: Served, zone: str) -> None:
    api.faults.append(Fault("GET", "page=2", times=-1, status=403))
    assert re.match(
        r'failed to fetch next page: GET "http://[^"]+/zones\?page=2": 403 ', failure(plugin.invoke, "getZones")
    )


@pytest.mark.parametrize(
    ("raised", "url", "said"),
    [
        (ConnectionRefusedError(111, "x"), "http://a.test:81/", "dial tcp a.test:81: connect: connection refused"),
        (OSError(101, "x"), "https://a.test/", "dial tcp a.test:443: connect: network is unreachable"),
        (OSError(113, "x"), "http://a.test/", "dial tcp a.test:80: connect: no route to host"),
        (socket.gaierror(socket.EAI_NONAME, "x"), "https://a.test/", f"{LOOKUP}: no such host"),
        (socket.gaierror(socket.EAI_AGAIN, "x"), "https://a.test/", f"{LOOKUP}: server misbehaving"),
        (TimeoutError("x"), "https://a.test/", "dial tcp a.test:443: i/o timeout"),
        (ConnectionResetError(104, "x"), "http://a.test/", f"{READING}: connection reset by peer"),
        (ssl.SSLError(1, "x"), "https://a.test/", "tls: first record does not look like a TLS handshake"),
        (httpx.RemoteProtocolError("Server disconnected without sending a response."), "http://a.test/", "EOF"),
    ],
)
def test_what_gets_no_answer_is_told_as_go_tells_it(raised: Exception, url: str, said: str) -> None:
    failed = RuntimeError("Connection error.")
    failed.__cause__ = raised
    assert words(failed, httpx.URL(url)) == said


@pytest.mark.parametrize(
    ("code", "message", "why"),
    [
        (18, "self-signed certificate", "certificate signed by unknown authority"),
        (10, "certificate has expired", "certificate has expired or is not yet valid"),
    ],
)
def test_a_certificate_that_is_not_trusted(code: int, message: str, why: str) -> None:
    raised = ssl.SSLCertVerificationError(1, "x")
    raised.verify_code, raised.verify_message = code, message
    assert words(raised, httpx.URL("https://a.test/")) == f"tls: failed to verify certificate: x509: {why}"


def test_a_port_that_nobody_serves(bare: Running) -> None:
    bare.configure(baseUrl="http://127.0.0.1:1/client/v4", apiToken=TOKEN)
    said = failure(bare.invoke, "getZones")
    assert said == (
        'failed to make http request: Get "http://127.0.0.1:1/client/v4/zones": dial tcp 127.0.0.1:1: connect: '
        "connection refused"
    )
