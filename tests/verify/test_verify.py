"""``elastx-mrs verify`` in the test Internet: each domain's verdict, the listed server, and the exit code.

``test_world`` proves with other programs that the domains are as their names say. How long each run took is in
the report (``--junit-xml``); nothing is asserted of it, for machines differ.
"""

import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import pytest

from tests.verify.namespace import BIND, KNOT, NSD, RESOLVER, TOP, World
from tests.verify.scene import TOKEN, records, rows
from tests.verify.world import companies
from tests.verify.world.companies import COMPANIES
from tests.verify.world.company import DEAD_SIX, SILENT, server

pytest_plugins = ["tests.verify.world.fixture"]
pytestmark = pytest.mark.xdist_group("verify-world")

Record = Callable[[str, object], None]
CHALLENGE = f"challenge-{TOKEN.partition('=')[2][:12]}"
PUBLISHED = (CHALLENGE, "spf", "dkim", "dmarc")
ALL = ("ns1", "ns2", "ns3")


@dataclass(frozen=True)
class Run:
    """The result of one run of the command."""

    code: int
    checks: dict[str, Any]

    @property
    def failing(self) -> dict[str, str]:
        """Every check that ran and did not pass."""
        return {name: c["verdict"] for name, c in self.checks.items() if c["verdict"] not in ("pass", "unchecked")}

    def servers(self, check: str) -> set[str]:
        return {detail["server"] for detail in self.checks[check]["details"]}

    def seen(self, check: str) -> str:
        return " ".join(detail["seen"] for detail in self.checks[check]["details"])

    def notices(self) -> str:
        return " ".join(notice for check in self.checks.values() for notice in check["notices"])


def verify(internet: World, record: Record, domain: str, timeout: int = 0, **kinds: str) -> Run:
    """Run it for a domain's four records, some with other values; ``""`` for somebody else's record."""
    began = time.monotonic()
    options = ("--records", "-", "--format", "json", "--timeout", str(timeout))
    done = internet.verify(*options, domain, stdin=rows(domain, **kinds))
    record("seconds", round(time.monotonic() - began, 2))
    assert done.stdout, done.stderr
    (found,) = json.loads(done.stdout)["domains"]
    assert found["domain"] == domain
    return Run(done.returncode, {check["check"]: check for check in found["checks"]})


@pytest.mark.parametrize("domain", ["good.com", "six.com", "truncating.com", "slow.com", "child.com", "signed.com"])
def test_right_records_pass_every_check(internet: World, record_property: Record, domain: str) -> None:
    run = verify(internet, record_property, domain)
    assert (run.code, {check["verdict"] for check in run.checks.values()}) == (0, {"pass"}), run.checks
    assert run.notices() == ""


@pytest.mark.parametrize(
    ("domain", "notice"),
    [
        (
            "nsdiffer.com",
            f"{server('nsdiffer.com', 'ns1')} has other NS records than the parent zone: more: ns3.nsdiffer.com",
        ),
        ("unreachable6.com", f"ns3.unreachable6.com ({DEAD_SIX}) does not answer for unreachable6.com"),
        ("cname.com", "_dmarc.cname.com is an alias of policy.keys.net"),
    ],
)
def test_an_oddity_without_harm_is_a_notice(internet: World, record_property: Record, domain: str, notice: str) -> None:
    run = verify(internet, record_property, domain)
    assert (run.code, {check["verdict"] for check in run.checks.values()}) == (0, {"pass"}), run.checks
    assert notice in run.notices()


@pytest.mark.parametrize(
    ("domain", "address", "seen"),
    [
        ("silent.com", SILENT, "did not answer"),
        ("servfail.com", NSD, "answered SERVFAIL"),
    ],
)
def test_a_server_that_gives_no_answer_is_unreachable_and_named_for_every_record(
    internet: World, record_property: Record, domain: str, address: str, seen: str
) -> None:
    run = verify(internet, record_property, domain)
    assert (run.code, set(run.failing.values())) == (3, {"unreachable"})
    assert set(run.failing) == {"delegation", *PUBLISHED, "challenges"}
    assert all(run.servers(check) == {f"ns3.{domain} ({address})"} for check in run.failing)
    assert seen in run.seen("delegation")


