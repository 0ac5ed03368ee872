"""Verification of DMARC records: several, void, inherited, and with parts that receivers skip (RFC 9989 §4.10)."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from elastx_mrs.adopt.judged import Planned
from elastx_mrs.records import TxtRecord
from elastx_mrs.verify import report
from elastx_mrs.verify.checks.dmarc import dmarc
from elastx_mrs.verify.expected import Expected
from elastx_mrs.verify.result import Outcome
from elastx_mrs.verify.sources import Asked
from tests.lookup.fakes import Dns

REJECT, BROKEN = "v=DMARC1; p=reject", "v=DMARC1; p=rejct"


def judged(domain: str, **records: str | list[str]) -> Outcome:
    """The check of a domain's policy, over ``_dmarc`` records by domain, dots written as ``_``."""
    listed = {name: [value] if isinstance(value, str) else value for name, value in records.items()}
    served = Dns({f"_dmarc.{name.replace('_', '.')}": [f"TXT {text}" for text in listed[name]] for name in listed})
    return checked(domain, served)[0]


def checked(domain: str, served: Dns, *records: TxtRecord) -> list[Outcome]:
    """The checks of a domain's policy and of its reports."""
    return asyncio.run(dmarc(Asked(Planned(served.ask, None)), Expected(domain, records)))


def reports(rua: str, records: dict[str, list[str]] | None = None, domain: str = "example.com") -> Outcome:
    """The check of a domain's reports, sent to the addresses of ``rua``."""
    own = {f"_dmarc.{domain}": [f"TXT v=DMARC1; p=none; rua={rua}"]}
    return checked(domain, Dns(own | (records or {})))[1]


def only(outcome: Outcome) -> tuple[str, str, str]:
    (detail,) = outcome.details
    return detail.verdict, detail.seen, detail.cure


def test_a_malformed_rival_counts_among_several() -> None:
    verdict, seen, cure = only(judged("example.com", example_com=[REJECT, BROKEN]))
    assert verdict == "wrong"
    assert seen == f"several, and receivers discard all of them: '{REJECT}' and '{BROKEN}'; none applies instead"
    assert cure == "leave one of them"


def test_if_several_are_discarded_the_organisation_s_policy_applies() -> None:
    outcome = judged("sub.example.com", sub_example_com=[REJECT, REJECT], example_com="v=DMARC1; p=none")
    verdict, seen, _ = only(outcome)
    assert verdict == "wrong"
    assert seen.endswith("; 'v=DMARC1; p=none' of _dmarc.example.com applies instead")


def test_several_are_reported_although_the_policy_above_is_unknown() -> None:
    verdict, seen, _ = only(judged("sub.example.com", sub_example_com=[REJECT, REJECT], example_com="!"))
    assert (verdict, seen[:7]) == ("wrong", "several")


def test_a_void_record_is_no_dmarc_and_nothing_is_inherited() -> None:
    verdict, seen, cure = only(judged("sub.example.com", sub_example_com=BROKEN, example_com=REJECT))
    assert verdict == "wrong"
    assert seen == (
        f"'{BROKEN}' at _dmarc.sub.example.com, which has a faulty p= and no valid rua= (RFC 9989 §4.10.1): "
        "receivers apply no DMARC"
    )
    assert cure == "correct this record, such as to v=DMARC1; p=quarantine;"


def test_a_void_record_of_the_organisation_is_the_subdomain_s_too() -> None:
    verdict, seen, cure = only(judged("sub.example.com", example_com=BROKEN))
    assert verdict == "wrong"
    assert f"'{BROKEN}' at _dmarc.example.com" in seen
    assert cure == "publish one at _dmarc.sub.example.com, or have the one of example.com corrected"


def test_an_inherited_policy_passes_with_a_notice() -> None:
    outcome = judged("a.b.example.com", b_example_com=[REJECT, REJECT], example_com=REJECT)
    assert outcome.verdict == "pass"
    assert outcome.notices == (
        "a.b.example.com has no record of its own: p=reject from _dmarc.example.com applies",
        "_dmarc.b.example.com has several records, which receivers discard",
    )


def test_a_missing_declared_record_is_wrong_although_another_applies() -> None:
    served = Dns({"_dmarc.example.com": [f"TXT {REJECT}"]})
    ours = TxtRecord("sub.example.com", "dmarc", "_dmarc.sub.example.com", "v=DMARC1; p=none")
    verdict, seen, _ = only(checked("sub.example.com", served, ours)[0])
    assert (verdict, seen) == ("wrong", f"the one of example.com: '{REJECT}'")


