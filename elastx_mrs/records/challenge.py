"""The Elastx challenge token: it lets one user account send as any address of one domain."""

import hashlib
import re

from elastx_mrs.display import quoted
from elastx_mrs.records.names import sender_domain
from elastx_mrs.records.record import RecordError, TxtRecord

PREFIX = "elastx-mrs="

_CHALLENGE = re.compile(rf"{PREFIX}[0-9a-f]{{64}}")
_ADDRESS = re.compile(r'[^\s"(),:;<>@\[\]\\\x00-\x1f\x7f]+@[^\s@]+')


def account_address(text: str) -> str:
    """Return a user account's address, unchanged: its exact string is what is hashed.

    :raises RecordError: where it is not an address, or has white space around it.
    """
    if text != text.strip():
        raise RecordError(f"has white space around it, which would change its token; write {quoted(text.strip())}")
    local, _, domain = text.rpartition("@")
    if not _ADDRESS.fullmatch(text) or len(local.encode()) > 64:
        raise RecordError(
            f"{quoted(text)} is not an e-mail address; write the SMTP user account, such as user@example.com"
        )
    try:
        sender_domain(domain)
    except RecordError as error:
        raise RecordError(f"{quoted(text)} is not an e-mail address: its domain {error}") from error
    return text


def known_challenge(text: str) -> str:
    """Return a challenge of somebody else's, as it stands in DNS.

    :raises RecordError: where it is none.
    """
    if not _CHALLENGE.fullmatch(text):
        raise RecordError(f"{quoted(text)} is not a challenge; write {PREFIX} and 64 hex digits, as it stands in DNS")
    return text


def token(account: str) -> str:
    """Return ``elastx-mrs=`` and the SHA-256 of the account's exact string in UTF-8, as 64 hex digits.

    Source: the service's page, "Elastx Challenge token".
    """
    return PREFIX + hashlib.sha256(account.encode()).hexdigest()


def challenge(domain: str, account: str, ttl: int | None = None) -> TxtRecord:
    """Return the record that lets ``account`` send as ``domain``: a TXT directly under the domain's name."""
    return TxtRecord(domain, "challenge", domain, token(account), ttl)
