"""The lab's Cloudflare API over plain HTTP: what the SDK would not send, and what it does not show."""

import contextlib
from collections.abc import Iterator, Mapping
from typing import Any

import httpx

from elastx_mrs.lab.session import Lab
from tests.lab.api import zone


@contextlib.contextmanager
def wire(lab: Lab, authorization: str | None = "") -> Iterator[httpx.Client]:
    """:param authorization: the header; None to send none, empty for the lab's own token."""
    headers = {} if authorization is None else {"Authorization": authorization or f"Bearer {lab.token}"}
    with httpx.Client(base_url=lab.cloudflare.url, headers=headers, timeout=10, trust_env=False) as client:
        yield client


def records(lab: Lab) -> str:
    return f"/zones/{zone(lab)}/dns_records"


def txt(content: str = '"a"', name: str = "new.example.com", **more: Any) -> dict[str, Any]:
    return {"type": "TXT", "name": name, "content": content, "ttl": 300} | more


def made(response: httpx.Response) -> dict[str, Any]:
    """The record of an answer that says that it worked."""
    body: dict[str, Any] = response.json()
    assert (response.status_code, body["success"], body["errors"]) == (200, True, []), body
    result: dict[str, Any] = body["result"]
    return result


def fault(response: httpx.Response) -> tuple[int, ...]:
    """Status, code, and the codes of the chain below it."""
    body = response.json()
    assert (body["success"], body["result"], body["messages"]) == (False, None, [])
    (error,) = body["errors"]
    assert error["message"]
    return (response.status_code, error["code"], *(one["code"] for one in error.get("error_chain", ())))


def names(response: httpx.Response) -> list[str]:
    return [item["name"] for item in response.json()["result"]]


def info(response: httpx.Response) -> Mapping[str, int]:
    body = response.json()
    assert (response.status_code, body["success"], body["errors"], body["messages"]) == (200, True, [], [])
    found: dict[str, int] = body["result_info"]
    assert found["count"] == len(body["result"])
    return found
