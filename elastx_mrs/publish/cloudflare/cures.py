"""Explain refusals of Cloudflare, and failed connections: one table of fixes for the plugin and for ``adopt``.

The plugin passes on one text: ``METHOD "URL": STATUS {"errors": [{"code": …}]}`` of cloudflare-go, or an error of Go's
network. The status is read before the code. An answer without a code is not Cloudflare's, because its answers have one.
"""

import re
from typing import NamedTuple

ZONE_READ = "give the token the permission Zone > Zone > Read, for all zones that it is to publish to"
DNS_EDIT = "give the token the permission Zone > DNS > Edit, for all zones that it is to publish to"
TOKEN = "set CLOUDFLARE_API_TOKEN (or the provider's apiToken) to a token with Zone > Zone > Read and DNS > Edit"  # noqa: S105
BASE_URL = "CLOUDFLARE_BASE_URL"
API = "https://api.cloudflare.com/client/v4"
"""The API's default base URL."""

AGAIN = "run pulumi up again"

_UNKNOWN = f"Cloudflare does not know the token, or it has expired; {TOKEN}"
_FORBIDDEN = f"the token may not do this; {DNS_EDIT}"

CODES = {
    1000: _UNKNOWN,
    1001: _UNKNOWN,
    6003: f"the token is malformed; {TOKEN}",
    6111: f"the token is malformed; {TOKEN}",
    9106: f"no token was sent; {TOKEN}",
    9109: _UNKNOWN,
    10000: _FORBIDDEN,
    0: f"the token may not list zones; {ZONE_READ}",
    7003: "Cloudflare has no such zone; check each id under cloudflare.zones (Overview > API > Zone ID)",
    9015: "the value is too long for one record (4,096 octets)",
    9021: "the zone's plan does not allow this TTL; write ttl: 1 (automatic) or 60 to 86400",
    9300: "the zone's plan allows no tags; remove them from the transform that sets them",
    9313: "the comment is too long for the zone's plan; shorten cloudflare.comment",
    81044: "the record is gone already, perhaps because an answer got lost; run: pulumi up --refresh",
    81045: "the zone's plan allows no more records; remove some, or upgrade the plan",
    81054: "a CNAME is there; remove it first",
    81053: "the name is a CNAME, so it can have no TXT (RFC 1034 §3.6.2); remove it first",
    83011: "there is no room for more TXT at this name (8,192 characters in all); remove some, or use fewer accounts",
}
"""By Cloudflare's error codes, for answers with a status below 500."""

NOT_CLOUDFLARE = f"the server that answered is not Cloudflare's API; check {BASE_URL}, and any proxy on the way"
BLOCKED = (
    f"the server that answered is not Cloudflare's API, or Cloudflare blocks this machine's address; check {BASE_URL}, "
    "and any proxy or firewall on the way"
)
_NO_ANSWER_OF_CLOUDFLARE = re.compile(
    "expected destination type of|error parsing response json|invalid character|expecting value|not json|unmarshal"
    "|deserialize http request",
    re.IGNORECASE,
)
"""The errors of cloudflare-go, the plugin or a JSON reader for a success that is HTML or incomplete."""

LIMITED = "its rate limit is reached (1,200 requests in 5 minutes per user); run this again 5 minutes from now"

FAILED = f"Cloudflare's API failed (see www.cloudflarestatus.com); {AGAIN}, which continues from here"

STOPPED = f"the run was stopped before Cloudflare answered; {AGAIN}"
_STOPPED = re.compile("context canceled")


class Way(NamedTuple):
    """A way in which the API cannot be reached.

    :param said: a pattern of Go's or Python's network errors.
    :param why: its meaning.
    :param check: the fix.
    """

    said: str
    why: str
    check: str


