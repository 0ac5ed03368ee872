"""A receiver: it judges a message by pyspf and dkimpy with the records in DNS, and stores it with what it found."""

from collections.abc import Iterator
from contextlib import contextmanager

import dkim
import dns.message
import dns.query
import dns.rdatatype
import spf as pyspf

NAME, HELO = "mx.receiver.example", "smtp.elastx.email"


def stored(message: bytes, sender: str, client: str, server: str) -> bytes:
    """Return a message as the receiver stores it.

    :param sender: the envelope's.
    :param client: the address that the message came from.
    :param server: address and port of the name server that has all records.
    """
    with _resolving(server):
        result, _ = pyspf.check2(i=client, s=sender, h=HELO)
    signed = dkim.verify(message, dnsfunc=lambda name, timeout=5: b"".join(_texts(server, name.decode()))[:65535])
    results = f"spf={result} smtp.mailfrom={sender}; dkim={'pass' if signed else 'fail'}"
    head = f"Return-Path: <{sender}>\r\nAuthentication-Results: {NAME}; {results}\r\n"
    return head.encode() + message


@contextmanager
def _resolving(server: str) -> Iterator[None]:
    """Let pyspf query one name server."""

    def lookup(
        name: str, qtype: str, strict: bool = True, timeout: float = 20
    ) -> list[tuple[tuple[str, str], tuple[bytes, ...]]]:
        return [((name, qtype), (text,)) for text in _texts(server, name)] if qtype == "TXT" else []

    before, pyspf.DNSLookup = pyspf.DNSLookup, lookup
    try:
        yield
    finally:
        pyspf.DNSLookup = before


def _texts(server: str, name: str) -> list[bytes]:
    host, _, port = server.rpartition(":")
    query = dns.message.make_query(name, "TXT")
    response, _ = dns.query.udp_with_fallback(query, host, timeout=10, port=int(port))
    texts = [rrset for rrset in response.answer if rrset.rdtype == dns.rdatatype.TXT]
    return [b"".join(rdata.strings) for rrset in texts for rdata in rrset]
