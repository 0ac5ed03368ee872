"""``external: true`` on a domain, or on all: nothing of it is published here, and its values are known all the same."""

from typing import Any

import pytest

from elastx_mrs.config.parse import ConfigError, parse, parse_stack
from elastx_mrs.config.remarks import remarks
from elastx_mrs.verify import plan
from tests import golden

FOUR = ["challenge", "spf", "dkim", "dmarc"]
BY_HAND = {"name": "example.com", "external": True}


def config(**keys: Any) -> dict[str, Any]:
    given = {"accounts": [golden.ACCOUNT], "dkim": golden.DKIM, "domains": ["example.com", "example.se"]} | keys
    return {f"elastx-mrs:{key}": value for key, value in given.items() if value is not None}


def faults(values: dict[str, Any]) -> dict[str, str]:
    with pytest.raises(ConfigError) as caught:
        parse_stack(values)
    return {fault.path: fault.problem for fault in caught.value.faults}


@pytest.mark.parametrize("external", [True, "true"], ids=["yaml", "as Pulumi gives it to a program"])
def test_a_whole_stack_needs_no_publisher(external: object) -> None:
    arguments = parse_stack(config(external=external))
    assert arguments.published == []
    assert arguments.records() == []
    assert [record.kind for record in arguments.by_hand()] == FOUR * 2
    assert arguments.required() == arguments.by_hand()
    assert {record.external for record in arguments.required()} == {True}


def test_a_stack_whose_domains_each_say_so_needs_none_either() -> None:
    domains = [BY_HAND, {"name": "example.se", "external": True}]
    assert parse_stack(config(domains=domains)).published == []
    given = {"accounts": [golden.ACCOUNT], "dkim": golden.DKIM, "domains": domains}
    assert parse(given, camel_case=False).published == []


@pytest.mark.parametrize(
    "keys",
    [
        {},
        {"external": False},
        {"external": "false"},
        {"domains": [BY_HAND, "example.se"]},
        {"external": True, "domains": ["example.com", {"name": "example.se", "external": False}]},
    ],
)
def test_a_config_that_forgot_its_publisher_is_still_told(keys: dict[str, Any]) -> None:
    (problem,) = faults(config(**keys)).values()
    assert problem.startswith("no publisher; write cloudflare: {}")
    assert problem.endswith("; if somebody else publishes the records by hand, write external: true")


def test_a_publisher_that_would_publish_nothing_is_a_warning() -> None:
    """An up without it could not delete the records that it published."""
    found = remarks(parse_stack(config(external=True, rfc2136={"zones": ["example.com"]})))
    (said,) = [one for one in found if one.path == "rfc2136"]
    assert said.remark.level == "warning"
    assert said.remark.text.startswith("publishes nothing, because every domain has external: true. Remove it, once")


@pytest.mark.parametrize("wrong", ["yes", 1, ["example.com"]])
def test_another_value_is_a_fault_at_its_place(wrong: object) -> None:
    assert "external" in faults(config(external=wrong))
    assert "domains[0].external" in faults(config(external=True, domains=[BY_HAND | {"external": wrong}]))


def test_one_domain_is_neither_published_nor_held_to_the_publisher_s_rules() -> None:
    domains = [BY_HAND | {"ttl": 5}, "example.se"]
    arguments = parse_stack(config(domains=domains, cloudflare={"zones": {"example.se": "a1"}}))
    assert [domain.name for domain in arguments.published] == ["example.se"]
    assert {record.domain for record in arguments.records()} == {"example.se"}
    assert [(record.domain, record.ttl) for record in arguments.by_hand()] == [("example.com", 5)] * 4
    assert parse_stack(config(domains=domains, rfc2136={"zones": ["example.se"]})).published


def test_a_report_authorisation_belongs_to_the_domain_that_it_stands_in() -> None:
    """The domain that gets the reports, and not the one that they are about, has the record in its zone."""
    to_com = {"name": "example.se", "dmarc": {"p": "none", "rua": ["mailto:d@example.com"]}}
    arguments = parse_stack(config(domains=[BY_HAND, to_com], rfc2136={"zones": ["example.se"]}))
    (report,) = [record for record in arguments.required() if record.kind == "report"]
    assert (report.domain, report.external) == ("example.com", True)


def test_what_a_domain_should_have_is_verified_value_by_value() -> None:
    arguments = parse_stack(config(external=True))
    expected = plan.expectations(arguments, arguments.required())
    assert [[record.kind for record in one.records] for one in expected] == [FOUR, FOUR]


def test_a_record_of_unknown_value_stays_unknown() -> None:
    arguments = parse_stack(config(external=True, dkim={"external": True}))
    assert [record.kind for record in arguments.by_hand()] == ["challenge", "spf", "dmarc"] * 2


def test_one_notice_says_what_is_not_created_and_how_to_print_it() -> None:
    ((path, remark, domains),) = [one for one in remarks(parse_stack(config(external=True))) if "creates" in str(one)]
    assert path == "external"
    assert domains == ("example.com", "example.se")
    assert remark.named == (
        "creates nothing for 2 domains (example.com, example.se): somebody else publishes their 8 records by hand, and "
        "every up verifies them; to print them, run: elastx-mrs records --format ticket [by-hand]"
    )
    known = parse_stack(config(external=True, acknowledged=["by-hand"]))
    assert not [one for one in remarks(known) if "creates" in str(one)]
    mixed = parse_stack(config(domains=["example.se", BY_HAND], cloudflare={}))
    assert "domains[1].external" in [one.path for one in remarks(mixed)]
