"""Several publishers in one config, and ``domains[].publish``."""

from typing import Any

import pytest

from elastx_mrs.config.model import Arguments
from elastx_mrs.config.parse import ConfigError, parse, parse_stack
from tests import golden

BOTH: dict[str, Any] = {"cloudflare": {}, "route53": {}}


def config(**keys: Any) -> dict[str, Any]:
    given = {"accounts": [golden.ACCOUNT], "dkim": golden.DKIM} | {"domains": ["example.com", "example.se"]} | keys
    return {f"elastx-mrs:{key}": value for key, value in given.items()}


def faults(**keys: Any) -> dict[str, str]:
    with pytest.raises(ConfigError) as caught:
        parse_stack(config(**keys))
    return {fault.path: fault.problem for fault in caught.value.faults}


def domain(name: str, *publish: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "publish": list(publish)} | more


def test_zones_decide_unless_a_domain_names_its_publishers() -> None:
    domains = ["a.example", domain("b.example", "route53"), domain("c.example", "route53", "cloudflare")]
    arguments = parse_stack(config(domains=domains, **BOTH))
    assert arguments.publishers_by_domain == {
        "a.example": (),
        "b.example": ("route53",),
        "c.example": ("route53", "cloudflare"),
    }


def test_a_sole_publisher_has_every_domain() -> None:
    arguments = parse_stack(config(domains=["a.example", domain("b.example", "route53")], route53={}))
    assert arguments.publishers_by_domain == {"a.example": ("route53",), "b.example": ("route53",)}


def test_the_arguments_of_one_publisher_have_its_domains_alone() -> None:
    """A report authorisation is a record of the domain that accepts the reports, whoever publishes the other one."""
    arguments = parse_stack(config(dmarc={"rua": ["mailto:d@example.se"]}, **BOTH))
    of_one = arguments.for_domains(["example.se"])
    assert isinstance(of_one, Arguments)
    assert [one.name for one in of_one.published] == ["example.se"]
    assert {record.domain for record in of_one.records()} == {"example.se"}
    assert [record.name for record in of_one.records() if record.kind == "report"] == [
        "example.com._report._dmarc.example.se"
    ]
    assert of_one.required() == arguments.required()
    assert len(arguments.records()) == 9


@pytest.mark.parametrize(
    ("publish", "path", "problem"),
    [
        (["routee53"], "domains[0].publish[0]", "'routee53' is not a publisher; did you mean route53?"),
        (["zz"], "domains[0].publish[0]", "'zz' is not a publisher; the publishers are cloudflare, rfc2136, route53"),
        (["route53", "rfc2136"], "domains[0].publish[1]", "rfc2136 is not in this config; write its key, rfc2136,"),
        (["route53", "route53"], "domains[0].publish[1]", "'route53' is already in this list; remove it"),
        ([], "domains[0].publish", "is an empty list; write at least one"),
        ("route53", "domains[0].publish", "is a string; write a list, such as ['route53']"),
        ([True], "domains[0].publish[0]", "is true; write one string"),
    ],
)
def test_a_wrong_list(publish: Any, path: str, problem: str) -> None:
    found = faults(domains=[{"name": "example.com", "publish": publish}, "example.se"], **BOTH)
    assert list(found) == [path]
    assert problem in found[path]


@pytest.mark.parametrize("more", [{"external": True}, {}])
def test_nobody_publishes_what_somebody_else_does_by_hand(more: dict[str, Any]) -> None:
    found = faults(
        domains=[domain("example.com", "route53", **more), {"name": "example.se", "external": False}],
        external=not more,
        **BOTH,
    )
    assert list(found) == ["domains[0].publish"]
    assert "external: true means that none is used" in found["domains[0].publish"]


def test_a_publisher_that_no_domain_can_use() -> None:
    found = faults(domains=[domain("example.com", "route53")], **BOTH)
    assert found == {
        "cloudflare": "publishes nothing, because every domain names other publishers in publish; "
        "write publish: [cloudflare] for its domains, or remove it"
    }


def test_a_primary_is_asked_only_for_domains_that_name_it() -> None:
    """Other domains may be at the other publisher. The place is in the whole list, with those published by hand."""
    keys: dict[str, Any] = {"route53": {}, "rfc2136": {"zones": ["example.com"]}}
    by_hand = {"name": "hand.example", "external": True}
    assert parse_stack(config(domains=[by_hand, "example.com", "other.example"], **keys))
    found = faults(domains=[by_hand, domain("other.example", "rfc2136"), "example.com"], **keys)
    assert found == {
        "domains[1]": "other.example is in none of rfc2136.zones (example.com); add its zone there",
    }
    found = faults(domains=[by_hand, "example.com", "other.example"], rfc2136={"zones": ["example.com"]})
    assert list(found) == ["domains[2]"]


def test_a_ttl_that_only_one_of_them_can_use() -> None:
    keys: dict[str, Any] = {"route53": {}, "cloudflare": {}}
    assert parse_stack(config(ttl=30, **keys)), "which of them has the zones is not known yet"
    two = [domain("example.com", "cloudflare"), domain("example.se", "route53")]
    assert list(faults(domains=two, ttl=30, **keys)) == ["ttl"]
    assert list(faults(domains=[two[0] | {"ttl": 30}, two[1] | {"ttl": 30}], **keys)) == ["domains[0].ttl"]


def test_a_program_writes_the_same() -> None:
    given = {"accounts": [golden.ACCOUNT], "dkim": {"record": golden.DKIM}} | BOTH
    arguments = parse(given | {"domains": [domain("example.com", "route53", "cloudflare")]}, camel_case=False)
    assert arguments.domains[0].publish == ["route53", "cloudflare"]
