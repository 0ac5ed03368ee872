"""A stack's file, or a project's, with the place of everything in it: lines and columns, counted from 1."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import yaml

_PROJECTS = ("Pulumi.yaml", "Pulumi.yml")


class Place(NamedTuple):
    """Where something stands; both are None where it stands nowhere, as in a file that is not there."""

    line: int | None = None
    column: int | None = None


NOWHERE = Place()


class UnreadableError(Exception):
    """A file that cannot be read, or is not YAML."""

    def __init__(self, path: str, problem: str, place: Place = NOWHERE) -> None:
        """Keep what is wrong, and where."""
        self.path = path
        self.problem = problem
        self.place = place
        super().__init__(f"{path}: {problem}")


class InaccessibleError(UnreadableError):
    """A file that is not there, or that the operating system does not let this process read."""


class Repeated(NamedTuple):
    """A key that an object has twice, of which Python's YAML silently takes the last; Pulumi refuses it.

    :param place: of the second one.
    :param first: the line of the first.
    """

    path: str
    place: Place
    first: int


class Document(NamedTuple):
    """One file.

    :param content: what it holds, in plain dictionaries and lists.
    :param root: the same as YAML's nodes, which know where they stand; None for an empty file.
    """

    path: str
    content: Any
    root: yaml.Node | None
    repeated: tuple[Repeated, ...]

    def at(self, path: str) -> Place:
        """Return where a key or an element stands, such as ``config.elastx-mrs:domains[1].dkim``.

        What is not there, such as a key that is missing, is where the nearest thing around it is.
        """
        node, place = self.root, Place(1, 1)
        while node is not None:
            if isinstance(node, yaml.MappingNode):
                found = _longest(node, path)
                if found is None:
                    break
                key, node = found
                place, path = _place(key.start_mark), path[len(key.value) :].removeprefix(".")
            elif isinstance(node, yaml.SequenceNode):
                index = re.match(r"\[([0-9]{1,9})\]\.?", path)
                if index is None or int(index[1]) >= len(node.value):
                    break
                node = node.value[int(index[1])]
                place, path = _place(node.start_mark), path[index.end() :]
            else:
                break
        return place


def read(path: str) -> Document:
    """Return a file in YAML.

    :raises UnreadableError: where it cannot be read, or is not YAML.
    """
    try:
        text = Path(path).read_bytes().decode()
    except OSError as error:
        raise InaccessibleError(path, f"{error.strerror}; name a stack's file") from None
    except UnicodeDecodeError as error:
        raise UnreadableError(path, "is not UTF-8 text", _of_offset(error.object, error.start)) from None
    return _parsed(path, text)


def project_of(path: str) -> Document | None:
    """Return the project's file, ``Pulumi.yaml``, of a stack's: the nearest above it, as Pulumi takes it.

    :raises UnreadableError: where it is not YAML.
    """
    folder, here = Path(path).parent.resolve(), Path.cwd()
    for above in (folder, *folder.parents):
        for name in _PROJECTS:
            found = above / name
            if found.is_file():
                return read(str(found.relative_to(here) if found.is_relative_to(here) else found))
    return None


def _parsed(path: str, text: str) -> Document:
    """Return a document, from nodes that are made once: for its content, and for the places."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)(text)
    try:
        root = loader.get_single_node()
        repeated = tuple(_repeated(root)) if root is not None else ()  # before merges are put among the other keys
        content = loader.construct_document(root) if root is not None else None
    except yaml.reader.ReaderError as error:
        raise UnreadableError(path, f"is not YAML: {error.reason}", _of_offset(text.encode(), error.position)) from None
    except yaml.MarkedYAMLError as error:
        said = ": ".join(part for part in (error.context, error.problem) if part)
        mark = error.problem_mark or error.context_mark
        raise UnreadableError(path, f"is not YAML: {said}", _place(mark) if mark is not None else NOWHERE) from None
    except (ValueError, RecursionError) as error:  # a date or a number that there is not; too many lists in lists
        raise UnreadableError(path, f"has a value that cannot be read: {error}") from None
    finally:
        loader.dispose()
    return Document(path, content, root, repeated)


def _repeated(root: yaml.Node) -> Iterator[Repeated]:
    waiting, seen = [("", root)], set()
    while waiting:
        path, node = waiting.pop()
        if id(node) in seen:  # an alias, or an object in itself
            continue
        seen.add(id(node))
        if isinstance(node, yaml.SequenceNode):
            waiting += [(f"{path}[{index}]", child) for index, child in enumerate(node.value)]
        elif isinstance(node, yaml.MappingNode):
            lines: dict[tuple[str, str], int] = {}
            for key, child in node.value:
                below = f"{path}.{key.value}".removeprefix(".")
                waiting.append((below, child))
                if not isinstance(key, yaml.ScalarNode):
                    continue
                one = key.tag, key.value
                if one in lines:
                    yield Repeated(below, _place(key.start_mark), lines[one])
                lines.setdefault(one, key.start_mark.line + 1)


def _longest(node: yaml.MappingNode, path: str) -> tuple[yaml.Node, yaml.Node] | None:
    """Return the entry whose key a path begins with: of keys with dots in them, the longest."""
    found = None
    for key, value in node.value:
        name = key.value
        if not isinstance(key, yaml.ScalarNode) or not (path == name or path.startswith((f"{name}.", f"{name}["))):
            continue
        if found is None or len(name) >= len(found[0].value):
            found = key, value
    return found


def _place(mark: yaml.Mark) -> Place:
    return Place(mark.line + 1, mark.column + 1)


def _of_offset(octets: bytes, offset: int) -> Place:
    before = octets[:offset].decode(errors="replace")
    return Place(before.count("\n") + 1, len(before) - before.rfind("\n"))
