"""Answers about what is not here: aliases that lead away, children, and names that do not exist."""

from collections.abc import Iterator
from pathlib import Path

import dns.flags
import dns.name
import dns.rcode
import dns.rdatatype
import pytest

from elastx_mrs.lab.session import Lab, open_lab
from tests.lab.client import ZONES, ask, strings

MORE = """
gone CNAME absent
down CNAME x.child
away CNAME www.example.net.
one CNAME two
two CNAME one
chain CNAME alias
*.any CNAME ns1
child DS 1 8 2 00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff
"""


@pytest.fixture
def more(tmp_path: Path) -> Iterator[Lab]:
    zones = {"example.com": ZONES["example.com"] + MORE, "sub.example.com": ZONES["example.com"].split("alias")[0]}
    with open_lab(tmp_path, zones) as lab:
        yield lab


def test_a_lack_may_be_remembered_as_long_as_the_soa_s_minimum(more: Lab) -> None:
    for name in ("absent.example.com", "ns1.example.com"):
        (soa,) = ask(more, name).authority
        assert (soa.rdtype, soa.ttl) == (dns.rdatatype.SOA, 300)


def test_an_alias_to_a_name_that_does_not_exist_is_nxdomain_with_the_soa(more: Lab) -> None:
    response = ask(more, "gone.example.com")
    assert response.rcode() == dns.rcode.NXDOMAIN
    assert strings(response) == ["absent.example.com."]
    assert response.authority[0].rdtype == dns.rdatatype.SOA


def test_an_alias_into_a_child_ends_in_a_referral(more: Lab) -> None:
    response = ask(more, "down.example.com")
    assert response.rcode() == dns.rcode.NOERROR
    assert strings(response) == ["x.child.example.com."]
    assert response.authority[0].name == dns.name.from_text("child.example.com")


def test_aliases_that_lead_out_or_in_a_circle_end(more: Lab) -> None:
    assert strings(ask(more, "away.example.com")) == ["www.example.net."]
    assert strings(ask(more, "one.example.com")) == ["one.example.com.", "two.example.com."]


def test_aliases_chain_and_come_from_wildcards(more: Lab) -> None:
    chain = ask(more, "chain.example.com", "A")
    assert strings(chain) == ["127.0.0.1", "alias.example.com.", "ns1.example.com."]
    wild = ask(more, "x.any.example.com", "A")
    assert strings(wild) == ["127.0.0.1", "ns1.example.com."]
    assert wild.answer[0].name == dns.name.from_text("x.any.example.com")


def test_a_referral_has_glue_and_the_parent_answers_for_ds(more: Lab) -> None:
    referral = ask(more, "child.example.com", "NS")
    assert not referral.flags & dns.flags.AA
    assert referral.answer == []
    assert [rrset.name.to_text() for rrset in referral.additional] == ["ns.child.example.com."]
    ds = ask(more, "child.example.com", "DS")
    assert ds.flags & dns.flags.AA
    assert len(strings(ds)) == 1


def test_the_longest_zone_answers(more: Lab) -> None:
    assert ask(more, "absent.sub.example.com").authority[0].name == dns.name.from_text("sub.example.com")


def test_the_case_of_a_name_does_not_matter(more: Lab) -> None:
    assert strings(ask(more, "EXAMPLE.com")) == ['"one"']
