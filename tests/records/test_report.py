"""Report authorisation: which domains say that they take reports about which (RFC 9990 §4)."""

import pytest

from elastx_mrs.config.parse import parse_stack
from elastx_mrs.records.report import report
from tests import golden

MANAGED = {"example.com": None, "example.se": 300, "news.example.com": None, "ample.com": None}


def names(sender: str, policy: str) -> list[str]:
    return [record.name for record in report(sender, policy, MANAGED)]


def test_the_destination_says_that_it_takes_them() -> None:
    (record,) = report("example.com", "v=DMARC1; p=none; rua=mailto:dmarc@example.se;", MANAGED)
    assert (record.kind, record.domain, record.value, record.configured_ttl) == (
        "report",
        "example.se",
        "v=DMARC1;",
        300,
    )
    assert record.name == "example.com._report._dmarc.example.se"
    assert record.suffix == "report-example.com"


def test_within_one_name_none_is_needed() -> None:
    policy = "v=DMARC1; p=none; rua=mailto:a@example.com,mailto:a@news.example.com"
    assert names("example.com", policy) == []
    assert names("news.example.com", policy) == []
    assert names("ample.com", policy) == [
        "ample.com._report._dmarc.example.com",
        "ample.com._report._dmarc.news.example.com",
    ], "by whole labels"


def test_rua_and_ruf_each_destination_once_however_it_is_written() -> None:
    policy = "v=DMARC1; p=none; rua=mailto:a@Example.SE!10m, mailto:b%40x@example.se; ruf=mailto:c@example.se?subject=x"
    assert names("example.com", policy) == ["example.com._report._dmarc.example.se"]


@pytest.mark.parametrize(
    "odd", ["v=DMARC1; p=none;; rua=mailto:a@example.se", "v=DMARC1; foo; rua=mailto:a@example.se"]
)
def test_parts_without_a_tag_are_skipped(odd: str) -> None:
    assert names("example.com", odd) == ["example.com._report._dmarc.example.se"]


def test_nothing_for_destinations_that_are_not_ours() -> None:
    assert names("example.com", "v=DMARC1; p=none; rua=mailto:a@example.net,https://example.se/x") == []
    assert names("example.com", "v=DMARC1; p=none;") == []
    odd = "v=DMARC1; p=none; rua=mailto:a@b\u0101\u200e,mailto:a@example.se"
    assert names("example.com", odd) == ["example.com._report._dmarc.example.se"], "the first names no host"


def test_the_config_declares_it_with_the_other_records() -> None:
    arguments = parse_stack(
        {
            "elastx-mrs:accounts": ["a@b.se"],
            "elastx-mrs:dkim": golden.DKIM,
            "elastx-mrs:domains": ["example.com", "example.se"],
            "elastx-mrs:dmarc": {"p": "none", "rua": ["mailto:d@example.se"]},
            "elastx-mrs:rfc2136": {"zones": ["example.com", "example.se"]},
        }
    )
    found = [record for record in arguments.records() if record.kind == "report"]
    assert [record.name for record in found] == ["example.com._report._dmarc.example.se"]
