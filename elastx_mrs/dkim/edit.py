"""Changes of one list of DKIM keys in a stack's file, as text: everything else in the file stays as it is.

An edit is made line by line, and then read again. It counts only if the file then says exactly what was meant. Where
that cannot be, as in a list in brackets, the caller shows the lines to write by hand.
"""

import copy
import os
import re
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from elastx_mrs.identity import NAMESPACE
from elastx_mrs.service import ELASTX
from elastx_mrs.stackfile.document import Document
from elastx_mrs.stackfile.nodes import ListNode, Node, ObjectNode, ScalarNode, YamlError, parse
from elastx_mrs.stackfile.values import value_of

Key = Mapping[str, Any]


@dataclass(frozen=True)
class Change:
    """One change of a list of keys, at a selector.

    :param selector: of the key; a key without one is at the service's own.
    :param put: values to write, by key.
    :param drop: keys to remove.
    :param remove: whether to remove the whole key from the list.
    :param add: whether it is a new key, at the end of the list.
    """

    selector: str
    put: Mapping[str, Any]
    drop: Sequence[str] = ()
    remove: bool = False
    add: bool = False


def keys_of(content: Any, domain: int | None) -> list[dict[str, Any]] | None:
    """Return the list of keys in a stack's file as objects; None if the file does not have it.

    :param domain: the index of the domain whose keys they are; None for those of all domains.
    """
    given = _given(content, domain)
    if isinstance(given, str) and given.lstrip()[:1] in ("[", "{"):  # JSON as text, as pulumi config set writes it
        return None
    items = given if isinstance(given, list) else [given]
    found = [{"record": one} if isinstance(one, str) else one for one in items]
    return found if all(isinstance(one, dict) for one in found) else None


def _given(content: Any, domain: int | None) -> Any:
    try:
        config = content["config"]
        if domain is None:
            return config[f"{NAMESPACE}:dkim"]
        return config[f"{NAMESPACE}:domains"][domain]["dkim"]
    except (KeyError, IndexError, TypeError):
        return None


def changed(keys: Sequence[Key], changes: Sequence[Change]) -> list[dict[str, Any]]:
    """Return the list of keys after changes, as objects."""
    found = [dict(copy.deepcopy(one)) for one in keys]
    for change in changes:
        if change.add:
            found.append(dict(change.put))
            continue
        index = _index(found, change.selector)
        if change.remove:
            del found[index]
        else:
            kept = {key: value for key, value in found[index].items() if key not in change.drop}
            found[index] = {**kept, **change.put}
    return found


def _index(keys: Sequence[Key], selector: str) -> int:
    return next(at for at, key in enumerate(keys) if str(key.get("selector", "")).lower() in _names(selector))


def _names(selector: str) -> tuple[str, ...]:
    return (selector, "") if selector == ELASTX.dkim_selector else (selector,)


def edited(text: str, document: Document, domain: int | None, changes: Sequence[Change]) -> str | None:
    """Return a file's text after changes; None if this cannot edit it.

    :param text: the file's text, with ``\\n`` at the ends of its lines.
    """
    keys = keys_of(document.content, domain)
    if keys is None:
        return None
    wanted = copy.deepcopy(document.content)
    target = wanted["config"] if domain is None else wanted["config"][f"{NAMESPACE}:domains"][domain]
    target[f"{NAMESPACE}:dkim" if domain is None else "dkim"] = changed(keys, changes)
    try:
        made = _List(text, domain).listed()
        for change in changes:
            made = _List(made, domain).with_change(change, keys)
            keys = changed(keys, [change])
        return made if _same(made, wanted, domain) else None
    except (_UnableError, YamlError, StopIteration):
        return None


def _same(made: str, wanted: Any, domain: int | None) -> bool:
    """Return whether a text means what is wanted, where a key may also be its bare value."""
    content = value_of(parse(made).root)
    if keys_of(content, domain) != keys_of(wanted, domain):
        return False
    rest = copy.deepcopy(content)
    for one in (rest, wanted):
        place = one["config"] if domain is None else one["config"][f"{NAMESPACE}:domains"][domain]
        place[f"{NAMESPACE}:dkim" if domain is None else "dkim"] = None
    return bool(rest == wanted)


class _UnableError(Exception):
    """The text has a form that is not edited."""


