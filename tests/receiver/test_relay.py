"""Will the relay accept it? What Elastx's pages say that its relay looks for in DNS."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import replace
from types import MappingProxyType

import pytest

from elastx_mrs.receiver import relay
from elastx_mrs.receiver.spf import check_host
from elastx_mrs.receiver.spf_tree import expand
from elastx_mrs.service import ELASTX, Service
from tests import golden
from tests.lookup.fakes import Dns, Records

WORLD = {
    "elastx.email": ["TXT v=spf1 ip4:203.0.113.0/24 -all"],
    "spf.example.net": ["TXT v=spf1 include:elastx.email -all"],
    "two.example.net": ["TXT v=spf1 include:spf.example.net -all"],
    "shout.example.net": ["TXT v=spf1 include:ELASTX.email -all"],
    "alias.example.net": ["CNAME spf.example.net"],
    "dead.example.net": ["TXT !"],
    "plain.example.net": ["TXT v=spf1 ip4:192.0.2.0/24 -all"],
}
SENDER = "203.0.113.25"
"""An address of Elastx in that world."""

FAULT = replace(ELASTX, spf_rule="fault")


def spf(record: str, service: Service = ELASTX, more: Records = MappingProxyType({})) -> relay.Finding | None:
    return asyncio.run(_spf({"example.com": [f"TXT {record}"], **WORLD, **more}, service))


async def _spf(records: Records, service: Service) -> relay.Finding | None:
    return relay.include(await expand(Dns(records).ask, "example.com"), service)


def receivers(record: str) -> str:
    """Return the result at a receiver of mail from Elastx."""
    ask = Dns({"example.com": [f"TXT {record}"], **WORLD}).ask
    return asyncio.run(check_host(ask, SENDER, "example.com")).result


@pytest.mark.parametrize(
    "record",
    [
        "v=spf1 include:elastx.email -all",
        "V=SPF1 ip4:192.0.2.1   include:elastx.email ~all",
        "v=spf1 include:spf.example.net -all",
        "v=spf1 include:alias.example.net -all",  # a look-up follows a CNAME
        "v=spf1 include:SPF.example.net. -all",  # the rule names the spelling of one include only
        "v=spf1 include:dead.example.net include:elastx.email -all",
        "v=spf1 include:elastx.email include:ELASTX.email -all",
        "v=spf1 exp=%{d}.example.net include:elastx.email x=a\\b -all",
    ],
)
def test_the_include_at_the_domain_or_one_include_down_is_accepted(record: str) -> None:
    assert spf(record) is None
    assert spf(record, FAULT) is None


@pytest.mark.parametrize(
    ("record", "seen"),
    [
        (
            "v=spf1 ip4:203.0.113.0/24 -all",
            "no record has include:elastx.email, and listed addresses do not count",
        ),
        ("v=spf1 include:ELASTX.email. -all", "include:ELASTX.email.: another spelling may not count"),
        ("v=spf1 INCLUDE:elastx.email -all", "INCLUDE:elastx.email: another spelling may not count"),
        ("v=spf1 +include:elastx.email -all", "+include:elastx.email: another spelling may not count"),
        ("v=spf1 redirect=elastx.email", "redirect=elastx.email: a redirect does not count"),
        (
            "v=spf1 redirect=spf.example.net",
            "redirect=spf.example.net > include:elastx.email: a redirect does not count",
        ),
        (
            "v=spf1 include:two.example.net -all",
            "include:two.example.net > include:spf.example.net > include:elastx.email: "
            "2 includes lead there, and the rule allows 1",
        ),
        ("v=spf1 include:%{d2}.net -all", "include:%{d2}.net > include:elastx.email: a name with macros may not"),
        ("v=spf1 include:shout.example.net -all", "include:shout.example.net > include:ELASTX.email: another spelling"),
    ],
)
def test_a_record_that_passes_at_receivers_may_be_refused_by_the_relay(record: str, seen: str) -> None:
    assert receivers(record) == "pass" or "%" in record
    found = spf(record, more={"example.com.net": ["TXT v=spf1 include:elastx.email -all"]})
    assert found is not None
    assert (found.row, found.verdict) == ("spf", "warning")
    assert seen in found.seen
    assert f"({ELASTX.spf_source})" in found.expected
    assert found.effect.startswith(
        "Elastx may refuse mail from example.com: the application gets an SMTP error, at MAIL"
    )
    assert found.fix.startswith(
        "write include:elastx.email, exactly like that, into the SPF record of example.com, or "
    )
    assert found.fix.endswith("ask Elastx Support (support@elastx.se) whether it is needed")
    # One word of the service turns the warning into a fault.
    strict = spf(record, FAULT, more={"example.com.net": ["TXT v=spf1 include:elastx.email -all"]})
    assert strict is not None
    assert (strict.verdict, strict.seen) == ("wrong", found.seen)
    assert strict.effect.startswith("Elastx refuses mail from example.com")
    assert "Support" not in strict.fix


@pytest.mark.parametrize(
    ("record", "result"),
    [
        ("v=spf1 -all include:elastx.email", "fail"),
        ("v=spf1 -ip4:203.0.113.0/24 include:elastx.email -all", "fail"),
        ("v=spf1 ?include:spf.example.net -all", "neutral"),
    ],
)
def test_a_record_that_the_relay_accepts_may_fail_at_receivers(record: str, result: str) -> None:
    assert receivers(record) == result
    assert spf(record) is None


@pytest.mark.parametrize(
    "record",
    [
        "v=spf1 include:elastx.email.evil.example -all",
        "v=spf1 include:xelastx.email -all",
        "v=spf1 exists:elastx.email -all",
        "v=spf1 a:elastx.email -all",
        "v=spf1 x=include:elastx.email -all",
    ],
)
def test_another_term_that_only_looks_like_the_include_does_not_count(record: str) -> None:
    found = spf(record)
    assert found is not None
    assert found.seen.startswith("no record has include:elastx.email")


@pytest.mark.parametrize(
    ("records", "verdict", "seen"),
    [
        ([], "warning", "example.com has no usable SPF record: there is no such name"),
        (["TXT v=spf1 include:elastx.email -all", "TXT v=spf1 -all"], "warning", "it has 2 SPF records"),
        (["TXT v=spf1 include:elastx.email inc:x -all"], "warning", "has a syntax error at position 29"),
        (["TXT !"], "unchecked", "example.com could not be looked up: 192.0.2.53 did not answer"),
        (["TXT v=spf1 include:dead.example.net -all"], "unchecked", "dead.example.net could not be looked up"),
        (["TXT v=spf1 redirect=dead.example.net"], "warning", "no record has include:elastx.email"),
        (["TXT v=spf1 include:plain.example.net include:nowhere.example.net -all"], "warning", "no record has"),
    ],
)
def test_without_a_usable_record_nothing_is_claimed(records: Sequence[str], verdict: str, seen: str) -> None:
    found = asyncio.run(_spf({"example.com": records, **WORLD} if records else WORLD, ELASTX))
    assert found is not None
    assert found.verdict == verdict
    assert seen in found.seen


@pytest.mark.parametrize(
    ("levels", "record", "accepted", "where"),
    [
        (0, "v=spf1 include:elastx.email -all", True, ""),
        (0, "v=spf1 include:spf.example.net -all", False, "in the SPF record of example.com ("),
        (2, "v=spf1 include:two.example.net -all", True, ""),
        (2, "v=spf1 redirect=two.example.net", False, "in the SPF record of example.com or 2 includes down ("),
    ],
)
def test_the_service_says_how_deep_the_include_may_be(levels: int, record: str, accepted: bool, where: str) -> None:
    found = spf(record, replace(ELASTX, spf_levels=levels))
    assert (found is None) == accepted
    assert found is None or where in found.expected


def test_a_loop_of_includes_ends() -> None:
    found = spf(
        "v=spf1 include:loop.example.net -all", more={"loop.example.net": ["TXT v=spf1 include:example.com -all"]}
    )
    assert found is not None
    assert found.seen.startswith("no record has")


def test_hostile_records_take_no_time() -> None:
    """Records as long as TXT can be, each with thousands of terms, and several of them."""
    names = [f"h{number}.example" for number in range(5)]
    own = "v=spf1 " + " ".join(f"include:{name}" for name in names) + " -all"
    long = "TXT v=spf1 " + "a:b.se " * 9_000 + "-all"
    tree = asyncio.run(
        expand(Dns({"example.com": [f"TXT {own}"], **{name: [long] for name in names}}).ask, "example.com")
    )
    began = time.process_time()
    found = relay.include(tree)
    assert time.process_time() - began < 5
    assert found is not None


KEY = "elastx._domainkey.example.com"
OWN = "s1._domainkey.example.com"


def findings(
    *texts: str, more: Records = MappingProxyType({}), token: str = golden.TOKEN, keys: Sequence[str] = (KEY,)
) -> dict[str, relay.Finding]:
    records = {"example.com": [f"TXT {text}" for text in texts], KEY: [f"TXT {golden.DKIM}"], **WORLD, **more}
    found = asyncio.run(relay.findings(Dns(records).ask, "example.com", [token] if token else [], keys))
    return {one.row: one for one in found}


def test_a_domain_with_all_three_is_accepted() -> None:
    assert findings(golden.TOKEN, golden.SPF) == {}
    assert findings(golden.TOKEN, golden.SPF, token="") == {}


@pytest.mark.parametrize(
    ("texts", "verdict", "seen"),
    [
        ([], "absent", "example.com has no elastx-mrs= string"),
        (["elastx-mrs=" + "0" * 64], "absent", "only 'elastx-mrs=000"),
        ([golden.TOKEN.upper()], "wrong", "has upper-case letters, and Elastx compares the exact string"),
        ([golden.TOKEN + " "], "wrong", "has white space after it"),
        (["!"], "unchecked", "192.0.2.53 did not answer"),
    ],
)
def test_the_challenge_is_the_exact_string_at_the_domain(texts: Sequence[str], verdict: str, seen: str) -> None:
    # An include does not lead to a challenge.
    found = findings(*texts, golden.SPF, more={"elastx.email": [f"TXT {golden.TOKEN}", *WORLD["elastx.email"]]})
    assert found["challenge"].verdict == verdict
    assert seen in found["challenge"].seen
    assert found["challenge"].token == golden.TOKEN
    assert found["challenge"].effect == f"Elastx refuses mail from example.com by this account: {relay.STAGE}"
    assert set(found) - {"spf"} == {"challenge"}


def test_the_records_may_be_those_of_an_alias() -> None:
    records = {"example.com": ["CNAME other.example"], "other.example": [f"TXT {golden.TOKEN}", f"TXT {golden.SPF}"]}
    assert findings(more={**records, KEY: ["CNAME key.example"], "key.example": [f"TXT {golden.DKIM}"]}) == {}


@pytest.mark.parametrize(
    ("records", "verdict", "seen"),
    [
        ([], "absent", f"{KEY} has no TXT record"),
        (["TXT v=DKIM1; p="], "wrong", "revoked"),
        (["TXT v=DKIM1; p=AAAA"], "wrong", KEY),
        (["TXT what"], "wrong", KEY),
        ([f"TXT {golden.DKIM}", "TXT v=DKIM1; p="], "wrong", "has 2 TXT records, and one is allowed"),
        (["TXT !"], "unchecked", "192.0.2.53 did not answer"),
    ],
)
def test_a_domain_without_a_usable_key_is_rejected(records: Sequence[str], verdict: str, seen: str) -> None:
    found = findings(golden.TOKEN, golden.SPF, more={KEY: records})
    assert set(found) == {"dkim"}
    assert (found["dkim"].verdict, seen in found["dkim"].seen) == (verdict, True), found
    assert "rejects mail from domains without DKIM (announcement of 2025-01-08" in found["dkim"].effect


def test_a_key_of_the_customers_own_signatures_is_enough() -> None:
    own: Records = {KEY: ["A 192.0.2.1"], OWN: [f"TXT {golden.DKIM}"]}
    assert findings(golden.TOKEN, golden.SPF, keys=(KEY, OWN), more=own) == {}
    assert set(findings(golden.TOKEN, golden.SPF, keys=(KEY, OWN), more={**own, OWN: []})) == {"dkim"}
    # A key that could not be looked up may be the usable one.
    unknown = findings(golden.TOKEN, golden.SPF, keys=(KEY, OWN), more={**own, OWN: ["TXT !"]})
    assert unknown["dkim"].verdict == "unchecked"
