"""One query to one server over UDP and, if needed, TCP. Connections are always closed."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress

import dns.flags
import dns.message

from elastx_mrs.lookup.transport.pool import Sockets
from elastx_mrs.lookup.transport.wire import Query, UnusableError

SETTLE = 2.0
"""The patience for TCP, as a multiple of UDP's: the handshake is another exchange, and a lost packet costs a second."""


class HalfError(UnusableError):
    """UDP gave an unusable answer, and TCP none in time; another try may succeed.

    :ivar seconds: that TCP was given.
    """

    def __init__(self, before: str, seconds: float) -> None:
        super().__init__(f"{before}, and nothing over TCP in {seconds:g} s")
        self.seconds = seconds


async def exchange(
    sockets: Sockets, host: str, port: int, query: Query, patience: float, pauses: Sequence[float] = ()
) -> dns.message.Message:
    """Return the answer to ``query``: over UDP first, then TCP if the answer was truncated or unreadable.

    :param sockets: the sockets to that server.
    :param patience: seconds over UDP.
    :param pauses: seconds between repetitions of the packet over UDP.
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
    """Return what a server did, as a phrase that follows its name."""
    if isinstance(error, UnusableError):
        return str(error)
    if isinstance(error, ConnectionRefusedError):
        return "refused the connection"
    return f"cannot be reached: {error.strerror or type(error).__name__}"
