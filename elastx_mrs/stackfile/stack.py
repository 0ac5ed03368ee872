"""A stack's config as Pulumi builds it, from the stack file and then the project file."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from elastx_mrs.config.parse import is_given
from elastx_mrs.identity import NAMESPACE
from elastx_mrs.secrecy import masked
from elastx_mrs.stackfile.document import Document, first_key, read
from elastx_mrs.stackfile.place import Place, located
from elastx_mrs.stackfile.project import Project, project_of
from elastx_mrs.stackfile.scalars import as_config

OWN = f"{NAMESPACE}:"

ENVIRONMENT = "environment"
"""The key that imports environments of Pulumi ESC. Their values are in Pulumi Cloud alone."""

_NOT_TEXT = "is a key that is not text, which Pulumi refuses here; put it in quotes"


class Refusal(NamedTuple):
    """An error in the files of a stack, for which Pulumi refuses all of them.

    :param problem: what is wrong, then what to do.
    """

    file: str
    place: Place
    path: str
    problem: str

    def __str__(self) -> str:
        path = f"{self.path}: " if self.path else ""
        return f"{located(self.file, self.place)}: {path}{self.problem}"


class _Written(NamedTuple):
    document: Document
    path: str
    value: Any


@dataclass(frozen=True)
class Stack:
    """One stack's config.

    :param document: the stack's file.
    :param project: the project's name, if there is a project.
    :param entries: what is in ``config`` of either file, by key with its namespace.
    :param refusals: why Pulumi refuses the files; empty if it does not.
    """

    document: Document
    project: str | None
    entries: Mapping[str, _Written]
    refusals: tuple[Refusal, ...]

    @property
    def content(self) -> Mapping[str, Any]:
        """The stack's file."""
        return _object(self.document.content)

    @property
    def keys(self) -> list[str]:
        """The keys of ``config`` as they are written in the stack's file."""
        return list(_object(self.content.get("config")))

    @property
    def values(self) -> dict[str, Any]:
        """The values that the program gets from Pulumi, by key with its namespace: top-level scalars as text."""
        return {key: written.value for key, written in self.entries.items()}

    @property
    def own(self) -> dict[str, Any]:
        """The values in our namespace, by key without it; of the project's, only those that mean something."""
        return {
            key.removeprefix(OWN): written.value
            for key, written in self.entries.items()
            if key.startswith(OWN)
            and (written.document is self.document or is_given(key.removeprefix(OWN), written.value))
        }

    @property
    def environment(self) -> Place | None:
        """The place where environments of Pulumi ESC are imported, or None."""
        return self.document.at(ENVIRONMENT) if self.content.get(ENVIRONMENT) else None

    @cached_property
    def _by_name(self) -> Mapping[str, _Written]:
        """The entries of ``config`` in both files, by the names that errors use."""
        found: dict[str, _Written] = {}
        for key, written in self.entries.items():
            found.setdefault(key.removeprefix(OWN), written)
        return found

    def at(self, path: str) -> tuple[str, Place]:
        """Return file and place of an error; those of ``config`` if the key is missing."""
        for part in path.split(", "):  # of two publishers, the first
            name = first_key(part, self._by_name)
            if name is not None:
                written = self._by_name[name]
                return written.document.path, written.document.at(written.path + part[len(name) :])
        return self.document.path, self.document.at(path if path in self.content else "config")


def read_stack(file: str) -> Stack:
    """Return a stack's config.

    :param file: its path, or ``-`` for standard input.
    :raises UnreadableError: if the file, or the project's, cannot be read or is not YAML.
    """
    return stack_of(read(file))


def stack_of(document: Document) -> Stack:
    """Return the config of a stack whose file is read.

    :raises UnreadableError: if the project's file cannot be read or is not YAML.
    """
    project = project_of(document.path)
    entries, refusals = {}, list(_refused(document))
    if project is not None:
        for given in project.given():
            key, problem = _whole(given.key, project)
            problem = given.refusal or problem
            if problem is not None:
                refusals.append(_refusal(project.document, given.key, problem))
            elif given.value is not None:
                entries[key] = _Written(project.document, given.path, _configured(given.value))
    for written, value in _object(_object(document.content).get("config")).items():
        key, problem = _whole(written, project)
        if problem is not None:
            refusals.append(_refusal(document, written, problem))
        else:
            entries[key] = _Written(document, f"config.{written}", _configured(value))
    told = tuple(one._replace(path=masked(one.path)) for one in refusals)  # a key of an object may be a secret
    return Stack(document, project.name if project is not None else None, entries, told)


def _refused(document: Document) -> Iterator[Refusal]:
    """Yield what Pulumi refuses in a stack's file as a whole."""
    path = document.path
    content = document.content
    if content is not None and not isinstance(content, Mapping):
        yield Refusal(path, Place(1, 1), "", "is not a stack's file, because it has no keys; write config")
        return
    config = _object(content).get("config")
    if config is not None and not isinstance(config, Mapping):
        problem = f"has no keys; write {OWN}accounts and {OWN}domains below it"
        yield Refusal(path, document.at("config"), "config", problem)
    for key, place in [*document.keys_not_text(), *document.keys_not_text("config")]:
        yield Refusal(path, place, key, _NOT_TEXT)
    for one in document.repeated:
        yield Refusal(path, one.place, one.path.removeprefix("config.").removeprefix(OWN), one.problem)


def _refusal(document: Document, key: str, problem: str) -> Refusal:
    return Refusal(document.path, document.at(f"config.{key}"), key, problem)


def _whole(key: str, project: Project | None) -> tuple[str, str | None]:
    """Return a key with its namespace, which without one is the project's, and what Pulumi refuses about it."""
    parts = key.split(":")
    if len(parts) == 1:
        return (f"{project.name}:{key}" if project is not None else key), None
    if len(parts) == 3 and parts[1] == "config":
        return f"{parts[0]}:{parts[2]}", None
    refused = len(parts) > 2
    return key, "has several colons, which Pulumi refuses; write NAMESPACE:NAME" if refused else None


def _configured(value: Any) -> Any:
    """Return a value as the program gets it: text, or the value of a JSON text."""
    return value if isinstance(value, dict | list) else as_config(value)


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
