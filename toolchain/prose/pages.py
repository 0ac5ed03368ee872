"""The sentences of a Markdown page: paragraphs, list items, headings and the cells of tables; never what is in code."""

import re
from collections.abc import Iterator

from markdown_it import MarkdownIt
from markdown_it.token import Token

from toolchain.prose.sentence import CODE, Sentence, sentences

IGNORE = re.compile(r"<!-- prose: (\S.*?) -->")
"""On a line of its own before a paragraph: the paragraph is not checked. What stands in it is the reason."""


def read(path: str, text: str) -> Iterator[Sentence]:
    """Yield each sentence of a page, except in a paragraph after a comment that says why it is ignored."""
    ignored = False
    for token in MarkdownIt("commonmark").enable(["table"]).parse(text):
        if token.type == "html_block":
            ignored = bool(IGNORE.search(token.content))
        elif token.type == "inline":
            if not ignored:
                yield from sentences(path, (token.map or [0])[0] + 1, _text(token))
            ignored = False


def _text(token: Token) -> str:
    """Return what a reader reads, with a word for each code span and a new line for each line break."""
    return "".join(_part(child) for child in token.children or ())


def _part(child: Token) -> str:
    match child.type:
        case "text":
            return child.content
        case "code_inline":
            return CODE
        case "softbreak" | "hardbreak":
            return "\n"
        case _:
            return ""
