"""The output of ``elastx-mrs verify --format html``: one page without scripts, pictures or external fonts.

Anybody can publish text in DNS, so every text is escaped, and hidden characters are made visible. The page's policy
loads nothing and runs no script, whatever a text contains. The page is also well-formed XML, so tests can parse it.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from html import escape
from importlib.resources import files

from elastx_mrs import __version__
from elastx_mrs.cli.views.verify_trees import trees
from elastx_mrs.display import html_text, some
from elastx_mrs.verify import report
from elastx_mrs.verify.answers import Answers, answers_of
from elastx_mrs.verify.checks.per_server import listed
from elastx_mrs.verify.result import FAILING, WORST_FIRST, Outcome
from elastx_mrs.verify.wait import Job

POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"

MOST_NAMED = 3
"""The most domains that a heading names; all of them are listed below it."""

Row = tuple[str, str, str, str]
"""A check, its verdict, an answer, and the servers that gave it."""


def page(jobs: Sequence[Job], source: report.Source, now: datetime | None = None) -> str:
    """Return the page.

    :param now: the time shown; the default is the clock's.
    """
    return "".join(_page(jobs, source, now or datetime.now(UTC)))


@lru_cache(maxsize=10_000)
def text(said: str) -> str:
    """Return text for the content of an element; it is cached, because most of it repeats for each domain."""
    return html_text(said)


def code(said: str) -> str:
    """Return text from DNS or from the config."""
    return f"<code>{text(said)}</code>"


def _page(jobs: Sequence[Job], source: report.Source, now: datetime) -> Iterator[str]:
    groups = report.groups(jobs)
    style = files("elastx_mrs.cli.views").joinpath("verify.css").read_text(encoding="utf-8")
    summary = text(report.summary(jobs))
    when = f'<time datetime="{now:%Y-%m-%dT%H:%M:%SZ}">{now:%Y-%m-%d %H:%M:%S} UTC</time>'
    yield f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8"/>
<meta name="viewport" content="width=device-width, initial-scale=1"/>
<meta name="color-scheme" content="light dark"/>
<meta http-equiv="Content-Security-Policy" content="{escape(POLICY)}"/>
<link rel="icon" href="data:,"/>
<title>{summary}</title>
<style>
{style}</style>
</head>
<body>
<header>
<h1 class="{"wrong" if groups else "pass"}">{summary}</h1>
<p class="muted">{when}, elastx-mrs {__version__}</p>
{_tiles(jobs)}
</header>
<main>
"""
    if groups:
        yield '<section id="problems">\n<h2>Problems</h2>\n'
        for group in groups:
            yield from _problem(group, source)
        yield "</section>\n"
    yield from _by_answers([job for job in jobs if not job.open()], source, "verified", "Verified")
    yield from _by_answers([job for job in jobs if job.open()], source, "passed", "Passed checks of the other domains")
    yield from _notes(jobs, source)
    yield from trees(jobs)
    yield "</main>\n</body>\n</html>\n"


def _tiles(jobs: Sequence[Job]) -> str:
    verdicts = [report.verdict(job) for job in jobs]
    tiles = [
        f'<li class="{one}"><b>{verdicts.count(one)}</b> {"verified" if one == "pass" else one}</li>'
        for one in WORST_FIRST
        if one in verdicts
    ]
    return f'<ul class="tiles">{"".join(tiles)}</ul>'


def _problem(group: report.Group, source: report.Source) -> Iterator[str]:
    yield f'<article class="card {group.verdict}">\n<div>\n<h3>{_named(group.domains)}</h3>\n'
    yield f"<p>{_in_short(group.answers)}</p>\n"
    yield _every(group.domains)
    for finding in group.findings:
        checks = dict.fromkeys(source.called(subject.check) for subject in finding.subjects)
        yield f'<div class="finding"><p>{_badge(finding.verdict)} <b>{text(", ".join(checks))}</b></p>\n<dl>'
        names = dict.fromkeys(subject.name for subject in finding.subjects if subject.name)
        yield _field("name", map(code, names))
        yield _field("where", map(code, finding.servers))
        yield _field("expected", map(code, filter(None, [finding.expected])))
        yield _field("seen", map(code, filter(None, [finding.seen])))
        yield _field("effect", map(text, filter(None, [finding.effect])))
        yield _field("fix", map(text, filter(None, [finding.fix])))
        yield "</dl></div>\n"
    yield "</div>\n</article>\n"


def _in_short(answers: Answers) -> str:
    return f"receivers {_badge(answers.receivers)} relay {_badge(answers.relay)}"


