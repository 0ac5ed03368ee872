"""The tree walk of RFC 9989 §4.10, by its own rules and examples."""

import asyncio
from pathlib import Path

import pytest

from elastx_mrs.lookup.answer import Answer, answer_of
from elastx_mrs.lookup.network import Network
from elastx_mrs.lookup.vantage import Vantage, Who
from elastx_mrs.receiver.dmarc import Walk, walk
from tests.servers import start
from tests.servers.zones import HEAD, ZONES


def run(domain: str, **records: str | list[str] | None) -> Walk:
    """Walk over ``_dmarc`` records by domain, dots written as ``_``; None is a server that does not answer."""
    values = {f"_dmarc.{name.replace('_', '.')}": value for name, value in records.items()}

    async def ask(name: str, rdtype: str) -> Answer:
        value = values.get(name, [])
        if value is None:
            return Answer(name, rdtype, "failed", problem="no answer")
        listed = [value] if isinstance(value, str) else value
        return answer_of(name, [text.encode() for text in listed])

    return asyncio.run(walk(ask, domain))


def asked(found: Walk) -> list[str]:
    return [step.domain for step in found.steps]


def test_it_goes_up_label_by_label_to_the_top() -> None:
    found = run("a.b.example.com", example_com="v=DMARC1; p=reject; sp=quarantine")
    assert asked(found) == ["a.b.example.com", "b.example.com", "example.com", "com"]
    assert found.organizational_domain == "example.com"
    assert found.tag(exists=True) == ("sp", "quarantine")


def test_eight_queries_at_most_for_a_name_of_many_labels() -> None:
    # §4.10: a name of 8 labels or more is asked for whole, and then from its 7 right-most labels on.
    found = run("a.b.c.d.e.f.g.h.i.j.mail.example.com")
    assert asked(found) == [
        "a.b.c.d.e.f.g.h.i.j.mail.example.com", "g.h.i.j.mail.example.com", "h.i.j.mail.example.com",
        "i.j.mail.example.com", "j.mail.example.com", "mail.example.com", "example.com", "com",
    ]  # fmt: skip
    assert len(asked(run("a.b.c.d.e.f.g.com"))) == 8
    assert asked(run("a.b.c.d.e.f.com"))[:2] == ["a.b.c.d.e.f.com", "b.c.d.e.f.com"]


def test_the_domain_s_own_record_comes_first_and_the_walk_still_finds_the_organisation() -> None:
    found = run("news.example.com", news_example_com="v=DMARC1; p=none", example_com="v=DMARC1; p=reject")
    assert found.tag(exists=True) == ("p", "none")
    assert found.organizational_domain == "example.com"


def test_a_record_between_the_domain_and_its_organisation_does_not_apply() -> None:
    found = run("a.b.example.com", b_example_com="v=DMARC1; p=none", example_com="v=DMARC1; p=reject")
    assert found.tag(exists=True) == ("p", "reject")


def test_np_is_for_names_that_do_not_exist() -> None:
    found = run("x.example.com", example_com="v=DMARC1; p=none; sp=quarantine; np=reject")
    assert found.tag(exists=False) == ("np", "reject")
    assert found.tag(exists=True) == ("sp", "quarantine")


def test_psd_n_ends_the_walk_at_the_organisation() -> None:
    found = run("a.b.example.com", b_example_com="v=DMARC1; p=reject; psd=n", example_com="v=DMARC1; p=none")
    assert asked(found) == ["a.b.example.com", "b.example.com"]
    assert found.organizational_domain == "b.example.com"
    assert found.tag(exists=True) == ("p", "reject")


def test_psd_y_puts_the_organisation_one_label_below() -> None:
    found = run("a.b.bank.example", bank_example="v=DMARC1; p=reject; psd=y; sp=quarantine")
    assert found.organizational_domain == "b.bank.example"
    assert found.tag(exists=True) == ("sp", "quarantine"), "nothing of its own: the public suffix's record applies"
    own = run("a.b.bank.example", bank_example="v=DMARC1; p=reject; psd=y", b_bank_example="v=DMARC1; p=none")
    assert own.tag(exists=True) == ("p", "none")


def test_a_void_record_counts_among_several() -> None:
    # §4.10: a record is counted by its version, before anybody looks at its policy.
    found = run("example.com", example_com=["v=DMARC1; p=reject", "v=DMARC1; p=rejct"])
    assert found.steps[0].status == "several"
    assert found.tag(exists=True) is None


def test_a_void_record_of_its_own_ends_dmarc_and_the_parent_s_policy_does_not_apply() -> None:
    # §4.10.1: "the Mail Receiver applies no DMARC processing to this message".
    found = run("sub.example.com", sub_example_com="v=DMARC1; p=rejct", example_com="v=DMARC1; p=reject; sp=none")
    assert found.void is not None
    assert (found.void.name, found.void.status) == ("_dmarc.sub.example.com", "void")
    assert "faulty p=" in found.void.why
    assert found.found is None
    assert found.tag(exists=True) is None


def test_a_void_record_counts_even_if_the_record_above_is_unknown() -> None:
    found = run("sub.example.com", sub_example_com="v=DMARC1; p=rejct", example_com=None)
    assert found.unknown is None
    assert found.void is not None


