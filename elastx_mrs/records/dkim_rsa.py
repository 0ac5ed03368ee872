"""RSA keys of DKIM records: reads them from DER, and checks them for known weaknesses.

This module reads the few octets of DER itself. So it can name the exact fault of a pasted key, and describe keys that a
library would not load, such as those with an invalid exponent.
"""

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.machinery import PathFinder
from importlib.util import find_spec, module_from_spec
from types import ModuleType
from typing import Literal

from elastx_mrs import limits
from elastx_mrs.extras import put_off
from elastx_mrs.records.record import RecordError

MIN_BITS = 1024
"""Receivers must not accept shorter keys (RFC 8301 §3.2)."""
SIGNING_BITS = 2048
"""Signers should use no shorter keys (RFC 8301 §3.2)."""
MAX_REQUIRED_BITS = 4096
"""Receivers must be able to verify keys up to this size (RFC 8301 §3.2)."""
_SMALL_MODULUS_BITS, _MAX_EXPONENT_BITS = 3072, 64  # OPENSSL_RSA_SMALL_MODULUS_BITS, OPENSSL_RSA_MAX_PUBEXP_BITS

PRIVATE = "is a private key, which must never be published; write the public key"

WEAKNESSES: Mapping[str, str] = {
    "rsainvalid": "its public exponent is not one that RSA can have (RFC 8017 §3.1)",
    "smallfactors": "its modulus has small factors, so it is damaged or badly made",
    "fermat": "its two primes are so close together that anybody can compute the private key",
    "roca": "it comes from a chip whose keys can be factored (ROCA, CVE-2017-15361)",
    "rsapoly": "it comes from a generator of poor randomness, whose keys can be factored",
    "sharedprimes": "it shares a prime with another known key, so anybody can compute the private key",
    "smalld": "its private exponent is so small that anybody can compute it (Wiener's attack)",
}
"""The checks of badkeys that refuse a key, by their names there.

Not used: its block list, which is a download; ``rsawarnings``, which is about sizes; and ``xzbackdoor``, which looks
for a payload to sshd. ``pattern`` and ``rsabias`` are :data:`ODDITIES`.
"""

ODDITIES: Mapping[str, str] = {
    "pattern": "one octet 16 times in a row",
    "rsabias": "far more ones than zeros in its modulus, or far fewer",
}
"""Checks of badkeys for keys that are hardly random, but not known to be weak."""

_INTEGER, _BIT_STRING, _OID, _SEQUENCE = 0x02, 0x03, 0x06, 0x30
_RSA_ENCRYPTION = bytes.fromhex("06092a864886f70d010101")
_NULL = b"\x05\x00"
_NO_KEY = "has a p= that is base64, but not an RSA public key; paste the whole value again"


@dataclass(frozen=True)
class RsaKey:
    """An RSA public key (RFC 8017 §3.1).

    :param encoding: how it was written: ``SubjectPublicKeyInfo`` (RFC 5280 §4.1), or a bare ``RSAPublicKey`` (RFC 8017
        appendix A.1.1, known as PKCS #1).
    """

    modulus: int
    exponent: int
    encoding: Literal["SubjectPublicKeyInfo", "RSAPublicKey"]

    @property
    def bits(self) -> int:
        """The length of the modulus, known as the size of the key."""
        return self.modulus.bit_length()

    @property
    def verifiable(self) -> bool:
        """Whether OpenSSL, which most receivers use, verifies with numbers of this length.

        Only these keys are checked for weaknesses, because the arithmetic takes more than linear time.
        """
        if self.bits > _SMALL_MODULUS_BITS:
            return self.bits <= limits.DKIM_KEY_BITS.most and self.exponent.bit_length() <= _MAX_EXPONENT_BITS
        return True


class _NotDerError(Exception):
    """These octets are not the DER that is expected there."""


def read(octets: bytes) -> RsaKey:
    """Return the key in ``octets``, the decoded ``p=`` of a record.

    :raises RecordError: if they are not exactly one RSA public key in DER (X.690): cut off, longer, private, or of
        another algorithm.
    """
    _check_extent(octets)
    try:
        content, _ = _element(octets, _SEQUENCE)
        if content[:1] == bytes([_INTEGER]):
            return RsaKey(*_integers(content), "RSAPublicKey")
        algorithm, rest = _element(content, _SEQUENCE)
        _check_algorithm(algorithm)
        bit_string, rest = _element(rest, _BIT_STRING)
        if rest or bit_string[:1] != b"\0":
            raise _NotDerError
        content, rest = _element(bit_string[1:], _SEQUENCE)
        if rest:
            raise _NotDerError
        return RsaKey(*_integers(content), "SubjectPublicKeyInfo")
    except _NotDerError:
        raise RecordError(_NO_KEY) from None


def weaknesses(key: RsaKey) -> Iterator[str]:
    """Yield each known weakness of the key, with the name of its check."""
    for name, meaning in WEAKNESSES.items():
        if _trips(name, key):
            yield f"is a weak RSA key (badkeys: {name}): {meaning}; ask for a new key (RFC 6376 §3.3.3)"
            if name == "rsainvalid":
                return  # the other checks expect a valid exponent


