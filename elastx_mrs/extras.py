"""The parts that are installed only when they are named, and what is said where one is not there."""

import sys
from pathlib import Path

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
