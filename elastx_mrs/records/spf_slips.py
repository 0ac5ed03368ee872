"""Finds common mistakes in SPF that are (nearly) allowed, but never meant: a URL, a wildcard, ``include=``.

Such a record may have no syntax error (RFC 7208 §12), but it lets nobody send.
"""

import difflib
import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from elastx_mrs.display import describe_character, quoted
from elastx_mrs.records.names import with_a_labels
from elastx_mrs.records.record import RecordError
from elastx_mrs.records.spf_terms import MECHANISMS, MODIFIERS

_MACRO = re.compile(r"%(?:\{[^}]*\}|[%_-])")
_TERM = re.compile(r"[+?~-]?([A-Za-z][A-Za-z0-9_.-]*)([:=])(.*)")
_WHOLE = re.compile(r"[+?~-]?(?:include|a|mx|ptr|exists|ip4|ip6|redirect|exp)[:=](.*)", re.IGNORECASE)
_ALIKE = 0.75
"""How similar a word is to the intended mechanism, as difflib counts: ``ipv4`` and ``ip4`` have 0.86."""

_OTHERS = {"ip": "ip4", "ipv4": "ip4", "ipv6": "ip6", "host": "a", "domain": "a", "incl": "include"}
_NAMED = ("include", "a", "mx", "ptr", "exists", "redirect", "exp")


def slips(text: str) -> Iterator[str]:
    """Yield each mistake in a whole record with its position, counted from 1."""
    words = [(found.start() + 1, found[0]) for found in re.finditer(r"[^ ]+", text)][1:]
    for number, (position, word) in enumerate(words):
        following = words[number + 1][1] if number + 1 < len(words) else ""
        if problem := _slip(word, following):
            yield f"has {quoted(word, 60)} at position {position}, {problem}"


def target(text: str) -> str:
    """Return the name of a term, with A-labels.

    :raises RecordError: for a whole term, and for a name that receivers cannot look up.
    """
    if whole := _WHOLE.fullmatch(text):
        raise RecordError(f"is a whole term; write the name alone: {whole[1]}")
    if re.fullmatch(r"[0-9.]+|[0-9A-Fa-f]*:[0-9A-Fa-f:.]+", text):
        raise RecordError(f"{quoted(text)} is an address; write it under {'ip6' if ':' in text else 'ip4'}")
    if problem := _no_name(text):
        raise RecordError(f"{quoted(text)} {problem}")
    return with_a_labels(text)


def _slip(word: str, following: str) -> str | None:
    found = _TERM.fullmatch(word)
    plain = _MACRO.sub("", word)
    if "," in plain or ";" in plain:
        return f"with a {'comma' if ',' in plain else 'semicolon'} in it; separate terms by spaces (RFC 7208 §4.6.1)"
    if found is None:
        return None
    name, sign, value = found[1].lower(), found[2], found[3]
    if name not in (*MECHANISMS, *MODIFIERS):
        return _misspelt(name, sign, value)
    if sign == "=" and name in MECHANISMS:
        meant = f"{name}:{value}" if name != "all" else "-all"
        return f"a modifier that receivers ignore (RFC 7208 §6); did you mean {meant}?"
    if sign == ":" and not value and following and _TERM.fullmatch(following) is None:
        return f"with a space after it; write {word}{following}"
    if name in _NAMED and (problem := _no_name(_without_lengths(name, value))):
        return f"whose name {problem}"
    return None


def _misspelt(name: str, sign: str, value: str) -> str | None:
    close = [_OTHERS[name]] if name in _OTHERS else difflib.get_close_matches(name, MECHANISMS, 1, _ALIKE)
    if not close or (sign == "=" and difflib.get_close_matches(name, MODIFIERS, 1, _ALIKE)):
        return None
    return f"which is not an SPF term (RFC 7208 §5); did you mean {close[0]}:{value}?"


def _no_name(text: str) -> str | None:
    """Return why receivers cannot look up a name, and what to write, or None. Macros are ignored."""
    plain = _MACRO.sub("", text)
    if "://" in text:
        try:
            host = urlsplit(text).hostname
        except ValueError:
            host = None
        return f"is a URL; write its domain alone{f': {host}' if host else ''}"
    if "@" in plain:
        return f"is an e-mail address; write its domain alone: {text.rpartition('@')[2]}"
    if "*" in plain:
        return "is a wildcard, which receivers do not expand; write one term for each name"
    for character in plain:
        if character.isascii() and not (character.isalnum() or character in "-_."):
            return f"has {describe_character(character)} in it; a name has letters, digits, hyphens and dots"
    return None


def _without_lengths(name: str, value: str) -> str:
    return re.sub(r"(?:/[0-9]*)?(?://[0-9]*)?\Z", "", value) if name in ("a", "mx") else value
