"""Stacks' files for ``elastx-mrs config check``: the places that it must name are marked in them with ``«``."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from elastx_mrs.cli.main import main
from tests import golden

MARK = "«"

HEAD = f"""config:
  elastx-mrs:accounts: [smtp-prod@acme.example, newsletter@acme.example]
  elastx-mrs:dkim: {golden.DKIM}
  elastx-mrs:cloudflare: {{}}
"""
GOOD = f"{HEAD}  elastx-mrs:domains: [example.com]\n"


@dataclass(frozen=True)
class Marked:
    """A file's text without the marks, and where they were: lines and columns, from 1."""

    text: str
    places: list[tuple[int, int]]


def marked(text: str) -> Marked:
    places = []
    for number, line in enumerate(text.splitlines(), start=1):
        parts = line.split(MARK)
        places += [(number, len("".join(parts[: index + 1])) + 1) for index in range(len(parts) - 1)]
    return Marked(text.replace(MARK, ""), places)


def write(path: Path, text: str) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return str(path)


def run(*arguments: str, **settings: Any) -> Result:
    result = CliRunner().invoke(main, ["config", "check", *arguments], prog_name="elastx-mrs", **settings)
    assert isinstance(result.exception, SystemExit | None), result.exc_info
    return result


def findings(*arguments: str) -> list[dict[str, Any]]:
    """Return what ``--format json`` has."""
    found: list[dict[str, Any]] = json.loads(run("--format", "json", *arguments).stdout)
    return found


def whole(finding: dict[str, Any]) -> str:
    """Return the whole message of a finding."""
    return "; ".join(filter(None, (finding["seen"], finding["fix"])))


def errors(file: str) -> list[dict[str, Any]]:
    return [one for one in findings(file) if one["level"] == "error"]
