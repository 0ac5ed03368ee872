"""Private keys for DKIM: make one, write it to a file of its own, read one, and the record that belongs to it.

A private key leaves this module only as the content of a file, or as the text that the user asked for.
"""

import base64
import errno
import os
import stat
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Literal

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from elastx_mrs import limits
from elastx_mrs.reading import STANDARD_INPUT, BeyondError, read_octets
from elastx_mrs.records import RecordError, dkim
from elastx_mrs.records.dkim_rsa import SIGNING_BITS

KeyType = Literal["rsa", "ed25519"]
PrivateKey = rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey

EXPONENT = 65537

_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_NO_LINKS = frozenset({errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK})


class KeyFileError(ValueError):
    """A file with a private key cannot be written or used. The message is a phrase that follows the file's name."""


def generate(kind: KeyType) -> PrivateKey:
    """Return a new key: RSA of 2048 bits (RFC 8301 §3.2), or Ed25519 (RFC 8463)."""
    if kind == "ed25519":
        return ed25519.Ed25519PrivateKey.generate()
    return rsa.generate_private_key(EXPONENT, SIGNING_BITS)


def pem_of(key: PrivateKey) -> bytes:
    """Return a key as PEM (PKCS #8, RFC 5208), which signers read. It is the secret itself."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def record_of(key: PrivateKey) -> str:
    """Return the value of the record with the public key.

    :raises RecordError: if receivers do not accept such a key, for instance because it is too short.
    """
    public = key.public_key()
    if isinstance(public, ed25519.Ed25519PublicKey):
        octets, kind = public.public_bytes(Encoding.Raw, PublicFormat.Raw), "ed25519"
    else:
        octets, kind = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo), "rsa"
    return str(dkim.from_paste(f"v=DKIM1; k={kind}; p={base64.b64encode(octets).decode()}"))


def write_new(path: Path, octets: bytes) -> None:
    """Write a new file that only its owner can read. It is there with its whole content, or not at all.

    :raises KeyFileError: if the file exists, or cannot be written. A file that exists is never changed.
    """
    if os.path.lexists(path):
        raise _existing()
    try:
        descriptor, unfinished = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".unfinished", dir=path.parent)
    except OSError as error:
        raise KeyFileError(f"{error.strerror}; name a file in a folder that you can write to") from None
    try:
        with os.fdopen(descriptor, "wb") as file:  # mkstemp: O_EXCL, and only the owner can read it
            os.fchmod(descriptor, stat.S_IRUSR | stat.S_IWUSR)  # whatever the umask takes away
            file.write(octets)
            file.flush()
            os.fsync(file.fileno())
        _name(Path(unfinished), path)
    except FileExistsError:
        raise _existing() from None
    except OSError as error:
        raise KeyFileError(f"{error.strerror}; name another file") from None
    finally:
        with suppress(OSError):
            Path(unfinished).unlink()


def _existing() -> KeyFileError:
    return KeyFileError("exists, and a key is never overwritten; name another file")


def _name(unfinished: Path, path: Path) -> None:
    """Give a whole file its name, unless that name is taken: a link fails then, and a rename would not."""
    try:
        os.link(unfinished, path)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))  # a file system without links
        try:
            unfinished.replace(path)
        except BaseException:
            path.unlink(missing_ok=True)
            raise


def read(path: str) -> PrivateKey:
    """Return the private key in a PEM file, or on standard input if the path is ``-``.

    :raises KeyFileError: if the file cannot be read, is readable by others, or has no key that can sign. The message
        never has a part of the file.
    """
    try:
        if path != STANDARD_INPUT and os.stat(path).st_mode & _OTHERS:  # noqa: PTH116  as the path was given
            raise KeyFileError("is readable by others; run: chmod 600, and replace the key if others may have read it")
        octets = read_octets(path, limits.DKIM_KEY_FILE)
    except BeyondError as error:
        raise KeyFileError(f"{error}; name a file with one private key") from None
    except OSError as error:
        raise KeyFileError(f"{error.strerror}; name a file with a private key, or - for standard input") from None
    try:
        key = load_pem_private_key(octets, None)
    except TypeError:
        raise KeyFileError("is encrypted; decrypt it, and pipe it to this command with -") from None
    except (ValueError, UnsupportedAlgorithm):
        raise KeyFileError("is not a private key in PEM form, which begins with -----BEGIN") from None
    if not isinstance(key, rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey):
        raise KeyFileError("is not an RSA or Ed25519 key; DKIM uses only these two types (RFC 8463 §4)")
    try:
        record_of(key)
    except RecordError as error:
        raise KeyFileError(str(error)) from None
    return key
