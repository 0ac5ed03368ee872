"""Beside wildcards (RFC 4592), on each server: what one answers with is not at the name, and no update minds it."""

from collections.abc import Iterator

import pytest

from elastx_mrs.publish.existing import Existing
from elastx_mrs.publish.rfc2136.connection import POOL
from elastx_mrs.publish.rfc2136.existing import existing
from elastx_mrs.publish.rfc2136.place import Place
from elastx_mrs.publish.rfc2136.primary import UpdateError
from tests.publish.rfc2136.updates import nsupdate, primary, provider, record, served
from tests.servers import KINDS, NameServer, start
from tests.servers.proxy import proxy
from tests.servers.zones import HEAD

HOSTING = "hosting.vendor.example"
SERVED = {
    "alias.example": HEAD.format(name="alias.example")
    + f"* CNAME {HOSTING}.\nreal CNAME {HOSTING}.\n*.real CNAME {HOSTING}.\n",
    "inner.alias.example": HEAD.format(name="inner.alias.example") + f"* CNAME {HOSTING}.\n",
    "plain.example": HEAD.format(name="plain.example") + "dead CNAME gone\n",
    "text.example": HEAD.format(name="text.example")
    + '* TXT "v=spf1 -all"\nown TXT "v=spf1 -all"\n*.own TXT "v=spf1 -all"\nalone TXT "v=spf1 -all"\n',
}


@pytest.fixture(scope="module", params=KINDS)
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[NameServer]:
    with start(request.param, tmp_path_factory.mktemp(request.param), SERVED) as running:
        yield running
    POOL.close()


@pytest.mark.parametrize("owner", ["_dmarc.alias.example", "elastx._domainkey.alias.example", "news.alias.example"])
def test_a_wildcard_s_cname_is_in_no_one_s_way(server: NameServer, owner: str) -> None:
    """RFC 4592 §2.2.1: it is synthesised where nothing exists; nsupdate adds a TXT there."""
    ours, first = provider(server), record(owner, "v=DMARC1; p=none", "alias.example")
    assert ours.read("id", first).id == ""
    made = ours.create(first)
    assert served(server, owner) == {b"v=DMARC1; p=none": 1800}
    assert made.outs is not None
    assert ours.read(made.id, made.outs).outs == made.outs
    changed = ours.update(made.id, made.outs, record(owner, "v=DMARC1; p=reject", "alias.example"))
    assert served(server, owner) == {b"v=DMARC1; p=reject": 1800}
    assert changed.outs is not None
    ours.delete(made.id, changed.outs)
    assert ours.read(made.id, changed.outs).id == ""
    assert existing(primary(server), "alias.example", owner).synthesised == {"CNAME": (HOSTING,)}, "it is back"


def test_a_foreign_string_s_removal_where_a_wildcard_answers(server: NameServer) -> None:
    """What somebody else took out is gone, whatever the wildcard answers since."""
    ours, mine = provider(server), record("gone.alias.example", "x", "alias.example")
    made = ours.create(mine)
    nsupdate(server, "zone alias.example\nupdate delete gone.alias.example TXT")
    assert ours.read(made.id, mine).id == ""
    ours.delete(made.id, mine)


def test_a_cname_of_the_name_s_own_is_in_the_way_though_wildcards_answer_the_same(server: NameServer) -> None:
    owner = "real.alias.example"
    assert existing(primary(server), "alias.example", owner) == Existing(
        owner, "alias.example", others={"CNAME": (HOSTING,)}
    )
    with proxy(server) as (through, passed):
        with pytest.raises(UpdateError, match=r"real\.alias\.example is a CNAME to hosting\.vendor\.example"):
            provider(through).create(record(owner, "x", "alias.example"))
        assert passed.updates == 0
    POOL.close()


def test_a_cname_to_a_name_that_does_not_exist_is_in_the_way(server: NameServer) -> None:
    """The code of its answer is NXDOMAIN, which is about the target (RFC 6604 §3), and the CNAME is there."""
    owner, target = "dead.plain.example", "gone.plain.example"
    assert existing(primary(server), "plain.example", owner) == Existing(
        owner, "plain.example", others={"CNAME": (target,)}
    )
    with pytest.raises(UpdateError, match=r"dead\.plain\.example is a CNAME to gone\.plain\.example"):
        provider(server).create(record(owner, "x", "plain.example"))


def test_a_cname_that_comes_meanwhile_stops_the_update(server: NameServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """A prerequisite sees the zone's own data alone (RFC 2136 §2.4.3): NOERROR would drop the TXT (§3.4.2.2)."""
    monkeypatch.setattr(Place, "synthesised", lambda *_: True)
    for value in ("x", "v=spf1 -all"):
        with pytest.raises(UpdateError, match=r"real\.alias\.example is a CNAME to hosting\.vendor\.example"):
            provider(server).create(record("real.alias.example", value, "alias.example"))


@pytest.mark.parametrize("owner", ["own.text.example", "alone.text.example"])
def test_a_name_s_own_spf_is_a_rival_though_wildcards_answer_the_same(server: NameServer, owner: str) -> None:
    """Whoever sends no mail publishes ``v=spf1 -all`` at names and at wildcards beside and below them."""
    assert existing(primary(server), "text.example", owner).txt == (b"v=spf1 -all",)
    with pytest.raises(UpdateError, match=r"has 'v=spf1 -all', which this stack did not publish"):
        provider(server).create(record(owner, "v=spf1 mx -all", "text.example"))


@pytest.mark.parametrize("owner", ["x.inner.alias.example", "_dmarc.x.inner.alias.example"])
def test_a_wildcard_of_a_zone_within_is_seen_to_be_in_that_zone(server: NameServer, owner: str) -> None:
    assert existing(primary(server), "alias.example", owner).child == "inner.alias.example"
    with pytest.raises(UpdateError, match=r"lies in the zone inner\.alias\.example"):
        provider(server).create(record(owner, "x", "alias.example"))


def test_what_wildcards_answer(server: NameServer) -> None:
    found = existing(primary(server), "text.example", "_dmarc.text.example")
    assert (found.txt, found.synthesised) == ((), {"TXT": ("v=spf1 -all",)})
    below = existing(primary(server), "alias.example", "_domainkey.x.alias.example")
    assert (below.others, below.synthesised) == ({}, {"CNAME": (HOSTING,)})
