"""Cloudflare's API over its own SDK.

cloudflare-go and this SDK come from one generator: which failures are sent again, and when, is the same in both but
for the number of tries and the bounds of ``Retry-After``, which are set here.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping
from http.client import responses
from typing import Any

import httpx
from cloudflare import APIConnectionError, APIStatusError, Cloudflare
from cloudflare._models import FinalRequestOptions
from cloudflare._types import Headers

from tests.cloudflare.plugin.errors import ApiError
from tests.cloudflare.plugin.values import Properties

RETRIES = 10
PRODUCT = "terraform-provider-cloudflare/5 stand-in"


class _Client(Cloudflare):
    """The SDK's client with cloudflare-go's waits, which the engine can cut short and a test can shorten."""

    def __init__(self, base_url: str | None, token: str | None, cancelled: threading.Event) -> None:
        super().__init__(
            api_token=token,
            base_url=base_url,
            max_retries=RETRIES,
            timeout=None,
            default_headers={"User-Agent": PRODUCT},
        )
        self._cancelled = cancelled
        self._clock = float(os.environ.get("ELASTX_MRS_LAB_CLOCK") or 1)

    def _validate_headers(self, headers: Headers, custom_headers: Headers) -> None:
        """A request without a token is the API's to refuse."""

    def _calculate_retry_timeout(
        self, remaining_retries: int, options: FinalRequestOptions, response_headers: httpx.Headers | None = None
    ) -> float:
        # As in cloudflare-go before 6.6. From 6.6 it backs off from 2 s to 30 s, and 6.10 heeds any Retry-After.
        asked = self._parse_retry_after_header(response_headers)
        if asked is not None and 0 <= asked < 60:
            return asked / self._clock
        return super()._calculate_retry_timeout(remaining_retries, options, None) / self._clock

    def _sleep_for_retry(
        self, *, retries_taken: int, max_retries: int, options: FinalRequestOptions, response: httpx.Response | None
    ) -> None:
        headers = response.headers if response is not None else None
        if self._cancelled.wait(self._calculate_retry_timeout(max_retries - retries_taken, options, headers)):
            raise ApiError("context canceled")


class Api:
    """One client for all requests, from any thread."""

    def __init__(self, base_url: str | None, token: str | None, cancelled: threading.Event) -> None:
        self._client = _Client(base_url, token, cancelled)

    def request(
        self, method: str, path: str, *, query: Mapping[str, Any] | None = None, body: Properties | None = None
    ) -> Properties:
        """Return the answer, of which ``result`` is what was asked for.

        :raises ApiError: for a status that isn't a success, after the tries that there are.
        """
        options = FinalRequestOptions.construct(method=method, url=path, params=dict(query or {}), json_data=body)
        try:
            answer: Properties = self._client.request(httpx.Response, options).json()
        except APIStatusError as error:
            status, said = error.status_code, error.response.text
            where = f'{method.upper()} "{error.request.url}"'
            raise ApiError(f"{where}: {status} {responses.get(status, '')} {said}", status=status) from None
        except APIConnectionError as error:
            raise ApiError(f'{method.capitalize()} "{error.request.url}": {error.__cause__}') from None
        return answer
