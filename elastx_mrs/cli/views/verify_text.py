"""The text output of ``elastx-mrs verify``: a table of problems first, then verified domains and notes."""

import sys
from collections.abc import Iterator, Mapping, Sequence

import click

from elastx_mrs.cli import terminal
from elastx_mrs.cli.views.layout import GAP, row, shares, width, wrapped
from elastx_mrs.display import some, visible
from elastx_mrs.verify import report
from elastx_mrs.verify.answers import Answers, answers_of, by_answers
from elastx_mrs.verify.result import Verdict
from elastx_mrs.verify.wait import Job

COLOURS: Mapping[str, str] = {
    "pass": "green",
    "wrong": "red",
    "absent": "red",
    "unreachable": "yellow",
    "warning": "yellow",
    "cached": "yellow",
    "notice": "cyan",
    "unchecked": "cyan",
}

TABLE = 60
"""The fewest columns for a table; with fewer, each cell has its own line."""

MOST_NAMED = 5
"""The most domains that a line names; the others are counted."""

_HEADINGS = ("DOMAIN", "CHECK", "VERDICT", "WHERE")
_LABEL = 10
"""The columns for a label, such as ``expected``, before a text."""


def text(jobs: Sequence[Job], source: report.Source) -> str:
    """Return the report for standard output, in its width, and as long as ``--quiet`` or ``--verbose`` make it."""
    lines = _lines(jobs, source, terminal.columns(sys.stdout), quiet=terminal.quiet(), verbose=terminal.verbose())
    return "".join(f"{line.rstrip()}\n" for line in lines)


def _lines(
    jobs: Sequence[Job], source: report.Source, columns: int | None, *, quiet: bool, verbose: bool
) -> Iterator[str]:
    groups = report.groups(jobs)
    waited = any(job.timeout for job in jobs)
    if groups:
        yield from _table(groups, source, columns, waited=waited)
    notes = [note for note in report.notes(jobs) if not quiet or note.kind == "warning"]
    if quiet and not groups and not notes:
        return
    if not quiet:
        yield from _passed(jobs, source, columns, verbose=verbose)
    yield from _notes(jobs, notes, source, columns)
    colour = "red" if groups else "green"
    yield from (click.style(line, fg=colour, bold=True) for line in wrapped(report.summary(jobs), columns))


def _table(
    groups: Sequence[report.Group], source: report.Source, columns: int | None, *, waited: bool
) -> Iterator[str]:
    rows = [(group, finding, _cells(group, finding, source)) for group in groups for finding in group.findings]
    widths = _widths([cells for _, _, cells in rows], columns)
    if widths:
        yield from map("".join, _spaced(row([[heading] for heading in _HEADINGS], widths)))
    for group, finding, cells in rows:
        verdict = cells[2][0]
        if widths:
            for parts in _spaced(row(cells, widths)):
                yield "".join([*parts[:4], parts[4].replace(verdict, _coloured(finding.verdict), 1), *parts[5:]])
        else:
            yield from _stacked(cells, finding, columns)
        yield from _fields(group, finding, columns)
        if finding is group.findings[-1]:
            yield from _ending(group, source, columns, waited=waited)
        yield ""


def _cells(group: report.Group, finding: report.Finding, source: report.Source) -> list[list[str]]:
    domain = some(group.domains, 1)
    checks = ", ".join(dict.fromkeys(source.called(subject.check) for subject in finding.subjects))
    return [[visible(domain)], [visible(checks)], [finding.verdict], [visible(one) for one in finding.servers] or [""]]


def _widths(rows: Sequence[Sequence[Sequence[str]]], columns: int | None) -> list[int | None]:
    """Return the columns of the cells of a table; an empty list if there is no room for a table."""
    natural = [
        max(width(line) for cells in (*rows, [[heading] for heading in _HEADINGS]) for line in cells[index])
        for index in range(len(_HEADINGS))
    ]
    if columns is None:
        return [*natural[:3], None]
    if columns < TABLE:
        return []
    domain, check, verdict, where = natural
    given = shares([domain, check, where], columns - verdict - 3 * GAP)
    return [given[0], given[1], verdict, given[2]]


def _spaced(lines: Iterator[tuple[str, ...]]) -> Iterator[list[str]]:
    """Yield cells with the gaps between them."""
    for parts in lines:
        yield [piece for part in parts for piece in (part, " " * GAP)][:-1]


def _coloured(verdict: str) -> str:
    return click.style(verdict, fg=COLOURS[verdict])


