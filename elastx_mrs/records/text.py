r"""Character-strings (RFC 1035 §3.3) and their presentation format (§5.1).

Inside this project, a value is one string. On the way out it is cut into character-strings of at most 255 octets. On
the way in, these are joined with nothing between (RFC 7208 §3.3, RFC 6376 §3.6.2.2).
"""

import re
from collections.abc import Iterable

from elastx_mrs.display import describe_character, first_hidden, show
from elastx_mrs.records.names import ascii_form
from elastx_mrs.records.record import RecordError

MAX_STRING = 255
"""Octets in one character-string: its length is one octet (RFC 1035 §3.3)."""

_QUOTES = "\u2018\u2019\u201a\u201c\u201d\u201e\u00ab\u00bb"
"""Quotes as word processors write them."""

_ESCAPE = re.compile(r"\\(?:([0-9]{3})|(.))", re.DOTALL)
_TOKEN = re.compile(r'"((?:[^"\\]|\\.)*)"|((?:[^\s"\\]|\\.)+)|(\s+)', re.DOTALL)


def check_printable(value: str) -> str:
    """Return ``value`` if it is printable ASCII, and not empty.

    :raises RecordError: with the first other character and its position, counted from 1.
    """
    if not value:
        raise RecordError("is empty")
    for position, character in enumerate(value, start=1):
        if not " " <= character <= "~":
            problem = f"has {describe_character(character)} at position {position}"
            cure = _cure(value, position - 1)
            raise RecordError(f"{problem}; only printable ASCII can be published{cure}")
    return value


def _cure(value: str, at: int) -> str:
    """Return what to write instead of a character that cannot be published, if that is clear."""
    character = value[at]
    if character.isspace():
        return ", so write a space"
    if character in _QUOTES:
        return ", so leave the quotes out"
    if first_hidden(character) is not None:
        return ", so remove it"
    form = ascii_form(value, at) if character.isalpha() else None
    return f", so write {form}" if form else ""


def cut(value: bytes) -> list[bytes]:
    """Return the character-strings of ``value``: every one but the last of 255 octets, and at least one."""
    return [value[start : start + MAX_STRING] for start in range(0, len(value), MAX_STRING)] or [b""]


def join(strings: Iterable[bytes]) -> bytes:
    """Return the value that character-strings make: joined with nothing between."""
    return b"".join(strings)


def as_text(value: bytes | str) -> str:
    r"""Return a TXT value as text, each octet that is not ASCII as a lone surrogate, which is shown as ``\DDD``."""
    return value.decode("ascii", "surrogateescape") if isinstance(value, bytes) else value


def quote(string: bytes) -> str:
    r"""Return one character-string in quotes: ``\`` and ``"`` escaped, octets that are not printable as ``\DDD``."""
    shown = show(string).replace('"', '\\"')
    return f'"{shown}"'


def presentation(value: bytes | str) -> str:
    r"""Return the RDATA of a TXT record: ``"<255 octets>" "<rest>"``.

    Zone files accept it (RFC 1035 §5.1), and Cloudflare stores it and returns it unchanged.
    """
    return " ".join(quote(string) for string in cut(value if isinstance(value, bytes) else value.encode("ascii")))


def parse(text: str) -> list[bytes]:
    r"""Return the character-strings of presentation format, quoted or not, with ``\X`` and ``\DDD`` undone.

    :raises RecordError: for an unclosed quote or a ``\DDD`` over 255.
    """
    strings: list[bytes] = []
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise RecordError(f"has a quote that is never closed, or a final backslash, at position {position + 1}")
        quoted, bare, _space = match.groups()
        if quoted is not None or bare is not None:
            strings.append(_unescape(quoted if quoted is not None else bare, match.start() + 1))
        position = match.end()
    return strings


def _unescape(text: str, position: int) -> bytes:
    result = bytearray()
    end = 0
    for match in _ESCAPE.finditer(text):
        result += text[end : match.start()].encode()
        decimal, character = match.groups()
        if decimal is None:
            result += character.encode()
        elif int(decimal) > 255:
            raise RecordError(f"has \\{decimal} at position {position + match.start()}: an octet is at most \\255")
        else:
            result.append(int(decimal))
        end = match.end()
    return bytes(result + text[end:].encode())
