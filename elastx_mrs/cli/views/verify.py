"""The output formats of ``elastx-mrs verify``: text, JSON, Markdown, HTML, JUnit XML and GitHub annotations."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Literal
from xml.etree import ElementTree as ET

from elastx_mrs.cli.views.verify_text import text
from elastx_mrs.display import github_command, markdown_code, markdown_text, some, visible
from elastx_mrs.verify import report
from elastx_mrs.verify.answers import by_answers
from elastx_mrs.verify.wait import Job

MOST_NAMED = 20
"""The most domains that a line names; the others are counted."""


def _json(jobs: Sequence[Job], source: report.Source) -> str:
    """Return JSON with one line for each domain, for grep; ``indent`` would use Python's slow encoder."""
    data = report.as_data(jobs, source)
    domains = ",\n".join(map(json.dumps, data["domains"]))
    return f'{{"verdict": {json.dumps(data["verdict"])}, "domains": [\n{domains}\n]}}\n'


def _markdown(jobs: Sequence[Job], source: report.Source) -> str:
    """Return a comment: problems as lists, then verified domains, then folded notes."""
    parts = [f"**{report.summary(jobs)}**\n"]
    for group in report.groups(jobs):
        parts.append(f"#### {_names(group.domains)}\n\n{group.answers}\n")
        parts += ["\n".join(_item(finding, source)) for finding in group.findings]
        parts.append("")
    good = [job for job in jobs if report.verdict(job) == "pass"]
    for answers, same in by_answers(good).items():
        short = "" if answers.both_pass else f" ({answers})"
        parts.append(f"Verified{short}: {_names([job.expected.domain for job in same])}\n")
    found = report.notes(jobs)
    warnings = [_note(note, len(jobs), source) for note in found if note.kind == "warning"]
    parts += [*warnings, ""] if warnings else []
    notes = [_note(note, len(jobs), source) for note in found if note.kind != "warning"]
    if notes:
        count = f"{len(notes)} note{'' if len(notes) == 1 else 's'}"
        parts += [f"<details><summary>{count}</summary>\n", *notes, "\n</details>"]
    return "\n".join(parts).rstrip("\n") + "\n"


def _names(domains: Sequence[str]) -> str:
    return some([markdown_code(domain) for domain in domains], MOST_NAMED)


def _item(finding: report.Finding, source: report.Source) -> Iterator[str]:
    checks = ", ".join(
        dict.fromkeys(
            markdown_text(source.called(check)) + (f" ({markdown_code(name)})" if name else "")
            for check, name in finding.subjects
        )
    )
    at = f" at {', '.join(map(markdown_code, finding.servers))}" if finding.servers else ""
    yield f"- **{finding.verdict}**: {checks}{at}"
    for label, said in (("expected", finding.expected), ("seen", finding.seen), *_more(finding)):
        if said:
            yield f"  - {label}: {markdown_text(said)}"


def _more(finding: report.Finding) -> tuple[tuple[str, str], ...]:
    return ("effect", finding.effect), ("fix", finding.fix)


def _note(note: report.Note, domains: int, source: report.Source) -> str:
    about = f" {', '.join(markdown_text(source.called(check)) for check in note.checks)}:" if note.checks else ""
    fix = f". Fix: {markdown_text(note.fix)}" if note.fix else ""
    whose = f", {_names(note.domains)}" if len(note.domains) < domains else ""
    return f"- **{note.kind}**{whose}:{about} {markdown_text(note.text)}{fix}"


def _junit(jobs: Sequence[Job], source: report.Source) -> str:
    root = ET.Element("testsuites", name="elastx-mrs verify")
    for job in jobs:
        outcomes = list(job.outcomes.values())
        counts = {tag: sum(_TAGS[o.verdict] == tag for o in outcomes) for tag in ("failure", "error", "skipped")}
        suite = ET.SubElement(
            root,
            "testsuite",
            name=job.expected.domain,
            tests=str(len(outcomes)),
            failures=str(counts["failure"]),
            errors=str(counts["error"]),
            skipped=str(counts["skipped"]),
        )
        for outcome in outcomes:
            case = ET.SubElement(
                suite, "testcase", classname=outcome.domain, name=visible(source.called(outcome.check))
            )
            tag = _TAGS[outcome.verdict]
            lines = report.lines([outcome], source)
            if outcome.verdict == "warning":
                ET.SubElement(case, "system-out").text = "\n".join(lines)
            if tag:
                found = ET.SubElement(case, tag, message=lines[0])
                if tag != "skipped":
                    found.set("type", outcome.verdict)
                    found.text = "\n".join(lines)
    ET.indent(root)
    # ASCII, so the declaration is right for every encoding of the file.
    octets: bytes = ET.tostring(root, encoding="us-ascii", xml_declaration=True)
    return octets.decode("ascii") + "\n"


_TAGS = {
    "pass": "",
    "wrong": "failure",
    "absent": "failure",
    "unreachable": "error",
    "warning": "",
    "cached": "skipped",
    "unchecked": "skipped",
}


def _github(jobs: Sequence[Job], source: report.Source) -> str:
    """Return workflow commands, which GitHub shows as annotations next to the line with the domain."""
    found = []
    for group in report.groups(jobs):
        found += [
            _annotation("error", _told(finding, source), _title(group.domains, finding, source), group.domains, source)
            for finding in group.findings
        ]
    for note in report.notes(jobs):
        about = f"{', '.join(map(source.called, note.checks))}: " if note.checks else ""
        fix = f". Fix: {note.fix}" if note.fix else ""
        title = f"{some(note.domains, 1)}: {note.kind}"
        level: Literal["warning", "notice"] = "warning" if note.kind == "warning" else "notice"
        found.append(_annotation(level, f"{about}{note.text}{fix}", title, note.domains, source))
    for answers, same in by_answers(jobs).items():
        if not answers.both_pass:
            found.append(visible(f"{some([job.expected.domain for job in same], MOST_NAMED)}: {answers}"))
    return "\n".join([*found, report.summary(jobs)]) + "\n"


def _title(domains: Sequence[str], finding: report.Finding, source: report.Source) -> str:
    checks = [source.called(subject.check) for subject in finding.subjects]
    return f"{some(domains, 1)}: {some(list(dict.fromkeys(checks)), 3)} {finding.verdict}"


def _told(finding: report.Finding, source: report.Source) -> str:
    named = tuple(report.Subject(source.called(check), name) for check, name in finding.subjects)
    return report.line(finding, named)


def _annotation(
    level: Literal["error", "warning", "notice"],
    message: str,
    title: str,
    domains: Sequence[str],
    source: report.Source,
) -> str:
    """Return one annotation; for several domains, it is at the first and names all."""
    place = source.locations.get(domains[0])
    where = {"file": place.file, "line": place.line, "col": place.column} if place is not None else {}
    whose = f" ({some(domains, MOST_NAMED)})" if len(domains) > 1 else ""
    return github_command(level, visible(f"{message}{whose}"), title=title, **where)


def _html(jobs: Sequence[Job], source: report.Source) -> str:
    from elastx_mrs.cli.views.verify_html import page

    return page(jobs, source)


FORMATS: Mapping[str, Callable[[Sequence[Job], report.Source], str]] = {
    "text": text,
    "json": _json,
    "markdown": _markdown,
    "html": _html,
    "junit": _junit,
    "github": _github,
}
