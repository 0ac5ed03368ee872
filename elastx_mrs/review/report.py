"""A preview's review: what is at risk first, then every domain with its changes, then what was said."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from elastx_mrs.review.changes import Change, changes, others
from elastx_mrs.review.meaning import RISKS, Meaning, Reader, Risk, Say, say
from elastx_mrs.review.preview import Diagnostic, Preview, Resource

FAILED, WARNED = "failed", "warned"
GATES: Mapping[str, str] = {
    FAILED: "the preview failed: the guard stopped it, or a fault of the config",
    **RISKS,
    WARNED: "the preview has a warning",
}
"""What a gate may fail on, each with what it means."""

_LISTED = 5
"""Domains that one risk names; the others are counted, and every one has its table."""


class Row(NamedTuple):
    """A change and what it means."""

    change: Change
    meaning: Meaning


@dataclass(frozen=True)
class Domain:
    """A domain whose records would change."""

    name: str
    rows: tuple[Row, ...]

    @property
    def rank(self) -> int:
        """Which risk is the first that it has; more than there are where it has none."""
        order = list(RISKS)
        found = [order.index(risk.kind) for row in self.rows for risk in row.meaning.risks]
        return min(found, default=len(order))


@dataclass(frozen=True)
class Review:
    """All of it.

    :param domains: those at risk first.
    :param others: resources that would change and are no mail records.
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
        """Every risk, those of a kind together and the first to look at first."""
        order = list(RISKS)
        found = [risk for row in self.rows for risk in row.meaning.risks]
        return sorted(found, key=lambda risk: order.index(risk.kind))

    @property
    def gates(self) -> set[str]:
        """Which of :data:`GATES` are met."""
        found = {risk.kind for risk in self.risks}
        if self.preview.failed:
            found.add(FAILED)
        if self.said("warning"):
            found.add(WARNED)
        return found

    def said(self, level: str) -> list[Diagnostic]:
        """Return what was said of one level; what has no order of its own, in one that every preview gives it."""
        found = [one for one in self.preview.diagnostics if one.level == level]
        return found if level == "error" else sorted(found, key=lambda one: (one.urn, one.text))

    def counts(self) -> Counter[str]:
        """Return how many records are added, changed, removed, released."""
        return Counter(row.change.op for row in self.rows)


def review(preview: Preview, trees: Mapping[str, tuple[str, str]] | None = None) -> Review:
    """Return the review of a preview.

    :param trees: lookups of a domain's SPF, all below it counted, before and after; of those that were asked for.
    """
    reader = Reader(preview.accounts, trees, preview.service)
    domains: dict[str, list[Row]] = {}
    for change in changes(preview):
        domains.setdefault(change.domain, []).append(Row(change, reader.read(change)))
    listed = [Domain(name, tuple(rows)) for name, rows in domains.items()]
    return Review(preview, tuple(sorted(listed, key=lambda domain: domain.rank)), tuple(others(preview)))


def summary(found: Review) -> str:
    """Return the one line: what happens to how many records of how many domains."""
    counts = found.counts()
    told = [
        f"{_number(counts[op], 'record')} {word}"
        for op, word in (("added", "added"), ("changed", "changed"), ("removed", "removed"), ("released", "let go"))
        if counts[op]
    ]
    if not told and found.preview.failed:
        return "The preview failed before it came to any change of a mail record."
    if not told:
        line = "No mail record changes"
    else:
        line = f"{_number(len(found.domains), 'domain')}: {', '.join(told)}"
        risky = sum(domain.rank < len(RISKS) for domain in found.domains)
        if risky:
            line += f"; look at {risky} first" if len(found.domains) > risky else ""
    if found.others:
        line += f"; {_number(len(found.others), 'other resource')} {'changes' if len(found.others) == 1 else 'change'}"
    return f"The preview failed; as far as it came: {line}." if found.preview.failed else f"{line}."


def headlines(found: Review) -> list[tuple[str, Say]]:
    """Return the risks as few sentences: an account's domains together, and the domains of what goes."""
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
        lines.append(("gained", _joined("account {} may send as any address of ", account, domains)))
    lines += [(risk.kind, risk.what) for risk in risks if risk.kind == "loosened"]
    for domain, gone in removed.items():
        lines.append(("removed", _gone(domain, gone)))
    lines += [(risk.kind, risk.what) for risk in risks if risk.kind in ("key", "senders")]
    return lines


def _joined(template: str, first: str, domains: Sequence[str]) -> Say:
    shown = domains[:_LISTED]
    more = f" and {len(domains) - _LISTED} more domains" if len(domains) > _LISTED else ""
    return say(template + ", ".join(["{}"] * len(shown)) + more, first, *shown)


def _gone(domain: str, gone: Sequence[Say]) -> Say:
    if len(gone) == 1:
        return Say(f"{gone[0].template} goes", gone[0].values)
    shown = ", ".join(one.template for one in gone[:_LISTED])
    more = f" and {len(gone) - _LISTED} more" if len(gone) > _LISTED else ""
    values = tuple(value for one in gone[:_LISTED] for value in one.values)
    return Say(f"{len(gone)} records of {{}} go: {shown}{more}", (domain, *values))


def _number(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"
