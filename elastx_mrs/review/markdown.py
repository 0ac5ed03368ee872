"""The review as a comment on GitHub or GitLab: safe for any text of others, and never too long for a comment.

Text of others is shown as code, without invisible characters. In code, Markdown, HTML, mentions, links and issue
numbers do nothing (GitHub Flavored Markdown §6.1). Long messages are in code blocks.
"""

import re
import textwrap
from collections.abc import Callable, Iterable, Mapping

from elastx_mrs.display import (
    html_code,
    markdown_block,
    markdown_cell_code,
    markdown_code,
    some,
    visible,
    visible_lines,
)
from elastx_mrs.notices import ABOUT, GUARD
from elastx_mrs.review.changes import Op
from elastx_mrs.review.meaning import Say
from elastx_mrs.review.report import FAILED, Domain, Message, Review, Row, headlines, outlook, summary

LIMITS = {"github": 65_536, "gitlab": 1_000_000}
"""Octets of a comment. The limits of both are in characters, and no text has fewer octets than characters."""

LABELS = {
    FAILED: "Failed", "gained": "Gains a domain", "loosened": "Loosened", "removed": "Removed", "relay": "Relay",
    "key": "Another key", "senders": "More senders",
}  # fmt: skip
OPS: Mapping[Op, str] = {
    "add": "+ add", "change": "~ change", "remove": "- remove", "release": "release", "stopped": "! stopped",
}  # fmt: skip

MANY = 5
"""If there are more domains, each is folded."""

_WIDTH = 110
_AT_ONCE = 10_000
_MAX_LINES = 60
"""Lines of one message; a traceback can be long, and its end matters most."""

_NAMED = 5
"""Resources that one message lists; the others are counted."""

_NOTE = "_Shortened to fit a comment; not shown: {}. All of it: `elastx-mrs review --limit none`._\n"
_ROOM = 400
"""Octets kept for that note."""


def marker(found: Review) -> str:
    """Return the comment's invisible first line, by which the next run finds it."""
    name = re.sub(r"[^\w./-]", "_", f"{found.preview.project}/{found.preview.stack}")
    return f"<!-- elastx-mrs review {name.replace('--', '__')} -->"


def markdown(found: Review, limit: int | None) -> str:
    """Return the review.

    :param limit: octets; None for no limit. To shorten, it drops the notices first, then whole tables of the domains
        with the least risk, and the risks last. It counts what it leaves out.
    """
    head = [marker(found), "", f"### Mail records{_where(found)}", "", f"**{summary(found)}**", ""]
    errors, warnings = found.said("error"), found.said("warning")
    parts = ["\n".join(head) + "\n"]
    budget = (limit or 1 << 62) - len(parts[0].encode()) - _ROOM
    left_out: list[str] = []
    folded = len(found.domains) > MANY

    def add(blocks: Iterable[str], count: int, share: int, what: str) -> int:
        """Add as many blocks as fit into a share of the room; note how many did not."""
        nonlocal budget
        room = budget // share
        for number, block in enumerate(blocks):
            size = len(block.encode())
            if size > room:
                left_out.append(_left_out(count - number, what))
                return number
            parts.append(block)
            room -= size
            budget -= size
        return count

    add((_said(one, "Error", limit) for one in errors), len(errors), 2, "error")
    lines = [f"- **{LABELS[kind]}**: {_told(what, markdown_code)}\n" for kind, what in headlines(found)]
    if lines:
        add(["#### Look here first\n\n" + lines[0], *lines[1:]], len(lines), 2, "line of what to look at first")
        parts.append("\n")
    add((_said(one, "Warning", limit) for one in warnings), len(warnings), 2, "warning")
    shown = add((_domain(domain, folded) for domain in found.domains), len(found.domains), 1, "domain")
    if shown == len(found.domains):
        for title, texts in _at_the_end(found, limit):
            add([_details(title, texts)], 1, 1, title)
    if left_out:
        parts.append(_NOTE.format(", ".join(left_out)))
    return "".join(parts).rstrip("\n") + "\n"


