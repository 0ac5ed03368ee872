"""Finds invisible characters and look-alikes in names and in accounts' addresses.

:mod:`elastx_mrs.display` knows the invisible characters: Unicode's ``Default_Ignorable_Code_Point``
(DerivedCoreProperties.txt), all other format and control characters, and every space except the ASCII one.
"""

import unicodedata
from collections.abc import Iterator

from elastx_mrs.display import describe_character, first_hidden

_TOGETHER = (
    frozenset({"LATIN", "CJK", "HIRAGANA", "KATAKANA"}),
    frozenset({"LATIN", "CJK", "BOPOMOFO"}),
    frozenset({"LATIN", "CJK", "HANGUL"}),
)
"""Scripts that one word may have together: the level "Highly Restrictive" of UTS 39 §5.2."""

_SHAPES = {"FULLWIDTH": "LATIN", "HALFWIDTH": "KATAKANA", "IDEOGRAPHIC": "CJK", "KATAKANA-HIRAGANA": "KATAKANA"}
_JOINERS = "\u200c\u200d"
"""Zero-width characters that IDNA allows between certain letters, and checks (RFC 5892 appendix A.1 and A.2)."""


def hidden(text: str, *, joiners: bool = False) -> str | None:
    """Return a message about the first invisible character in a text, or None.

    :param joiners: whether to leave U+200C and U+200D to IDNA.
    """
    visible = "".join("x" if character in _JOINERS else character for character in text) if joiners else text
    at = first_hidden(visible)
    if at is None:
        return None
    return f"has {describe_character(text[at])} at position {at + 1}, which is invisible; remove it"


def mixed(text: str) -> str | None:
    """Return the first letter of a word that is of another script than the rest, or None (UTS 39 §5.2).

    A word consists of letters, digits, marks and hyphens.
    """
    if text.isascii():
        return None
    for start, word in _words(text):
        scripts = [_script(character) for character in word]
        found = {script for script in scripts if script is not None}
        if len(found) < 2 or any(found <= together for together in _TOGETHER):
            continue
        usual = "LATIN" if "LATIN" in found else next(script for script in scripts if script is not None)
        at, odd = next((at, script) for at, script in enumerate(scripts) if script not in (usual, None))
        place = f"{describe_character(word[at])} at position {start + at + 1}"
        return f"{place}, a {str(odd).capitalize()} letter in a word with {usual.capitalize()} ones"
    return None


def same_to_people(text: str) -> str:
    """Return a form that is equal for texts that look equal to people: case and composition do not count."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def composed(text: str) -> str:
    """Return a text in NFC, as keyboards write it."""
    return unicodedata.normalize("NFC", text)


def first_difference(one: str, other: str) -> int:
    """Return the first position, counted from 1, at which two texts differ."""
    pairs = enumerate(zip(one, other, strict=False), start=1)
    return next((at for at, (a, b) in pairs if a != b), min(len(one), len(other)) + 1)


def _words(text: str) -> Iterator[tuple[int, str]]:
    start = 0
    for at, character in enumerate(f"{text} "):
        if character != "-" and unicodedata.category(character)[0] not in "LMN":
            if at > start:
                yield start, text[start:at]
            start = at + 1


def _script(character: str) -> str | None:
    """Return a letter's script; None if all scripts have it. Python has no table of scripts, so its name decides."""
    if unicodedata.category(character)[0] != "L":
        return None
    first = unicodedata.name(character, "UNKNOWN").partition(" ")[0]
    return None if first in ("MODIFIER", "UNKNOWN") else _SHAPES.get(first, first)
