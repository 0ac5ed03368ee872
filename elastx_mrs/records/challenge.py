"""The challenge token: it lets one user account of the relay service send as any address of one domain."""

import hashlib
import re

from elastx_mrs.display import quoted
from elastx_mrs.records import lookalikes
from elastx_mrs.records.names import sender_domain
from elastx_mrs.records.record import TOKEN_DIGITS, RecordError, TxtRecord
from elastx_mrs.records.text import as_text
from elastx_mrs.service import ELASTX, Service

_DIGITS = re.compile(rf"[0-9a-f]{{{TOKEN_DIGITS}}}")
_ADDRESS = re.compile(r'[^\s"(),:;<>@\[\]\\\x00-\x1f\x7f]+@[^\s@]+')


def account_address(text: str) -> str:
    """Return a user account's address, unchanged: its exact string is what is hashed.

    :raises RecordError: where it is not an address, or has white space around it.
    """
    if text != text.strip():
        raise RecordError(f"has white space around it, which would change its token; write {quoted(text.strip())}")
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

    :raises RecordError: where it is not the service's prefix and 64 hex digits.
    """
    prefix = service.challenge_prefix
    if not text.startswith(prefix) or not _DIGITS.fullmatch(text.removeprefix(prefix)):
        raise RecordError(f"{quoted(text)} is not a challenge; write {prefix} and 64 hex digits, as it stands in DNS")
    return text


def is_challenge(value: bytes | str, service: Service = ELASTX) -> bool:
    """Tell whether a TXT value is a challenge of the service: it starts with the prefix, in any case."""
    return as_text(value).lower().startswith(service.challenge_prefix.lower())


def token(account: str, service: Service = ELASTX) -> str:
    """Return the service's prefix and the SHA-256 of the account's exact string in UTF-8, as 64 hex digits.

    Source: the service's page "Getting started", section "Elastx Challenge token".
    """
    return service.challenge_prefix + hashlib.sha256(account.encode()).hexdigest()


def challenge(domain: str, account: str, ttl: int | None = None, service: Service = ELASTX) -> TxtRecord:
    """Return the record that lets ``account`` send as ``domain``: a TXT directly under the domain's name."""
    return TxtRecord(domain, "challenge", domain, token(account, service), ttl)
