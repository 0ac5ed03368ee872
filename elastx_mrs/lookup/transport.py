"""One query to one server over TCP. The connection is closed however it ends."""

import asyncio
from contextlib import suppress

import dns.message

from elastx_mrs.lookup.wire import Query, UnusableError

__all__ = ["UnusableError", "tcp"]  # the error is known under this module's name too


async def tcp(host: str, port: int, query: Query, patience: float) -> dns.message.Message:
    """Return the answer to ``query``.

    :param patience: seconds.
    :raises UnusableError: where what came is no answer to it, or nothing came.
    :raises TimeoutError: where none came.
    :raises OSError: where the server cannot be reached, such as ConnectionRefusedError.
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
