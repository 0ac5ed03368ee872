"""Servers that no real one can be configured to be; run inside the namespace, as a program of its own.

``odd.py FILE``, where FILE holds lines of JSON: ``{"address": …, "does": …, "behind": …}``; ``does`` is ``nothing``,
``late``, ``cut`` or ``endless``.
One that does nothing has its port open and never says a word, which is not the same as a port that is closed. The
others hand what they are asked to the real server behind them.
"""

import asyncio
import itertools
import json
import socket
import sys
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import dns.asyncquery
import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rdatatype
import dns.rrset

LATE_SECONDS = 1.0
PORT = 53


@dataclass(frozen=True)
class Odd:
    """One of them.

    :param does: ``nothing``, ``late`` (each answer a second after its question), or ``cut`` (TC over UDP, always),
        or ``endless`` (each answer leads to names that nobody has asked for yet).
    :param behind: the address of the server that knows the answers.
    """

    address: str
    does: str
    behind: str = ""

    async def answer(self, wire: bytes, via: str) -> bytes | None:
        query = dns.message.from_wire(wire)
        if self.does == "nothing":
            return None
        if self.does == "endless":
            return endless(query).to_wire()
        if self.does == "cut" and via == "udp":
            cut = dns.message.make_response(query)
            cut.flags |= dns.flags.AA | dns.flags.TC
            return cut.to_wire()
        if self.does == "late":
            await asyncio.sleep(LATE_SECONDS)
        ask = dns.asyncquery.udp if via == "udp" else dns.asyncquery.tcp
        with suppress(dns.exception.DNSException, OSError):
            return (await ask(query, self.behind, timeout=5)).to_wire()
        return None

    async def serve_stream(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError, OSError):
            while True:
                length = int.from_bytes(await reader.readexactly(2), "big")
                found = await self.answer(await reader.readexactly(length), "tcp")
                if found is not None:
                    writer.write(len(found).to_bytes(2, "big") + found)
                    await writer.drain()
        writer.close()


def endless(query: dns.message.Message) -> dns.message.Message:
    """Answer for the zone of this server: names below ``spf`` include five others, each below ``cname`` is an alias.

    What is at ``down`` or below is delegated to a server without an address, each time another one.
    """
    asked = query.question[0]
    zone = asked.name.split(3)[1]
    kind = asked.name.split(4)[1].labels[0] if len(asked.name) > 3 else b""
    response = dns.message.make_response(query)

    def fresh() -> str:
        return f"n{next(_FRESH)}.{kind.decode()}.{zone}"

    def add(section: list[dns.rrset.RRset], owner: dns.name.Name, rdtype: str, *values: str) -> None:
        section.append(dns.rrset.from_text(owner, 60, "IN", rdtype, *values))

    if kind == b"down":
        add(response.authority, asked.name, "NS", f"ns.{fresh()}")
        return response
    response.flags |= dns.flags.AA
    if kind == b"cname":
        add(response.answer, asked.name, "CNAME", fresh())
    elif kind == b"spf" and asked.rdtype == dns.rdatatype.TXT:
        includes = " ".join(f"include:{fresh().rstrip('.')}" for _ in range(5))
        add(response.answer, asked.name, "TXT", f'"v=spf1 {includes} ?all"')
    else:
        add(response.authority, zone, "SOA", "ns. h. 1 3600 900 604800 60")
    return response


_FRESH = itertools.count()


class Datagrams(asyncio.DatagramProtocol):
    """UDP, each question a task of its own: a late answer keeps nobody else waiting."""

    def __init__(self, odd: Odd) -> None:
        self.odd = odd
        self.tasks: set[asyncio.Task[None]] = set()
        self.transport: asyncio.DatagramTransport | None = None

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        async def reply() -> None:
            with suppress(dns.exception.DNSException):
                found = await self.odd.answer(data, "udp")
                if found is not None and self.transport is not None:
                    self.transport.sendto(found, addr)

        task = asyncio.create_task(reply())
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)


def _same(datagrams: Datagrams) -> Datagrams:
    return datagrams


async def serve(odds: list[Odd]) -> None:
    loop = asyncio.get_running_loop()
    for odd in odds:
        family = socket.AF_INET6 if ":" in odd.address else socket.AF_INET
        datagrams = Datagrams(odd)
        datagrams.transport, _ = await loop.create_datagram_endpoint(
            partial(_same, datagrams), local_addr=(odd.address, PORT), family=family
        )
        await asyncio.start_server(odd.serve_stream, odd.address, PORT, family=family)
    print("ready", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve([Odd(**json.loads(line)) for line in Path(sys.argv[1]).read_text().splitlines()]))
