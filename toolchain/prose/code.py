"""The sentences that a Python file says to its users: messages, help texts and descriptions."""

import ast
import inspect
import re
from collections.abc import Iterator

from toolchain.prose import pages
from toolchain.prose.sentence import CODE, Sentence, sentences

IGNORE = re.compile(r"#.*\bprose: \S")
"""In a comment on the line that a text begins at, or on the one before: the text is not checked. It says why."""

FEWEST_WORDS = 4
"""A text of fewer is a key, a name or a part of a pattern."""

_WORD = re.compile(r"[A-Za-z][a-z']*[,.;:!?]?")
_VALUE = "\0"
# What click leaves as it is: the examples of a command.
_BLOCK = re.compile(r"^\x08\n(?:.+\n?)*", re.MULTILINE)


def read(path: str, source: str) -> Iterator[Sentence]:
    """Yield each sentence of a file's texts, except of one after a comment that says why it is ignored."""
    lines = source.splitlines()
    tree = ast.parse(source)
    silent = _documentation(tree)
    for node, text in _texts(tree, silent):
        above = lines[max(node.lineno - 2, 0) : node.lineno]
        if _is_prose(text) and not any(IGNORE.search(line) for line in above):
            for one in _sentences(path, text.replace(_VALUE, "x" if "\n" in text else CODE)):
                yield Sentence(path, node.lineno, one.text)


def _sentences(path: str, text: str) -> Iterator[Sentence]:
    """Yield the sentences of a text. If it has several lines, it is Markdown or the help of a command."""
    if "\n" not in text:
        return sentences(path, 1, text)
    return pages.read(path, _BLOCK.sub("", inspect.cleandoc(text)))


def _texts(tree: ast.AST, silent: set[int]) -> Iterator[tuple[ast.expr, str]]:
    """Yield each literal, and each f-string as one text with a mark for each value."""
    if isinstance(tree, ast.Constant):
        if isinstance(tree.value, str) and id(tree) not in silent:
            yield tree, tree.value
    elif isinstance(tree, ast.JoinedStr):
        yield tree, "".join(str(v.value) if isinstance(v, ast.Constant) else _VALUE for v in tree.values)
    else:
        for child in ast.iter_child_nodes(tree):
            yield from _texts(child, silent)


def _documentation(tree: ast.Module) -> set[int]:
    """Return the ids of what only documents: strings that stand alone, but for the help text of a command."""
    shown = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and isinstance(node.body[0], ast.Expr)
        and any("command(" in ast.unparse(one) or "group(" in ast.unparse(one) for one in node.decorator_list)
    }
    alone = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    return alone - shown


def _is_prose(text: str) -> bool:
    """Whether a text has words enough to be a sentence, more of them than of anything else."""
    words = text.replace(_VALUE, " ").split()
    plain = sum(bool(_WORD.fullmatch(word.strip("\"'()`"))) for word in words)
    return plain >= FEWEST_WORDS and plain * 2 > len(words)
