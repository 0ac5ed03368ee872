"""Limits the size of an HTTP response while it is read."""

from collections.abc import AsyncIterator
from typing import Any


def bounded(base: type, response: Any, most: int, beyond: Exception) -> None:
    """Make the body of a response raise after a number of octets, as a response hook of httpx or httpx2.

    A compressed body is refused, because a small one can contain gigabytes.

    :param base: the library's ``AsyncByteStream``.
    :param beyond: the error to raise.
    """
    if response.headers.get("content-encoding", "identity").lower() not in ("", "identity"):
        raise beyond
    stream = response.stream

    class Bounded(base):  # type: ignore[misc]
        @property
        def elapsed(self) -> Any:
            return getattr(stream, "elapsed", None)

        async def __aiter__(self) -> AsyncIterator[bytes]:
            octets = 0
            async for part in stream:
                octets += len(part)
                if octets > most:
                    raise beyond
                yield part

        async def aclose(self) -> None:
            await stream.aclose()

    response.stream = Bounded()
