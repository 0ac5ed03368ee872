"""The output formats of ``elastx-mrs config check``: text, JSON and GitHub annotations."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence

import click

from elastx_mrs.cli.views.finding import seen_and_fix
from elastx_mrs.display import github_command, visible
from elastx_mrs.stackfile.check import Finding

_COLOURS = {"error": "red", "warning": "yellow", "notice": "cyan"}
"""The colours of levels; click removes them if the output is not a terminal."""


def _text(findings: Sequence[Finding]) -> str:
    return "".join(f"{_line(one)}\n" for one in findings)


def _line(one: Finding) -> str:
    """Return ``FILE:LINE:COLUMN: <path>: <problem>``, which editors can jump to."""
    where = [str(part) for part in (one.file, one.place.line, one.place.column) if part is not None]
    heads = [head for head in (one.level if one.level != "error" else "", one.path) if head]
    coloured = [click.style(f"{visible(head)}:", fg=_COLOURS[one.level]) for head in heads]
    return " ".join([f"{visible(':'.join(where))}:", *coloured, visible(one.text)])


def _json(findings: Sequence[Finding]) -> str:
    rows = [
        {
            "file": one.file,
            "line": one.place.line,
            "column": one.place.column,
            "path": one.path,
            "level": one.level,
            **seen_and_fix(one.problem),
            **({"notice": one.notice} if one.notice else {}),
        }
        for one in findings
    ]
    return json.dumps(rows, indent=2) + "\n"


def _github(findings: Sequence[Finding]) -> str:
    return "".join(f"{_annotation(one)}\n" for one in findings)


def _annotation(one: Finding) -> str:
    message = visible(": ".join(part for part in (one.path, one.text) if part))
    return github_command(one.level, message, file=one.file, line=one.place.line, col=one.place.column)


def passed(file: str, counts: Iterable[str]) -> str:
    """Return the line for a file without errors."""
    listed = ", ".join(counts)
    return ": ".join([visible(file), click.style("ok", fg="green"), *([listed] if listed else [])])


FORMATS: Mapping[str, Callable[[Sequence[Finding]], str]] = {"text": _text, "json": _json, "github": _github}
