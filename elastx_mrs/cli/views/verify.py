"""What ``elastx-mrs verify`` prints: a table, JSON, Markdown, JUnit's XML, or GitHub's annotations."""

import json
from collections.abc import Callable, Sequence
from typing import Literal
from xml.etree import ElementTree as ET

from elastx_mrs.display import github_command, markdown_cell_code, markdown_cell_text, visible
from elastx_mrs.verify import report
from elastx_mrs.verify.result import Outcome
from elastx_mrs.verify.wait import Job


def _table(jobs: Sequence[Job]) -> str:
    found = []
    failed: dict[tuple[str, ...], str] = {}
    for job in jobs:
        outcomes = list(job.outcomes.values())
        passed = [outcome.check for outcome in outcomes if outcome.verdict == "pass"]
        found.append(f"{report.verdict(job):<12}{job.expected.domain}")
        lines = tuple(report.lines(outcomes))
        first = failed.setdefault(lines, job.expected.domain) if job.open() else job.expected.domain
        found += [f"  {line}" for line in lines] if first == job.expected.domain else [f"  the same as {first}"]
        found += [f"  notice: {notice}" for notice in _notices(outcomes)]
        found += [f"  pass: {', '.join(passed)}"] if passed else []
    return "\n".join([*found, report.summary(jobs)]) + "\n"


def _notices(outcomes: Sequence[Outcome]) -> list[str]:
    return list(dict.fromkeys(visible(notice) for outcome in outcomes for notice in outcome.notices))


def _json(jobs: Sequence[Job]) -> str:
    """Return JSON with a line for each domain, which can be searched; with indent, Python's slow encoder would run."""
    data = report.as_data(jobs)
    domains = ",\n".join(map(json.dumps, data["domains"]))
    return f'{{"verdict": {json.dumps(data["verdict"])}, "domains": [\n{domains}\n]}}\n'


def _markdown(jobs: Sequence[Job]) -> str:
    rows = ["| domain | verdict | what, and what to do |", "|---|---|---|"]
    for job in jobs:
        outcomes = list(job.outcomes.values())
        said = [*report.lines(outcomes), *(f"notice: {notice}" for notice in _notices(outcomes))]
        cell = "<br>".join(map(markdown_cell_text, said)) or "all checks pass"
        rows.append(f"| {markdown_cell_code(job.expected.domain)} | **{report.verdict(job)}** | {cell} |")
    return "\n".join([*rows, "", report.summary(jobs)]) + "\n"


def _junit(jobs: Sequence[Job]) -> str:
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
            _case(suite, outcome)
    ET.indent(root)
    # In ASCII, so that the declaration is right whatever encoding the file gets.
    octets: bytes = ET.tostring(root, encoding="us-ascii", xml_declaration=True)
    return octets.decode("ascii") + "\n"


_TAGS = {
    "pass": "",
    "wrong": "failure",
    "absent": "failure",
    "unreachable": "error",
    "cached": "skipped",
    "unchecked": "skipped",
}


def _case(suite: ET.Element, outcome: Outcome) -> None:
    case = ET.SubElement(suite, "testcase", classname=outcome.domain, name=outcome.check)
    tag = _TAGS[outcome.verdict]
    if tag:
        lines = report.lines([outcome])
        found = ET.SubElement(case, tag, message=lines[0])
        if tag != "skipped":
            found.set("type", outcome.verdict)
            found.text = "\n".join(lines)


def _github(jobs: Sequence[Job]) -> str:
    """Return workflow commands, which GitHub shows as annotations."""
    found = []
    for job in jobs:
        failing = {outcome.check for outcome in job.open()}
        for outcome in job.outcomes.values():
            level: Literal["error", "notice"] = "error" if outcome.check in failing else "notice"
            title = f"{job.expected.domain} {outcome.check}: {outcome.verdict}"
            found += [github_command(level, line, title=title) for line in report.lines([outcome])]
        found += [
            github_command("notice", notice, title=job.expected.domain)
            for notice in _notices(list(job.outcomes.values()))
        ]
    return "\n".join([*found, report.summary(jobs)]) + "\n"


FORMATS: dict[str, Callable[[Sequence[Job]], str]] = {
    "text": _table,
    "json": _json,
    "markdown": _markdown,
    "junit": _junit,
    "github": _github,
}