@pytest.mark.parametrize(
    ("domain", "address", "seen"),
    [
        ("refused.com", NSD, "lame: it answered REFUSED"),
        ("lame.com", TOP, "lame: it refers to others for lame.com: it does not serve that name"),
    ],
)
def test_a_lame_server_is_wrong_with_any_answer(
    internet: World, record_property: Record, domain: str, address: str, seen: str
) -> None:
    run = verify(internet, record_property, domain)
    assert (run.code, set(run.failing.values())) == (1, {"wrong"})
    assert set(run.failing) == {"delegation", *PUBLISHED, "challenges"}
    assert all(run.servers(check) == {f"ns3.{domain} ({address})"} for check in run.failing)
    assert run.seen("delegation") == seen
    cures = {detail["fix"] for check in run.failing for detail in run.checks[check]["details"]}
    assert cures == {f"load the zone {domain} on it, or remove it from the NS records"}


def test_a_server_that_is_behind_is_named_and_the_others_are_not(internet: World, record_property: Record) -> None:
    run = verify(internet, record_property, "stale.com")
    assert (run.code, run.failing) == (1, {CHALLENGE: "absent", "dmarc": "wrong"})
    assert run.servers(CHALLENGE) == run.servers("dmarc") == {server("stale.com", "ns2")}
    assert f"{server('stale.com', 'ns2')} is behind: it has serial 1" in run.notices()
    assert run.checks["resolvers"]["verdict"] == "unchecked", "a resolver asked now would remember the old answer"


def test_the_address_of_a_server_that_disagrees_is_named(internet: World, record_property: Record) -> None:
    run = verify(internet, record_property, "disagree.com")
    assert (run.code, run.failing) == (1, {"dmarc": "wrong"})
    assert run.servers("dmarc") == {f"ns1.disagree.com ({KNOT})"}
    (detail,) = run.checks["dmarc"]["details"]
    assert f"all of them serve what ns1.disagree.com ({BIND}) serves" in detail["fix"]


def test_a_server_that_recovers_after_five_seconds_is_waited_for(internet: World, record_property: Record) -> None:
    run = verify(internet, record_property, "late.com")
    assert (run.code, run.failing) == (1, {"dmarc": "absent"})
    assert run.servers("dmarc") == {server("late.com", "ns1")}

    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(verify, internet, record_property, "late.com", 90)
        time.sleep(5)
        ended_before = waiting.done()
        internet.change("late.com", COMPANIES["late.com"].zone(records(), 1))
        run = waiting.result()
    assert not ended_before
    assert (run.code, run.failing) == (0, {})


@pytest.mark.parametrize(
    ("domain", "failing"),
    [
        ("nochallenge.com", {CHALLENGE: "absent"}),
        ("unknown.com", {"challenges": "wrong"}),
        ("twospf.com", {"spf": "wrong", "spf-policy": "wrong"}),
        ("nodkim.com", {"dkim": "absent"}),
        ("otherkey.com", {"dkim": "wrong"}),
        ("revoked.com", {"dkim": "wrong"}),
        ("twodkim.com", {"dkim": "wrong"}),
        ("nodmarc.com", {"dmarc": "absent"}),
        ("twodmarc.com", {"dmarc": "wrong", "dmarc-policy": "wrong"}),
    ],
)
def test_a_record_that_is_not_as_declared_is_named_at_every_server(
    internet: World, record_property: Record, domain: str, failing: dict[str, str]
) -> None:
    run = verify(internet, record_property, domain)
    assert (run.code, run.failing) == (1, failing)
    assert run.servers(next(iter(failing))) == {server(domain, label) for label in ALL}