def test_without_a_policy_discarded_ones_are_listed() -> None:
    verdict, seen, _ = only(judged("sub.example.com", example_com=[REJECT, REJECT]))
    assert verdict == "absent"
    assert seen == "none, up to the root; _dmarc.example.com has several, and receivers discard all of them"


@pytest.mark.parametrize(
    ("record", "seen", "notice"),
    [
        ("v=DMARC1; p=none;; rua=mailto:a@example.com", "p=none", "receivers skip an empty part (RFC 9989 §4.8)"),
        ("v=DMARC1; p=reject; foo", "p=reject", "receivers skip 'foo' (RFC 9989 §4.8)"),
        ("v=DMARC1; p:reject; rua=mailto:a@example.com", "p=none", "'p:reject' is not a tag=value"),
        ("v=DMARC1; p=rejct; rua=mailto:a@example.com", "p=none", "receivers act as if it said p=none"),
        ("V=DMARC1; P=reject", "p=reject", ""),
    ],
)
def test_parts_that_receivers_skip_are_a_notice(record: str, seen: str, notice: str) -> None:
    outcome = judged("example.com", example_com=record)
    assert (outcome.verdict, outcome.seen) == ("pass", f"{seen} from _dmarc.example.com")
    assert bool(notice) is bool(outcome.notices)
    assert notice in "; ".join(outcome.notices)


HOSTILE = st.text(alphabet='vV=DMARC1; \tpsnruaf:@!,.<>"\\\x00\x1b\xe5\xff') | st.sampled_from(
    [
        "v=DMARC1; p=none;; rua=mailto:a@x.example",
        "v=DMARC1; p=none; foo; rua=mailto:@,mailto:a@[::1],:",
        "v=DMARC1; p:x",
    ]
)


@given(st.lists(HOSTILE.map(lambda text: f"v=DMARC1;{text}") | HOSTILE, min_size=1, max_size=3))
def test_no_published_record_raises(texts: list[str]) -> None:
    outcome = judged("sub.example.com", example_com=[text or " " for text in texts])
    assert all(line.isprintable() for line in report.lines([outcome]))


@pytest.mark.parametrize("record", ["v=dmarc1; p=reject", " v=DMARC1; p=reject", "v=DMARC1 p=reject", "p=reject"])
def test_text_that_is_not_a_record_is_absent(record: str) -> None:
    assert judged("example.com", example_com=record).verdict == "absent"


TAKES = "example.com._report._dmarc.example.net"


@pytest.mark.parametrize(
    ("rua", "records"),
    [
        ("mailto:a@mail.example.com", {}),  # one contains the other, so receivers do not check (RFC 9990 §4)
        ("mailto:a@example.net", {TAKES: ["TXT v=DMARC1;"]}),
        ("mailto:a@example.net", {TAKES: ["TXT other", "TXT v=DMARC1; rua=mailto:b@example.net"]}),
    ],
)
def test_reports_that_are_accepted(rua: str, records: dict[str, list[str]]) -> None:
    assert reports(rua, records).verdict == "pass"


def test_reports_within_one_organisation_need_no_authorisation() -> None:
    """RFC 9990 §4: organisational domains are compared, and both names are below example.com."""
    organisation = {"_dmarc.example.com": ["TXT v=DMARC1; p=none"]}
    assert reports("mailto:a@two.example.com", organisation, "one.example.com").verdict == "pass"


@pytest.mark.parametrize(
    ("rua", "records", "verdict", "said"),
    [
        ("mailto:a@example.net", {}, "absent", "no such name"),
        ("mailto:a@example.net", {TAKES: ["TXT v=dmarc1;"]}, "wrong", "'v=dmarc1;'"),
        ("mailto:a@example.net", {TAKES: ["TXT !"]}, "unreachable", "did not answer"),
        (f"mailto:a@{'.'.join(['x' * 60] * 4)}", {}, "wrong", ""),  # no room in front of it: RFC 1035 §3.1
    ],
)
def test_reports_that_nobody_accepts(rua: str, records: dict[str, list[str]], verdict: str, said: str) -> None:
    outcome = reports(rua, records)
    found, seen, cure = only(outcome)
    assert (found, bool(cure)) == (verdict, True)
    assert said in seen
    assert bool(outcome.hopeless) is (verdict != "unreachable")


def test_addresses_that_no_report_reaches_are_a_notice() -> None:
    outcome = reports("https://example.net/dmarc,mailto:a@example.com")
    assert (outcome.verdict, outcome.seen) == ("pass", "accepted by example.com")
    assert outcome.notices == (
        "no reports go to 'https://example.net/dmarc': receivers send them only by mail; replace it with mailto:…",
    )
    assert reports("https://example.net/dmarc").seen == "nobody gets reports"
