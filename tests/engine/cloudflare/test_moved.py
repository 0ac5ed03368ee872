"""A zone moves to another account by the recipe of ``docs/cloudflare.md``, with guard and verification on.

The new zone's name servers are a second lab's, so that what each side serves can be told apart.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from elastx_mrs.lab.cloudflare.zone import Account, Zone
from elastx_mrs.lab.session import Lab, open_lab
from tests.engine.cloudflare.stacks import ZONES, Trial, trial
from tests.engine.stack import Stack
from tests.servers.recursor import recursor

pytestmark = pytest.mark.engine

NAMES = ("example.com", "elastx._domainkey.example.com", "_dmarc.example.com")
NEW = Account("new")


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Trial]:
    with trial(tmp_path) as running:
        yield running


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[Lab]:
    with open_lab(tmp_path / "elsewhere", ZONES) as lab:
        yield lab


def beside(run: Trial, elsewhere: Lab) -> Zone:
    """Add the zone to another account, served by other name servers, as Cloudflare does."""
    zone = elsewhere.cloudflare.api.zone("example.com")
    zone.account, zone.status = NEW, "pending"
    run.api.zones[zone.id] = zone
    return zone


def verified(stack: Stack) -> None:
    stack.up(ELASTX_MRS_VERIFICATION="require")


@pytest.fixture
def resolver(elsewhere: Lab, tmp_path: Path) -> Iterator[str]:
    """What looks up names outside the new zone: nothing here leaves this machine."""
    with recursor(tmp_path / "resolver", {"example.com": elsewhere.address}, {}) as address:
        yield address


def test_no_record_is_missing_at_any_moment(run: Trial, elsewhere: Lab, resolver: str) -> None:
    new_servers = Trial(elsewhere, run.directory)
    lab = run.api.zone("example.com").account.id
    old = run.stack(cloudflare={"accountId": lab}, verification={"timeout": 5})
    verified(old)
    wanted = [run.dig(name) for name in NAMES]
    assert all(wanted)

    zone = beside(run, elsewhere)  # 1: a second stack fills it, verified on its own servers
    verification = {"timeout": 5, "nameservers": [elsewhere.address], "resolvers": [resolver]}
    new = run.stack(cloudflare={"accountId": NEW.id}, verification=verification)
    del new.environment["ELASTX_MRS_NAMESERVERS"]
    run.asked()
    said = new.up(ELASTX_MRS_VERIFICATION="require")
    assert "the zone example.com is pending" in said.stdout
    assert run.changes() == ["POST"] * 4
    assert [run.dig(name) for name in NAMES] == wanted
    assert [new_servers.dig(name) for name in NAMES] == wanted

    zone.status = "active"  # 2: the registrar delegates to them; both answer while the delegation is cached
    verified(new)

    old.config["domains"] = ["example.se"]  # 3: the old one goes, or all of its stack does
    old.config["verification"] = {"mode": "off"}
    old.up()
    deleted = [one.path for one in run.api.log if one.method == "DELETE"]
    assert len(deleted) == 4
    assert not any(zone.id in path for path in deleted)
    assert not any(map(run.dig, NAMES))
    assert [new_servers.dig(name) for name in NAMES] == wanted
    verified(new)
