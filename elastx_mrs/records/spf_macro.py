"""Macros in SPF terms (RFC 7208 §7): finds, checks and expands them."""

import re
from collections.abc import Mapping
from urllib.parse import quote

from elastx_mrs.display import describe_character

_EXPAND = r"%(?:\{[A-Za-z][0-9]*[rR]?[.\-+,/_=]*\}|[%_-])"
_STRING = re.compile(rf"(?:[!-$&-~]|{_EXPAND})*")
_MACRO = re.compile(r"%(?:\{([A-Za-z])([0-9]*)([rR]?)([.\-+,/_=]*)\}|([%_-]))")
_LITERALS = {"%": "%", "_": " ", "-": "%20"}

LETTERS = frozenset("slodiphv")
"""Macro letters that a term may have (§7.2)."""

EXPLANATION_ONLY = frozenset("crt")
"""Macro letters that are allowed only in the text of ``exp=`` (§7.2)."""

MAX_EXPANDED = 253
"""Octets of an expanded domain-spec. Labels on the left are dropped until it fits (§7.3)."""


def problem(text: str) -> tuple[int, str] | None:
    """Return where a term's macro-string (§7.1) breaks the grammar, counted from 0, and how; None if it is valid."""
    end = _STRING.match(text).end()  # type: ignore[union-attr]  # it matches the empty text too
    if end < len(text):
        if text[end] == "%":
            return (
                end,
                "has a '%' that does not begin a macro; write %{d}, or %% for the character itself (RFC 7208 §7.1)",
            )
        return end, f"has {describe_character(text[end])}, which is not allowed in a term (RFC 7208 §7.1)"
    for match in _MACRO.finditer(text) if "%" in text else ():
        letter, digits = match[1], match[2]
        if letter is None:
            continue
        if letter.lower() in EXPLANATION_ONLY:
            return (
                match.start(),
                f"has the macro %{{{letter}}}, which is allowed only in an explanation (RFC 7208 §7.2)",
            )
        if letter.lower() not in LETTERS:
            listed = ", ".join(sorted(LETTERS))
            return match.start(), f"has the unknown macro %{{{letter}}}; the macro letters are {listed} (RFC 7208 §7.2)"
        if digits and not digits.strip("0"):
            return match.start(), "has a macro that keeps 0 labels; keep at least 1 (RFC 7208 §7.3)"
    return None


def at_end(text: str) -> bool:
    """Return whether a valid macro-string ends in a macro; ``%%_`` does not, and a lone ``}`` does not either."""
    end = 0
    for match in _MACRO.finditer(text) if "%" in text else ():
        end = match.end()
    return 0 < end == len(text)


def letters(text: str) -> frozenset[str]:
    """Return the macro letters of a macro-string, in lower case."""
    return frozenset(match[1].lower() for match in _MACRO.finditer(text) if match[1]) if "%" in text else frozenset()


def expand(text: str, values: Mapping[str, str]) -> str:
    """Return a macro-string with its macros replaced (§7.3).

    :param values: by macro letter, in lower case.
    :raises KeyError: with the letter that ``values`` lacks.
    """
    return _MACRO.sub(lambda match: _value(match, values), text) if "%" in text else text


def expand_domain(text: str, values: Mapping[str, str]) -> str:
    """Return a domain-spec expanded to a name of at most 253 octets, without a final dot (§7.3).

    :raises KeyError: with the letter that ``values`` lacks.
    """
    name = expand(text, values).removesuffix(".")
    while len(name) > MAX_EXPANDED and "." in name:
        name = name.partition(".")[2]
    return name


def _value(match: re.Match[str], values: Mapping[str, str]) -> str:
    letter, digits, reverse, delimiters, literal = match.groups()
    if literal is not None:
        return _LITERALS[literal]
    value = values[letter.lower()]
    if digits or reverse or delimiters:
        parts = re.split(f"[{re.escape(delimiters or '.')}]", value)
        if reverse:
            parts.reverse()
        kept = int(digits) if digits and len(digits) < 4 else len(parts)  # more labels than any name has: all
        value = ".".join(parts[-kept:])
    return quote(value, safe="") if letter.isupper() else value
