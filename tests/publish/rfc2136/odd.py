"""A server that says what a test wants it to: real messages over real connections, signed with the tests' key."""

import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import dns.flags
import dns.message
import dns.name
import dns.query
import dns.rcode
import dns.rdatatype
import dns.rrset
import dns.tsig
import dns.update

from elastx_mrs.publish.rfc2136.connection import POOL
from tests.servers import KEY, NameServer

NAME = "key-256."
SOA = "example.com. 60 IN SOA ns1.example.com. h.example.com. 1 2 3 4 5"

Respond = Callable[[dns.message.Message], dns.message.Message | bytes | None]
"""Returns the response to a message, or its octets; with None the connection is reset."""


@contextmanager
def saying(respond: Respond) -> Iterator[NameServer]:
    key = dns.tsig.Key(dns.name.from_text(NAME), KEY)

    def serve(client: socket.socket) -> None:
        with client, suppress(OSError, EOFError):
            while True:
                asked, _ = dns.query.receive_tcp(client, keyring={key.name: key})
                response = respond(asked)
                if response is None:
                    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    return
                dns.query.send_tcp(client, response)

    def accept(listening: socket.socket) -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=serve, args=(listening.accept()[0],), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=accept, args=(listening,), daemon=True).start()
        try:
            yield NameServer("odd", "127.0.0.1", listening.getsockname()[1], NAME, KEY)
        finally:
            listening.shutdown(socket.SHUT_RDWR)
            POOL.close()


def answer(
    asked: dns.message.Message, *records: str, authority: str = "", rcode: str = "NOERROR", authoritative: bool = True
) -> dns.message.Message:
    """A signed response with records as a zone file has them, with absolute names and a TTL."""
    made = dns.message.make_response(asked)
    made.set_rcode(dns.rcode.from_text(rcode))
    made.flags |= dns.flags.AA if authoritative else 0
    for section, lines in ((made.answer, records), (made.authority, (authority,) if authority else ())):
        for line in lines:
            name, ttl, _, kind, data = line.split(" ", 4)
            rrset = dns.rrset.from_text(name, int(ttl), "IN", kind, data)
            known = next((one for one in section if (one.name, one.rdtype) == (rrset.name, rrset.rdtype)), None)
            if known is None:
                section.append(rrset)
                continue
            for rdata in rrset:
                known.add(rdata)
    return made


def is_update(asked: dns.message.Message) -> bool:
    return isinstance(asked, dns.update.UpdateMessage)


def zone(asked: dns.message.Message, *records: str) -> dns.message.Message:
    """The answer of a server of example.com that has nothing but these records, and takes every update."""
    if is_update(asked):
        return answer(asked)
    name, kind = asked.question[0].name.to_text(), dns.rdatatype.to_text(asked.question[0].rdtype)
    found = [line for line in (SOA, *records) if line.split(" ")[0] == name and line.split(" ")[3] in (kind, "CNAME")]
    return answer(asked, *found, authority="" if found else SOA)
