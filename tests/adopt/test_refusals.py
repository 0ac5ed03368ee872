"""What an error of Cloudflare's SDK means; what its API says is in ``tests/cli/test_adopt_import_faults``."""

import asyncio
import socket
import struct

import httpx
import pytest
from cloudflare import APIConnectionError, APIError, APITimeoutError, AsyncCloudflare

from elastx_mrs.adopt.refusals import CannotReadError, explained

REQUEST = httpx.Request("GET", "https://api.cloudflare.com/client/v4/zones")
TOKEN = "k" * 40


def lost(cause: Exception) -> APIError:
    error = APIConnectionError(request=REQUEST)
    error.__cause__ = cause
    return error


async def reset() -> APIError:
    """What the SDK raises where each connection is reset."""

    def end(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        kept = writer.get_extra_info("socket")
        kept.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()

    async with await asyncio.start_server(end, "127.0.0.1", 0) as server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        async with AsyncCloudflare(api_token=TOKEN, base_url=url, max_retries=0) as client:
            with pytest.raises(APIConnectionError) as raised:
                await client.zones.list()
            return raised.value


def test_a_connection_that_is_reset_has_its_cause_though_httpx_says_none() -> None:
    found = str(explained(asyncio.run(reset()), "zones", "https://api.cloudflare.com/client/v4", TOKEN))
    assert found == (
        "api.cloudflare.com was not reached ([Errno 104] Connection reset by peer); "
        "check CLOUDFLARE_BASE_URL and the network, and run this again"
    )


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (
            APITimeoutError(request=REQUEST),
            "api.cloudflare.com does not answer in time; check the network and any proxy",
        ),
        (
            lost(OSError("[Errno -2] Name or service not known")),
            "api.cloudflare.com was not reached ([Errno -2] Name or service not known); check the resolvers of this "
            "machine, and CLOUDFLARE_BASE_URL, and run this again",
        ),
        (lost(OSError("odd")), "api.cloudflare.com was not reached (odd); check CLOUDFLARE_BASE_URL, the network and"),
        (APIError("odd", REQUEST, body=None), "api.cloudflare.com: odd"),
        (APIError(f"odd {TOKEN}", REQUEST, body=None), "api.cloudflare.com: its text repeats the token"),
    ],
)
def test_what_is_no_answer(error: APIError, said: str) -> None:
    found = explained(error, "zones", "https://api.cloudflare.com/client/v4", TOKEN)
    assert isinstance(found, CannotReadError)
    assert str(found).startswith(said)
    assert TOKEN not in str(found)
