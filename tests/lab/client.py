"""The tests' zone, and how they ask the lab and change it: over real sockets, as anybody would."""

import base64

import dns.message
import dns.query
import dns.tsig
import dns.update

from elastx_mrs.lab.session import Lab

ZONES = {
    "example.com": """$TTL 3600
@ SOA ns1 hostmaster 1 3600 900 604800 300
@ NS ns1
ns1 A 127.0.0.1
@ TXT "one"
alias CNAME ns1
*.wild TXT "from a wildcard"
a.b.wild TXT "makes b.wild exist"
child NS ns.child
ns.child A 127.0.0.1
"""
}


def where(lab: Lab) -> tuple[str, int]:
    host, _, port = lab.address.rpartition(":")
    return host, int(port)


def ask(lab: Lab, name: str, rdtype: str = "TXT", *, tcp: bool = True) -> dns.message.Message:
    host, port = where(lab)
    query = dns.message.make_query(name, rdtype)
    return (dns.query.tcp if tcp else dns.query.udp)(query, host, timeout=5, port=port)


def strings(response: dns.message.Message) -> list[str]:
    return sorted(rdata.to_text() for rrset in response.answer for rdata in rrset)


def update(zone: str = "example.com") -> dns.update.UpdateMessage:
    return dns.update.UpdateMessage(zone)


def key_of(lab: Lab) -> dns.tsig.Key:
    return dns.tsig.Key(lab.key_name, base64.b64decode(lab.key), dns.tsig.HMAC_SHA256)


def send(lab: Lab, message: dns.update.UpdateMessage, key: dns.tsig.Key | None = None) -> dns.message.Message:
    host, port = where(lab)
    message.use_tsig(key or key_of(lab))
    return dns.query.tcp(message, host, timeout=5, port=port)
