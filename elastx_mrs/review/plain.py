"""The review for a terminal, and as JSON for other programs."""

import json
from collections.abc import Callable, Iterator
from typing import Any

from elastx_mrs.display import visible, visible_lines
from elastx_mrs.review.markdown import LABELS, OPS, acknowledged
from elastx_mrs.review.meaning import Say
from elastx_mrs.review.report import Review, Row, headlines, summary

JSON_VERSION = 1
"""The version of the object that :func:`as_json` returns; raised if a key is removed or changes its meaning."""

Style = Callable[..., str]


def as_text(found: Review, style: Style = lambda text, **_: text) -> str:
    """Return lines for people.

    :param style: colours a text, such as ``click.style``.
    """
    return "".join(f"{line}\n" for line in _lines(found, style))


def _lines(found: Review, style: Style) -> Iterator[str]:
    where = visible(f"{found.preview.project}/{found.preview.stack}: ") if found.preview.project else ""
    yield style(f"{where}{summary(found)}", bold=True)
    for level, colour in (("error", "red"), ("warning", "yellow")):
        for one in found.said(level):
            yield ""
            yield from _indented(f"{style(level, fg=colour)}: ", one.text)
    lines = headlines(found)
    if lines:
        yield ""
    for kind, what in lines:
        yield f"{style(LABELS[kind], fg='red')}: {told(what)}"
    for domain in found.domains:
        yield ""
        yield style(visible(domain.name), bold=True)
        for row in domain.rows:
            yield from _row(row)
    for one in found.said("notice"):
        yield ""
        yield from _indented("notice: ", one.text)
    for line in acknowledged(found):
        yield ""
        yield visible(f"acknowledged: {line}")
    if found.others:
        yield ""
        yield from (f"other resource: {visible(f'{one.type} {one.name}')}" for one in found.others)


def _row(row: Row) -> Iterator[str]:
    says = [told(one) for one in row.meaning.says] or ["its inputs only"]
    yield f"  {OPS[row.change.op]} {told(row.meaning.record)}: {says[0]}"
    yield from (f"      {one}" for one in says[1:])


def _indented(first: str, text: str) -> Iterator[str]:
    start, *rest = visible_lines(text)
    yield first + start
    yield from (f"  {line}" for line in rest)


def told(what: Say) -> str:
    """Return a sentence, with visible values."""
    return what.template.format(*map(visible, what.values))


def as_json(found: Review) -> str:
    """Return one object in ASCII, with the values of others unchanged."""
    counts = found.counts()
    content: dict[str, Any] = {
        "version": JSON_VERSION,
        "project": found.preview.project,
        "stack": found.preview.stack,
        "failed": found.preview.failed,
        "summary": summary(found),
        "counts": {op: counts[op] for op in OPS},
        "gates": sorted(found.gates),
        "risks": [{"risk": risk.kind, "domain": risk.domain, "text": _bare(risk.what)} for risk in found.risks],
        "domains": [
            {"domain": domain.name, "changes": [_change(row) for row in domain.rows]} for domain in found.domains
        ],
        "others": [{"type": one.type, "name": one.name} for one in found.others],
        "said": [
            {"level": one.level, "resources": list(one.resources), "text": one.text}
            for level in ("error", "warning", "notice")
            for one in found.said(level)
        ],
        "acknowledged": list(found.acknowledged()),
    }
    return json.dumps(content, indent=2) + "\n"


def _change(row: Row) -> dict[str, Any]:
    change = row.change
    return {
        "op": change.op,
        "kind": change.kind,
        "name": change.content.owner,
        "record": _bare(row.meaning.record),
        "resource": change.resource.name,
        "publisher": change.publisher,
        "before": change.old.value if change.old else None,
        "after": change.new.value if change.new else None,
        "says": [_bare(one) for one in row.meaning.says],
        "risks": [risk.kind for risk in row.meaning.risks],
    }


def _bare(what: Say) -> str:
    return what.template.format(*what.values)
