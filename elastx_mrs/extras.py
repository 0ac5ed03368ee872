"""Other packages: the message if an extra is not installed, and how short commands load them without delay.

Packages load ``importlib.metadata`` as they are imported, which is a tenth of a short command's time: it imports 30
modules, and reads every folder of packages. Pydantic imports one function of it, for plugins, which commands switch
off. gmpy2 looks up its own version.
"""

import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

_NAME = "importlib.metadata"

PLUGIN = "PulumiPlugin.yaml"
"""The file in a folder from which Pulumi installs and starts the plugin."""


class NotInstalledError(Exception):
    """A package is not there that one of the extras brings."""

    def __init__(self, package: str, extra: str) -> None:
        super().__init__(f"the package {package} is not installed; {install(f'elastx-mrs[{extra}]')}")


def install(requirement: str) -> str:
    """Return how to install what is missing: into this process's environment, or the one that Pulumi made for it.

    :param requirement: as pip has it, such as ``octodns-hetzner`` or ``elastx-mrs[octodns]``.
    """
    folder = Path(getattr(sys.modules["__main__"], "__file__", None) or "").parent
    if (folder / PLUGIN).is_file():
        return f"add {requirement} to {folder.name}/requirements.txt and run: pulumi install"
    return f"run: pip install {repr(requirement) if '[' in requirement else requirement}"


class _Later(ModuleType):
    """Stands for the module until something of it is used."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # Python's own questions about a module, at each import of it
            raise AttributeError(name)
        return getattr(_real(), name)

    def entry_points(self, **params: Any) -> Any:
        """Return entry points: a function that importers bind to a name long before they call it, if ever."""
        return _real().entry_points(**params)


class _NoVersions(_Later):
    """The same for a package that asks for its own version, and does not need it."""

    def version(self, distribution_name: str) -> str:
        """Return no version."""
        return ""


@contextmanager
def put_off(*, versions: bool = True) -> Iterator[None]:
    """Load ``importlib.metadata`` only if what is imported in this context uses it, and not because it is named.

    :param versions: False if packages that are imported here ask for their own version, which nothing shows.
    """
    if _NAME in sys.modules:
        yield
        return
    stand_in = sys.modules[_NAME] = importlib.metadata = (_Later if versions else _NoVersions)(_NAME)
    try:
        yield
    finally:
        if sys.modules.get(_NAME) is stand_in:
            _remove()


def _real() -> ModuleType:
    if isinstance(sys.modules.get(_NAME), _Later):
        _remove()
    return importlib.import_module(_NAME)


def _remove() -> None:
    del sys.modules[_NAME], importlib.metadata
