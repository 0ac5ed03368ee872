"""Two values of one kind: the same key, senders gained and lost, stricter and looser."""

import pytest

from elastx_mrs.records.compare import loosened, policy_shifts, rest, rest_shift, same_key, senders
from elastx_mrs.records.dmarc_policy import Policy
from elastx_mrs.records.spf_terms import parse
from tests import golden

OTHER_KEY = "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="


def test_a_key_is_the_same_however_it_is_written() -> None:
    assert same_key(golden.DKIM, f"v = DKIM1; k=rsa; n=x; p={golden.KEY[:50]} {golden.KEY[50:]};".encode())
    assert not same_key(golden.DKIM, OTHER_KEY)
    assert not same_key("no key", "no key")


@pytest.mark.parametrize(
    ("before", "after", "gained", "lost"),
    [
        ("v=spf1 -all", "v=spf1 include:a.example -all", ["include:a.example"], []),
        ("v=spf1 ip4:192.0.2.1 a -all", "v=spf1 a ~all", [], ["ip4:192.0.2.1"]),
        # The meaning counts, not the spelling (RFC 7208 §4.6.1, §5.6).
        ("v=spf1 INCLUDE:A.example. +mx ip4:192.0.2.9/24 -all", "v=SPF1 ip4:192.0.2.0/24 MX include:a.example", [], []),
        ("v=spf1 redirect=A.example.", "v=spf1 include:a.example -all", [], []),
        ("v=spf1 include:a.example/24 -all", "v=spf1 -all", [], []),  # no term: see below
        ("v=spf1 a:a.example -all", "v=spf1 a:a.example/24 -all", ["a:a.example/24"], ["a:a.example"]),
        ("v=spf1 ip4:192.0.2.1 -all", "v=spf1 ip4:192.0.2.2 -all", ["ip4:192.0.2.2"], ["ip4:192.0.2.1"]),
        ("v=spf1 mx:a.example -all", "v=spf1 mx:b.example -all", ["mx:b.example"], ["mx:a.example"]),
        # An upper-case macro letter is another one: its value is URL-escaped (§7.3).
        ("v=spf1 a:%{s}.b.se -all", "v=spf1 a:%{S}.b.se -all", ["a:%{S}.b.se"], ["a:%{s}.b.se"]),
        # Terms after all, and redirect next to all, let nobody pass (§5.1, §6.1).
        ("v=spf1 -all include:a.example redirect=b.example", "v=spf1 -all", [], []),
        # A qualifier: what passed is neutral then, and the other way round (§4.6.2).
        ("v=spf1 include:a.example -all", "v=spf1 ?include:a.example -all", [], ["include:a.example"]),
        ("v=spf1 ?include:a.example -all", "v=spf1 include:a.example -all", ["include:a.example"], []),
        ("v=spf1 ?include:a.example -all", "v=spf1 -all", [], ["?include:a.example"]),
        ("v=spf1 ~include:a.example -all", "v=spf1 -all", [], ["~include:a.example"]),
        ("v=spf1 -all", "v=spf1 ?include:a.example -all", [], []),
        ("v=spf1 -all", "v=spf1 all", [], []),  # the rest of the senders, not one
        ("v=spf1 all", "v=spf1 -all", [], []),
        ("v=spf1 -ip4:192.0.2.1 ~all", "v=spf1 ~all", [], []),
        # The first match decides.
        ("v=spf1 -mx mx ~all", "v=spf1 ~all", [], []),
    ],
)
def test_senders_gained_and_lost(before: str, after: str, gained: list[str], lost: list[str]) -> None:
    found = senders(before, after)
    assert [str(term) for term in found.gained] == gained
    assert [str(term) for term in found.lost] == lost


def test_words_that_are_not_terms_are_named() -> None:
    found = senders("v=spf1 inc:oops ip4:192.0.2.1 ip4:300.1.2.3 -all", "v=spf1 -all")
    assert found.unreadable == ("inc:oops", "ip4:300.1.2.3")
    assert [str(term) for term in found.lost] == ["ip4:192.0.2.1"]


@pytest.mark.parametrize(
    ("before", "after", "shifts"),
    [
        (Policy("reject"), Policy("reject"), []),
        (Policy("reject"), Policy("none"), [("p", True)]),
        (Policy("none"), Policy("quarantine"), [("p", False)]),
        (Policy("reject", t="n"), Policy("reject", t="y"), [("p", True)]),
        (Policy("reject"), Policy("reject", sp="none"), [("sp", True)]),
        (Policy("reject", sp="none"), Policy("none", sp="none"), [("p", True)]),
        (Policy("none"), Policy("reject", np="none"), [("p", False)]),
        # A tag's own value counts where it stood or stands; inherited ones follow (RFC 9989 §4.7).
        (Policy("reject"), Policy("none", sp="none"), [("p", True), ("sp", True)]),
        (Policy("reject", np="reject"), Policy("none"), [("p", True), ("np", True)]),
        (Policy("reject", sp="none"), Policy("reject"), [("sp", False)]),
        (Policy("reject", adkim="s"), Policy("reject", aspf="s"), [("adkim", True), ("aspf", False)]),
    ],
)
def test_dmarc_stricter_and_looser(before: Policy, after: Policy, shifts: list[tuple[str, bool]]) -> None:
    assert [(shift.tag, shift.looser) for shift in policy_shifts(before, after)] == shifts


def test_a_record_without_a_policy_asks_for_nothing() -> None:
    assert loosened("v=DMARC1; p=reject", "v=DMARC1; p=quarantine")
    assert loosened(b"v=DMARC1; p=reject", "v=DMARC1; p=x")
    assert not loosened("v=DMARC1; p=x", "v=DMARC1; p=none")
    assert not loosened("v=DMARC1; p=none", "v=DMARC1; p=reject")


@pytest.mark.parametrize(
    ("value", "qualifier"),
    [
        ("v=spf1 a -all", "-"),
        ("v=spf1 ~ALL a", "~"),
        ("v=spf1 all", "+"),
        ("v=spf1", "?"),
        ("v=spf1 redirect=a.se", ""),
    ],
)
def test_the_rest_of_the_senders(value: str, qualifier: str) -> None:
    assert rest(parse(value)) == qualifier


def test_all_stricter_and_looser() -> None:
    def shift(before: str, after: str) -> int:
        return rest_shift(parse(f"v=spf1 {before}"), parse(f"v=spf1 {after}"))

    assert shift("-all", "~all") > 0
    assert shift("", "-all") < 0
    assert shift("~all", "mx ~all") == 0
    assert shift("~all", "redirect=a.example") == shift("redirect=a.example", "~all") == 0