class _List:
    """The lines of a file, and the place of a list of keys in them."""

    def __init__(self, text: str, domain: int | None) -> None:
        self.lines = text.split("\n")
        root = parse(text).root
        config = _child(root, "config")
        if domain is None:
            self.key, self.node = _pair(config, f"{NAMESPACE}:dkim")
        else:
            domains = _child(config, f"{NAMESPACE}:domains")
            if not isinstance(domains, ListNode):
                raise _UnableError
            self.key, self.node = _pair(domains.items[domain], "dkim")

    def listed(self) -> str:
        """Return the text with the key, or the keys, as a list of lines that begin with a dash."""
        if isinstance(self.node, ListNode):
            self._check_block(self.node.mark.line, self.node.mark.column)
            return "\n".join(self.lines)
        at, column = self.node.mark.line, self.node.mark.column
        indent = self.key.mark.column
        end = self._end(self.key.mark.line, indent)
        if isinstance(self.node, ObjectNode):
            if at == self.key.mark.line or self.lines[at][column] in "{&*!":
                raise _UnableError
            first, *rest = self.lines[at:end]
            block = [f"{first[:column]}- {first[column:]}", *(f"  {line}" if line.strip() else line for line in rest)]
            return "\n".join([*self.lines[:at], *block, *self.lines[end:]])
        if not isinstance(self.node, ScalarNode) or at != self.key.mark.line:
            raise _UnableError
        head, value = self.lines[at][:column].rstrip(), self.lines[at][column:]
        rest = [f"    {line}" if line.strip() else line for line in self.lines[at + 1 : end]]
        block = [head, f"{' ' * (indent + 2)}- record: {value}", *rest]
        return "\n".join([*self.lines[:at], *block, *self.lines[end:]])

    def with_change(self, change: Change, keys: Sequence[Key]) -> str:
        """Return the text after one change of a list."""
        if not isinstance(self.node, ListNode) or not self.node.items:
            raise _UnableError
        dash = self.node.mark.column
        if change.add:
            end = self._end(self.node.items[-1].mark.line, dash)
            return self._spliced(end, end, _item(dash, change.put))
        index = _index(keys, change.selector)
        item = self.node.items[index]
        start, end = item.mark.line, self._end(item.mark.line, dash)
        if change.remove:
            return self._spliced(start, end, [])
        return self._spliced(start, end, self._item_after(item, start, end, dash, change))

    def _item_after(self, item: Node, start: int, end: int, dash: int, change: Change) -> list[str]:
        """Return the lines of one key after a change."""
        if self.lines[start][: item.mark.column].strip(" ") != "-":
            raise _UnableError
        lines = self.lines[start:end]
        if isinstance(item, ScalarNode):
            column = item.mark.column
            lines[0] = f"{lines[0][:column]}record: {lines[0][column:]}"
        elif not isinstance(item, ObjectNode) or self.lines[start][item.mark.column] in "{&*!":
            raise _UnableError
        indent = item.mark.column
        lines[0] = " " * indent + lines[0][indent:]
        fields = _fields(lines, indent)
        for name, value in change.put.items():
            old, comments = _split(fields.get(name, []))
            fields[name] = [_line(indent, name, value, _comment(old)), *comments]
        made = [line for name, field in fields.items() if name not in change.drop for line in field]
        made += [line for name in change.drop for line in _split(fields.get(name, []))[1]]
        made[0] = f"{' ' * dash}-{' ' * (indent - dash - 1)}{made[0][indent:]}"
        return made

    def _check_block(self, line: int, column: int) -> None:
        if self.lines[line][column : column + 1] != "-":
            raise _UnableError

    def _end(self, start: int, indent: int) -> int:
        """Return the line after the last one that is deeper than an indent, without what is empty at its end."""
        end = last = start + 1
        while end < len(self.lines):
            line = self.lines[end]
            if line.strip():
                if len(line) - len(line.lstrip(" ")) <= indent:
                    break
                last = end + 1
            end += 1
        return last

    def _spliced(self, start: int, end: int, lines: Sequence[str]) -> str:
        return "\n".join([*self.lines[:start], *lines, *self.lines[end:]])


def _fields(lines: Sequence[str], indent: int) -> dict[str, list[str]]:
    """Return the lines of each key of an object, in order; comments stay with the key above them."""
    found: dict[str, list[str]] = {}
    name = ""
    for line in lines:
        begun = re.match(rf" {{{indent}}}([A-Za-z]+):(?: |$)", line)
        if begun:
            name = begun[1]
            found[name] = []
        elif not name:
            raise _UnableError
        found[name].append(line)
    return found


def _split(lines: Sequence[str]) -> tuple[Sequence[str], Sequence[str]]:
    """Return the lines of a value, and those after it that are only comments."""
    end = len(lines)
    while end > 1 and lines[end - 1].lstrip().startswith("#"):
        end -= 1
    return lines[:end], lines[end:]


def _comment(lines: Sequence[str]) -> str:
    """Return the comment at the end of a value in one line, with the white space before it."""
    found = re.search(r"\s+#.*$", lines[0]) if len(lines) == 1 and not re.search(r"[\"']", lines[0]) else None
    return found[0] if found else ""


def _line(indent: int, name: str, value: Any, comment: str = "") -> str:
    return f"{' ' * indent}{name}: {scalar(value)}{comment}"


def scalar(value: Any) -> str:
    """Return a text, a number or a boolean as YAML has it, in one line."""
    return yaml.safe_dump(value, width=10**6, allow_unicode=False).removesuffix("\n").removesuffix("\n...")


def _item(dash: int, values: Mapping[str, Any]) -> list[str]:
    lines = [_line(dash + 2, name, value) for name, value in values.items()]
    lines[0] = f"{' ' * dash}- {lines[0][dash + 2 :]}"
    return lines


def _pair(node: Node | None, key: str) -> tuple[Node, Node]:
    if isinstance(node, ObjectNode):
        for name, value in node.pairs:
            if isinstance(name, ScalarNode) and name.text == key:
                return name, value
    raise _UnableError


def _child(node: Node | None, key: str) -> Node:
    return _pair(node, key)[1]


def replace_file(path: Path, old: bytes, new: bytes) -> None:
    """Replace a file's content at once, with the same permissions: an interrupt leaves the old file, or the new one.

    :param old: its content as it was read.
    :raises OSError: if it cannot be written.
    :raises ChangedError: if somebody has changed it meanwhile.
    """
    target = path.resolve()
    descriptor, unfinished = tempfile.mkstemp(prefix=f".{target.name}.", suffix=".unfinished", dir=target.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(new)
            file.flush()
            os.fsync(file.fileno())
        shutil.copymode(target, unfinished)
        if target.read_bytes() != old:
            raise ChangedError
        Path(unfinished).replace(target)
    finally:
        with suppress(OSError):
            Path(unfinished).unlink()


class ChangedError(Exception):
    """Somebody has changed the file since it was read."""
