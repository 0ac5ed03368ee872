"""Records as a table, a zone file, JSON, Markdown or a ticket."""

import json
from collections.abc import Callable, Mapping, Sequence

from elastx_mrs.config.remarks import Said
from elastx_mrs.display import comment_line, markdown_cell_code, markdown_code, markdown_text
from elastx_mrs.records import TxtRecord
from elastx_mrs.records.text import presentation

_COLUMNS = ("domain", "kind", "name", "ttl", "value")


def _text(records: Sequence[TxtRecord]) -> str:
    rows = [_COLUMNS, *((r.domain, r.kind, r.name, str(r.ttl), r.value) for r in records)]
    return "".join("  ".join(cells).rstrip() + "\n" for cells in _padded(rows))


def _markdown(records: Sequence[TxtRecord]) -> str:
    code = markdown_cell_code
    head, *rows = _padded(
        [_COLUMNS, *((code(r.domain), r.kind, code(r.name), str(r.ttl), code(r.value)) for r in records)]
    )
    lines = [head, ["-" * len(cell) for cell in head], *rows]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def _padded(rows: Sequence[Sequence[str]]) -> list[list[str]]:
    """Return rows with cells padded to their column's width; records are ASCII, so each character is one column."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [[cell.ljust(width) for cell, width in zip(row, widths, strict=True)] for row in rows]


def _remarks(said: Sequence[Said]) -> str:
    """Return warnings and notices as a Markdown list."""
    lines = [f"- **{one.remark.level}** {markdown_code(one.path)}: {markdown_text(one.remark.named)}\n" for one in said]
    return "\n" + "".join(lines) if lines else ""


def _json(records: Sequence[TxtRecord]) -> str:
    return json.dumps([record.row for record in records], indent=2) + "\n"


def _fragment(records: Sequence[TxtRecord]) -> str:
    lines = []
    domain = ""
    for record in records:
        if record.domain != domain:
            domain = record.domain
            lines.append(comment_line(domain, ";"))
        lines.append(_line(record))
    return "".join(lines)


def _zone(records: Sequence[TxtRecord]) -> str:
    """Return a complete zone file that loads for each of the domains."""
    lines = [
        "; The SOA and NS records make this a complete file; omit them when you copy the records into your own zone.\n"
    ]
    domain = ""
    for record in records:
        if record.domain != domain:
            domain = record.domain
            lines.append(
                f"{domain}. {record.ttl} IN SOA localhost. hostmaster.{domain}. 1 3600 900 604800 {record.ttl}\n"
            )
            lines.append(f"{domain}. {record.ttl} IN NS localhost.\n")
        lines.append(_line(record))
    return "".join(lines)


def _line(record: TxtRecord) -> str:
    return f"{record.name}. {record.ttl} IN TXT {presentation(record.value)}\n"


def _ticket(records: Sequence[TxtRecord]) -> str:
    from elastx_mrs.cli.views.ticket import ticket

    return ticket(records)


FORMATS: Mapping[str, Callable[[Sequence[TxtRecord]], str]] = {
    "text": _text,
    "zone": _zone,
    "fragment": _fragment,
    "json": _json,
    "markdown": _markdown,
    "ticket": _ticket,
}


def render(records: Sequence[TxtRecord], said: Sequence[Said], format_: str) -> str:
    """Return records in one of :data:`FORMATS`, with a final line end; Markdown has the remarks below."""
    return FORMATS[format_](records) + (_remarks(said) if format_ == "markdown" else "")
