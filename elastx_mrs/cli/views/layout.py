"""Text in columns: its width on a terminal, wrapping, and rows of a table."""

import unicodedata
from collections.abc import Iterator, Sequence
from itertools import zip_longest

GAP = 2
"""Columns between two cells."""


def width(text: str) -> int:
    """Return the columns that visible text takes on a terminal (Unicode Standard Annex #11)."""
    if text.isascii():
        return len(text)
    return sum(map(_width, text))


def _width(character: str) -> int:
    if unicodedata.combining(character) or unicodedata.category(character) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def wrapped(text: str, columns: int | None) -> list[str]:
    """Return lines of at most so many columns. Only a word that is longer than that is broken.

    :param columns: None for one line, however long.
    """
    if columns is None or width(text) <= columns:
        return [text]
    lines, line, used = [], "", 0
    for word in text.split(" "):
        wide = width(word)
        if line and used + 1 + wide <= columns:
            line, used = f"{line} {word}", used + 1 + wide
            continue
        if line:
            lines.append(line)
        *full, line = _pieces(word, columns)
        lines += full
        used = width(line)
    return [*lines, line]


def _pieces(word: str, columns: int) -> Iterator[str]:
    """Yield a word in pieces that fit; at least one, and at least a character in each."""
    piece, used = "", 0
    for character in word:
        wide = _width(character)
        if piece and used + wide > columns:
            yield piece
            piece, used = "", 0
        piece, used = piece + character, used + wide
    yield piece


def padded(text: str, columns: int) -> str:
    """Return text padded with spaces to so many columns."""
    return text + " " * (columns - width(text))


def row(cells: Sequence[Sequence[str]], widths: Sequence[int | None]) -> Iterator[tuple[str, ...]]:
    """Yield the lines of a row of a table, each as its cells; all but the last are padded.

    :param cells: the lines of each cell, which are wrapped once more.
    :param widths: the columns of each cell; the last may be None.
    """
    lines = [
        [part for line in cell for part in wrapped(line, columns)] for cell, columns in zip(cells, widths, strict=True)
    ]
    for parts in zip_longest(*lines, fillvalue=""):
        *first, last = parts
        yield (*(padded(part, columns or 0) for part, columns in zip(first, widths, strict=False)), last)


def shares(natural: Sequence[int], room: int, least: int = 8) -> list[int]:
    """Return the columns of each cell.

    A cell that needs less than an equal share gets what it needs. The others share the rest equally.

    :param natural: the columns that each cell would take.
    :param room: the columns for all of them.
    """
    given = list(natural)
    open_ = sorted(range(len(natural)), key=lambda index: natural[index])
    left = room
    for place, index in enumerate(open_):
        share = left // (len(open_) - place)
        given[index] = max(min(natural[index], share), least)
        left -= given[index]
    return given
