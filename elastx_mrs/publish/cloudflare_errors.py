"""What Cloudflare's refusals mean to who reads them: the plugin hands on the API's answer, and no cure."""

import re

LIMITED = re.compile(r'\b429 Too Many Requests\b|"code":\s*971\b|status code 429', re.IGNORECASE)
IDENTICAL = re.compile(r'"code":\s*8105[78]\b')
_CODE = re.compile(r'"code":\s*(\d+)')

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
    81045: "the zone's plan has no room for more records; remove some, or take a larger plan",
    81053: "a CNAME is there, and no TXT can stand beside one (RFC 1034 §3.6.2); remove it first",
    83011: "there is no room for more TXT at this name (8,192 characters in all); remove some, or use fewer accounts",
}


def cure(text: str) -> str:
    """Return what an error of the plugin's means, and what to do; empty where only its own text tells."""
    for code in map(int, _CODE.findall(text)):
        if code in _CURES:
            return _CURES[code]
    lower = text.lower()
    if "missing" in lower and ("token" in lower or "credential" in lower):
        return f"no token is set; {_TOKEN}"
    if any(word in lower for word in ("invalid character '<'", "expected value at line 1", "not json", "unmarshal")):
        return "what answers is not Cloudflare's API; see CLOUDFLARE_BASE_URL, and any proxy on the way"
    if any(
        word in lower for word in ("connection refused", "no such host", "connection error", "timed out", "timeout")
    ):
        return "Cloudflare's API was not reached; see CLOUDFLARE_BASE_URL and the network, and run pulumi up again"
    return ""


def shorten(text: str) -> str:
    """Return an error in one line: the plugin says the same over and over, across several."""
    line = " ".join(text.split())
    return line if len(line) <= 400 else f"{line[:400]}…"
