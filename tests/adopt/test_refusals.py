"""What an error of Cloudflare's SDK means; what its API says is in ``tests/cli/test_adopt_import_faults``."""

import httpx
import pytest
from cloudflare import APIConnectionError, APIError, APITimeoutError

from elastx_mrs.adopt.refusals import CannotReadError, explained

REQUEST = httpx.Request("GET", "https://api.cloudflare.com/client/v4/zones")
TOKEN = "k" * 40


def lost(cause: Exception) -> APIError:
    error = APIConnectionError(request=REQUEST)
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (APITimeoutError(request=REQUEST), "api.cloudflare.com does not answer in time; see the network and any proxy"),
        (
            lost(OSError("[Errno -2] Name or service not known")),
            "api.cloudflare.com was not reached ([Errno -2] Name or service not known); see the resolvers of this "
            "machine, and CLOUDFLARE_BASE_URL, and run this again",
        ),
        (lost(OSError("odd")), "api.cloudflare.com was not reached (odd); see CLOUDFLARE_BASE_URL, the network and"),
        (APIError("odd", REQUEST, body=None), "api.cloudflare.com: odd"),
        (APIError(f"odd {TOKEN}", REQUEST, body=None), "api.cloudflare.com: its text repeats the token"),
    ],
)
def test_what_is_no_answer(error: APIError, said: str) -> None:
    found = explained(error, "zones", "https://api.cloudflare.com/client/v4", TOKEN)
    assert isinstance(found, CannotReadError)
    assert str(found).startswith(said)
    assert TOKEN not in str(found)
