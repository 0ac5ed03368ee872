"""Reads a stack or project file: its content, and the place of every value."""

import codecs
import re
from collections.abc import Container
from typing import Any, NamedTuple

from elastx_mrs import limits
from elastx_mrs.reading import BeyondError, read_octets
from elastx_mrs.stackfile import nodes
from elastx_mrs.stackfile.nodes import (
    ListNode,
    Node,
    ObjectNode,
    ScalarNode,
    Tree,
    YamlError,
    parse,
    place_of,
    place_of_offset,
    target_of,
)
from elastx_mrs.stackfile.place import NOWHERE, Place, located
from elastx_mrs.stackfile.values import Reader, key_text, not_text, value_of

_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


class UnreadableError(Exception):
    """A file that cannot be read, or that Pulumi refuses.

    :param problem: the error, then the fix.
    """

    def __init__(self, path: str, problem: str, place: Place = NOWHERE) -> None:
        """Keep the problem and its place."""
        self.path = path
        self.problem = problem
        self.place = place
        super().__init__(f"{located(path, place)}: {problem}")


class InaccessibleError(UnreadableError):
    """A file that cannot be read: it does not exist, access is denied, or it exceeds a limit."""


class Repeated(NamedTuple):
    """A key that an object has twice. Pulumi refuses it.

    :param place: of the second one.
    :param first: the line of the first.
    """

    path: str
    place: Place
    first: int

    @property
    def problem(self) -> str:
        """The error, then the fix."""
        return f"is already in line {self.first}; Pulumi refuses duplicate keys, so remove one of the two"


class Document(NamedTuple):
    """One file.

    :param content: dictionaries, lists and scalars as Pulumi reads them; every key is text.
    :param root: its nodes, with their places; None for an empty file.
    """

    path: str
    content: Any
    root: Node | None
    repeated: tuple[Repeated, ...]

    def keys_not_text(self, path: str = "") -> list[tuple[str, Place]]:
        """Return the keys at the top, or of the object below one key there, that are not text; each with its place."""
        node = self.root
        if path and isinstance(node, ObjectNode):
            node = next((child for text, _, child in Reader().entries(node) if text == path), None)
        node = target_of(node) if node is not None else None
        return [(key_text(key), place_of(key)) for key in not_text(node)] if isinstance(node, ObjectNode) else []

    def at(self, path: str) -> Place:
        """Return the place of a key or an element, such as ``config.elastx-mrs:domains[1].dkim``.

        If the file does not have it, return the place of the nearest thing around it.
        """
        node, place = self.root, Place(1, 1)
        while node is not None:
            node = target_of(node)
            if isinstance(node, ObjectNode):
                text = first_key(path, _indexed(node))
                if text is None:
                    break
                key, node = _indexed(node)[text]
                place, path = place_of(key), path[len(text) :].removeprefix(".")
            elif isinstance(node, ListNode):
                index = re.match(r"\[([0-9]{1,9})\]\.?", path)
                if index is None or int(index[1]) >= len(node.items):
                    break
                node = node.items[int(index[1])]
                place, path = place_of(target_of(node)), path[index.end() :]
            else:
                break
        return place


def read(path: str, cure: str = "name a stack's file") -> Document:
    """Return a YAML file, or standard input if the path is ``-``.

    :param cure: the fix if it cannot be opened, or is too large.
    :raises UnreadableError: if it cannot be read, or if Pulumi refuses it.
    """
    text = _text(path, cure)
    try:
        tree = parse(text)
        content = value_of(tree.root)
    except YamlError as error:
        kind = InaccessibleError if isinstance(error, nodes.BeyondError) else UnreadableError
        raise kind(path, error.problem, error.place) from None
    return Document(path, content, tree.root, _repeated(tree))


def _text(path: str, cure: str) -> str:
    """Return a file's text without a byte order mark, which Pulumi removes, too."""
    try:
        octets = read_octets(path, limits.STACK_FILE)
    except OSError as error:
        raise InaccessibleError(path, f"{error.strerror}; {cure}") from None
    except BeyondError as error:
        raise InaccessibleError(path, f"{error}; {cure}") from None
    coding = "utf-16" if octets.startswith(_UTF_16) else "utf-8"
    octets = octets.removeprefix(codecs.BOM_UTF8)
    try:
        return octets.decode(coding)
    except UnicodeDecodeError as error:
        place = place_of_offset(octets, error.start) if coding == "utf-8" else NOWHERE
        raise UnreadableError(path, "is not UTF-8 text; save it as UTF-8", place) from None


def _indexed(node: ObjectNode) -> dict[str, tuple[Node, Node]]:
    """Return the nodes of an object's keys and values, by the key's text."""
    if node.index is None:
        node.index = {}
        for text, key, child in Reader().entries(node):
            node.index.setdefault(text, (key, child))
    return node.index


def first_key(path: str, keys: Container[str]) -> str | None:
    """Return the longest key that begins a path; a key may have dots in it."""
    start = path[: limits.KEY.most + 1]
    ends = [len(path), *(at for at in range(len(start) - 1, -1, -1) if start[at] in ".[")]
    return next((path[:end] for end in ends if path[:end] in keys), None)


def _repeated(tree: Tree) -> tuple[Repeated, ...]:
    pairs = tree.repeated[: limits.FAULTS.most]
    if not pairs or tree.root is None:
        return ()
    paths = _paths(tree.root, {id(second) for _, second in pairs})
    return tuple(Repeated(paths[id(two)], place_of(two), one.mark.line + 1) for one, two in pairs)


class _Step(NamedTuple):
    """A key or an index, after the one above it. Whole paths of all nodes would multiply the size of a file."""

    above: "_Step | None"
    text: str

    @property
    def path(self) -> str:
        step: _Step | None = self
        texts: list[str] = []
        while step is not None:
            texts.append(step.text)
            step = step.above
        return "".join(reversed(texts)).removeprefix(".")


def _paths(root: Node, wanted: set[int]) -> dict[int, str]:
    """Return the paths of some keys, by the identity of their nodes."""
    found: dict[int, str] = {}
    waiting: list[tuple[_Step | None, Node]] = [(None, root)]
    while waiting:
        above, node = waiting.pop()
        if isinstance(node, ListNode):
            waiting += [(_Step(above, f"[{index}]"), child) for index, child in enumerate(node.items)]
        elif isinstance(node, ObjectNode):
            for key, child in node.pairs:
                name = key.text if isinstance(key, ScalarNode) and key.is_merge else key_text(key)
                step = _Step(above, f".{name}")
                waiting.append((step, child))
                if id(key) in wanted:
                    found[id(key)] = step.path
    return found