def test_a_void_record_of_the_organisation_applies_to_its_subdomains() -> None:
    found = run("sub.example.com", example_com="v=DMARC1; p=reject; p=none")
    assert found.void is not None
    assert found.void.domain == "example.com"
    # The organisation's record comes before the public suffix's, whatever is in it.
    suffix = run("sub.bank.example", bank_example="v=DMARC1; p=x", example="v=DMARC1; p=reject; psd=y")
    assert suffix.void is not None
    assert suffix.void.domain == "bank.example"


def test_a_void_record_in_between_is_passed_as_any_record_there() -> None:
    found = run("a.b.example.com", b_example_com="v=DMARC1; p=x", example_com="v=DMARC1; p=reject")
    assert found.void is None
    assert found.tag(exists=True) == ("p", "reject")


def test_a_void_record_ends_the_walk_by_its_psd() -> None:
    found = run("a.b.example.com", b_example_com="v=DMARC1; p=x; psd=n", example_com="v=DMARC1; p=reject")
    assert asked(found) == ["a.b.example.com", "b.example.com"]
    assert found.void is not None


def test_a_void_record_makes_no_organisation() -> None:
    # §4.10.2: of "the domains for which valid DMARC Policy Records were retrieved".
    found = run("sub.example.com", sub_example_com="v=DMARC1; p=none", example_com="v=DMARC1; p=x")
    assert found.organizational_domain == "sub.example.com"


def test_a_faulty_policy_with_a_report_address_means_none() -> None:
    found = run("sub.example.com", sub_example_com="v=DMARC1; p=x; rua=mailto:a@b.se", example_com="v=DMARC1; p=reject")
    assert found.tag(exists=True) == ("p", "none")


def test_records_discarded_on_the_way_are_listed() -> None:
    two = ["v=DMARC1; p=none", "v=DMARC1; p=x"]
    found = run("a.b.example.com", a_b_example_com=two, b_example_com=two, example_com="v=DMARC1; p=none", com=two)
    assert [step.domain for step in found.discarded] == ["a.b.example.com", "b.example.com"]
    assert [step.domain for step in run("a.com", a_com=two).discarded] == ["a.com"]
    assert run("a.com", a_com="v=DMARC1; p=none", com=two).discarded == ()


# RFC 9989, Appendix B.4: the organisational domain of each name, and where the policy comes from.
@pytest.mark.parametrize(
    ("domain", "organization", "policy"),
    [
        ("example.com", "example.com", "example.com"),
        ("signing.example.com", "example.com", "signing.example.com"),
        ("a.b.c.d.e.f.g.h.i.j.k.example.com", "example.com", "example.com"),
        ("giant.bank.example", "giant.bank.example", "giant.bank.example"),
        ("mail.giant.bank.example", "giant.bank.example", "giant.bank.example"),
        ("mail.mega.bank.example", "mega.bank.example", "bank.example"),
    ],
)
def test_the_examples_of_the_standard(domain: str, organization: str, policy: str) -> None:
    found = run(
        domain,
        example_com="v=DMARC1; p=none",
        signing_example_com="v=DMARC1; p=none",
        giant_bank_example="v=DMARC1; p=none",
        bank_example="v=DMARC1; p=none; psd=y",
    )
    assert found.organizational_domain == organization
    assert found.found is not None
    assert found.found.domain == policy


def test_several_records_are_discarded_and_other_txt_is_passed_over() -> None:
    found = run(
        "a.example.com",
        a_example_com=["v=DMARC1; p=none", "v=DMARC1; p=reject"],
        example_com=["v=spf1 -all", "v=DMARC1; p=quarantine", "rubbish"],
    )
    assert [step.status for step in found.steps] == ["several", "policy", "none"]
    assert found.tag(exists=True) == ("p", "quarantine")


def test_a_failed_query_does_not_mean_absence() -> None:
    found = run("a.example.com", a_example_com=None, example_com="v=DMARC1; p=reject")
    assert found.failed is not None
    assert found.failed.domain == "a.example.com"
    assert len(found.steps) == 1


def test_a_name_that_dns_has_no_room_for_has_no_record() -> None:
    """RFC 1035 §3.1: 253 octets as text. Nobody can ask for ``_dmarc`` below a longer name; those above it count."""
    long = ".".join(["a" * 60] * 4)[:242] + ".com"
    found = run(f"{long}", com="v=DMARC1; p=reject")
    assert (found.steps[0].domain, found.steps[0].status) == (long, "none")
    assert found.failed is None
    assert found.tag(exists=True) == ("p", "reject")


def test_no_record_at_all() -> None:
    found = run("example.com")
    assert found.tag(exists=True) is None
    assert found.organizational_domain == "example.com"


@pytest.mark.parametrize("kind", ["bind", "knot", "lab"])
def test_on_a_real_server(kind: str, tmp_path: Path) -> None:
    zone = HEAD.format(name="example.com") + '_dmarc TXT "v=DMARC1; p=" "reject; sp=quarantine"\n'
    top = HEAD.format(name="com")
    with start(kind, tmp_path / "server", {"com": top, **ZONES, "example.com": zone}) as server:
        found = asyncio.run(walk(Vantage(Who.of([server.address], resolvers=()), Network()).ask, "a.b.example.com"))
    assert found.failed is None
    assert (found.tag(exists=True), found.organizational_domain) == (("sp", "quarantine"), "example.com")
