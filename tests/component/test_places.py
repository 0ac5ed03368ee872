"""Which publishers a domain goes to, and what its resources are called there."""

import pytest

from elastx_mrs.component.places import Named, by_zones, named
from elastx_mrs.publish.held import Held
from elastx_mrs.records import TxtRecord

CLOUDFLARE, ROUTE53, OCTODNS = "cloudflare", "route53", "octodns"


def domains(*names: str) -> dict[str, str]:
    return {name: f"domains[{index}]" for index, name in enumerate(names)}


def test_a_domain_goes_to_the_publisher_that_has_its_zone() -> None:
    held = {CLOUDFLARE: Held(("example.com",)), ROUTE53: Held(("example.se", "other.example")), "toy": None}
    found = by_zones(domains("example.com", "mail.example.com", "a.example.se"), held)
    assert found.places == {
        "example.com": (CLOUDFLARE,),
        "mail.example.com": (CLOUDFLARE,),
        "a.example.se": (ROUTE53,),
    }
    assert (found.problems, found.doubts) == ([], [])


def test_a_delegated_zone_is_longer_than_the_one_above_it() -> None:
    held = {CLOUDFLARE: Held(("example.com",)), ROUTE53: Held(("mail.example.com",))}
    found = by_zones(domains("example.com", "mail.example.com", "news.mail.example.com"), held)
    assert found.places == {
        "example.com": (CLOUDFLARE,),
        "mail.example.com": (ROUTE53,),
        "news.mail.example.com": (ROUTE53,),
    }


def test_a_zone_that_two_have_is_a_fault_that_says_how_to_choose() -> None:
    held = {CLOUDFLARE: Held(("example.com",)), ROUTE53: Held(("example.com", "example.se")), OCTODNS: Held(())}
    found = by_zones(domains("example.se", "example.com"), held)
    assert found.places == {"example.se": (ROUTE53,)}
    assert found.problems == [
        "domains[1]: cloudflare and route53 each have a zone example.com; write publish: "
        "[cloudflare] if cloudflare serves the zone, or publish: [cloudflare, route53] to publish to each"
    ]
    (problem,) = by_zones(domains("a.example.com", "b.example.com"), held).problems
    assert "each have a zone example.com, for a.example.com, b.example.com; write" in problem
    (problem,) = by_zones(
        domains("example.com"), dict.fromkeys((CLOUDFLARE, ROUTE53, OCTODNS), Held(("com",)))
    ).problems
    assert "cloudflare and route53 and octodns each have a zone com, for example.com" in problem


def test_a_zone_that_nobody_has_is_a_fault_that_lists_where_was_looked() -> None:
    many = tuple(f"z{number}.example" for number in range(9))
    held = {
        CLOUDFLARE: Held(many),
        ROUTE53: Held(()),
        OCTODNS: Held(("named.example",), "octodns: no answer"),
        "toy": None,
    }
    (problem,) = by_zones(domains("example.com", "example.se"), held).problems
    assert problem.startswith("domains[0]: no publisher is known to have a zone for example.com, example.se (")
    assert "cloudflare has z0.example, z1.example, z2.example, z3.example, z4.example and 4 more; " in problem
    assert "; route53 has no zone; " in problem
    assert "; octodns did not list its zones: octodns: no answer; " in problem
    assert "; toy cannot tell which zones it has); create the zone; if one of these" in problem


def test_who_could_not_be_asked_may_have_the_zone_too() -> None:
    held = {CLOUDFLARE: Held(("example.com",)), ROUTE53: Held((), "route53: no answer; check the network")}
    found = by_zones(domains("example.com"), held)
    assert found.places == {"example.com": (CLOUDFLARE,)}
    assert found.problems == []
    assert found.doubts == [
        "route53 did not list its zones, and may have one for example.com too: route53: no answer; check the network. "
        "To continue without its zones, write publish for each domain"
    ]


TYPES = {ROUTE53: "rrset", OCTODNS: "rrset"}
RECORD = TxtRecord("example.com", "spf", "example.com", "v=spf1 -all")
PLAIN = "mail-example.com-spf"


@pytest.mark.parametrize(
    ("there", "expected"),
    [
        ((CLOUDFLARE,), {CLOUDFLARE: (PLAIN, "")}),
        ((ROUTE53,), {ROUTE53: (PLAIN, f"{PLAIN}-route53")}),
        ((CLOUDFLARE, ROUTE53), {CLOUDFLARE: (PLAIN, ""), ROUTE53: (PLAIN, f"{PLAIN}-route53")}),
        ((ROUTE53, OCTODNS), {ROUTE53: (f"{PLAIN}-route53", PLAIN), OCTODNS: (f"{PLAIN}-octodns", "")}),
        ((OCTODNS, ROUTE53), {OCTODNS: (f"{PLAIN}-octodns", PLAIN), ROUTE53: (f"{PLAIN}-route53", "")}),
    ],
)
def test_only_two_of_one_type_have_their_publisher_in_the_name(
    there: tuple[str, ...], expected: dict[str, tuple[str, str]]
) -> None:
    found = named("mail", [RECORD], {"example.com": there}, TYPES)
    assert {one.publisher: (one.resource, one.former) for one in found} == expected
    assert [one.record for one in found] == [RECORD] * len(there)
    assert len({one.key for one in found}) == len(there)
    aliases = [one.former for one in found if one.former]
    assert len(set(aliases)) == len(aliases), "no two resources may have one alias"


def test_each_record_has_the_publishers_of_its_own_domain() -> None:
    other = TxtRecord("example.se", "report", "example.com._report._dmarc.example.se", "v=DMARC1;")
    found = named("mail", [RECORD, other], {"example.com": (CLOUDFLARE,), "example.se": (ROUTE53,)}, TYPES)
    assert [(one.publisher, one.record) for one in found] == [(CLOUDFLARE, RECORD), (ROUTE53, other)]
    assert isinstance(found[0], Named)
