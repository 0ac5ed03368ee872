"""Makes the package's description of README.md: a package index has no file that a relative link could lead to."""

import re
from pathlib import Path
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface

REPOSITORY = "https://github.com/elastx/elastx-mrs"

_LINK = re.compile(r'(\]\(|(?:href|src|srcset)=")(?!https?:|mailto:|#)([^)"\s]+)')
_IMAGES = (".png", ".svg")


def absolute(text: str) -> str:
    """Return Markdown whose links to files of the repository work from anywhere."""
    return _LINK.sub(lambda found: f"{found[1]}{_address(found[2])}", text)


def _address(path: str) -> str:
    return f"{REPOSITORY}/{'raw' if path.endswith(_IMAGES) else 'blob'}/main/{path}"


class Readme(MetadataHookInterface):
    """Hatch calls it for each build."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Add the description to the package's metadata."""
        text = Path(self.root, "README.md").read_text(encoding="utf-8")
        metadata["readme"] = {"content-type": "text/markdown", "text": absolute(text)}
