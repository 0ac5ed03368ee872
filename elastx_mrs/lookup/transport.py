"""One query to one server, over UDP or TCP. Sockets are closed however it ends."""

import asyncio
from contextlib import suppress

import dns.message


class UnusableError(Exception):
    """What came back is of no use; the message says why, reading on after a server: ``answered another question``."""


async def udp(host: str, port: int, query: dns.message.Message, patience: float) -> dns.message.Message:
    """Return the answer to ``query``; with the flag TC where it was truncated.

    What is not an answer to it is passed over, for anybody may send that (RFC 5452 §9.1); rubbish under the query's
    own ID is not.

    :param patience: seconds.
    :raises UnusableError: where an answer cannot be read.
    :raises TimeoutError: where none came.
    :raises OSError: where the server cannot be reached, such as ConnectionRefusedError.
    """
    loop = asyncio.get_running_loop()
    # Connected, so that the kernel drops what others send and hands on "port unreachable".
    async with asyncio.timeout(patience):
        transport, received = await loop.create_datagram_endpoint(_Datagrams, remote_addr=(host, port))
        try:
            transport.sendto(query.to_wire())
            while True:
                wire = await received.queue.get()
                if isinstance(wire, OSError):
                    raise wire
                if wire[:2] != query.id.to_bytes(2, "big"):
                    continue
                answer = _read(wire)
                if query.is_response(answer):
                    return answer
        finally:
            transport.abort()


async def tcp(host: str, port: int, query: dns.message.Message, patience: float) -> dns.message.Message:
    """Return the answer to ``query``.

    :param patience: seconds.
    :raises UnusableError: where what came is no answer to it, or nothing came.
    :raises TimeoutError: where none came.
    :raises OSError: where the server cannot be reached, such as ConnectionRefusedError.
    """
    async with asyncio.timeout(patience):
        reader, writer = await asyncio.open_connection(host, port)
        try:
            wire = query.to_wire()
            writer.write(len(wire).to_bytes(2, "big") + wire)
            length = int.from_bytes(await reader.readexactly(2), "big")
            answer = _read(await reader.readexactly(length))
        except asyncio.IncompleteReadError:
            raise UnusableError("closed the connection without an answer") from None
        finally:
            writer.transport.abort()
            with suppress(OSError):
                await writer.wait_closed()
    if not query.is_response(answer):
        raise UnusableError("answered another question")
    return answer


def _read(wire: bytes) -> dns.message.Message:
    try:
        return dns.message.from_wire(wire)
    except Exception:  # whatever dnspython makes of hostile octets: not all of it is a DNSException
        raise UnusableError("sent an answer that cannot be read") from None


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self) -> None:
        self.queue: asyncio.Queue[bytes | OSError] = asyncio.Queue()

    def datagram_received(self, data: bytes, addr: object) -> None:
        self.queue.put_nowait(data)

    def error_received(self, exc: Exception) -> None:
        self.queue.put_nowait(exc if isinstance(exc, OSError) else OSError(str(exc)))
