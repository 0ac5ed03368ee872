"""One query to one server, over UDP and, where that is not enough, TCP. Connections are closed however it ends."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress

import dns.flags
import dns.message

from elastx_mrs.lookup.transport.pool import Sockets
from elastx_mrs.lookup.transport.wire import Query, UnusableError

SETTLE = 2.0
"""Times the patience of UDP, for TCP: the handshake is an exchange more, and a lost packet costs it a second."""


class HalfError(UnusableError):
    """Over UDP an answer came that does not do, and over TCP none in time: another try may do better.

    :ivar seconds: that TCP was given.
    """

    def __init__(self, before: str, seconds: float) -> None:
        super().__init__(f"{before}, and nothing over TCP in {seconds:g} s")
        self.seconds = seconds


async def exchange(
    sockets: Sockets, host: str, port: int, query: Query, patience: float, pauses: Sequence[float] = ()
) -> dns.message.Message:
    """Return the answer to ``query``: UDP first, then TCP where that was truncated or could not be read.

    :param sockets: to that server.
    :param patience: seconds over UDP.
    :param pauses: seconds until the packet is sent again over UDP, each time.
    :raises UnusableError: if no usable answer came.
    :raises TimeoutError: if no answer came over UDP.
    :raises ShortageError: if this machine has no room for a socket.
    :raises OSError: if the server cannot be reached, such as ConnectionRefusedError.
    """
    try:
        answer = await sockets.ask(query, patience, pauses)
        if not answer.flags & dns.flags.TC:
            return answer
        before = "sent a truncated answer over UDP"
    except UnusableError as error:
        before = str(error)
    try:
        answer = await sockets.connected(lambda: tcp(host, port, query, SETTLE * patience))
    except TimeoutError:
        raise HalfError(before, SETTLE * patience) from None
    except (OSError, UnusableError) as error:
        raise UnusableError(f"{before}, and over TCP {problem(error)}") from None
    if answer.flags & dns.flags.TC:
        raise UnusableError("sent a truncated answer, even over TCP")
    return answer


async def tcp(host: str, port: int, query: Query, patience: float) -> dns.message.Message:
    """Return the answer to ``query``.

    :param patience: seconds.
    :raises UnusableError: if no usable answer came.
    :raises TimeoutError: if no answer came.
    :raises OSError: if the server cannot be reached, such as ConnectionRefusedError.
    """
    async with asyncio.timeout(patience):
        reader, writer = await asyncio.open_connection(host, port)
        try:
            writer.write(len(query.wire).to_bytes(2, "big") + query.wire)
            length = int.from_bytes(await reader.readexactly(2), "big")
            wire = await reader.readexactly(length)
        except asyncio.IncompleteReadError:
            raise UnusableError("closed the connection without an answer") from None
        finally:
            writer.transport.abort()
            with suppress(OSError):
                await writer.wait_closed()
    answer = query.read(wire)
    if not query.own(wire) or not query.is_answered_by(answer):
        raise UnusableError("answered another question")
    return answer


def problem(error: OSError | UnusableError) -> str:
    """Return what a server did, reading on after it."""
    if isinstance(error, UnusableError):
        return str(error)
    if isinstance(error, ConnectionRefusedError):
        return "refused the connection"
    return f"cannot be reached: {error.strerror or type(error).__name__}"
