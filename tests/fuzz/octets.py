"""Octets that are nearly a key, and octets that are changed a little."""

import random
import unicodedata

ODD = (
    "\0", "\x7f", "\xff", "\xc3\xa5", "\u200b", "\u202e", "\t", "\r\n", "\\", '"', ";", "=", " ", "%", "\x1b[31m",
    "##[error]", "::error::", "`|<!--",
)  # fmt: skip

HUGE = 0.01
"""How often something has as much as a message has room for: that takes a hundred times as long as others."""


LONGEST = 400_000
"""Characters of a printed line: a record of 64,000 octets, each shown as four, and what is said around it."""


def mutated(rng: random.Random, octets: bytes) -> bytes:
    at = rng.randrange(len(octets) + 1)
    how = rng.randrange(7)
    if how == 0:
        return octets[:at] + rng.choice(ODD).encode("latin-1", "backslashreplace") + octets[at:]
    if how == 1:
        return octets[:at] + bytes([rng.randrange(256)]) + octets[at + 1 :]
    if how == 2:
        return octets[:at]
    if how == 3:
        return octets[:at] + octets[at + rng.randrange(1, 5) :]
    if how == 4:
        return octets + rng.choice((b" ", b";", b";;", b"\0")) + octets
    if how == 5:
        return octets.upper() if rng.random() < 0.5 else octets.swapcase()
    return octets[:at] + octets[:at] * (200 if rng.random() < HUGE else 2)


def _der(tag: int, content: bytes) -> bytes:
    length = len(content)
    if length < 128:
        return bytes([tag, length]) + content
    size = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(size)]) + size + content


def _integer(rng: random.Random) -> bytes:
    how = rng.randrange(9)
    if how == 0:
        return rng.choice((b"", b"\0", b"\1", b"\3", b"\xff", b"\0\1"))
    if how == 1:
        return rng.randbytes(rng.choice((1, 4, 64, 128)))
    bits = rng.choice((16, 512, 1024, 2048, 2048, 3072)) if how < 8 else rng.choice((4096, 16384, 16392))
    number = rng.getrandbits(bits) | 1 << (bits - 1) | (rng.random() < 0.9)
    return number.to_bytes(bits // 8 + 1, "big")


def key(rng: random.Random) -> bytes:
    """The octets of a key, or of what is none."""
    how = rng.randrange(8)
    if how == 0:
        return rng.randbytes(rng.choice((0, 1, 31, 32, 33, 44, 300)))
    exponent = rng.choice(
        (b"\1\0\1", b"\1\0\1", b"\3", b"\1", b"\0", b"\2", b"", b"\xff", b"\x7f" * 300, _integer(rng))
    )
    integers = _der(2, _integer(rng)) + _der(2, exponent) + (_der(2, b"\1") if how == 1 else b"")
    bare = _der(0x30, integers)
    if how == 2:
        return bare
    oid = rng.choice(
        (
            "06092a864886f70d0101010500",
            "06092a864886f70d0101010500",
            "06092a864886f70d010101",
            "06072a8648ce3d0201",
            "0500",
        )
    )
    octets = _der(0x30, _der(0x30, bytes.fromhex(oid)) + _der(3, rng.choice((b"\0", b"\0", b"\0", b"\7", b"")) + bare))
    return mutated(rng, octets) if rng.random() < 0.3 else octets


def printable(line: str) -> bool:
    """Whether a line shows all of itself, and has an end; colours of ours are no part of it."""
    bare = line.replace("\x1b[0m", "")
    for colour in range(30, 38):
        bare = bare.replace(f"\x1b[{colour}m", "")
    if len(bare) > LONGEST:
        return False
    return bare.isprintable() and not any(unicodedata.category(c) in ("Cc", "Cf", "Cs") for c in bare if c > "~")
