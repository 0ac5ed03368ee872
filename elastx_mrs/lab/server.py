"""The DNS server: UDP and TCP on one free port of the loopback address, with EDNS, truncation and TSIG (RFC 8945)."""

import asyncio
import contextlib
import errno
import logging
import socket
import struct
from collections.abc import Mapping
from types import TracebackType
from typing import Self

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.opcode
import dns.rcode
import dns.tsig
import dns.update

from elastx_mrs import limits
from elastx_mrs.descriptors import room
from elastx_mrs.lab.answer import PAYLOAD, answer
from elastx_mrs.lab.signature import tsig_error
from elastx_mrs.lab.update import update
from elastx_mrs.lab.zones import ZoneStore

HEADER_OCTETS = 12
IDLE_SECONDS = float(limits.LAB_IDLE_SECONDS.most)
TRIES = 20

_log = logging.getLogger(__name__)

Keyring = Mapping[dns.name.Name, dns.tsig.Key]


class LabServer:
    """Serves a store's zones while it is entered as an asynchronous context.

    :param keyring: the TSIG keys that may update; queries need none.
    :param port: 0 for any free port.
    """

    def __init__(self, store: ZoneStore, keyring: Keyring, host: str = "127.0.0.1", port: int = 0) -> None:
        self._store = store
        self._keyring = dict(keyring)
        self._host = host
        self._port = port
        self._connections: dict[asyncio.Task[None], None] = {}
        """A task for each connection, the longest unused first."""
        self._stopping = False

    @property
    def address(self) -> str:
        """``address:port`` of both UDP and TCP."""
        return f"{self._host}:{self._port}"

    async def __aenter__(self) -> Self:
        udp, tcp = _sockets(self._host, self._port)
        self._port = udp.getsockname()[1]
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(lambda: _Udp(self), sock=udp)
        self._tcp = await asyncio.start_server(self._connected, sock=tcp)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopping = True
        self._transport.close()
        self._tcp.close()
        for task in self._connections:
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    def respond(self, wire: bytes, limit: int | None) -> bytes | None:
        """Return the response to a message, or None if it needs none.

        :param limit: the most octets of a UDP answer without EDNS; None over TCP.
        """
        if len(wire) < HEADER_OCTETS or wire[2] & 0x80:  # QR: two servers must not answer each other forever
            return None
        try:
            request = dns.message.from_wire(wire, keyring=self._keyring)
        except (dns.message.UnknownTSIGKey, dns.tsig.BadSignature, dns.tsig.BadAlgorithm, dns.tsig.BadTime) as error:
            return tsig_error(wire, error, self._keyring) or _error(wire, dns.rcode.FORMERR)
        except (dns.exception.DNSException, ValueError, struct.error):
            return _error(wire, dns.rcode.FORMERR)
        try:
            response = self._process(request, wire)
            if limit is not None and request.edns >= 0:
                limit = max(limit, min(request.payload, PAYLOAD))
            return _to_wire(response, limit)
        except Exception:  # an error of ours, or a full disk: continue to serve the others
            _log.exception("the lab could not answer a message")
            return _error(wire, dns.rcode.SERVFAIL)

    def _process(self, request: dns.message.Message, wire: bytes) -> dns.message.Message:
        if isinstance(request, dns.update.UpdateMessage):
            response = dns.message.make_response(request, our_payload=PAYLOAD)
            response.set_rcode(update(self._store, request, wire) if request.had_tsig else dns.rcode.REFUSED)
            return response
        return answer(self._store, request)

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        def ended(task: asyncio.Task[None]) -> None:
            self._connections.pop(task, None)
            writer.transport.abort() if self._stopping else writer.close()

        task = asyncio.create_task(self._serve(reader, writer))
        if len(self._connections) >= min(limits.LAB_CONNECTIONS.most, room(len(self._connections))):
            # RFC 7766 §6.2.3: a server may close idle connections when it needs room; clients open another.
            oldest = next(iter(self._connections))
            self._connections.pop(oldest)
            oldest.cancel()
        self._connections[task] = None
        task.add_done_callback(ended)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer every message of a connection (RFC 7766 §6.2) until one side closes it."""
        with contextlib.suppress(asyncio.IncompleteReadError, TimeoutError, ConnectionError, asyncio.CancelledError):
            await self._answer_all(reader, writer)

    async def _answer_all(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            async with asyncio.timeout(IDLE_SECONDS):
                (length,) = struct.unpack("!H", await reader.readexactly(2))
                response = self.respond(await reader.readexactly(length), None)
            self._used()
            if response is not None:
                writer.write(struct.pack("!H", len(response)) + response)
                async with asyncio.timeout(IDLE_SECONDS):
                    await writer.drain()

    def _used(self) -> None:
        task = asyncio.current_task()
        if task in self._connections:
            self._connections[task] = self._connections.pop(task)


class _Udp(asyncio.DatagramProtocol):
    def __init__(self, server: LabServer) -> None:
        self._server = server

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]  # asyncio's promise
        self._transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        response = self._server.respond(data, 512)
        if response is not None:
            self._transport.sendto(response, addr)


def _sockets(host: str, port: int) -> tuple[socket.socket, socket.socket]:
    """Return a UDP and a TCP socket on the same port, any free one if ``port`` is 0."""
    for _ in range(TRIES):
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        tcp = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            udp.bind((host, port))
            tcp.bind((host, udp.getsockname()[1]))
        except OSError:
            udp.close()
            tcp.close()
            continue
        return udp, tcp
    raise OSError(
        errno.EADDRINUSE, f"port {port or 'any'} of {host} was not free for both UDP and TCP in {TRIES} tries"
    )


def _to_wire(response: dns.message.Message, limit: int | None) -> bytes:
    try:
        return response.to_wire(max_size=limit or 65535)
    except dns.exception.TooBig:
        for section in (response.answer, response.authority, response.additional):
            section.clear()
        response.flags |= dns.flags.TC
        return response.to_wire(max_size=65535)


def _error(wire: bytes, rcode: dns.rcode.Rcode) -> bytes:
    """Return an error response: a header with the message's ID and opcode."""
    flags = 0x8000 | (int.from_bytes(wire[2:4], "big") & 0x7900) | rcode
    return wire[:2] + struct.pack("!5H", flags, 0, 0, 0, 0)
