"""Checks the sentences of every page, help text and message; ``make check`` runs it.

A sentence of over 40 words fails. Sentences of over 25 words and unwanted phrases are counted, and the count of a
file may only fall: ``--lower`` keeps the lower counts. With files, it lists what it finds in them.

A comment with a reason exempts a text: in a page ``<!-- prose: REASON -->``, on a line of its own before a paragraph;
in a Python file ``# prose: REASON``, on the text's first line or on the line before.
"""

import json
import sys

from toolchain.prose.check import COUNTS, files, find, kept_counts, lowered, problems, sentences_of
from toolchain.prose.rules import LONG
from toolchain.usage import usage


def main() -> None:
    """Check, list or lower, and end with 1 if something is wrong."""
    given = usage(__doc__, "[--lower | FILE…]")
    if given and given != ["--lower"]:
        for path in given:
            one = find(sentences_of(path))
            print(*one.too_long, *one.long, *one.phrases, sep="\n", end="\n" if any(vars(one).values()) else "")
        return
    sentences = {path: list(sentences_of(path)) for path in files()}
    found = {path: find(each) for path, each in sentences.items()}
    if given:
        counts = lowered(found, kept_counts())
        COUNTS.write_text(json.dumps(counts, indent=1) + "\n", encoding="utf-8")
    wrong = list(problems(found, kept_counts()))
    print(*wrong, sep="\n", end="\n" if wrong else "")
    long = sum(len(one.long) for one in found.values())
    total = sum(map(len, sentences.values()))
    print(f"prose: {total:,} sentences, {long} of over {LONG} words; to list a file's: python -m toolchain.prose FILE")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
