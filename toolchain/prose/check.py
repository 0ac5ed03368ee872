"""Holds every page and every message against the rules, and each file's counts against those that are kept."""

import json
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from toolchain.prose import code, pages
from toolchain.prose.rules import LONG, LONGEST, phrases
from toolchain.prose.sentence import Sentence

ROOT = Path(__file__).resolve().parents[2]
COUNTS = Path(__file__).with_name("counts.json")
"""By file: how many long sentences and how many unwanted phrases it may have. A file without an entry may have none."""

READ = ("*.md", "elastx_mrs/*.py", "toolchain/reference.py", "toolchain/command_docs.py")
"""Which files are read, as Git matches them."""

GENERATED = ("tests/", "docs/reference.md", "docs/cli.md")
"""Which of them are not: what tests compare with, and two pages that are made of the code's sentences."""

LOWER = "python -m toolchain.prose --lower"

Counts = dict[str, dict[str, int]]


@dataclass(frozen=True)
class Found:
    """What the rules find in one file, each as a line for a reader."""

    too_long: list[str] = field(default_factory=list)
    long: list[str] = field(default_factory=list)
    phrases: list[str] = field(default_factory=list)

    def counts(self) -> dict[str, int]:
        """Return how many there are of what is counted, without the zeros."""
        return {name: n for name, n in (("long", len(self.long)), ("phrases", len(self.phrases))) if n}


def files() -> Iterator[str]:
    """Yield the paths of the pages, and of the code that speaks to users, that Git knows or would add."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", *READ],
        cwd=ROOT, check=True, capture_output=True, text=True,
    )  # fmt: skip
    paths = sorted(set(listed.stdout.split("\0")) - {""})
    yield from (path for path in paths if not path.startswith(GENERATED) and (ROOT / path).exists())


def sentences_of(path: str) -> Iterator[Sentence]:
    """Yield the sentences of a page or of a Python file."""
    text = (ROOT / path).read_text(encoding="utf-8")
    yield from pages.read(path, text) if path.endswith(".md") else code.read(path, text)


def find(sentences: Iterable[Sentence]) -> Found:
    """Return what the rules find in the sentences of one file."""
    found = Found()
    for one in sentences:
        place = f"{one.path}:{one.line}"
        if one.words > LONGEST:
            found.too_long.append(f"{place}: {one.words} words, at most {LONGEST}: {one.text}")
        elif one.words > LONG:
            found.long.append(f"{place}: {one.words} words, better at most {LONG}: {one.text}")
        found.phrases.extend(f"{place}: “{words}”, write {instead}: {one.text}" for words, instead in phrases(one))
    return found


def problems(found: Mapping[str, Found], kept: Mapping[str, Mapping[str, int]]) -> Iterator[str]:
    """Yield a line for each sentence that fails, and for each count that is higher or lower than the one kept."""
    for path, one in found.items():
        yield from one.too_long
        for name, lines in (("long", one.long), ("phrases", one.phrases)):
            most = kept.get(path, {}).get(name, 0)
            if len(lines) > most:
                yield f"{path}: {len(lines)} of these, at most {most}; rewrite:"
                yield from lines
            elif len(lines) < most:
                yield f"{path}: {name} fell from {most} to {len(lines)}; to keep that: {LOWER}"
    for path in kept:
        if path not in found:
            yield f"{path}: the file is gone; run: {LOWER}"


def kept_counts() -> Counts:
    """Return the counts that are kept."""
    loaded: Counts = json.loads(COUNTS.read_text(encoding="utf-8"))
    return loaded


def lowered(found: Mapping[str, Found], kept: Mapping[str, Mapping[str, int]]) -> Counts:
    """Return the counts with each that fell, and never one that is higher than before."""
    made = {
        path: {name: min(n, kept.get(path, {}).get(name, 0)) for name, n in one.counts().items()}
        for path, one in found.items()
    }
    return {path: left for path, counts in made.items() if (left := {name: n for name, n in counts.items() if n})}