@pytest.mark.parametrize(
    ("domain", "spf", "failing", "seen"),
    [
        ("minusinclude.com", companies.MINUS_INCLUDE, {"spf-policy"}, "gets fail: minusinclude.com: -include"),
        ("minusip4.com", companies.MINUS_IP4, {"spf-policy"}, "mail from 203.0.113.64 gets fail"),
        ("lookalike.com", companies.LOOKALIKE, {"spf-policy"}, "gets fail: lookalike.com: -all"),
        ("e1astx.com", companies.LOOKALIKE_ONE, {"spf-policy"}, "gets fail: e1astx.com: -all"),
        ("broken-first.com", companies.BROKEN_FIRST, {"spf-policy", "spf-tree"}, "gets permerror: broken.net"),
        ("broken-tree.com", companies.BROKEN_TREE, {"spf-tree"}, "include:broken.net"),
    ],
)
def test_spf_published_as_declared_is_wrong_if_elastx_does_not_pass(
    internet: World, record_property: Record, domain: str, spf: str, failing: set[str], seen: str
) -> None:
    run = verify(internet, record_property, domain, spf=spf)
    warned = {"spf-relay": "warning"} if "spf-relay" in run.failing else {}
    assert (run.code, run.failing) == (1, dict.fromkeys(failing, "wrong") | warned)
    assert bool(warned) == ("include:elastx.email" not in spf.split()), (
        "the relay looks for the include, not for its place"
    )
    assert seen in run.seen(min(failing))
    assert run.checks["spf"]["verdict"] == "pass", "every server has what was declared"


def test_a_child_zone_without_the_key_hides_the_one_above(internet: World, record_property: Record) -> None:
    run = verify(internet, record_property, "emptychild.com")
    assert (run.code, run.failing) == (1, {"dkim": "absent"})
    assert run.servers("dkim") == {f"ns.keys.net ({KNOT})"}


def test_aliases_in_a_loop_are_not_an_answer(internet: World, record_property: Record) -> None:
    run = verify(internet, record_property, "loop.com")
    assert (run.code, run.failing) == (3, {"dmarc": "unreachable"})
    assert "form a loop: _dmarc.loop.com -> a.loop.com -> b.loop.com -> a.loop.com" in run.seen("dmarc")


def test_a_policy_from_above_is_found_and_reported(internet: World, record_property: Record) -> None:
    run = verify(internet, record_property, "sub.inherit.com", dmarc="")
    assert (run.code, run.failing) == (0, {})
    assert "p=quarantine from _dmarc.inherit.com applies" in run.notices()


@pytest.mark.parametrize(
    ("domain", "dmarc", "code", "failing"),
    [
        ("reports.com", companies.TAKEN, 0, {}),
        ("wildcard.com", companies.ANYONE, 0, {}),
        ("unasked.com", companies.UNASKED, 1, {"reports": "absent"}),
    ],
)
def test_reports_go_only_to_those_who_publish_that_they_accept_them(
    internet: World, record_property: Record, domain: str, dmarc: str, code: int, failing: dict[str, str]
) -> None:
    run = verify(internet, record_property, domain, dmarc=dmarc)
    assert (run.code, run.failing) == (code, failing)


def test_an_undelegated_domain_causes_no_wait(internet: World, record_property: Record) -> None:
    run = verify(internet, record_property, "undelegated.com", timeout=90)
    assert (run.code, run.failing) == (1, {"delegation": "absent"})
    assert "the zone com does not delegate undelegated.com" in run.seen("delegation")


def test_a_bogus_domain_is_wrong_although_every_server_has_its_records(
    internet: World, record_property: Record
) -> None:
    run = verify(internet, record_property, "bogus.com")
    assert (run.code, run.failing) == (1, {"dnssec": "wrong"})
    assert run.servers("dnssec") == {RESOLVER}
    assert {run.checks[check]["verdict"] for check in ("delegation", *PUBLISHED)} == {"pass"}
