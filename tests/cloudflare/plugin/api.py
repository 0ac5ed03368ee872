"""Cloudflare's API over its own SDK.

cloudflare-go and this SDK come from one generator: which failures are sent again is the same in both. How often and
when, and what is said of it, is cloudflare-go's.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from http.client import responses
from typing import Any

import httpx
from cloudflare import APIConnectionError, APIStatusError, Cloudflare
from cloudflare._models import FinalRequestOptions
from cloudflare._types import Headers

from tests.cloudflare.plugin.ages import AGES, age_of
from tests.cloudflare.plugin.errors import WANTED, ApiError
from tests.cloudflare.plugin.network import words
from tests.cloudflare.plugin.values import Properties

PRODUCT = "terraform-provider-cloudflare/5 stand-in"


class _Client(Cloudflare):
    """The SDK's client with cloudflare-go's waits, which a test can shorten."""

    def __init__(self, base_url: str | None, token: str | None) -> None:
        self._age = AGES[age_of()]
        self._clock = float(os.environ.get("ELASTX_MRS_LAB_CLOCK") or 1)
        super().__init__(
            api_token=token,
            base_url=base_url,
            max_retries=self._age.tries - 1,
            timeout=None,
            default_headers={"User-Agent": PRODUCT},
        )

    def _validate_headers(self, headers: Headers, custom_headers: Headers) -> None:
        """A request without a token is the API's to refuse."""

    def _sleep_for_retry(
        self, *, retries_taken: int, max_retries: int, options: FinalRequestOptions, response: httpx.Response | None
    ) -> None:
        """Wait, whatever happens meanwhile; what nobody waits for any more is not sent again then."""
        asked = self._parse_retry_after_header(response.headers if response is not None else None)
        time.sleep(self._age.wait(retries_taken, asked) / self._clock)
        if not WANTED.get()():
            raise ApiError("context canceled")


class Api:
    """One client for all requests, from any thread."""

    def __init__(self, base_url: str | None, token: str | None) -> None:
        self._client = _Client(base_url, token)

    def request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, Any] | None = None,
        body: Properties | None = None,
        typed: bool = False,
    ) -> Properties:
        """Return the answer, of which ``result`` is what was asked for.

        :param typed: whether cloudflare-go reads the answer, which minds that it is JSON; else Cloudflare's provider
            does, which takes from anything else that there is nothing in it.
        :raises ApiError: for a status that isn't a success, after the tries that there are.
        """
        options = FinalRequestOptions.construct(method=method, url=path, params=dict(query or {}), json_data=body)
        try:
            answer = self._client.request(httpx.Response, options)
        except APIStatusError as error:
            status, said = error.status_code, error.response.text.lstrip()
            where = f'{method.upper()} "{error.request.url}"'
            shown = said if said.startswith(("{", "[")) else ""  # of a page of HTML, nothing
            raise ApiError(f"{where}: {status} {responses.get(status, '')} {shown}", status=status) from None
        except APIConnectionError as error:
            said = words(error, error.request.url)
            raise ApiError(f'{method.capitalize()} "{error.request.url}": {said}') from None
        return _typed(answer) if typed else _lenient(answer.text)


def _typed(answer: httpx.Response) -> Properties:
    kind = answer.headers.get("content-type", "")
    if "json" not in kind:
        raise ApiError(
            f"expected destination type of 'string' or '[]byte' for responses with content-type '{kind}' that is not "
            "'application/json'"
        )
    try:
        found: Properties = json.loads(answer.text)
    except ValueError:
        first = answer.text.lstrip()[:1]
        said = f"invalid character '{first}' looking for beginning of value" if first else "EOF"
        raise ApiError(f"error parsing response json: {said}") from None
    return found


def _lenient(text: str) -> Properties:
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
