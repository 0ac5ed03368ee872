"""The secrets in a lab's folder: a TSIG key and an API token. Only their owner can read them."""

import base64
import os
import secrets
from pathlib import Path

from elastx_mrs.lab.zones import LabError

KEY_OCTETS = 32
"""The output length of HMAC-SHA-256 (RFC 2104 §3)."""

TOKEN_LENGTH = 40
"""Characters; the Cloudflare plugin refuses text that does not look like a token."""


def key_file(directory: Path) -> Path:
    """Return the path of a lab's TSIG key."""
    return directory / "tsig.key"


def token_file(directory: Path) -> Path:
    """Return the path of the token for a lab's Cloudflare API."""
    return directory / "cloudflare.token"


def key_of(path: Path) -> str:
    """Return the folder's TSIG key (base64); create it the first time."""
    try:
        key = _secret(path, base64.b64encode(secrets.token_bytes(KEY_OCTETS)).decode())
        if not base64.b64decode(key, validate=True):
            raise ValueError("it is empty")
    except ValueError as error:
        raise LabError(
            f"{path}: is not a TSIG key in base64 ({error}); remove it, and the lab makes a new one"
        ) from None
    return key


def token_of(path: Path) -> str:
    """Return the folder's API token, of 40 characters like Cloudflare's; create it the first time."""
    try:
        token = _secret(path, secrets.token_hex(TOKEN_LENGTH // 2))
        if len(token) != TOKEN_LENGTH or not token.isalnum():
            raise ValueError(f"it has {len(token)} characters")
    except ValueError as error:
        raise LabError(f"{path}: is not an API token ({error}); remove it, and the lab makes a new one") from None
    return token


def _secret(path: Path, new: str) -> str:
    """Return the secret in a file that only its owner can read; write ``new`` the first time.

    :raises ValueError: if it is not ASCII text.
    """
    try:
        if not path.exists():
            unfinished = path.with_suffix(".unfinished")
            unfinished.unlink(missing_ok=True)
            descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w") as file:
                file.write(f"{new}\n")
            unfinished.replace(path)
        return path.read_text(encoding="ascii").strip()
    except OSError as error:
        raise LabError(f"{path}: {error.strerror}; make it readable, or name another folder with --dir") from None
