"""The plugin's credentials for Cloudflare, and Cloudflare's errors in one line, without secrets."""

import re
from collections.abc import Callable, Mapping, Sequence

from elastx_mrs import secrecy
from elastx_mrs.display import visible
from elastx_mrs.publish.cloudflare.cures import TOKEN

_SAID = re.compile(r'"code":\s*(\d+),\s*"message":\s*"([^"]*)"')
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
"""The credentials of the plugin's default provider: keys of the config ``cloudflare:…``, and variables."""


def credentials(config: Callable[[str], str | None], environ: Mapping[str, str]) -> str:
    """Return the error in the default provider's credentials; empty if there is none.

    :param config: reads a key of the stack's config for the plugin.
    """
    given = [name for name, variable in SETTINGS.items() if config(name) or environ.get(variable)]
    if not given:
        return f"no token is set; {TOKEN}; or run: pulumi config set --secret cloudflare:apiToken"
    token = config("apiToken") or environ.get("CLOUDFLARE_API_TOKEN") or ""
    if given == ["apiToken"] and not _TOKEN_SHAPE.fullmatch(token):
        return f"the token is not a Cloudflare token, which has only letters, digits, - and _; {TOKEN}"
    return ""


def secrets(config: Callable[[str], str | None], environ: Mapping[str, str]) -> list[str]:
    """Return the default provider's secrets. The arguments are those of :func:`credentials`."""
    given = [value for name, variable in SETTINGS.items() for value in (config(name), environ.get(variable))]
    return [value for value in given if value]


def shorten(text: str, known: Sequence[str] = ()) -> str:
    """Return an error of Cloudflare or the network in one line. The plugin and the engine repeat parts of it.

    :param known: secrets that must not be shown.
    """
    if any(secrecy.holds(text, secret) for secret in known):
        return "hidden, because it repeats a secret"
    line = visible(" ".join(text.split()))
    said = _SAID.findall(line)
    status = _STATUS.search(line)
    if said:
        answer = "; ".join(f"{message} (code {code})" for code, message in dict.fromkeys(said))
        return f"Cloudflare said: {status[1] if status else ''} {answer}".replace("  ", " ")
    line = _ENVELOPE.sub("", line)
    return line if len(line) <= MAX_SHOWN else f"{line[:MAX_SHOWN]}…"
