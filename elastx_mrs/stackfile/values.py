"""Nodes as plain values: aliases and ``<<`` resolved, and every key as text."""

import math
from collections.abc import Iterator
from typing import Any

from elastx_mrs import limits
from elastx_mrs.stackfile.nodes import (
    AliasNode,
    BeyondError,
    ListNode,
    Node,
    ObjectNode,
    ScalarNode,
    YamlError,
    place_of,
    target_of,
)
from elastx_mrs.stackfile.place import Place
from elastx_mrs.stackfile.scalars import as_key, as_value

_FEWER = "write fewer aliases"

_ANY_ALIASES = 100
_ANY_NODES = 1_000
"""Up to here a document may consist of aliases alone."""

_SMALL, _LARGE = 400_000, 4_000_000
"""Nodes. Of a small document 99 % may come from aliases, of a large one 10 % (go-yaml's ``allowedAliasRatio``)."""


def value_of(root: Node | None) -> Any:
    """Return a document as dictionaries with text as keys, lists and scalars.

    Dates are text, and floats without a fraction are integers, as Pulumi has them.

    :raises YamlError: with the place of what Pulumi refuses.
    """
    return None if root is None else Reader().value(root)


def key_text(key: Node) -> str:
    """Return a key as text.

    :raises YamlError: if it is a list or an object.
    """
    scalar = target_of(key)
    if not isinstance(scalar, ScalarNode):
        raise YamlError("has a list or an object as a key; put text with {{ }} or [ ] in quotes", place_of(key))
    return scalar.text if scalar.tag is None and scalar.quoted else as_key(scalar.value())


def not_text(node: ObjectNode) -> Iterator[Node]:
    """Yield the keys of an object that are not text as they are written, such as ``1`` or ``true``."""
    for key, _ in node.pairs:
        scalar = target_of(key)
        is_text = isinstance(scalar, ScalarNode) and (scalar.is_merge or isinstance(scalar.value(), str))
        if not is_text:
            yield key


class Reader:
    """The conversion of one document.

    It counts what it reads, because aliases can multiply a short text without end.
    """

    def __init__(self) -> None:
        """Start counting."""
        self._text = limits.STACK_TEXT.most
        self._read = self._aliased = self._in_aliases = self._depth = 0
        self._open: list[tuple[Node, Node]] = []
        """Aliases that are being followed, each after what must not occur in it again."""

    def value(self, node: Node) -> Any:
        """Return what a node means.

        :raises YamlError: with the place of what Pulumi refuses.
        """
        self._count()
        if type(node) is ScalarNode:
            self._text -= len(node.text)
            if self._text < 0:
                raise BeyondError(f"has more than {limits.STACK_TEXT.text} of text; {_FEWER}", self._outermost(node))
            return node.text if node.quoted and node.tag is None else _scalar(node)
        if type(node) is AliasNode:
            return self._followed(node)
        self._descend(node)
        if type(node) is ListNode:
            value: Any = [self.value(child) for child in node.items]
        else:
            value = {text: self.value(child) for text, _, child in self.entries(target_of(node))}
        self._depth -= 1
        return value

    def entries(self, node: Node) -> Iterator[tuple[str, Node, Node]]:
        """Yield an object's keys as text, with the nodes of key and value: its own, then what ``<<`` adds.

        :raises YamlError: if a key is a list or an object, if ``<<`` merges no object, or if an alias is in itself.
        """
        if not isinstance(node, ObjectNode):
            return
        merge, seen = None, set[str]()
        for key, child in node.pairs:
            self._count()
            if type(key) is ScalarNode and key.is_merge:
                merge = child
                continue
            text = key_text(key)
            seen.add(text)
            yield text, key, child
        if merge is None:
            return
        only_text = not any(not_text(node))
        for key, child in self._merged(merge):
            merged = _as_written(key) if only_text else key_text(key)
            if merged is not None and merged not in seen:
                seen.add(merged)
                yield merged, key, child

    def _merged(self, node: Node) -> Iterator[tuple[Node, Node]]:
        """Yield keys and values of the objects that ``<<`` names. Of two with the same key, the first counts."""
        for source in node.items if isinstance(node, ListNode) else [node]:
            target = target_of(source)
            if not isinstance(target, ObjectNode):
                problem = (
                    "has a << with something other than an object; write an alias to one, or a list of such aliases"
                )
                raise YamlError(problem, place_of(source))
            is_alias = isinstance(source, AliasNode)
            if is_alias:
                self._enter(source, target)
            self._descend(source)
            below = None
            for key, child in target.pairs:
                self._count()
                if isinstance(key, ScalarNode) and key.is_merge:
                    below = child
                else:
                    yield key, child
            if below is not None:
                yield from self._merged(below)
            self._depth -= 1
            if is_alias:
                self._leave()

    def _followed(self, alias: AliasNode) -> Any:
        self._enter(alias, alias)
        value = self.value(alias.target)
        self._leave()
        return value

    def _enter(self, alias: Node, what: Node) -> None:
        if any(one is what for one, _ in self._open):
            raise YamlError("has an alias that contains itself; write the value instead of the alias", place_of(alias))
        self._open.append((what, alias))
        self._in_aliases += 1

    def _leave(self) -> None:
        self._open.pop()
        self._in_aliases -= 1

    def _descend(self, node: Node) -> None:
        self._depth += 1
        if self._depth > limits.NESTING.most:
            problem = f"has more than {limits.NESTING.most} nested lists and objects; check its aliases"
            raise BeyondError(problem, self._outermost(node))

    def _count(self) -> None:
        self._read += 1
        if not self._in_aliases:
            return
        self._aliased += 1
        if self._aliased <= _ANY_ALIASES or self._read <= _ANY_NODES:
            return
        large = min(max(self._read - _SMALL, 0) / (_LARGE - _SMALL), 1)
        if self._aliased > self._read * (0.99 - 0.89 * large):
            raise BeyondError(f"has aliases that multiply its size; {_FEWER}", self._outermost(self._open[0][1]))

    def _outermost(self, node: Node) -> Place:
        """Return the place of the first alias that is being followed, or else of a node."""
        return place_of(self._open[0][1] if self._open else node)


def _as_written(key: Node) -> str | None:
    """Return a key as go-yaml merges it into an object that has only text as keys: 0x1F stays, null is dropped."""
    scalar = target_of(key)
    if not isinstance(scalar, ScalarNode) or scalar.tag is not None or scalar.quoted:
        return key_text(key)
    return None if scalar.value() is None else scalar.text


def _scalar(node: ScalarNode) -> Any:
    value = node.value()
    if isinstance(value, float) and not math.isfinite(value):
        problem = f"is {node.text}, a number that Pulumi refuses; write another, or put it in quotes"
        raise YamlError(problem, place_of(node))
    return as_value(value)
