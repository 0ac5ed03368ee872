"""The project of a stack's file: which ``Pulumi.yaml`` it is, and what it gives every stack."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from elastx_mrs.reading import STANDARD_INPUT
from elastx_mrs.stackfile.document import Document, UnreadableError, read

_NAMES = ("Pulumi.json", "Pulumi.yaml", "Pulumi.yml")
"""In the order in which Pulumi looks for them in a folder."""

_NO_SHORT_FORM = "is empty, or a number with a fraction, which Pulumi refuses here; write {default: VALUE}"


class Given(NamedTuple):
    """One key in a project's file.

    :param key: as it is written.
    :param path: of the value in the file, such as ``config.dmarc.default``.
    :param value: None if the key has no value for the stacks.
    :param refusal: why Pulumi refuses the file, then the fix; None if it does not.
    """

    key: str
    path: str
    value: Any
    refusal: str | None = None


class Project(NamedTuple):
    """A project's file.

    :param name: the namespace of keys that have none.
    """

    document: Document
    name: str

    def given(self) -> Iterator[Given]:
        """Yield the project's value of each key: a bare value, a ``value`` or a ``default``."""
        config = self.document.content.get("config")
        for key, entry in config.items() if isinstance(config, Mapping) else ():
            path = f"config.{key}"
            if not isinstance(entry, Mapping):
                yield Given(key, path, entry, None if isinstance(entry, bool | int | str | list) else _NO_SHORT_FORM)
                continue
            kinds = [kind for kind in ("default", "value") if entry.get(kind) is not None]
            value = entry[kinds[0]] if kinds else None
            yield Given(key, ".".join([path, *kinds[:1]]), value, self._refusal(key, kinds))

    def _refusal(self, key: str, kinds: list[str]) -> str | None:
        is_own = ":" not in key or key.startswith(f"{self.name}:")
        if len(kinds) == 2:
            return "has default and value, which Pulumi refuses; remove one of them"
        if is_own or kinds == ["value"]:
            return None
        if kinds:
            return f"has a default, which Pulumi accepts only for keys of the project {self.name}; write value instead"
        return f"has no value, which Pulumi refuses for keys of other projects than {self.name}; write value"


def project_of(file: str) -> Project | None:
    """Return the project of a stack's file, or None if there is none.

    Pulumi takes the project nearest above the current folder, and its stacks are in the folder of ``Pulumi.yaml`` or
    in its ``stackConfigDir``. So of these, the first one counts:

    - the project of the current folder, if its stacks are in the file's folder;
    - the nearest project above the file whose stacks are in that folder;
    - the nearest project above the file.

    For standard input, and for a pipe such as ``<(sops --decrypt FILE)``, it is the project of the current folder.

    :raises UnreadableError: if the file of that project cannot be read, or has no name.
    """
    here = _current_folder()
    current = next(_above(here), None) if here is not None else None
    if file == STANDARD_INPUT or not _is_file(Path(file)):
        return _project(_read(current)) if current is not None else None
    folder = Path(file).parent.resolve()
    above = list(_above(folder))
    for path in dict.fromkeys([current, *above] if current is not None else above):
        try:
            document = _read(path)
        except UnreadableError:
            continue
        if _stack_folder(document, path.parent) == folder:
            return _project(document)
    return _project(_read(above[0])) if above else None


def _above(folder: Path) -> Iterator[Path]:
    """Yield the projects' files in a folder and above it, the nearest first; one of each folder."""
    for one in (folder, *folder.parents):
        path = next((one / name for name in _NAMES if _is_file(one / name)), None)
        if path is not None:
            yield path


def _read(path: Path) -> Document:
    return read(_shown(path), cure="make it readable, because Pulumi needs it, too")


def _project(document: Document) -> Project:
    name = document.content.get("name") if isinstance(document.content, Mapping) else None
    if not isinstance(name, str) or not name:
        problem = "has no name, which every project needs; write name: and the project's name"
        raise UnreadableError(document.path, problem, document.at("name"))
    if document.repeated:
        repeated = document.repeated[0]
        raise UnreadableError(document.path, f"{repeated.path} {repeated.problem}", repeated.place)
    return Project(document, name)


def _stack_folder(document: Document, project: Path) -> Path | None:
    """Return the folder of the stack files of a project in the folder ``project``; None if its file has no keys."""
    content = document.content
    if not isinstance(content, Mapping):
        return None
    named = [content.get("stackConfigDir"), content.get("config")]  # the latter is the old name of the same
    folder = next((one for one in named if isinstance(one, str)), "")
    return (project / folder.lstrip("/")).resolve()  # Pulumi takes an absolute path from the project's, too


def _current_folder() -> Path | None:
    try:
        return Path.cwd()
    except OSError:  # it was removed
        return None


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # a folder above may not be looked into
        return False


def _shown(path: Path) -> str:
    """Return a path for messages: relative to the current folder, if it is below that."""
    here = _current_folder()
    return str(path.relative_to(here) if here is not None and path.is_relative_to(here) else path)
