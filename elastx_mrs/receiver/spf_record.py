"""Finds the SPF record of a domain as a receiver does (RFC 7208 §4.4 to §4.6)."""

from dataclasses import dataclass
from typing import Literal

from elastx_mrs.display import all_quoted, show
from elastx_mrs.lookup.answer import Answer
from elastx_mrs.records import RecordError, spf_terms
from elastx_mrs.records.text import as_text


@dataclass(frozen=True)
class Found:
    """The result of the query for a domain's SPF record.

    :param result: ``record`` if there is exactly one and it parses. Otherwise the result of :func:`check_host`:
        ``none``, ``permerror`` (several records, or a syntax error), ``temperror`` (no usable answer).
    :param record: its terms; None unless ``record``.
    :param text: the record as published, with ``\\DDD`` for octets that are not text; empty unless there is one.
    :param problem: a description of the fault; empty for ``record``.
    :param over: whether the query failed because of a limit.
    """

    result: Literal["record", "none", "permerror", "temperror"]
    record: spf_terms.Record | None = None
    text: str = ""
    problem: str = ""
    over: bool = False

    def words(self) -> list[tuple[str, spf_terms.Term]]:
        """Return each term, first as it is written in the record."""
        if self.record is None:
            return []
        # A record that parses is printable ASCII, in which only backslashes are escaped.
        text = self.text.replace("\\\\", "\\") + " "
        starts = [(position - 1, term) for position, term in zip(self.record.positions, self.record.terms, strict=True)]
        return [(text[start : text.index(" ", start)], term) for start, term in starts]


def is_name(name: str) -> bool:
    """Return whether a name fits into DNS and has at least two labels, as §4.3 requires of a domain."""
    labels = name.removesuffix(".").split(".")
    return len(name) <= 254 and len(labels) > 1 and all(0 < len(label) < 64 for label in labels)


def select(answer: Answer) -> Found:
    """Return the one SPF record of a TXT answer (§4.5), parsed (§4.6)."""
    if answer.status == "failed":
        return Found("temperror", problem=f"could not be looked up: {answer.problem}", over=answer.over)
    records = [value for value in answer.texts() if spf_terms.is_spf(value)]
    if not records:
        problems = {"nxdomain": "there is no such name", "nodata": "it has no TXT record"}
        return Found("none", problem=problems.get(answer.status, "it has no SPF record among its TXT records"))
    if len(records) > 1:
        listed = all_quoted(records[:3])
        return Found("permerror", problem=f"it has {len(records)} SPF records, and one is allowed (§3.2): {listed}")
    return parsed(records[0])


def parsed(value: bytes) -> Found:
    """Return the result for a record."""
    shown = show(value)
    try:
        return Found("record", spf_terms.parse(as_text(value)), shown)
    except RecordError as error:
        return Found("permerror", text=shown, problem=f"its record {error}")
