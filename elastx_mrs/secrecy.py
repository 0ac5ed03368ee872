"""Whether a text gives a secret away, in whatever form it may have. Every such question of the project is here.

A hostile server echoes what it was sent; a log, a state or a core message quotes what a program had. A secret is found

- in any case and Unicode form, forwards and backwards, with white space, line ends and punctuation in it;
- in base64 of either alphabet (RFC 4648 §4, §5), alone or in the middle of something else, with line ends or without;
- in hexadecimal;
- behind escapes: percent-encoded, quoted-printable, ``\\xHH``, ``\\uHHHH``, ``\\DDD``, HTML's character references.

What is encrypted, hashed or put otherwise on purpose is not found.

This module imports the standard library alone.
"""

import base64
import math
import re
import unicodedata
from collections.abc import Callable, Iterator
from functools import lru_cache

SHORTEST = 6
"""Characters of a secret that a text of our own is searched for: shorter ones stand in many texts."""

_LOOSE = 6
"""Letters and digits from which on a secret is found by these alone; shorter ones need their punctuation, too."""

_PART = 8
"""Letters and digits of a part that gives the secret away, unless half of the secret is more."""

_ALIGNED = 4
"""Characters of base64 from which on they say something where the secret stands in the middle of other octets."""

_HEX_ESCAPE = re.compile(rb"(?:[=%]|\\x)([0-9A-Fa-f]{2})|(?:\\u|<U\+)([0-9A-Fa-f]{4,6})>?")
_CODE_POINT = re.compile(rb"\\(?:x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4}))")
_DECIMAL_ESCAPE = re.compile(rb"\\([0-9]{3})")
_OCTAL_ESCAPE = re.compile(rb"\\([0-3][0-7]{2})")


def holds(text: str | bytes, secret: str) -> bool:
    """Return whether all of a secret is in a text, in one of the forms above; an empty secret is in none."""
    return any(
        form in view
        for fold, forms in _forms(secret)
        if forms
        for view in _views(_octets(text), fold)
        for form in forms
    )


def hints(text: str | bytes, secret: str) -> bool:
    """Return whether a text gives a secret away: all of it, or a part of at least eight letters and half of it."""
    return holds(text, secret) or any(
        view[at : at + size] in parts
        for view in _views(_octets(text), _letters)
        for size, parts in _parts(secret).items()
        for at in range(len(view) - size + 1)
    )


_KEY = re.compile(r"[A-Za-z0-9+/]{20,}={0,2}")
"""What may be a key in base64, of 15 octets or more."""

_OF_A_URL = re.compile(r"(?<=://)[^/\s@]*(?=@)|(?<=://)(?P<path>[^\s?#]*)[?#]\S+")
"""Who is to log in, and what may be a key: a URL's user information, its query and its fragment (RFC 3986 §3)."""


def masked(text: str) -> str:
    """Return a text, such as a name, a path or a URL, with ``…`` in place of what looks like a secret in it."""
    plain = _OF_A_URL.sub(lambda found: f"{found['path']}?…" if found["path"] else "…", text)
    return _KEY.sub(lambda found: "…" if _is_key(found[0]) else found[0], plain)


def _is_key(word: str) -> bool:
    kinds = (str.isupper, str.islower, str.isdigit)
    return word.endswith("=") or all(any(map(kind, word)) for kind in kinds)


def _octets(text: str | bytes) -> bytes:
    return text.encode("utf-8", "surrogateescape" if text.isascii() else "replace") if isinstance(text, str) else text


@lru_cache(maxsize=64)
def _forms(secret: str) -> tuple[tuple[Callable[[str], str], frozenset[str]], ...]:
    """Return a secret's forms, by how they and the text are folded to be compared."""
    found = {secret}
    for written in (secret, secret.upper(), secret.lower(), secret.swapcase(), secret[::-1]):
        octets = written.encode("utf-8", "surrogatepass")
        found |= {octets.hex(), *_base64(octets), *_base64(octets[::-1])}
    letters = {_letters(form) for form in found if len(_letters(form)) >= _LOOSE}
    marks = {_marks(form) for form in found if len(_letters(form)) < _LOOSE} - {""}
    return (_letters, frozenset(letters)), (_marks, frozenset(marks))


@lru_cache(maxsize=64)
def _parts(secret: str) -> dict[int, set[str]]:
    """Return the parts of each form that give it away, by their length."""
    parts: dict[int, set[str]] = {}
    for form in _forms(secret)[0][1]:
        size = max(_PART, math.ceil(len(form) / 2))
        parts.setdefault(size, set()).update(form[at : at + size] for at in range(len(form) - size + 1))
    return parts


def _base64(octets: bytes) -> Iterator[str]:
    """Yield base64 of octets: alone, and behind one or two others, without the characters that depend on these."""
    if not octets:
        return
    yield base64.b64encode(octets).decode().rstrip("=")
    for before in range(3):
        whole = base64.b64encode(bytes(before) + octets).decode().rstrip("=")
        certain = whole[(0, 2, 3)[before] : len(whole) - ((before + len(octets)) % 3 != 0)]
        if len(certain) >= _ALIGNED:
            yield certain


def _views(octets: bytes, fold: Callable[[str], str]) -> Iterator[str]:
    """Yield a text in each way that it can be read, forwards and backwards, folded."""
    import html  # every command starts with this module, and few meet a secret

    readings = [octets, _unquoted(octets), _DECIMAL_ESCAPE.sub(_decimal, octets), _OCTAL_ESCAPE.sub(_octal, octets)]
    readings.append(html.unescape(octets.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogatepass"))
    readings += [_unquoted(readings[1]), _CODE_POINT.sub(_code_point, octets)]
    for reading in dict.fromkeys(readings):
        texts = [one.decode(kind, "replace") for one in (reading, reading[::-1]) for kind in ("utf-8", "latin-1")]
        for text in dict.fromkeys(texts[:2] if reading.isascii() else texts):
            folded = fold(text)
            yield folded
            yield folded[::-1]


def _unquoted(octets: bytes) -> bytes:
    from urllib.parse import unquote_to_bytes

    def character(found: re.Match[bytes]) -> bytes:
        if found[1]:
            return bytes([int(found[1], 16)])
        number = int(found[2], 16)
        return chr(number).encode("utf-8", "surrogatepass") if number < 0x110000 else found[0]

    return unquote_to_bytes(_HEX_ESCAPE.sub(character, octets))


def _code_point(found: re.Match[bytes]) -> bytes:
    return chr(int(found[1] or found[2], 16)).encode("utf-8", "surrogatepass")


def _decimal(found: re.Match[bytes]) -> bytes:
    return bytes([int(found[1])]) if int(found[1]) < 256 else found[0]


def _octal(found: re.Match[bytes]) -> bytes:
    return bytes([int(found[1], 8)])


def _folded(text: str) -> str:
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).upper().casefold())


def _letters(text: str) -> str:
    """Return the letters and digits of a text, without case and accents."""
    return re.sub(r"[\W_]+", "", _folded(text))


def _marks(text: str) -> str:
    """Return all of a text that can be seen, without case."""
    return re.sub(r"[\s\x00-\x1f\x7f]+", "", _folded(text))
