"""The examined stack: its config, its project and its program's environment."""

import json
import os
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from elastx_mrs.config.base import is_encrypted
from elastx_mrs.config.model import Arguments
from elastx_mrs.lookup.vantage import Run
from elastx_mrs.stackfile.project import Project


@dataclass(frozen=True)
class Stack:
    """The examined stack.

    :param values: the whole config, by key with namespace: text, lists or objects.
    :param project: the stack's project, or None.
    :param run: the servers that this run queries.
    """

    arguments: Arguments
    values: Mapping[str, Any] = field(repr=False)
    project: Project | None
    run: Run
    environment: Mapping[str, str] = field(repr=False, default_factory=lambda: os.environ)

    def get(self, key: str) -> str | None:
        """Return a value as Pulumi gives it to a program: text, or JSON of a list or an object."""
        value = self.values.get(key)
        if value is None or _encrypted(value):
            return None
        return value if isinstance(value, str) else json.dumps(value)

    def hidden(self, key: str) -> bool:
        """Return whether a key has a value that only Pulumi can decrypt completely."""
        return _encrypted(self.values.get(key))

    def found(self, program: str) -> str | None:
        """Return the path of a program."""
        return shutil.which(program, path=self.environment.get("PATH", os.defpath))

    @property
    def folder(self) -> Path:
        """The folder of the project."""
        return Path(self.project.document.path).absolute().parent if self.project is not None else Path.cwd()

    @property
    def _runtime(self) -> Any:
        content = self.project.document.content if self.project is not None else None
        return content.get("runtime") if isinstance(content, Mapping) else None

    @property
    def language(self) -> str:
        """The language of the program, as Pulumi calls it: ``python``, ``nodejs``, ``go``, ``yaml``."""
        runtime = self._runtime.get("name") if isinstance(self._runtime, Mapping) else self._runtime
        return runtime if isinstance(runtime, str) and runtime.isalnum() else "python"

    @cached_property
    def virtualenv(self) -> Path | None:
        """The virtual environment that the project names, or None."""
        options = self._runtime.get("options") if isinstance(self._runtime, Mapping) else None
        named = options.get("virtualenv") if isinstance(options, Mapping) else None
        return self.folder / named if isinstance(named, str) and named else None

    @property
    def site(self) -> tuple[str, ...]:
        """The package folders of the program's Python; empty if it is this Python."""
        made = self.virtualenv
        if made is None or self.language != "python" or made.resolve() == Path(sys.prefix).resolve():
            return ()
        return tuple(map(str, sorted(made.glob("lib/python3*/site-packages"))))


def _encrypted(value: Any) -> bool:
    """Return whether any part of a value is encrypted."""
    inner = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    return is_encrypted(value) or any(map(_encrypted, inner))
