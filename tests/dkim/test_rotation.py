"""Each step of a rotation follows from the config, from what the name servers have, and from the time."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from elastx_mrs.config.dkim import Dkim
from elastx_mrs.dkim import rotation
from elastx_mrs.dkim.edit import Change
from elastx_mrs.dkim.rotation import Facts, RefusedError, Step
from elastx_mrs.dkim.seen import Seen
from elastx_mrs.service import ELASTX
from tests import golden

NOW = datetime(2026, 11, 30, 10, 0, tzinfo=UTC)
THERE = Seen(ttl=1800)
LOW = Seen(ttl=60)
PARTLY = Seen(missing=("s1._domainkey.example.com at ns2: no such name",), ttl=60)
SILENT = Seen(unasked=("s1._domainkey.example.com at ns2: no answer in 2 s",), ttl=60)
OWN: dict[str, Any] = {"selector": "s1", "own": True, "record": golden.DKIM}
BRIDGED = "Mail that you also sign with s1 still passes"
NEW = "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
OFFER = "sign with a key of your own until the swap is over: elastx-mrs dkim generate"


def facts(
    *keys: dict[str, Any], seen: dict[str, Seen] | None = None, now: datetime = NOW, ttl: int | None = 1800
) -> Facts:
    given = [Dkim.model_validate({"record": golden.DKIM} | key, context=ELASTX) for key in keys]
    found = {key.selector_of(ELASTX): THERE for key in given} | (seen or {})
    return Facts(given, found, 300, ttl, now, ELASTX)


def swapping(**more: Any) -> dict[str, Any]:
    return {"ttl": 60, "ttlBefore": 1800} | more


def one(found: list[Step]) -> Step:
    (step,) = found
    return step


def test_nothing_is_left_to_do() -> None:
    step = one(rotation.following(facts({}, OWN)))
    assert (step.then, step.changes, step.waits) == ("nothing: no rotation is under way", (), False)
    assert one(rotation.following(facts({}, OWN, seen={"s1": PARTLY}))).waits
    revoked = OWN | {"retire": "2026-11-01", "revoked": True}
    assert "nothing" in one(rotation.following(facts({}, revoked))).then


@pytest.mark.parametrize("seen", [PARTLY, SILENT, Seen()])
def test_a_new_key_waits_for_every_name_server(seen: Seen) -> None:
    step = one(rotation.following(facts({}, OWN | {"signs": False}, seen={"s1": seen})))
    assert (step.waits, step.changes) == (True, ())
    assert "not every name server has the key s1" in step.now


def test_a_new_key_waits_for_what_resolvers_remember() -> None:
    pending = OWN | {"signs": False}
    step = one(rotation.following(facts({}, pending)))
    assert step.changes == (Change("s1", {"since": "2026-11-30T10:00Z"}),)
    for since, left in (("2026-11-30T10:00Z", "2026-11-30T10:05Z"), ("2026-11-30", "2026-12-01T00:05Z")):
        step = one(rotation.following(facts({}, pending | {"since": since}, now=NOW + timedelta(minutes=4))))
        assert (step.waits, step.then) == (True, f"wait until {left}, then run this command again")
        step = one(
            rotation.following(facts({}, pending | {"since": since}, now=datetime(2026, 12, 1, 0, 5, tzinfo=UTC)))
        )
        assert "let your mail server sign with s1" in step.then


@pytest.mark.parametrize(("at", "retire"), [(NOW, "2026-12-08"), (NOW.replace(hour=0), "2026-12-07")])
def test_an_old_key_stays_for_seven_whole_days(at: datetime, retire: str) -> None:
    new = {"selector": "s2", "own": True, "signs": False, "since": "2026-11-01"}
    step = rotation.signs(facts({}, OWN, new, now=at), "s2", "", 7)
    assert step.changes == (
        Change("s2", {}, ("signs",)),
        Change("s1", {"retire": retire}, ("signs", "ttlBefore", "swap")),
    )


def test_the_relay_moves_to_a_second_selector() -> None:
    new = {"selector": "elastx2", "own": False, "signs": False, "since": "2026-11-01"}
    known = facts({}, OWN, new)
    assert "ask Elastx Support to sign with elastx2" in one(rotation.following(known)).then
    step = rotation.signs(known, "elastx2", "", 7)
    assert [change.selector for change in step.changes] == ["elastx2", "elastx"]


def test_a_swap_step_by_step() -> None:
    assert rotation.swap(facts({}), "elastx", None).changes == (Change("elastx", {"ttl": 60, "ttlBefore": 1800}),)
    assert OFFER in rotation.swap(facts({}), "elastx", None).fails
    assert BRIDGED in rotation.swap(facts({}, OWN), "elastx", None).fails
    high = rotation.swap(facts(swapping()), "elastx", None)
    assert (high.waits, high.changes) == (True, ())
    assert "a server has it with a TTL of 1800 s" in high.now
    nowhere = rotation.swap(facts(swapping(), seen={"elastx": Seen()}), "elastx", None)
    assert "no server was queried" in nowhere.now
    low = rotation.swap(facts(swapping(), seen={"elastx": LOW}), "elastx", None)
    assert low.changes == (Change("elastx", {"swap": "2026-11-30T10:30Z"}),)
    waiting = facts(swapping(swap="2026-11-30T10:30Z"), seen={"elastx": LOW})
    assert one(rotation.following(waiting)).then.startswith("wait until 2026-11-30T10:30Z. Agree with Elastx Support")
    ready = facts(swapping(swap="2026-11-30T10:00Z"), seen={"elastx": LOW})
    assert "run this command with --swap elastx --record VALUE" in one(rotation.following(ready)).then
    step = rotation.swap(ready, "elastx", "v=DKIM1; p=new")
    assert step.changes == (Change("elastx", {"record": "v=DKIM1; p=new", "since": "2026-11-30T10:00Z"}),)
    done = swapping(swap="2026-11-30T10:00Z", since="2026-11-30T10:00Z")
    assert one(rotation.following(facts(done, seen={"elastx": PARTLY}))).waits
    of_stack = one(rotation.following(facts(done, seen={"elastx": LOW})))
    assert of_stack.changes == (Change("elastx", {}, ("ttl", "ttlBefore", "swap")),)
    of_nobody = one(rotation.following(facts(done, seen={"elastx": LOW}, ttl=None)))
    assert of_nobody.changes == (Change("elastx", {"ttl": 1800}, ("ttlBefore", "swap")),)


@pytest.mark.parametrize(
    ("key", "seen", "record", "said"),
    [
        ({}, THERE, "v=DKIM1; p=new", "the swap is not prepared"),
        ({}, Seen(), None, "not every name server has the key elastx"),
        (swapping(), LOW, "v=DKIM1; p=new", "resolvers may remember the old value with the old TTL"),
        (swapping(swap="2026-11-30T10:01Z"), LOW, "v=DKIM1; p=new", "old value until 2026-11-30T10:01Z"),
        (swapping(swap="2026-11-30T10:00Z"), PARTLY, "v=DKIM1; p=new", "with the low TTL"),
        (swapping(swap="2026-11-30T10:00Z"), LOW, golden.DKIM, "has this value already"),
    ],
)
def test_a_swap_that_comes_too_early_is_refused(key: dict[str, Any], seen: Seen, record: str | None, said: str) -> None:
    with pytest.raises(RefusedError, match=said):
        rotation.swap(facts(key, seen={"elastx": seen}), "elastx", record)


def test_a_retired_key_is_removed_only_while_others_sign() -> None:
    retired = OWN | {"retire": "2026-11-30"}
    assert one(rotation.following(facts({}, retired))).changes == (Change("s1", {}, remove=True),)
    assert one(rotation.following(facts({}, retired, seen={"elastx": SILENT}))).waits
    assert one(rotation.following(facts({}, OWN | {"retire": "2026-12-01"}))).waits


def test_a_revocation_takes_effect_today() -> None:
    for retire, written in (("2026-12-07", "2026-11-30"), ("2026-11-01", "2026-11-01")):
        step = rotation.revoke(facts({}, OWN | {"retire": retire}), "s1")
        assert step.changes == (Change("s1", {"retire": written, "revoked": True}),)


def test_no_proof_is_no_reason_to_remove_a_key() -> None:
    """No server was queried: all are IPv6 servers, and this machine has no IPv6."""
    step = one(rotation.following(facts({}, OWN | {"retire": "2026-11-01"}, seen={"elastx": Seen(), "s1": Seen()})))
    assert (step.changes, step.waits) == ((), True)
    assert one(rotation.following(facts({}, seen={"elastx": Seen()}))).waits


def test_a_ttl_of_zero_can_be_swapped() -> None:
    step = rotation.swap(facts({}, seen={"elastx": Seen(ttl=0)}), "elastx", None)
    assert step.changes == (Change("elastx", {"ttl": 1, "ttlBefore": 1}),)


def test_no_wait_is_longer_than_resolvers_remember() -> None:
    long = Facts(facts({}, OWN | {"signs": False}).keys, {"elastx": THERE, "s1": THERE}, 2**31 - 1, 1800, NOW, ELASTX)
    assert "wait until 2026-12-07T10:00Z" in one(rotation.following(long)).then
    step = rotation.swap(facts(swapping(ttlBefore=2**31 - 1), seen={"elastx": LOW}), "elastx", None)
    assert step.changes == (Change("elastx", {"swap": "2026-12-07T10:00Z"}),)


def test_a_swap_of_an_own_key_is_no_bridge_for_itself_and_no_matter_of_the_relay() -> None:
    for step in (
        rotation.swap(facts({}, OWN), "s1", None),
        rotation.swap(facts({}, OWN | swapping(swap="2026-11-30T09:00Z"), seen={"s1": LOW}), "s1", NEW),
    ):
        said = f"{step.now} {step.then} {step.fails}"
        assert "Support" not in said
        assert "both DNS and your mail server have the new key" in said
        assert OFFER in step.fails
    two = rotation.swap(facts({}, OWN, OWN | {"selector": "s2"}), "s2", None)
    assert BRIDGED in two.fails


def test_caches_hide_the_ttl() -> None:
    """A resolver counts the TTL down, so what is left of it says nothing."""
    given = facts({}, seen={"elastx": Seen(ttl=5, cached=True)}, ttl=None)
    assert rotation.swap(given, "elastx", None).changes == (Change("elastx", {"ttl": 60, "ttlBefore": 1800}),)
    given = facts({}, seen={"elastx": Seen(ttl=5, cached=True)}, ttl=7200)
    assert rotation.swap(given, "elastx", None).changes == (Change("elastx", {"ttl": 60, "ttlBefore": 7200}),)


def test_a_key_of_somebody_else_is_removed_and_revoked_by_them() -> None:
    retired = OWN | {"record": None, "external": True, "retire": "2026-11-01"}
    assert "its record" not in one(rotation.following(facts({}, retired))).then
    with pytest.raises(RefusedError, match="somebody else publishes the key s1"):
        rotation.revoke(facts({}, retired), "s1")


def test_the_last_key_of_the_relay_goes_only_with_its_word() -> None:
    """The relay rejects mail from domains without DKIM, and nothing public says at which selectors it looks."""
    ask = "ask Elastx Support (support@elastx.se) whether Elastx still signs with elastx, or looks for it"
    pending = OWN | {"signs": False, "since": "2026-01-01"}
    assert ask in rotation.signs(facts({}, pending), "s1", "elastx", 7).then
    retired = {"retire": "2026-11-01"}
    assert ask in one(rotation.following(facts(retired, OWN))).then
    second = {"selector": "e2", "own": False}
    assert ask not in one(rotation.following(facts(retired, second))).then
    assert ask not in rotation.signs(facts({}, second | {"signs": False, "since": "2026-01-01"}), "e2", "", 7).then