def _stacked(cells: Sequence[Sequence[str]], finding: report.Finding, columns: int | None) -> Iterator[str]:
    """Yield a row of the table for a narrow terminal, a line for each cell."""
    (domain,), (check,), _, servers = cells
    yield from wrapped(domain, columns)
    first, *more = wrapped(f"  {finding.verdict}: {check}", columns)
    yield first.replace(finding.verdict, _coloured(finding.verdict), 1)
    yield from (f"    {line}" for line in more)
    for server in filter(None, servers):
        yield from _hanging("  at ", server, columns)


def _fields(group: report.Group, finding: report.Finding, columns: int | None) -> Iterator[str]:
    names = ", ".join(dict.fromkeys(subject.name for subject in finding.subjects if subject.name))
    fields = {"name": names, "expected": finding.expected, "seen": finding.seen}
    fields |= {"effect": finding.effect, "fix": finding.fix}
    yield from _labelled({label: visible(said) for label, said in fields.items() if said}, columns)


def _labelled(fields: Mapping[str, str], columns: int | None) -> Iterator[str]:
    for label, said in fields.items():
        if columns is not None and columns < TABLE:
            yield f"  {label}"
            yield from _hanging("    ", said, columns)
        else:
            yield from _hanging(f"  {label:<{_LABEL}}", said, columns)


def _ending(group: report.Group, source: report.Source, columns: int | None, *, waited: bool) -> Iterator[str]:
    """Yield the lines that apply to all findings of a group."""
    fields = {}
    if len(group.domains) > 1:
        fields["domains"] = ", ".join(group.domains)
    if waited and group.hopeless:
        fields["no wait"] = "; ".join(group.hopeless)
    if group.passed:
        fields["passed"] = ", ".join(map(source.called, group.passed))
    fields["in short"] = str(group.answers)
    yield from _labelled({label: visible(said) for label, said in fields.items()}, columns)


def _hanging(first: str, said: str, columns: int | None) -> Iterator[str]:
    """Yield the lines of a text, with a label before the first and the same indent before the others."""
    lines = wrapped(said, None if columns is None else columns - width(first))
    yield first + lines[0]
    yield from (" " * width(first) + line for line in lines[1:])


def _passed(jobs: Sequence[Job], source: report.Source, columns: int | None, *, verbose: bool) -> Iterator[str]:
    good = [job for job in jobs if not job.open() and report.verdict(job) == "pass"]
    if not good:
        return
    if not verbose:
        for answers, same in by_answers(good).items():
            names = some([job.expected.domain for job in same], MOST_NAMED)
            yield from _verdict("pass", visible(names + _in_short(answers)), columns)
        return
    for job in good:
        yield from _verdict("pass", visible(job.expected.domain + _in_short(answers_of(job))), columns)
        for outcome in job.outcomes.values():
            if outcome.verdict == "pass":
                yield from _hanging("  ", visible(f"{source.called(outcome.check)}: {outcome.seen}"), columns)


def _in_short(answers: Answers) -> str:
    return "" if answers.both_pass else f" ({answers})"


def _notes(
    jobs: Sequence[Job], notes: Sequence[report.Note], source: report.Source, columns: int | None
) -> Iterator[str]:
    for note in notes:
        if note.kind == "warning":
            yield from _warning(note, source, columns)
            continue
        about = f"{', '.join(map(source.called, note.checks))}: " if note.checks else ""
        fix = f". Fix: {note.fix}" if note.fix else ""
        whose = "" if len(note.domains) == len(jobs) else f"{some(note.domains, 1)}: "
        yield from _verdict(note.kind, visible(f"{whose}{about}{note.text}{fix}"), columns)


def _warning(note: report.Note, source: report.Source, columns: int | None) -> Iterator[str]:
    """Yield a warning with a line for each of its fields, as a problem has them."""
    whose = f"{some(note.domains, MOST_NAMED)}: {', '.join(map(source.called, note.checks))}"
    yield from _verdict(note.kind, visible(whose), columns)
    fields = {"expected": note.expected, "seen": note.seen, "effect": note.effect, "fix": note.fix}
    yield from _labelled({label: visible(said) for label, said in fields.items() if said}, columns)


def _verdict(kind: Verdict | str, said: str, columns: int | None) -> Iterator[str]:
    narrow = columns is not None and columns < TABLE
    first = f"{kind:<{_LABEL}}  " if not narrow else f"{kind}  "
    lines = list(_hanging(first if not narrow else "  ", said, columns))
    if narrow:
        lines.insert(0, kind)
    yield lines[0].replace(kind, _coloured(kind), 1)
    yield from lines[1:]
