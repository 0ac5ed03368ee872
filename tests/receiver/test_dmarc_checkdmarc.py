"""The tree walk compared with checkdmarc 6.0.4's, over the same records, with the differences and their reasons."""

import asyncio
from unittest.mock import patch

import checkdmarc.dmarc
import dns.resolver
from hypothesis import given
from hypothesis import strategies as st

from elastx_mrs.receiver.dmarc import Walk, walk
from tests.lookup.fakes import Dns

VALUES = [
    "v=DMARC1; p=none",
    "v=DMARC1; p=reject; psd=u",
    "v=DMARC1; p=none; psd=n",
    "v=DMARC1; p=none; psd=y",
    "v=DMARC1; p=rejct",
    "v=dmarc1; p=none",
    "hello",
]

Tree = dict[str, list[str]]


def by_checkdmarc(domain: str, records: Tree) -> str:
    """Return the domain whose record it finds; empty for none, or the name of its error."""

    def query(name: str, kind: str, **_: object) -> list[str]:
        if records.get(name) and kind == "TXT":
            return records[name]
        raise dns.resolver.NoAnswer

    with patch("checkdmarc.dmarc.query_dns", query):
        try:
            return str(checkdmarc.dmarc.query_dmarc_record(domain, ignore_unrelated_records=True)["location"])
        except checkdmarc.dmarc.DMARCRecordNotFound:
            return ""
        except checkdmarc.dmarc.DMARCError as error:
            return type(error).__name__


def by_us(domain: str, records: Tree) -> Walk:
    served = Dns({name: [f"TXT {value}" for value in values] for name, values in records.items()})
    return asyncio.run(walk(served.ask, domain))


DOMAINS = ["d.com", "a.d.com", "c.b.a.d.com", "h.g.f.e.d.c.b.a.com", "j.i.h.g.f.e.d.c.b.a.com"]


@st.composite
def trees(draw: st.DrawFn) -> tuple[str, Tree]:
    domain = draw(st.sampled_from(DOMAINS))
    labels = domain.split(".")
    names = [".".join(labels[start:]) for start in range(len(labels))]
    nothing: st.SearchStrategy[list[str]] = st.just([])
    values = st.one_of(nothing, st.sampled_from(VALUES).map(lambda value: [value, "other"]))
    return domain, {f"_dmarc.{name}": draw(values) for name in names}


@given(trees())
def test_both_find_the_same_record(tree: tuple[str, Tree]) -> None:
    found = by_us(*tree)
    step = found.found or found.void
    assert (step.domain if step is not None else "") == by_checkdmarc(*tree)


def test_several_are_an_error_to_checkdmarc_and_discarded_by_receivers() -> None:
    # RFC 9989 §4.10, step 2: "they are all discarded"; step 7: the walk goes on.
    records = {"_dmarc.a.d.com": VALUES[:2], "_dmarc.d.com": VALUES[:1]}
    assert by_checkdmarc("a.d.com", records) == "MultipleDMARCRecords"
    found = by_us("a.d.com", records)
    assert [step.status for step in found.steps] == ["several", "policy", "none"]
    assert found.found is not None
    assert found.found.domain == "d.com"
