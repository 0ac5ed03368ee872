"""Explain why Cloudflare's records could not be read, and what to do. No message shows the token."""

import datetime
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from elastx_mrs import secrecy
from elastx_mrs.display import visible
from elastx_mrs.lookup.transport import certificate
from elastx_mrs.publish.cloudflare import cures
from elastx_mrs.publish.cloudflare.waits import WINDOW

if TYPE_CHECKING:
    import httpx
    from cloudflare import APIError, APIStatusError

TOKEN = "CLOUDFLARE_API_TOKEN"  # noqa: S105  the variable's name

MAX_SHOWN = 200
"""Characters of an API's error that are shown."""

_PERMISSIONS = "with the permissions Zone > Zone > Read and Zone > DNS > Read (an up needs DNS > Edit)"
_BAD_TOKEN = frozenset({1000, 1001, 6003, 6111, 9106})
"""Cloudflare's codes for an invalid token."""

_FORBIDDEN = frozenset({0, 9109, 10000})
"""Cloudflare's codes for a missing permission."""


class RefusedError(Exception):
    """Cloudflare refused, and the user must correct the token, a zone's id or a domain. The message names it."""


class CannotReadError(Exception):
    """Reading failed, perhaps temporarily. The message has the fix; ``all_zones`` is False if it concerns one zone."""

    def __init__(self, message: str, *, all_zones: bool = True) -> None:
        super().__init__(message)
        self.all_zones = all_zones


def credentials(environ: Mapping[str, str]) -> tuple[str, str]:
    """Return token and base URL.

    :raises RefusedError: if the token is missing, or one of them is malformed.
    """
    token = environ.get(TOKEN, "")
    if not token:
        raise RefusedError(
            f"{TOKEN} is not set; create a token {_PERMISSIONS} at Cloudflare, under My Profile > API Tokens"
        )
    if not re.fullmatch(r"[A-Za-z0-9_.-]+", token):
        raise RefusedError(f"{TOKEN} has a character that no token contains, such as white space; copy it again")
    base_url = environ.get(cures.BASE_URL) or cures.API
    try:
        url = urlsplit(base_url)
        good = url.scheme in ("http", "https") and bool(url.hostname) and url.port != 0 and base_url.isprintable()
    except ValueError:
        good = False
    if not good:
        raise RefusedError(f"{cures.BASE_URL} is not a URL; leave it out, or write one such as {cures.API}")
    return token, base_url


def explained(error: "APIError", what: str, base_url: str, token: str) -> RefusedError | CannotReadError:
    """Explain an error of the SDK.

    :param what: the requested objects, ``zones`` or ``records``.
    """
    from cloudflare import APIConnectionError, APIStatusError, APITimeoutError, RateLimitError

    if isinstance(error.__cause__, CannotReadError):  # our own limit, exceeded while the answer was read
        return error.__cause__
    host = urlsplit(base_url).hostname
    if isinstance(error, APITimeoutError):
        return CannotReadError(f"{host} does not answer in time; check the network and any proxy, and run this again")
    if isinstance(error, APIConnectionError):
        refused = certificate.refusal(error)
        if refused is not None:
            problem = f"the certificate of {host}, or of a proxy on the way, is refused ({refused.verify_message})"
            return CannotReadError(f"{problem}; {certificate.cure(refused.verify_code)}")
        said = _why(error)
        cause = _shown(said, token)
        way = cures.way(said)
        check = way.check if way is not None else f"check {cures.BASE_URL}, the network and any proxy"
        return CannotReadError(f"{host} was not reached ({cause}); {check}, and run this again")
    if isinstance(error, RateLimitError):
        return CannotReadError(_limited(error.response))
    if isinstance(error, APIStatusError):
        return _status(error, what, base_url, token)
    return CannotReadError(f"{host}: {_shown(str(error), token)}")


def _why(error: BaseException) -> str:
    """Return the first non-empty text in an error's chain of causes. After a reset connection, httpx's own is empty."""
    found = error.__cause__
    while found is not None and not str(found):
        found = found.__cause__ or found.__context__
    return str(found or error)


def _status(error: "APIStatusError", what: str, base_url: str, token: str) -> RefusedError | CannotReadError:
    """Explain an answer that is not a success. Cloudflare's own answers have codes."""
    said = _said(error.body)
    if not said and error.status_code < 500:
        return not_cloudflare(error.response, base_url)
    codes = [code for code, _ in said]
    text = "; ".join(f"{message} (code {code})" for code, message in said) or "no reason given"
    answer = f"Cloudflare said: HTTP {error.status_code}, {_shown(text, token)}"
    if error.status_code >= 500:
        return CannotReadError(f"Cloudflare fails ({answer}); run this again later")
    unknown = any("invalid access token" in message.lower() for _, message in said)
    if unknown or error.status_code == 401 or _BAD_TOKEN.intersection(codes):
        return RefusedError(f"{TOKEN} is not a token that Cloudflare knows; create one {_PERMISSIONS} ({answer})")
    if _FORBIDDEN.intersection(codes) and what == "zones":
        return RefusedError(f"the token may not list zones; give it Zone > Zone > Read ({answer})")
    if _FORBIDDEN.intersection(codes):
        cure = "give it Zone > DNS > Read for this zone too (an up needs DNS > Edit)"
        cure += ", and check its id if cloudflare.zones has it"
        return CannotReadError(f"the token may not read the records; {cure} ({answer})", all_zones=False)
    if error.status_code == 404 and what == "records":
        cure = "check the id under cloudflare.zones (Overview > API > Zone ID)"
        return CannotReadError(f"Cloudflare has no such zone; {cure} ({answer})", all_zones=False)
    return CannotReadError(f"{what} could not be read: {answer}")


def _said(body: object) -> list[tuple[int, str]]:
    """Return Cloudflare's codes and texts, including nested ones; empty if the answer is not Cloudflare's."""
    errors: Any = body.get("errors") if isinstance(body, dict) else None
    found = []
    for one in errors if isinstance(errors, list) else ():
        if isinstance(one, dict) and isinstance(one.get("code"), int):
            found.append((one["code"], str(one.get("message") or "")))
            found += _said({"errors": one.get("error_chain")})
    return found


def _limited(response: "httpx.Response") -> str:
    after = response.headers.get("retry-after", "")
    seconds = int(after) if after.isdigit() else int(WINDOW)  # it blocks for one window
    at = datetime.datetime.now().astimezone() + datetime.timedelta(seconds=seconds)
    return (
        f"Cloudflare's rate limit is reached (1,200 requests in 5 minutes per user); run this again "
        f"at {at:%H:%M:%S %Z}, in {seconds} seconds"
    )


def not_cloudflare(response: "httpx.Response", base_url: str) -> RefusedError:
    """Return the error for an answer that is not Cloudflare's."""
    kind = _shown(response.headers.get("content-type", "no type"), "")
    return RefusedError(
        f"the server at {urlsplit(base_url).hostname} is not Cloudflare's API (HTTP {response.status_code}, {kind}); "
        f"check {cures.BASE_URL}, and any proxy on the way"
    )


def _shown(text: str, token: str) -> str:
    """Return foreign text in one printable line, and never the token."""
    if secrecy.holds(text, token):
        return "its text repeats the token, and is not shown"
    shown = visible(" ".join(text.split()))
    return shown if len(shown) <= MAX_SHOWN else f"{shown[:MAX_SHOWN]}…"
