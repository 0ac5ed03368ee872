"""A sentence, with the place that it stands at, and how a text is split into sentences."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

CODE = "`code`"
"""Stands for a code span or a value that a message puts in: one word, whatever is in it."""

_END = re.compile(r"(?<=[.!?])[\"')\]*_]*\s+(?=[\"'(\[*_]*[A-Z0-9`])|\n{2,}")
_ABBREVIATED = re.compile(r"\b(?:e\.g|i\.e|etc|vs|cf|approx|No)\.$")


@dataclass(frozen=True)
class Sentence:
    """One sentence: its text on one line, the file that it stands in, and the line that it begins at (from 1)."""

    path: str
    line: int
    text: str

    @property
    def words(self) -> int:
        """How many words it has; a code span is one."""
        return sum(any(c.isalnum() for c in word) for word in self.text.split())


def sentences(path: str, line: int, text: str) -> Iterator[Sentence]:
    """Yield the sentences of a paragraph that begins at a line of a file; a line break in it is a new line there."""
    begin = 0
    for end in (*(found.end() for found in _END.finditer(text)), len(text)):
        part = text[begin:end]
        if _ABBREVIATED.search(part.rstrip()):
            continue
        if part.strip():
            lead = len(part) - len(part.lstrip())
            yield Sentence(path, line + text.count("\n", 0, begin + lead), " ".join(part.split()))
        begin = end
