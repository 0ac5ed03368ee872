"""Records as a table, a zone file, JSON or Markdown."""

import json
from collections.abc import Callable, Mapping, Sequence

from elastx_mrs.config.remarks import Said
from elastx_mrs.display import comment_line, markdown_cell_code, markdown_code, markdown_text
from elastx_mrs.records import TxtRecord
from elastx_mrs.records.text import presentation

_COLUMNS = ("domain", "kind", "name", "ttl", "value")


def _table(records: Sequence[TxtRecord]) -> str:
    from tabulate import tabulate

    rows = [(r.domain, r.kind, r.name, r.ttl, r.value) for r in records]
    return tabulate(rows, headers=_COLUMNS, tablefmt="plain", disable_numparse=True) + "\n"


def _markdown(records: Sequence[TxtRecord]) -> str:
    from tabulate import tabulate

    code = markdown_cell_code
    rows = [(code(r.domain), r.kind, code(r.name), r.ttl, code(r.value)) for r in records]
    return tabulate(rows, headers=_COLUMNS, tablefmt="github", disable_numparse=True) + "\n"


def _remarks(said: Sequence[Said]) -> str:
    """Return warnings and notices as a Markdown list."""
    lines = [f"- **{one.remark.level}** {markdown_code(one.path)}: {markdown_text(one.remark.named)}\n" for one in said]
    return "\n" + "".join(lines) if lines else ""


def _json(records: Sequence[TxtRecord]) -> str:
    rows = [{"domain": r.domain, "kind": r.kind, "name": r.name, "value": r.value, "ttl": r.ttl} for r in records]
    return json.dumps(rows, indent=2) + "\n"


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
    """Return a file that loads by itself, whichever domain is taken as the zone."""
    lines = ["; SOA and NS are there only so that this file loads by itself; leave them out of a zone that you have.\n"]
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


FORMATS: Mapping[str, Callable[[Sequence[TxtRecord]], str]] = {
    "text": _table,
    "zone": _zone,
    "fragment": _fragment,
    "json": _json,
    "markdown": _markdown,
}


def render(records: Sequence[TxtRecord], said: Sequence[Said], format_: str) -> str:
    """Return records in one of :data:`FORMATS`, with a final line end; Markdown has the remarks below."""
    return FORMATS[format_](records) + (_remarks(said) if format_ == "markdown" else "")
