"""The lab's Cloudflare API as its users reach it: through Cloudflare's own SDK."""

import contextlib
from collections.abc import Iterator
from typing import Any

import cloudflare
import pytest

from elastx_mrs.lab.session import Lab


@contextlib.contextmanager
def client(lab: Lab, token: str = "") -> Iterator[cloudflare.Cloudflare]:
    with cloudflare.Cloudflare(
        api_token=token or lab.token, base_url=lab.cloudflare.url, max_retries=0, timeout=10
    ) as made:
        yield made


def zone(lab: Lab) -> str:
    return lab.cloudflare.api.zone("example.com").id


def add(api: cloudflare.Cloudflare, lab: Lab, content: str, name: str = "new.example.com", **more: Any) -> Any:
    given = {"type": "TXT", "ttl": 300} | more
    return api.dns.records.create(zone_id=zone(lab), name=name, content=content, **given)  # type: ignore[call-overload]


def read(api: cloudflare.Cloudflare, lab: Lab, number: str) -> Any:
    return api.dns.records.get(number, zone_id=zone(lab))


def refused(error: pytest.ExceptionInfo[cloudflare.APIStatusError]) -> tuple[int, int]:
    """Status and code: the one in the chain, where there is one."""
    body: Any = error.value.body
    (first,) = body["errors"]
    assert body["success"] is False
    return error.value.status_code, first.get("error_chain", [first])[0]["code"]
