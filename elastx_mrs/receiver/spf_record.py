"""Which SPF record a domain publishes, as a receiver finds it (RFC 7208 §4.4 to §4.6)."""

from dataclasses import dataclass
from typing import Literal

from elastx_mrs.display import all_quoted, show
from elastx_mrs.lookup.answer import Answer
from elastx_mrs.records import RecordError, spf_terms
from elastx_mrs.records.text import as_text


@dataclass(frozen=True)
class Found:
    """What asking for a domain's SPF record came to.

    :param result: ``record`` where there is exactly one and it parses; else what :func:`check_host` answers:
        ``none``, ``permerror`` (several records, or a syntax error), ``temperror`` (no usable answer).
    :param record: its terms; None unless ``record``.
    :param text: the record as published, octets that are no text as ``\\DDD``; empty where there is not exactly one.
    :param problem: what is wrong, in words; empty for ``record``.
    :param over: whether a limit on what may be asked was reached, so that it could not be asked.
    """

    result: Literal["record", "none", "permerror", "temperror"]
    record: spf_terms.Record | None = None
    text: str = ""
    problem: str = ""
    over: bool = False


def is_name(name: str) -> bool:
    """Whether DNS can hold a name, and it has two labels at least, as §4.3 asks of a domain."""
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
    """Return what a record comes to."""
    shown = show(value)
    try:
        return Found("record", spf_terms.parse(as_text(value)), shown)
    except RecordError as error:
        return Found("permerror", text=shown, problem=f"its record {error}")
