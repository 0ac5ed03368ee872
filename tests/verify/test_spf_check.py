"""The verdict on a domain's SPF, and who must fix an error (RFC 7208)."""

import asyncio
from collections.abc import Mapping, Sequence

import pytest

from elastx_mrs.adopt.judged import Planned
from elastx_mrs.records import TxtRecord
from elastx_mrs.verify.checks.spf import POLICY, TREE, spf
from elastx_mrs.verify.expected import Expected
from elastx_mrs.verify.result import Outcome
from elastx_mrs.verify.sources import Asked
from tests.lookup.fakes import Dns

SUPPORT = "tell Elastx Support (support@elastx.se), because the error is in their record"
PASSING = {"elastx.email": ["TXT v=spf1 ip4:203.0.113.0/24 -all"]}
SILENT = "check why the name servers of elastx.email do not answer; if they do not answer anybody, tell Elastx Support "
SILENT += "(support@elastx.se)"
OWN = "v=spf1 include:elastx.email -all"


def judged(records: Mapping[str, Sequence[str]], domain: str = "example.com", declared: str = "") -> dict[str, Outcome]:
    ours = (TxtRecord(domain, "spf", domain, declared),) if declared else ()

    async def run() -> dict[str, Outcome]:
        return {one.check: one for one in await spf(Asked(Planned(Dns(records).ask, None)), Expected(domain, ours))}

    return asyncio.run(run())


def own(record: str, **others: Sequence[str]) -> dict[str, Sequence[str]]:
    return {"example.com": [f"TXT {record}"], **PASSING, **others}


@pytest.mark.parametrize(
    ("elastx", "passes"),
    [
        (["TXT v=spf1 a:mail.elastx.email -all"], True),
        (["TXT v=spf1 mx:elastx.email -all", "MX 10 mail.elastx.email", "MX 20 mail6.elastx.email"], True),
        (["TXT v=spf1 a -all", "A 203.0.113.9"], True),
        (["TXT v=spf1 ip4:255.255.255.0/24 -all"], True),  # nothing comes after its last address
    ],
)
def test_the_relay_may_name_its_addresses_by_host(elastx: Sequence[str], passes: bool) -> None:
    hosts = {"mail.elastx.email": ["A 203.0.113.1"], "mail6.elastx.email": ["AAAA 2001:db8::1"]}
    found = judged({**own(OWN), **hosts, "elastx.email": elastx})
    assert found[POLICY].verdict == "pass"
    # The relay's hosts are senders one by one: a term before the include that matches one of them is seen.
    first = "v=spf1 -ip4:203.0.113.0/24 -ip6:2001:db8::/32 -ip4:255.255.255.0/24 include:elastx.email -all"
    refused = judged({**own(first), **hosts, "elastx.email": elastx})[POLICY]
    assert refused.verdict == "wrong"
    assert refused.details[0].cure.startswith("put include:elastx.email, without a qualifier, before every term")


@pytest.mark.parametrize(
    ("elastx", "verdict", "said"),
    [
        (["TXT x"], "wrong", "elastx.email"),
        (["TXT !"], "unreachable", "did not answer"),
        (["TXT v=spf1 -all"], "wrong", "it passes no address"),
        (["TXT v=spf1 ip4:x -all"], "wrong", "ip4:x"),
    ],
)
def test_an_error_in_the_relay_s_record_names_the_relay_s_support(
    elastx: Sequence[str], verdict: str, said: str
) -> None:
    policy = judged({**own(OWN), "elastx.email": elastx})[POLICY]
    (detail,) = policy.details
    assert (detail.verdict, detail.cure) == (verdict, SILENT if verdict == "unreachable" else SUPPORT)
    assert detail.seen.startswith("the SPF of elastx.email: ")
    assert said in detail.seen


def test_an_unreachable_name_is_waited_for_and_a_record_as_declared_is_not() -> None:
    unasked = own("v=spf1 include:else.example include:elastx.email -all", **{"else.example": ["TXT !"]})
    policy = judged(unasked)[POLICY]
    assert [detail.verdict for detail in policy.details] == ["unreachable"]
    assert policy.hopeless == ""
    refused = judged(own("v=spf1 -all"), declared="v=spf1 -all")[POLICY]
    assert refused.hopeless == "waiting does not change the SPF of example.com"
    assert judged(own("v=spf1 -all"), declared=OWN)[POLICY].hopeless == "", "the old one may still be served"


@pytest.mark.parametrize(
    ("record", "others", "cure"),
    [
        (
            "v=spf1 include:else.example include:elastx.email -all",
            {"else.example": ["TXT v=spf1 ip4:x -all"]},
            "the record behind include:else.example is broken: tell its owner, or remove include:else.example",
        ),
        (
            "v=spf1 include:elastx.email -all",
            {"elastx.email": ["TXT v=spf1 ip4:203.0.113.0/24 include:gone.example -all"]},
            SUPPORT,
        ),
    ],
)
def test_an_error_names_the_owner_of_its_term(record: str, others: dict[str, Sequence[str]], cure: str) -> None:
    found = judged({**own(record), **others})
    cures = [detail.cure for outcome in found.values() for detail in outcome.details]
    assert any(cure in one for one in cures), cures


def test_void_lookups_are_a_notice() -> None:
    record = "v=spf1 include:elastx.email a:one.example a:two.example a:three.example -all"
    found = judged(own(record))
    assert found[TREE].verdict == "pass"
    assert "makes 3 lookups that find nothing" in found[TREE].notices[0]
