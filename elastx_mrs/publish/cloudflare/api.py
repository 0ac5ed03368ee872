"""Cloudflare's API without its SDK, for the few requests of ``elastx-mrs doctor``: limited, and never redirected."""

import json
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from http.client import HTTPException
from typing import Any
from urllib.parse import urlsplit

from elastx_mrs import limits
from elastx_mrs.lookup.transport import certificate
from elastx_mrs.publish.cloudflare import cures


class UnaskedError(Exception):
    """Cloudflare did not answer, or refused. The message names the reason and, after a semicolon, the fix.

    :param refused: whether Cloudflare itself refused, and would refuse again.
    """

    def __init__(self, message: str, *, refused: bool = False) -> None:
        super().__init__(message)
        self.refused = refused


@dataclass(frozen=True)
class Answer:
    """An answer of the API.

    :param text: its status and body, in the format of the plugin's errors, which :mod:`cures` explains.
    """

    status: int
    content: Any
    text: str = field(repr=False)

    @property
    def codes(self) -> list[int]:
        """Cloudflare's error codes, if it refused."""
        return cures.codes_of(self.text) if self.status >= 400 else []

    @property
    def refused(self) -> bool:
        """Whether Cloudflare refused, and would refuse again."""
        return 400 <= self.status < 500 and self.status != 429 and bool(self.codes)

    @property
    def result(self) -> Any:
        """The content of a successful answer.

        :raises UnaskedError: if the answer is not a success of Cloudflare's.
        """
        if self.status >= 400 or not isinstance(self.content, dict) or self.content.get("success") is not True:
            raise UnaskedError(self.refusal, refused=self.refused)
        return self.content.get("result")

    @property
    def pages(self) -> int:
        """The number of pages.

        :raises UnaskedError: if the answer is not a page of Cloudflare's.
        """
        try:
            return int(self.content["result_info"]["total_pages"])
        except (KeyError, TypeError, ValueError):
            raise UnaskedError(cures.NOT_CLOUDFLARE) from None

    @property
    def refusal(self) -> str:
        """The reason why the API refused, and the fix."""
        if self.status == 429:
            return f"Cloudflare does not answer: {cures.LIMITED}"
        if (known := cures.cure(self.text)) or not self.codes:
            return known or cures.NOT_CLOUDFLARE
        codes = ", ".join(map(str, self.codes))
        return f"Cloudflare refuses this (HTTP {self.status}, code {codes}); look the code up in its documentation"


class _Unmoved(urllib.request.HTTPRedirectHandler):
    """Follows no redirection, because it would send the token along."""

    def redirect_request(self, *_: Any) -> None:
        return None


class Api:
    """The API at one base URL, with one token."""

    def __init__(self, base: str, token: str) -> None:
        self._base = base.rstrip("/")
        self._token = token
        self._opener = urllib.request.build_opener(_Unmoved())

    @property
    def host(self) -> str:
        """The host that gets the requests."""
        return urlsplit(self._base).netloc.rpartition("@")[2]

    def ask(self, method: str, path: str, body: Any = None) -> Answer:
        """Return the answer to a request.

        :raises UnaskedError: if no answer came, or one that is too large for a page.
        """
        if urlsplit(self._base).scheme not in ("http", "https"):
            raise UnaskedError(f"{cures.BASE_URL} is not a URL; leave it out, or write one such as {cures.API}")
        data = None if body is None else json.dumps(body).encode()
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"}
        request = urllib.request.Request(f"{self._base}{path}", data, headers, method=method)  # noqa: S310  checked
        try:
            status, octets = self._sent(request)
        except (OSError, HTTPException, ValueError) as error:
            raise UnaskedError(self._told(error)) from None
        if len(octets) > limits.CLOUDFLARE_PAGE.most:
            problem = f"{self.host} sent more than {limits.CLOUDFLARE_PAGE.text} for one page"
            raise UnaskedError(f"{problem}; check {cures.BASE_URL}, and any proxy on the way")
        text = octets.decode(errors="replace")
        try:
            content = json.loads(text)
        except (ValueError, RecursionError):
            content = None
        return Answer(status, content, f'{method} "_": {status} {text}')

    def _sent(self, request: urllib.request.Request) -> tuple[int, bytes]:
        try:
            with self._opener.open(request, timeout=limits.DOCTOR_SECONDS.most) as response:
                return response.status, response.read(limits.CLOUDFLARE_PAGE.most + 1)
        except urllib.error.HTTPError as refused:
            with refused:
                return refused.code, refused.read(limits.CLOUDFLARE_PAGE.most + 1)

    def _told(self, error: Exception) -> str:
        cause = getattr(error, "reason", None)
        refused = certificate.refusal(cause if isinstance(cause, BaseException) else error)
        if refused is not None:
            problem = f"the certificate of {self.host}, or of a proxy on the way, is refused ({refused.verify_message})"
            return f"{problem}; {certificate.cure(refused.verify_code)}"
        way = cures.way(str(error))
        if way is None:
            return f"{self.host} was not reached; check {cures.BASE_URL}, the network and any proxy"
        return f"{self.host} was not reached: {way.why}; {way.check}"
