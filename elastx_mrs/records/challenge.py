"""The challenge token: it lets one user account of the relay service send as any address of one domain."""

import hashlib
import re
from collections.abc import Iterable

from elastx_mrs.display import quoted
from elastx_mrs.records import lookalikes
from elastx_mrs.records.names import sender_domain
from elastx_mrs.records.record import TOKEN_DIGITS, RecordError, TxtRecord
from elastx_mrs.records.text import as_text
from elastx_mrs.service import ELASTX, Service

_DIGITS = re.compile(rf"[0-9a-f]{{{TOKEN_DIGITS}}}")
_NO_PART = re.compile(r"""[^!-~]|["'`\\]""")
"""Characters that no challenge has and that copying adds: white space, quotes, invisible characters."""

_SLIPS = {
    "upper-case letters": "[A-Z]",
    "white space before it": r"\A[ \t\r\n]",
    "white space after it": r"[ \t\r\n]\Z",
    "white space in it": r"[^ \t\r\n][ \t\r\n]+[^ \t\r\n]",
    "quotes or backslashes in its value": r"""["'`\\]""",
    "characters that are not printable ASCII": r"[^ -~\t\r\n]",
}
"""Ways to misspell a challenge, each with a pattern that finds it."""

_ADDRESS = re.compile(r'[^\s"(),:;<>@\[\]\\\x00-\x1f\x7f]+@[^\s@]+')


def account_address(text: str) -> str:
    """Return a user account's address, unchanged, because its exact string is hashed.

    :raises RecordError: if it is not an address, or has white space around it.
    """
    if text != text.strip():
        raise RecordError(f"has white space around it, which would change the token; write {quoted(text.strip())}")
    local, _, domain = text.rpartition("@")
    if problem := lookalikes.hidden(local) or lookalikes.hidden(text, joiners=True):
        raise RecordError(problem)
    if not _ADDRESS.fullmatch(text) or len(local.encode()) > 64:
        raise RecordError(
            f"{quoted(text)} is not an e-mail address; write the SMTP user account, such as user@example.com"
        )
    try:
        sender_domain(domain)
    except RecordError as error:
        raise RecordError(f"{quoted(text)} is not an e-mail address: its domain {error}") from error
    return text


def known_challenge(text: str, service: Service = ELASTX) -> str:
    """Return a challenge token that somebody else published, unchanged.

    :raises RecordError: if it is not the service's prefix and 64 hex digits.
    """
    if not is_exact(text, service):
        form = f"{service.challenge_prefix} and 64 hex digits"
        raise RecordError(f"{quoted(text)} is not a challenge token; write {form}, as in DNS")
    return text


def is_exact(value: bytes | str, service: Service = ELASTX) -> bool:
    """Return whether a TXT value can be an account's challenge: the exact prefix, and 64 lower-case hex digits."""
    text = as_text(value)
    prefix = service.challenge_prefix
    return text.startswith(prefix) and _DIGITS.fullmatch(text.removeprefix(prefix)) is not None


def is_challenge(value: bytes | str, service: Service = ELASTX) -> bool:
    """Return whether a TXT value is a challenge of the service: it starts with the prefix, in any case."""
    return as_text(value).lower().startswith(service.challenge_prefix.lower())


def misspelling(value: bytes | str, tokens: Iterable[str]) -> str | None:
    """Return what is wrong with a TXT value that is a misspelt one of ``tokens``; None for every other value.

    The service looks for the exact string. A misspelt value lets nobody send.
    """
    text = as_text(value)
    bare = _NO_PART.sub("", text)
    meant = next((known for known in tokens if known.lower() == bare.lower()), None)
    if meant is None or meant == text:
        return None
    return " and ".join(fault for fault, pattern in _SLIPS.items() if re.search(pattern, text))


def token(account: str, service: Service = ELASTX) -> str:
    """Return the service's prefix and the SHA-256 of the account's exact string in UTF-8, as 64 hex digits.

    Source: the service's page "Getting started", section "Elastx Challenge token".
    """
    return service.challenge_prefix + hashlib.sha256(account.encode()).hexdigest()


def challenge(domain: str, account: str, ttl: int | None = None, service: Service = ELASTX) -> TxtRecord:
    """Return the record that lets ``account`` send as ``domain``: a TXT directly under the domain's name."""
    return TxtRecord(domain, "challenge", domain, token(account, service), ttl)