def oddities(key: RsaKey) -> Iterator[str]:
    """Yield each sign that the key is hardly random, with the name of its check."""
    for name, meaning in ODDITIES.items():
        if _trips(name, key):
            yield f"is an RSA key that looks made up (badkeys: {name}): {meaning}; check that it is the right key"


def _trips(check: str, key: RsaKey) -> bool:
    try:
        return bool(_checks()[check](key.modulus, e=key.exponent))
    except ArithmeticError:
        # For some made-up exponents smalld divides by zero, after it found the factors.
        return True


@cache
def _checks() -> Mapping[str, Callable[..., object]]:
    """Return the checks by name: those of ``badkeys.allchecks``, without importing all of badkeys.

    Importing badkeys takes up to 110 ms, nearly all for certificates and SSH keys. So this imports only the module of
    each check, without running the packages around it. A later import of badkeys runs them and reuses these modules.
    """
    found = find_spec("badkeys")
    if found is None or not found.submodule_search_locations:
        raise ModuleNotFoundError("badkeys is not installed, though elastx-mrs depends on it")
    folders = found.submodule_search_locations
    sys.modules.setdefault("badkeys.keydata", _not_run("badkeys.keydata", folders))  # an empty one, for sharedprimes
    package = _not_run("badkeys.rsakeys", folders)
    try:
        sys.modules.setdefault("badkeys.rsakeys", package)
        with put_off(versions=False):  # of gmpy2
            modules = {name: import_module(f"badkeys.rsakeys.{name}") for name in (*WEAKNESSES, *ODDITIES)}
    finally:
        if sys.modules["badkeys.rsakeys"] is package:
            del sys.modules["badkeys.rsakeys"]
    return {name: getattr(module, name) for name, module in modules.items()}


def _not_run(name: str, folders: Sequence[str]) -> ModuleType:
    """Return a package of badkeys from ``folders``, without running its ``__init__.py``."""
    spec = PathFinder.find_spec(name, folders)
    if spec is None:
        raise ModuleNotFoundError(f"there is no {name} in the badkeys that is installed", name=name)
    return module_from_spec(spec)


def _check_extent(octets: bytes) -> None:
    """Check that the octets are one SEQUENCE from end to end, and no private key (RFC 5958 §2, RFC 8017 A.1.2)."""
    if octets[:1] != bytes([_SEQUENCE]):
        raise RecordError(_NO_KEY)
    first = octets[1] if len(octets) > 1 else 0
    width = first & 0x7F if first >= 0x80 else 0
    start = 2 + width
    end = start + (int.from_bytes(octets[2:start], "big") if width else first)
    if octets[start : start + 2] == bytes([_INTEGER, 1]) and octets[start + 2 : start + 3] in (b"\0", b"\1"):
        raise RecordError(PRIVATE)  # private keys begin with a version; no modulus is 0 or 1
    if end > len(octets):
        missing = f"it has {len(octets)} of at least {end} octets" if width <= 4 else "no key is that long"
        raise RecordError(f"is cut off or damaged: {missing}; paste the whole value again")
    if end < len(octets):
        raise RecordError(f"has {len(octets) - end} octets after the end of the key; paste only the value")


def _check_algorithm(content: bytes) -> None:
    if content == _RSA_ENCRYPTION + _NULL:
        return
    if content.startswith(_RSA_ENCRYPTION):
        raise RecordError(
            "has an RSA key whose algorithm has no NULL parameter; export the key again (RFC 3279 §2.3.1)"
        )
    if content[:1] != bytes([_OID]):
        raise _NotDerError
    raise RecordError("has a key that is not RSA; a DKIM key is RSA or, with k=ed25519, Ed25519 (RFC 8463 §4)")


def _integers(content: bytes) -> tuple[int, int]:
    """Return modulus and exponent, the two numbers of an RSAPublicKey."""
    modulus, rest = _element(content, _INTEGER)
    exponent, rest = _element(rest, _INTEGER)
    if rest:
        raise _NotDerError
    return _positive(modulus), _positive(exponent)


def _positive(content: bytes) -> int:
    """Return a non-negative INTEGER in its one DER form, without needless zeros (X.690 §8.3.2)."""
    if not content or content[0] >= 0x80 or (content[0] == 0 and len(content) > 1 and content[1] < 0x80):
        raise _NotDerError
    return int.from_bytes(content, "big")


def _element(der: bytes, tag: int) -> tuple[bytes, bytes]:
    """Return the content of the first element in ``der``, and the rest (X.690 §8.1, §10.1)."""
    if len(der) < 2 or der[0] != tag:
        raise _NotDerError
    start, length = 2, der[1]
    if length >= 0x80:
        start = 2 + (length & 0x7F)
        length = int.from_bytes(der[2:start], "big")
        if start > 6 or length < 0x80 or der[2] == 0:  # 4 octets of length are 4 GiB; DER takes the fewest
            raise _NotDerError
    if len(der) < start + length:
        raise _NotDerError
    return der[start : start + length], der[start + length :]
