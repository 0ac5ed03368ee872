"""What Cloudflare's refusals mean to who reads them: the plugin hands on the API's answer, and no cure."""

import re
from collections.abc import Callable, Mapping, Sequence

from elastx_mrs import secrecy
from elastx_mrs.display import visible

LIMITED = re.compile(r'\b429 Too Many Requests\b|"code":\s*971\b|status code 429', re.IGNORECASE)
IDENTICAL = re.compile(r'"code":\s*8105[78]\b')
_CODE = re.compile(r'"code":\s*(\d+)')
_SAID = re.compile(r'"code":\s*(\d+),\s*"message":\s*"([^"]*)"')
_FAILED = re.compile(r"\b5\d\d [A-Z][a-z]")
_UNREACHED = re.compile(
    r"connection (refused|reset|error)|no such host|timed out|timeout|disconnected|deadline exceeded|\bEOF\b",
    re.IGNORECASE,
)
_STATUS = re.compile(r"\b([45]\d\d [A-Z][A-Za-z ]+) \{")
_ENVELOPE = re.compile(r"invoke of \S+ failed: |invocation of \S+ returned an error: |failed to make http request: ")
_TOKEN_SHAPE = re.compile(r"[A-Za-z0-9_-]{20,}")
MAX_SHOWN = 300
"""Characters of an error that is not Cloudflare's own."""

SETTINGS = {
    "apiToken": "CLOUDFLARE_API_TOKEN",
    "apiKey": "CLOUDFLARE_API_KEY",
    "apiUserServiceKey": "CLOUDFLARE_API_USER_SERVICE_KEY",
}
"""Where the plugin's default provider finds who it is: the stack's config ``cloudflare:…``, or the environment."""

ZONE_READ = "give the token the permission Zone > Zone > Read, for all zones that it is to publish to"
DNS_EDIT = "give the token the permission Zone > DNS > Edit, for all zones that it is to publish to"
_TOKEN = "CLOUDFLARE_API_TOKEN (or the provider's apiToken) has to be a token with Zone > Zone > Read and DNS > Edit"  # noqa: S105

_CURES = {
    6003: f"the token is malformed; {_TOKEN}",
    9106: f"no token was sent; {_TOKEN}",
    9109: f"Cloudflare does not know the token, or it has ended; {_TOKEN}",
    10000: f"the token may not do this; {DNS_EDIT}",
    0: f"the token may not list zones; {ZONE_READ}",
    7003: "Cloudflare has no such zone; see that each id under cloudflare.zones is a zone's (Overview > API > Zone ID)",
    9015: "the value is too long for one record (4,096 octets)",
    9021: "the zone's plan does not allow this TTL; write ttl: 1 (automatic) or 60 to 86400",
    9300: "the zone's plan allows no tags; take them out of the transform that sets them",
    9313: "the comment is too long for the zone's plan; shorten cloudflare.comment",
    81044: "the record is gone already, as after a run whose answer got lost; run: pulumi up --refresh",
    81045: "the zone's plan has no room for more records; remove some, or take a larger plan",
    81054: "a CNAME is there; remove it first",
    81053: "a CNAME is there, and no TXT can stand beside one (RFC 1034 §3.6.2); remove it first",
    83011: "there is no room for more TXT at this name (8,192 characters in all); remove some, or use fewer accounts",
}


def cure(text: str) -> str:
    """Return what an error of the plugin's means, and what to do; empty where only its own text tells."""
    lower = text.lower()
    if "unauthorized to access requested resource" in lower:  # with the code of an unknown token
        return _CURES[10000]
    for code in map(int, _CODE.findall(text)):
        if code in _CURES:
            return _CURES[code]
    if any(word in lower for word in ("invalid character '<'", "expecting value", "not json", "unmarshal")):
        return "what answers is not Cloudflare's API; see CLOUDFLARE_BASE_URL, and any proxy on the way"
    if _FAILED.search(text):
        return "Cloudflare's API failed (see www.cloudflarestatus.com); run pulumi up again, which goes on from here"
    if _UNREACHED.search(text):
        return "Cloudflare's API was not reached; see CLOUDFLARE_BASE_URL and the network, and run pulumi up again"
    return ""


def credentials(config: Callable[[str], str | None], environ: Mapping[str, str]) -> str:
    """Return what is wrong with what the default provider is given to say who it is; empty where nothing is.

    :param config: reads a key of the stack's config for the plugin.
    """
    given = [name for name, variable in SETTINGS.items() if config(name) or environ.get(variable)]
    if not given:
        return f"no token is set; {_TOKEN}; or run: pulumi config set --secret cloudflare:apiToken"
    token = config("apiToken") or environ.get("CLOUDFLARE_API_TOKEN") or ""
    if given == ["apiToken"] and not _TOKEN_SHAPE.fullmatch(token):
        return (
            f"the token is not one of Cloudflare's, which have letters, digits, - and _ only, and no spaces; {_TOKEN}"
        )
    return ""


def secrets(config: Callable[[str], str | None], environ: Mapping[str, str]) -> list[str]:
    """Return the secrets that the default provider is given; the arguments are those of :func:`credentials`."""
    given = [value for name, variable in SETTINGS.items() for value in (config(name), environ.get(variable))]
    return [value for value in given if value]


def shorten(text: str, known: Sequence[str] = ()) -> str:
    """Return what Cloudflare, or the way to it, said, in one line: the plugin and the engine say it again and again.

    :param known: secrets that the text may not have in it.
    """
    if any(secrecy.holds(text, secret) for secret in known):
        return "its text repeats a secret, and is not shown"
    line = visible(" ".join(text.split()))
    said = _SAID.findall(line)
    status = _STATUS.search(line)
    if said:
        answer = "; ".join(f"{message} (code {code})" for code, message in dict.fromkeys(said))
        return f"Cloudflare said: {status[1] if status else ''} {answer}".replace("  ", " ")
    line = _ENVELOPE.sub("", line)
    return line if len(line) <= MAX_SHOWN else f"{line[:MAX_SHOWN]}…"
