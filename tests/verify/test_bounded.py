"""Hostile third parties on real servers: hundreds of dead servers, endless names, endless answers."""

import json
from typing import Any

import pytest

from tests.verify.namespace import World
from tests.verify.scene import rows
from tests.verify.world.hostile import HOSTILE

pytest_plugins = ["tests.verify.world.fixture"]
pytestmark = pytest.mark.xdist_group("verify-world")

Checks = dict[str, Any]
"""The checks of a domain, by name."""


def verified(internet: World, *options: str) -> tuple[int, dict[str, Checks]]:
    """Verify all of them and a good domain in one run; a key behind an alias belongs to somebody else."""
    records = json.loads(rows("good.com"))
    for domain, kinds in HOSTILE.items():
        ours = {kind: value for kind, value in kinds.items() if kind != "dkim"}
        records += [row for row in json.loads(rows(domain, **ours)) if row["kind"] != "dkim" or "dkim" not in kinds]
    done = internet.verify("--records", "-", "--format", "json", "--timeout", "0", *options, stdin=json.dumps(records))
    assert done.stdout, done.stderr
    found = json.loads(done.stdout)["domains"]
    return done.returncode, {one["domain"]: {check["check"]: check for check in one["checks"]} for one in found}


def failing(checks: Checks) -> dict[str, str]:
    return {name: check["verdict"] for name, check in checks.items() if check["verdict"] not in ("pass", "unchecked")}


def test_each_costs_its_own_domain_one_verdict(internet: World) -> None:
    """Together they take 20 seconds, because the limits run in parallel."""
    code, found = verified(internet)
    assert {domain: failing(checks) for domain, checks in found.items()} == {
        "good.com": {},
        "deadinclude.com": {"spf-tree": "unreachable"},
        "deadreport.com": {"reports": "unreachable"},
        "deadkey.com": {"dkim": "unreachable"},
        "manykey.com": {"dkim": "unreachable"},
        "manyinclude.com": {"spf-tree": "unreachable"},
        "endlessinclude.com": {"spf-tree": "wrong"},
        "endlesskey.com": {"dkim": "unreachable"},
        "endlesszone.com": {"dkim": "unreachable"},
    }
    assert code == 1, "an SPF record without end is wrong (RFC 7208 §4.6.4)"
    (dead,) = found["deadinclude.com"]["spf-tree"]["details"]
    assert "looking up dead.net TXT takes over 15 seconds" in dead["seen"]
    assert "servers left: ns" in dead["seen"]
    endless = [detail["seen"] for detail in found["endlessinclude.com"]["spf-tree"]["details"]]
    assert len(endless) <= 13
    assert "and receivers allow 10 (RFC 7208 §4.6.4)" in endless[0]


def test_a_deadline_ends_the_run_with_a_verdict_for_each(internet: World) -> None:
    code, found = verified(internet, "--deadline", "2")
    assert code in (1, 3), "1 where the SPF record without end was read to its tenth lookup by then"
    assert set(found) == {"good.com", *HOSTILE}
    assert "unreachable" in failing(found["deadreport.com"]).values()
    budget = next(checks["budget"] for checks in found.values() if "budget" in checks)
    assert "the run takes over 2 seconds" in budget["details"][0]["seen"]