def _field(label: str, values: Iterable[str]) -> str:
    shown = "<br/>".join(values)
    return f"<dt>{label}</dt><dd>{shown}</dd>" if shown else ""


def _badge(verdict: str) -> str:
    return f'<span class="badge {verdict}">{verdict}</span>'


def _named(domains: Sequence[str]) -> str:
    return text(some(domains, MOST_NAMED))


def _every(domains: Sequence[str]) -> str:
    return f'<p class="muted">{text(", ".join(domains))}</p>\n' if len(domains) > MOST_NAMED else ""


def _rows(job: Job, source: report.Source) -> Iterator[Row]:
    declared = {record.suffix: listed([record.value.encode("ascii")]) for record in job.expected.records}
    for outcome in job.outcomes.values():
        check = source.called(outcome.check)
        if outcome.right or not outcome.details:
            servers = ", ".join(map(str, outcome.right))
            yield check, "pass", declared.get(outcome.check, outcome.seen), servers
        yield from ((check, verdict, seen, servers) for verdict, seen, servers in _seen(outcome))


def _seen(outcome: Outcome) -> Iterator[tuple[str, str, str]]:
    for finding in report.findings([outcome]):
        yield finding.verdict, finding.seen, ", ".join(finding.servers)


def _answers(rows: Sequence[Row]) -> str:
    """Return a folded table with each server's answers."""
    most = max((row[3] for row in rows if row[1] == "pass" and row[3]), key=len, default="")
    body = "".join(
        f'<tr><td>{text(check)}</td><td class="{verdict}">{verdict}</td><td>{code(answer)}</td>'
        f"<td>{'all of them' if servers == most and most else text(servers)}</td></tr>\n"
        for check, verdict, answer, servers in rows
    )
    asked = f'<p class="muted">Name servers: {text(most)}</p>' if most else ""
    head = "<thead><tr><th>check</th><th>verdict</th><th>answer</th><th>servers</th></tr></thead>"
    return f"<details><summary>Answers</summary>\n{asked}<table>{head}<tbody>{body}</tbody></table>\n</details>\n"


def _by_answers(jobs: Sequence[Job], source: report.Source, id_: str, title: str) -> Iterator[str]:
    """Yield a section with the answers that do not fail: first those that all domains share, then the others."""
    groups: dict[tuple[Row, ...], list[Job]] = {}
    for job in jobs:
        found = _passing(job, source)
        if found:
            groups.setdefault(tuple(_relative(row, job.expected.domain) for row in found), []).append(job)
    if not groups:
        return
    yield f'<section id="{id_}">\n<h2>{title}</h2>\n'
    shared = [row for row in next(iter(groups)) if all(row in rows for rows in groups)] if len(groups) > 1 else []
    if shared:
        yield _card("all of these domains", "", shared)
    for rows, same in groups.items():
        own = list(rows) if len(same) > 1 else _passing(same[0], source)
        domains = [job.expected.domain for job in same]
        left = [row for row, known in zip(own, rows, strict=True) if known not in shared]
        answers = answers_of(same[0])
        short = "" if answers.both_pass or same[0].open() else f"<p>{_in_short(answers)}</p>\n"
        yield _card(_named(domains), short + _every(domains), left)
    yield "</section>\n"


def _passing(job: Job, source: report.Source) -> list[Row]:
    # Failing answers are among the problems, with their servers; a second copy would only make the page larger.
    return [row for row in _rows(job, source) if row[1] not in FAILING]


def _relative(row: Row, domain: str) -> Row:
    check, verdict, answer, servers = row
    return report.relative(check, domain), verdict, report.relative(answer, domain), servers


def _card(heading: str, more: str, rows: Sequence[Row]) -> str:
    body = f"<h3>{heading}</h3>\n{more}{_answers(rows) if rows else ''}"
    return f'<article class="card pass">\n<div>\n{body}</div>\n</article>\n'


def _notes(jobs: Sequence[Job], source: report.Source) -> Iterator[str]:
    notes = report.notes(jobs)
    if not notes:
        return
    yield '<section id="notes">\n<h2>Notes</h2>\n'
    for note in notes:
        whose = "all domains" if len(note.domains) == len(jobs) > 1 else some(note.domains, MOST_NAMED)
        about = ", ".join(map(source.called, note.checks))
        yield f'<article class="card {note.kind}">\n<div>\n<p>{_badge(note.kind)} <b>{text(about)}</b> '
        yield f'<span class="muted">{text(whose)}</span></p>\n<p>{text(note.text)}</p>\n'
        yield f'<p><span class="muted">Fix:</span> {text(note.fix)}</p>\n' if note.fix else ""
        yield "</div>\n</article>\n"
    yield "</section>\n"
