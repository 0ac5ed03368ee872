"""YAML text as nodes that know their place. PyYAML's C parser reads the text, and go-yaml v3's rules decide.

The composer of PyYAML is not used: it overflows the C stack at deep nesting, refuses an anchor that is defined twice,
and hides which nodes are aliases.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import yaml

from elastx_mrs import limits
from elastx_mrs.stackfile.place import NOWHERE, Place
from elastx_mrs.stackfile.scalars import MERGE, Scalar, ScalarError, plain, tagged

_TOO_DEEP = f"has more than {limits.NESTING.most} nested lists and objects; check the brackets here"

_SPLIT = "give some of the domains a stack of their own"

_TAG_LINE = re.compile("^%TAG", re.MULTILINE)

_PARSER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class YamlError(Exception):
    """Text that Pulumi does not read.

    :param problem: what is wrong, then what to do; without the place.
    """

    def __init__(self, problem: str, place: Place = NOWHERE) -> None:
        """Keep the problem and its place."""
        self.problem = problem
        self.place = place
        super().__init__(problem)


class BeyondError(YamlError):
    """The text exceeds a limit, so it is not read further."""


@dataclass(slots=True, eq=False)
class ScalarNode:
    """A scalar.

    :param tag: None for a scalar without a tag.
    :param quoted: also true of block scalars (``|``, ``>``).
    """

    mark: yaml.Mark
    text: str
    tag: str | None
    quoted: bool

    def value(self) -> Scalar:
        """Return what the scalar means.

        :raises YamlError: if the text does not fit the tag.
        """
        if self.tag is None:
            return self.text if self.quoted else plain(self.text)
        try:
            return tagged(self.tag, self.text)
        except ScalarError as error:
            raise YamlError(str(error), place_of(self)) from None

    @property
    def is_merge(self) -> bool:
        """Whether the scalar, as a key, merges another object: ``<<``."""
        return self.text == "<<" and (self.tag == MERGE if self.tag is not None else not self.quoted)


@dataclass(slots=True, eq=False)
class ListNode:
    """A list."""

    mark: yaml.Mark
    items: "list[Node]" = field(default_factory=list)


@dataclass(slots=True, eq=False)
class ObjectNode:
    """An object: its keys and values in the order of the file.

    :param index: key and value by the key's text, what ``<<`` merges too; None until somebody has looked for one.
    """

    mark: yaml.Mark
    pairs: "list[tuple[Node, Node]]" = field(default_factory=list)
    index: "dict[str, tuple[Node, Node]] | None" = None


@dataclass(slots=True, eq=False)
class AliasNode:
    """An alias, such as ``*defaults``.

    :param target: the node with the anchor; an alias never leads to another alias.
    """

    mark: yaml.Mark
    name: str
    target: "ScalarNode | ListNode | ObjectNode"


Node = ScalarNode | ListNode | ObjectNode | AliasNode


class Tree(NamedTuple):
    """The first document of a text.

    :param root: None for a text without a document.
    :param repeated: keys that are twice in one object: the first and the second.
    """

    root: Node | None
    repeated: tuple[tuple[ScalarNode, ScalarNode], ...]


def place_of(node: Node) -> Place:
    """Return where a node begins."""
    return _place(node.mark)


def target_of(node: Node) -> ScalarNode | ListNode | ObjectNode:
    """Return the node, or the target of an alias."""
    return node.target if isinstance(node, AliasNode) else node


def parse(text: str) -> Tree:
    """Return the nodes of a text's first document. What follows it is ignored, as Pulumi does.

    :raises YamlError: with the place, if the text is not YAML.
    """
    tag_line = next((one for at, one in enumerate(_TAG_LINE.finditer(text)) if at >= limits.TAG_LINES.most), None)
    if tag_line is not None:
        problem = f"has more than {limits.TAG_LINES.most} lines that begin with %TAG; remove those that are not needed"
        raise BeyondError(problem, Place(text.count("\n", 0, tag_line.start()) + 1, 1))
    parser = _PARSER(text)
    try:
        return _Composer(parser.get_event).tree()
    except yaml.reader.ReaderError as error:
        place = place_of_offset(text.encode(), error.position)
        raise YamlError(f"is not YAML: {error.reason}; remove the character", place) from None
    except yaml.MarkedYAMLError as error:
        said = ": ".join(part for part in (error.context, error.problem) if part)
        mark = error.problem_mark or error.context_mark
        place = _place(mark) if mark is not None else NOWHERE
        if _is_tab(text, place):
            raise YamlError("has a tab where YAML allows only spaces; write spaces", place) from None
        if error.problem is not None and "maximum nesting depth" in error.problem:  # of libyaml 0.2.6 and later
            raise BeyondError(_TOO_DEEP, place) from None
        raise YamlError(f"is not YAML: {said}; correct this line or the one above", place) from None
    finally:
        parser.dispose()


def place_of_offset(octets: bytes, offset: int) -> Place:
    """Return the place of an octet in UTF-8 text."""
    before = octets[:offset].decode(errors="replace")
    return Place(before.count("\n") + 1, len(before) - before.rfind("\n"))


def _is_tab(text: str, place: Place) -> bool:
    """Whether there is a tab at a place."""
    if place.line is None or place.column is None:
        return False
    lines = text.split("\n", place.line)
    return len(lines) >= place.line and lines[place.line - 1][place.column - 1 : place.column] == "\t"


class _Composer:
    def __init__(self, next_event: Callable[[], Any]) -> None:
        self._next = next_event
        self._anchors: dict[str, ScalarNode | ListNode | ObjectNode] = {}
        self._left = limits.VALUES.most
        self._repeated: list[tuple[ScalarNode, ScalarNode]] = []

    def tree(self) -> Tree:
        self._next()  # the stream's start
        start = self._next()
        if type(start) is not yaml.DocumentStartEvent:
            return Tree(None, ())
        if start.version not in (None, (1, 1)):
            problem = "has a %YAML line with a version that Pulumi refuses; remove the line"
            mark: Any = start.start_mark  # the C parser has a class of its own for marks
            raise YamlError(problem, _place(mark))
        root = self._node(self._next(), 0)
        self._next()  # the document's end: a fault before it is one of this document
        return Tree(root, tuple(self._repeated))

    def _node(self, event: Any, depth: int) -> Node:
        """Return the node that begins with an event, and read all of its events."""
        kind = type(event)
        self._left -= 1
        if self._left < 0:
            raise BeyondError(f"has more than {limits.VALUES.text}; {_SPLIT}", _place(event.start_mark))
        if kind is yaml.ScalarEvent:
            tag = event.tag if event.tag != "!" else None
            scalar = ScalarNode(event.start_mark, event.value, tag, bool(event.style))
            if event.anchor is not None:
                self._anchors[event.anchor] = scalar
            return scalar
        if kind is yaml.AliasEvent:
            target = self._anchors.get(event.anchor)
            if target is None:
                problem = f"has the alias *{event.anchor} without an anchor above; write &{event.anchor} at the value"
                raise YamlError(problem, _place(event.start_mark))
            return AliasNode(event.start_mark, event.anchor, target)
        if depth >= limits.NESTING.most:
            raise BeyondError(_TOO_DEEP, _place(event.start_mark))
        return self._list(event, depth) if kind is yaml.SequenceStartEvent else self._object(event, depth)

    def _list(self, event: Any, depth: int) -> ListNode:
        node = ListNode(event.start_mark)
        if event.anchor is not None:
            self._anchors[event.anchor] = node
        items, following = node.items, self._next
        while type(child := following()) is not yaml.SequenceEndEvent:
            items.append(self._node(child, depth + 1))
        return node

    def _object(self, event: Any, depth: int) -> ObjectNode:
        node = ObjectNode(event.start_mark)
        if event.anchor is not None:
            self._anchors[event.anchor] = node
        pairs, following = node.pairs, self._next
        seen: dict[str, ScalarNode] = {}
        while type(start := following()) is not yaml.MappingEndEvent:
            key = self._node(start, depth + 1)
            if type(key) is ScalarNode and len(key.text) > limits.KEY.most:
                raise BeyondError(f"has a key of more than {limits.KEY.text}; write a shorter one", place_of(key))
            if type(key) is ScalarNode and seen.setdefault(key.text, key) is not key:
                self._repeated.append((seen[key.text], key))
            pairs.append((key, self._node(following(), depth + 1)))
        return node


def _place(mark: Any) -> Place:
    return Place(mark.line + 1, mark.column + 1)