WAYS = (
    Way(
        r"too many open files",
        "this machine is short of file descriptors",
        "raise the limit of the shell (ulimit -n 4096)",
    ),
    Way(
        r"unsupported protocol scheme|missing protocol scheme|invalid port|first path segment in URL|invalid URL",
        f"{BASE_URL} is not a URL",
        "leave it out, or write one such as https://api.cloudflare.com/client/v4",
    ),
    Way(
        r"proxyconnect|proxy authentication required|(?<!\S)407(?!\S)",
        "the proxy does not answer, or refuses",
        "check HTTPS_PROXY and NO_PROXY",
    ),
    Way(
        r"certificate is valid for|is not valid for any names|cannot validate certificate for|hostname mismatch",
        "the server's certificate is for another name",
        f"check {BASE_URL}, and any proxy on the way",
    ),
    Way(
        r"certificate has expired|is not yet valid",
        "the server's certificate is out of date",
        "check the clock of this machine, and any proxy on the way",
    ),
    Way(
        r"x509|certificate[ _]verify[ _]failed|failed to verify certificate",
        "the server's certificate is not trusted",
        "if a proxy of yours opens TLS, let this machine trust its authority (SSL_CERT_FILE)",
    ),
    Way(
        r"does not look like a TLS handshake|HTTP response to HTTPS client|wrong[ _]version[ _]number",
        "the server speaks plain HTTP where TLS was expected",
        f"check the scheme and the port in {BASE_URL} and HTTPS_PROXY",
    ),
    Way(
        r"malformed HTTP|illegal status line",
        "the server does not speak HTTP",
        f"check the scheme and the port in {BASE_URL}",
    ),
    Way(
        r"\blookup \S+.*i/o timeout|no such host|name or service not known|name resolution|server misbehaving"
        r"|nodename nor servname|no address associated",
        "this machine cannot resolve its name",
        f"check the resolvers of this machine, and {BASE_URL}",
    ),
    Way(
        r"network is unreachable|network is down|no route to host|host is (unreachable|down)",
        "this machine has no route to it",
        "check the network and any firewall",
    ),
    Way(
        r"connection refused|actively refused",
        "the connection was refused",
        f"check {BASE_URL}, HTTPS_PROXY and any firewall",
    ),
    Way(
        r"timed out|timeout|deadline exceeded",
        "it did not answer in time",
        "check the network and any firewall or proxy",
    ),
    Way(r"\btls: |\[SSL", "TLS failed", "check any proxy on the way"),
    Way(
        r"connection (was |is )?(reset|aborted|closed)|closed connection"
        r"|forcibly closed|broken pipe|disconnected|server closed|\bEOF\b",
        "the connection was cut",
        f"check {BASE_URL} and the network",
    ),
    Way(
        r"connection error|connection attempts failed|\bdial (tcp|udp)",
        "the connection failed",
        f"check {BASE_URL} and the network",
    ),
)
"""The first one whose pattern matches applies."""

_NAMES = re.compile(
    r"""(["'])[^"'\s]*\1|\bhttps?://\S+|(?<![\w.-])(?!client\.timeout)[\w-]+(?:\.[\w-]+)+""", re.IGNORECASE
)
"""URLs, quoted text, and names of domains and resources. ``timeout.example.com`` is not a time-out."""

_STATUS = re.compile(r'": ([1-5]\d\d) |\b([45]\d\d) [A-Z][A-Za-z ]+ \{|status code (\d\d\d)')
_CODE = re.compile(r'"code":\s*(\d+)')


def status_of(text: str) -> int | None:
    """Return the HTTP status in an error of the plugin's; None without an answer, or after a success."""
    found = _STATUS.search(text)
    return None if found is None else int(next(number for number in found.groups() if number))


def limited(text: str) -> bool:
    """Whether the rate limit caused the error."""
    return status_of(text) == 429


def identical(text: str) -> bool:
    """Whether exactly this record exists already."""
    return (status_of(text) or 0) < 500 and any(code in (81057, 81058) for code in codes_of(text))


def answered(text: str) -> bool:
    """Whether Cloudflare itself refused, and would refuse again."""
    return (status_of(text) or 0) < 500 and bool(codes_of(text))


def way(text: str) -> Way | None:
    """Return why an API was not reached; None for an unknown text."""
    said = _NAMES.sub("_", text)
    return next((way for way in WAYS if re.search(way.said, said, re.IGNORECASE)), None)


def _unreached(text: str) -> str:
    found = way(text)
    return f"Cloudflare's API was not reached: {found.why}; {found.check}, and {AGAIN}" if found is not None else ""


def cure(text: str) -> str:
    """Return the meaning of a plugin error, and the fix; empty if only its own text explains it."""
    status = status_of(text)
    if status is not None and status >= 500:
        return FAILED
    if status == 407:
        return _unreached(text)
    codes = codes_of(text)
    if codes:
        return _of_codes(text, codes)
    if status is not None:
        return BLOCKED if status == 403 else NOT_CLOUDFLARE
    if _STOPPED.search(text):
        return STOPPED
    if _NO_ANSWER_OF_CLOUDFLARE.search(text):
        return NOT_CLOUDFLARE
    return _unreached(text)


def _of_codes(text: str, codes: list[int]) -> str:
    if "unauthorized to access requested resource" in text.lower():  # with the code of an unknown token
        return _FORBIDDEN
    return next((CODES[code] for code in codes if code in CODES), "")


def codes_of(text: str) -> list[int]:
    """Return Cloudflare's codes in an error of the plugin's."""
    return [int(code) for code in _CODE.findall(text)]
