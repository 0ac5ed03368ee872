"""What a provider has is compared with what is served: on all servers, and with more patience for caches."""

import json
from pathlib import Path
from typing import Any

import pytest

from elastx_mrs import limits
from elastx_mrs.publish.octodns import served
from elastx_mrs.publish.octodns.served import Served
from elastx_mrs.publish.rrset.record_sets import RecordSetError, UnreachableError
from tests import golden
from tests.servers import free_port, start
from tests.servers.recursor import recursor
from tests.servers.zones import FOREIGN, ZONES

APEX = "example.com"
NOTHING: Any = {}.get
THEIRS = list(FOREIGN[APEX])


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(served, "PAUSE", 0.01)
    monkeypatch.setattr(limits, "SERVED_SECONDS", limits.SERVED_SECONDS._replace(most=0))


def test_all_servers_serve_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    later = ZONES | {APEX: ZONES[APEX] + '@ TXT "one more"\n'}
    with start("bind", tmp_path / "one", ZONES) as one, start("bind", tmp_path / "two", later) as two:
        monkeypatch.setenv("ELASTX_MRS_NAMESERVERS", one.address)
        Served(NOTHING).check(APEX, THEIRS, "octodns.x")
        with pytest.raises(
            RecordSetError, match=r"example\.com: octodns\.x has no 'google-site-verification=abc', unlike"
        ):
            Served(NOTHING).check(APEX, THEIRS[1:], "octodns.x")
        monkeypatch.setenv("ELASTX_MRS_NAMESERVERS", f"{one.address},{two.address}")
        with pytest.raises(RecordSetError, match=rf"octodns\.x has no 'one more', unlike {two.address}, so nothing"):
            Served(NOTHING).check(APEX, THEIRS, "octodns.x")
        monkeypatch.setenv("ELASTX_MRS_NAMESERVERS", f"127.0.0.1:{free_port()}")
        with pytest.raises(UnreachableError, match="no name server answered, so nothing is changed"):
            Served(NOTHING).check(APEX, THEIRS, "octodns.x")


def test_of_a_zone_at_two_providers_the_other_one_may_have_our_records_already(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = ZONES | {APEX: ZONES[APEX] + f'@ TXT "{golden.SPF}"\n@ TXT "{golden.TOKEN}"\n'}
    with start("bind", tmp_path / "one", ZONES) as one, start("bind", tmp_path / "two", ours) as two:
        monkeypatch.setenv("ELASTX_MRS_NAMESERVERS", f"{one.address},{two.address}")
        Served(NOTHING).check(APEX, THEIRS, "octodns.x")
        monkeypatch.setenv("ELASTX_MRS_NAMESERVERS", two.address)
        with pytest.raises(RecordSetError, match=r"octodns\.x has no '"):
            Served(NOTHING).check(APEX, THEIRS, "octodns.x")  # nobody serves what the provider has


def test_a_cache_may_have_our_own_strings_as_they_were(tmp_path: Path) -> None:
    own = {f"a.{APEX}": golden.SPF}
    with start("bind", tmp_path / "one", ZONES) as one, recursor(tmp_path / "two", {APEX: one.address}, own) as address:
        verification = {"via": "resolvers", "resolvers": [address]}
        stack = Served({"elastx-mrs:verification": json.dumps(verification)}.get)
        stack.check(f"a.{APEX}", [golden.TOKEN.encode()], "octodns.x")
        stack.check(APEX, [*THEIRS, golden.SPF.encode()], "octodns.x")
        with pytest.raises(RecordSetError, match="has 'theirs', unlike"):
            stack.check(f"a.{APEX}", [golden.TOKEN.encode(), b"theirs"], "octodns.x")
