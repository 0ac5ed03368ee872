"""DNSSEC name by name, from a signed root: verification agrees with unbound, delv and opendkim-testkey."""

import json
from dataclasses import dataclass
from typing import Any

import pytest

from tests.verify.namespace import BIND, FAR, RESOLVER, World
from tests.verify.scene import rows
from tests.verify.world import ANCHORS
from tests.verify.world.validated import KEY, VALIDATED

pytest_plugins = ["tests.verify.world.fixture"]
pytestmark = pytest.mark.xdist_group("verify-world")


@dataclass(frozen=True)
class Case:
    """One company.

    :param bogus: the names that do not validate.
    :param delv: delv's output for the first of them, or for the key if all is well.
    :param opendkim: whether opendkim-testkey can use the key.
    :param seen: a part of verification's message.
    :param cure: a part of its fix.
    """

    bogus: tuple[str, ...]
    delv: str
    opendkim: bool
    seen: str
    cure: str = ""


def _key(domain: str) -> str:
    return f"{KEY}.{domain}"


CASES = {
    "badkey.com": Case(
        (_key("badkey.com"),),
        "RRSIG failed to verify",
        False,
        "with CD=1 it answers",
        "sign the zone of elastx._domainkey.badkey.com again",
    ),
    "expiredsig.com": Case(
        ("_dmarc.expiredsig.com",),
        "RRSIG has expired",
        True,
        "for _dmarc.expiredsig.com: with CD=1",
        "sign the zone of _dmarc.expiredsig.com again",
    ),
    "unsignedtxt.com": Case(
        (_key("unsignedtxt.com"),),
        "insecurity proof failed",
        False,
        "does not validate (bogus)",
        "sign the zone of elastx._domainkey.unsignedtxt.com again",
    ),
    "mismatch.com": Case(
        ("mismatch.com", _key("mismatch.com"), "_dmarc.mismatch.com"),
        "no valid",
        False,
        "does not validate (bogus)",
        "correct or remove its DS record in the parent",
    ),
    "badproof.com": Case(
        ("_dmarc.badproof.com",),
        "failed",
        True,
        "does not validate (bogus)",
        "sign the zone of _dmarc.badproof.com again",
    ),
    "tobad.com": Case(
        (_key("tobad.com"),),
        "RRSIG failed to verify",
        False,
        "an alias that leads to bad.vendor.com, which is bogus",
        "tell the owner of bad.vendor.com",
    ),
    "togood.com": Case((), "fully validated", True, "what is signed validates; not signed: togood.com"),
    "halfsigned.com": Case((), "fully validated", True, "what is signed validates; not signed: policy.keys.net"),
    "island.com": Case((), "unsigned answer", True, "not signed: the parent has no DS"),
}


def delv(internet: World, name: str) -> str:
    done = internet.run("delv", "-a", str(internet.folder / ANCHORS), "+cd", f"@{RESOLVER}", name, "TXT")
    return done.stdout + done.stderr


def status(internet: World, name: str, *options: str) -> str:
    return internet.run("dig", *options, f"@{RESOLVER}", name, "TXT").stdout.partition("status: ")[2].partition(",")[0]


def names(domain: str) -> tuple[str, ...]:
    return domain, _key(domain), f"_dmarc.{domain}"


@pytest.mark.parametrize("domain", CASES)
def test_other_tools_agree_about_what_validates(internet: World, domain: str) -> None:
    case = CASES[domain]
    assert {name for name in names(domain) if status(internet, name) == "SERVFAIL"} == set(case.bogus)
    assert "SERVFAIL" not in {status(internet, name, "+cd") for name in names(domain)}
    assert case.delv in delv(internet, case.bogus[0] if case.bogus else _key(domain))
    configuration = str(internet.folder / "opendkim.conf")
    done = internet.run("opendkim-testkey", "-x", configuration, "-d", domain, "-s", KEY.partition(".")[0])
    assert (done.returncode == 0) is case.opendkim, done.stderr


def verify(internet: World, domain: str, *options: str) -> tuple[int, dict[str, Any]]:
    declared = rows(domain, **({"dmarc": ""} if domain == "badproof.com" else {}))
    done = internet.verify("--records", "-", "--format", "json", *options, domain, stdin=declared)
    assert done.stdout, done.stderr
    (found,) = json.loads(done.stdout)["domains"]
    return done.returncode, {check["check"]: check for check in found["checks"]}


@pytest.mark.parametrize("domain", CASES)
def test_verification_judges_every_expected_name_and_every_alias(internet: World, domain: str) -> None:
    case = CASES[domain]
    code, checks = verify(internet, domain)
    found = checks["dnssec"]
    if not case.bogus:
        assert (code, found["verdict"]) == (0, "pass"), checks
        assert case.seen in found["seen"]
        return
    assert (code, found["verdict"]) == (1, "wrong"), checks
    assert [detail["expected"] for detail in found["details"]] == [
        f"an answer for {name} that validates" for name in case.bogus
    ]
    assert {detail["server"] for detail in found["details"]} == {RESOLVER}
    assert case.seen in found["details"][0]["seen"]
    assert case.cure in found["details"][0]["fix"]
    others = {check["verdict"] for name, check in checks.items() if name not in ("dnssec", "dmarc-policy")}
    assert others <= {"pass", "unchecked"}, "every name server has what was declared"


def test_every_company_of_these_is_a_case() -> None:
    assert {company.domain for company in VALIDATED} - {"vendor.com"} == set(CASES)


@pytest.mark.parametrize("via", ["resolvers", "nameservers"])
def test_bogus_is_wrong_by_every_way_of_asking(internet: World, via: str) -> None:
    options = ("--via", "resolvers") if via == "resolvers" else ("--nameserver", BIND, "--resolver", RESOLVER)
    code, checks = verify(internet, "badkey.com", *options)
    assert (code, checks["dnssec"]["verdict"]) == (1, "wrong")
    code, checks = verify(internet, "signed.com", *options)
    assert checks["dnssec"]["verdict"] == "pass", checks["dnssec"]


def test_a_resolver_that_does_not_validate_proves_nothing(internet: World) -> None:
    """BIND does not validate in this setup, which is neither a pass nor a failure."""
    code, checks = verify(internet, "badkey.com", "--resolver", BIND)
    assert (code, checks["dnssec"]["verdict"]) == (0, "unchecked")
    (detail,) = checks["dnssec"]["details"]
    assert detail["expected"] == "AD for badkey.com, elastx._domainkey.badkey.com, _dmarc.badkey.com"
    code, checks = verify(internet, "signed.com", "--resolver", FAR)
    assert checks["dnssec"]["verdict"] == "unchecked"
    assert "AD over plain DNS" in checks["dnssec"]["details"][0]["seen"]