def _left_out(count: int, what: str) -> str:
    if what.endswith("s") or what[0].isdigit():
        return what
    plural = what.replace("line ", "lines ") if what.startswith("line ") else f"{what}s"
    return f"{count} {what if count == 1 else plural}"


def _where(found: Review) -> str:
    preview = found.preview
    return f": {markdown_code(f'{preview.project}/{preview.stack}')}" if preview.project else ""


def _domain(domain: Domain, folded: bool) -> str:
    rows = "".join(_row(row) for row in domain.rows)
    table = f"| | record | what will change |\n|---|---|---|\n{rows}\n"
    if not folded:
        return f"#### {markdown_code(domain.name)}\n\n{table}"
    labels = "".join(f", <strong>{LABELS[kind]}</strong>" for kind in domain.risks)
    head = f"{html_code(domain.name)}: {outlook(domain.counts())}{labels}"
    return f"<details><summary>{head}</summary>\n\n{table}</details>\n\n"


def _row(row: Row) -> str:
    record = _told(row.meaning.record, markdown_cell_code)
    says = "<br>".join(_told(one, markdown_cell_code) for one in row.meaning.says) or "its inputs only"
    mark = OPS[row.change.op].replace(" ", "&nbsp;")  # a narrow first column would break it into two lines
    return f"| {mark} | {record} | {says} |\n"


def _told(what: Say, code: Callable[[str], str]) -> str:
    return what.template.format(*map(code, what.values))


def _said(one: Message, title: str, limit: int | None) -> str:
    text = one.text if limit is None else one.text[-_MAX_LINES * _WIDTH :]
    lines = _wrapped(text)
    if limit is not None and (len(lines) > _MAX_LINES or text != one.text):
        lines = ["…", *lines[-_MAX_LINES:]]
    names = some([markdown_code(name) for name in one.resources], _NAMED)
    at = f" at {names}" if names else ""
    return f"**{title}**{at}:\n\n{markdown_block(lines)}\n"


def _at_the_end(found: Review, limit: int | None) -> list[tuple[str, list[str]]]:
    """Return the folded parts below the domains, each with its title."""
    notices: list[str] = []
    size = 0
    for one in found.said("notice"):
        if limit is not None and size > limit:
            break  # they are shown together, and do not fit
        notices += [*_wrapped(_place(one) + one.text), ""]
        size += len(one.text)
    resources = [visible(f"{one.type} {one.name}") for one in found.others]
    folded = []
    if notices:
        folded.append((_count(len(found.said("notice")), "notice"), notices[:-1]))
    if known := acknowledged(found):
        folded.append((_count(len(known), "acknowledged notice"), known))
    if resources:
        folded.append((_count(len(resources), "other resource"), resources))
    return folded


def acknowledged(found: Review) -> list[str]:
    """Return a line for each notice that the config acknowledges."""
    named = ((f"{name} ({place})" if place else name, ABOUT.get(name)) for name, place in found.acknowledged().items())
    return [f"{name}: {about.replace('`', '')}" if about else name for name, about in named]


def _place(one: Message) -> str:
    return f"{one.resources[0]}: " if one.resources and not one.text.startswith(GUARD) else ""


def _details(title: str, lines: list[str]) -> str:
    return f"<details><summary>{title}</summary>\n\n{markdown_block(lines)}\n</details>\n\n"


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _wrapped(text: str) -> list[str]:
    lines: list[str] = []
    for line in visible_lines(text):
        # textwrap takes the square of a word's length.
        for at in range(0, len(line) or 1, _AT_ONCE):
            part = line[at : at + _AT_ONCE]
            lines += textwrap.wrap(part, _WIDTH, subsequent_indent="  ", break_on_hyphens=False) or [""]
    return lines
