"""The review of a preview: risks first, then every domain with its changes, then the messages."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from elastx_mrs import notices
from elastx_mrs.review.changes import Change, Op, changes, others
from elastx_mrs.review.meaning import RISKS, Meaning, Reader, Risk, Say, say
from elastx_mrs.review.preview import Preview, Resource

FAILED, WARNED = "failed", "warned"
GATES: Mapping[str, str] = {
    FAILED: "the preview failed: the guard stopped a record, or the config has an error",
    **RISKS,
    WARNED: "the preview has a warning",
}
"""The gates, with their meanings."""

_LISTED = 5
"""Domains that one risk lists; the others are counted, and every one has a table."""


class Row(NamedTuple):
    """A change and what it means."""

    change: Change
    meaning: Meaning


class Message(NamedTuple):
    """A message, once for all its resources.

    :param resources: their names, sorted; empty if it is about the run.
    """

    level: str
    text: str
    resources: tuple[str, ...]


@dataclass(frozen=True)
class Domain:
    """A domain whose records would change."""

    name: str
    rows: tuple[Row, ...]

    @property
    def rank(self) -> int:
        """The position of its most important risk; the number of risks if it has none."""
        order = list(RISKS)
        found = [order.index(risk.kind) for row in self.rows for risk in row.meaning.risks]
        return min(found, default=len(order))

    @property
    def risks(self) -> list[str]:
        """Return the kinds of its risks, once each, the most important first."""
        found = {risk.kind for row in self.rows for risk in row.meaning.risks}
        return [kind for kind in RISKS if kind in found]

    def counts(self) -> Counter[Op]:
        """Return how many of its records will be added, changed, removed and so on."""
        return Counter(row.change.op for row in self.rows)


@dataclass(frozen=True)
class Review:
    """The whole review.

    :param domains: those with a stopped record first, then those with risks.
    :param others: resources that would change and are not mail records.
    """

    preview: Preview
    domains: tuple[Domain, ...]
    others: tuple[Resource, ...]

    @property
    def rows(self) -> Iterator[Row]:
        """Every change."""
        return (row for domain in self.domains for row in domain.rows)

    @property
    def risks(self) -> list[Risk]:
        """Every risk, grouped by kind, the most important first."""
        order = list(RISKS)
        # A zone at two providers has each change twice.
        found = dict.fromkeys(risk for row in self.rows for risk in row.meaning.risks)
        return sorted(found, key=lambda risk: order.index(risk.kind))

    @property
    def gates(self) -> set[str]:
        """The gates of :data:`GATES` that are met."""
        found = {risk.kind for risk in self.risks}
        if self.preview.failed:
            found.add(FAILED)
        if self.said("warning"):
            found.add(WARNED)
        return found

    def said(self, level: str) -> list[Message]:
        """Return the messages of one level, once each, in the same order for every preview."""
        found: dict[str, set[str]] = {}
        by_resource: dict[str, str] = {}
        listed = [one for one in self.preview.diagnostics if one.level == level]
        for one in sorted(listed, key=lambda one: bool(one.cause)):
            name = one.urn.rpartition("::")[2]
            text = by_resource.get(one.cause, one.text) if one.cause else one.text
            if level == "notice" and notices.is_acknowledged(text):
                continue
            by_resource.setdefault(name, text)
            found.setdefault(text, set()).update([name] if name else [])
        messages = [Message(level, text, tuple(sorted(names))) for text, names in found.items()]
        # Errors of the run keep their order, and come before those of resources, whose order varies.
        return sorted(messages, key=lambda one: (one.resources, "" if level == "error" else one.text))

    def acknowledged(self) -> dict[str, str]:
        """Return the notices that the config acknowledges, by name, each with its place."""
        return notices.read_acknowledged([one.text for one in self.preview.diagnostics if one.level == "notice"])

    def counts(self) -> Counter[Op]:
        """Return how many records will be added, changed, removed and so on."""
        return sum((domain.counts() for domain in self.domains), Counter())


def review(
    preview: Preview,
    trees: Mapping[str, tuple[str, str]] | None = None,
    unseen: Mapping[str, str] | None = None,
) -> Review:
    """Return the review of a preview.

    :param trees: lookups of the whole SPF tree, before and after, by domain, if they were queried.
    :param unseen: as for :class:`elastx_mrs.review.meaning.Reader`.
    """
    reader = Reader(preview.accounts, trees, preview.service, unseen)
    domains: dict[str, list[Row]] = {}
    for change in changes(preview):
        domains.setdefault(change.domain, []).append(Row(change, reader.read(change)))
    listed = [Domain(name, tuple(rows)) for name, rows in domains.items()]
    listed.sort(key=lambda domain: (not domain.counts()["stopped"], domain.rank))
    return Review(preview, tuple(listed), tuple(others(preview)))


def summary(found: Review) -> str:
    """Return the summary in one line: how many records of how many domains will change."""
    told = outlook(found.counts())
    if not told and found.preview.failed:
        return "The preview failed before it reached a mail record."
    if not told:
        line = "No mail record will change"
    else:
        line = f"{_number(len(found.domains), 'domain')}: {told}"
        risky = sum(domain.rank < len(RISKS) for domain in found.domains)
        if risky:
            line += f"; look at {risky} first" if len(found.domains) > risky else ""
    if found.others:
        line += f"; {_number(len(found.others), 'other resource')} will change"
    return f"The preview failed; list incomplete. {line}." if found.preview.failed else f"{line}."


def outlook(counts: Mapping[Op, int]) -> str:
    """Return how many records will change in which way; empty if none will."""
    words: dict[Op, str] = {"add": "added", "change": "changed", "remove": "removed", "release": "released"}
    told = [f"{counts[op]} {word}" for op, word in words.items() if counts[op]]
    if told:
        number, _, word = told[0].partition(" ")
        told[0] = f"{_number(int(number), 'record')} will be {word}"
    if counts["stopped"]:
        told.append(f"{counts['stopped']} stopped" if told else f"{_number(counts['stopped'], 'record')} stopped")
    return ", ".join(told)


def headlines(found: Review) -> list[tuple[str, Say]]:
    """Return the risks in few sentences, grouped by account and by domain."""
    lines: list[tuple[str, Say]] = []
    gained: dict[str, list[str]] = {}
    removed: dict[str, list[Say]] = {}
    risks = found.risks
    for risk in risks:
        if risk.kind == "gained":
            gained.setdefault(risk.account, []).append(risk.domain)
        elif risk.kind == "removed":
            removed.setdefault(risk.domain, []).append(risk.what)
    for account, domains in gained.items():
        lines.append(("gained", _joined("account {} will be able to send as any address of ", account, domains)))
    lines += [(risk.kind, risk.what) for risk in risks if risk.kind == "loosened"]
    for domain, gone in removed.items():
        lines.append(("removed", _gone(domain, gone)))
    lines += [(risk.kind, risk.what) for risk in risks if risk.kind in ("relay", "key", "senders")]
    return lines


def _joined(template: str, first: str, domains: Sequence[str]) -> Say:
    shown = domains[:_LISTED]
    more = f" and {len(domains) - _LISTED} more domains" if len(domains) > _LISTED else ""
    return say(template + ", ".join(["{}"] * len(shown)) + more, first, *shown)


def _gone(domain: str, gone: Sequence[Say]) -> Say:
    if len(gone) == 1:
        return Say(f"{gone[0].template} will be removed", gone[0].values)
    shown = ", ".join(one.template for one in gone[:_LISTED])
    more = f" and {len(gone) - _LISTED} more" if len(gone) > _LISTED else ""
    values = tuple(value for one in gone[:_LISTED] for value in one.values)
    return Say(f"{len(gone)} records of {{}} will be removed: {shown}{more}", (domain, *values))


def _number(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"
