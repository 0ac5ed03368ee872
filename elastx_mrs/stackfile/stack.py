"""A stack's config as Pulumi puts it together: of the stack's file, and of the project's for what is not in that."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from elastx_mrs.config import is_given
from elastx_mrs.identity import NAMESPACE
from elastx_mrs.stackfile.document import Document, Place, UnreadableError, project_of, read

OWN = f"{NAMESPACE}:"


class _Written(NamedTuple):
    document: Document
    path: str
    value: Any


class Stack(NamedTuple):
    """One stack's config.

    :param document: the stack's file.
    :param project: what the project is called, where its file is there.
    :param entries: what is in ``config`` of either, by key with its namespace.
    """

    document: Document
    project: str | None
    entries: Mapping[str, _Written]

    @property
    def content(self) -> Mapping[str, Any]:
        """The stack's file."""
        return _object(self.document.content)

    @property
    def keys(self) -> list[str]:
        """The keys of ``config``, as they are written in the stack's file."""
        return [str(key) for key in _object(self.content.get("config"))]

    @property
    def values(self) -> dict[str, Any]:
        """What is configured, by key with its namespace."""
        return {key: written.value for key, written in self.entries.items()}

    @property
    def own(self) -> dict[str, Any]:
        """What is configured under our namespace, by key without it."""
        return {key.removeprefix(OWN): value for key, value in self.values.items() if key.startswith(OWN)}

    def at(self, path: str) -> tuple[str, Place]:
        """Return file and place of a fault; of ``config`` where it is about something that is not there."""
        for part in path.split(", "):  # of two publishers, the first
            for key, written in self.entries.items():
                name = key.removeprefix(OWN)
                if part == name or part.startswith((f"{name}.", f"{name}[")):
                    return written.document.path, written.document.at(written.path + part[len(name) :])
        return self.document.path, self.document.at(path if path in self.content else "config")


def read_stack(file: str) -> Stack:
    """Return a stack's config.

    :raises UnreadableError: where the file, or the project's, cannot be read or is not YAML.
    """
    document = read(file)
    content = _object(document.content)
    try:
        project = project_of(file)
    except UnreadableError:
        if any(str(key).startswith(OWN) for key in _object(content.get("config"))):
            raise
        project = None  # of somebody else's
    name = str(_object(project.content).get("name")) if project is not None else None
    entries = dict(_of_project(project, name)) if project is not None else {}
    for key, value in _object(content.get("config")).items():
        entries[_whole(str(key), name)] = _Written(document, f"config.{key}", value)
    return Stack(document, name, entries)


def _of_project(document: Document, name: str | None) -> Iterator[tuple[str, _Written]]:
    """Yield what a project's file gives each of its stacks: a bare value, a ``value`` or a ``default``."""
    for key, entry in _object(_object(document.content).get("config")).items():
        kinds = [kind for kind in ("value", "default") if isinstance(entry, Mapping) and kind in entry]
        value = entry[kinds[0]] if kinds else None if isinstance(entry, Mapping) else entry
        whole = _whole(str(key), name)
        if is_given(whole.removeprefix(OWN), value):
            yield whole, _Written(document, ".".join(["config", str(key), *kinds[:1]]), value)


def _whole(key: str, project: str | None) -> str:
    """Return a key with its namespace; without one it is the project's own."""
    return key if ":" in key or project is None else f"{project}:{key}"


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
