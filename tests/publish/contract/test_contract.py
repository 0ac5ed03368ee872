"""The contract of every publisher. A case that one cannot have says so beside its name, with the reason."""

import threading
from collections.abc import Callable
from typing import Any

import pulumi
import pytest

from elastx_mrs.publish.existing import CannotAskError
from elastx_mrs.publish.guard import checks
from tests import golden
from tests.publish.contract.world import APEX, Lost, Made, Refused, World

PUBLISHERS = ("rfc2136", "route53", "octodns", "cloudflare")

LEAST = 30
"""Cases that each publisher has at least."""

CASES: dict[str, dict[str, str]] = {}
"""By the case's name, which publishers do not have it, and why."""

OTHER = "v=spf1 include:other.example ~all"
CHANGED = "v=spf1 include:elastx.email mx -all"
TOKEN, SECOND = golden.TOKEN, f"elastx-mrs={'2' * 64}"
THEIRS = (b"google-site-verification=abc", b'"quoted", a \\ and; a semicolon')
KEPT = dict.fromkeys(THEIRS, 3600)

OWN_RESOURCE = "the resource is Pulumi's own: a create refuses what the API refuses, and the guard the rest"
OWN_RECORDS = "each record is one of its own, with an id and a TTL"

Case = Callable[..., None]


def case(**without: str) -> Callable[[Case], Case]:
    """Run a case for every publisher but those that cannot have it, each with the reason."""

    def marked(test: Case) -> Case:
        CASES[test.__name__] = without
        there = [one for one in PUBLISHERS if one not in without]
        parametrized: Case = pytest.mark.parametrize("world", there, indirect=True)(test)
        return parametrized

    return marked


def ttl_of(world: World, *, theirs: int = 3600) -> int:
    """Return the TTL of a record of ours that names none, beside records of others."""
    return theirs if world.shares_ttl else world.own_ttl


def beside(world: World, owner: str, *values: str) -> dict[bytes, int]:
    """Return what is to be served where these are beside the strings of others."""
    if world.shares_ttl:
        return KEPT | {one.encode(): 3600 for one in values}
    least = world.own_ttl if values else 3600  # DNS has one TTL for each set, and Cloudflare serves the least
    return dict.fromkeys([*THEIRS, *(one.encode() for one in values)], least)


@case()
def test_a_create_keeps_strings_of_others_and_their_ttl(world: World) -> None:
    owner = world.owner()
    world.put(owner, *THEIRS)
    made = world.create(owner, TOKEN)
    assert world.served(owner) == beside(world, owner, TOKEN)
    assert world.value(made) == TOKEN


@case()
def test_the_first_string_makes_the_set_and_the_last_one_takes_it(world: World) -> None:
    owner = world.owner()
    made = world.create(owner, TOKEN)
    assert world.served(owner) == {TOKEN.encode(): 1800}
    world.delete(made)
    assert world.served(owner) == {}


@case()
def test_a_value_of_several_strings(world: World) -> None:
    owner = world.owner()
    made = world.create(owner, golden.DKIM)
    assert world.served(owner) == {golden.DKIM.encode(): 1800}
    found = world.read(made)
    assert found is not None
    assert world.value(found) == golden.DKIM


@case()
def test_semicolons_and_spaces(world: World) -> None:
    owner = world.owner()
    made = world.create(owner, "v=DMARC1;  p=none ; rua=mailto:a@example.com!10m;")
    assert list(world.served(owner)) == [b"v=DMARC1;  p=none ; rua=mailto:a@example.com!10m;"]
    assert world.read(made) == made


@case()
def test_a_create_refuses_exactly_this_record(world: World) -> None:
    owner = world.owner()
    world.put(owner, *THEIRS, TOKEN.encode())
    before = world.served(owner)
    assert "already" in world.refused(lambda: world.create(owner, TOKEN))
    assert world.served(owner) == before


@case(cloudflare="its API stores every TXT in one form, however somebody cuts it")
def test_a_create_refuses_the_same_value_however_it_is_cut(world: World) -> None:
    owner = world.owner()
    world.put(owner, (TOKEN[:20].encode(), TOKEN[20:].encode()))
    sent = world.sent
    told = world.refused(lambda: world.create(owner, TOKEN))
    assert f"{owner} has this TXT already" in told
    assert f"ELASTX_MRS_ADOPT={owner}" in told
    assert world.sent == sent


@case(cloudflare=OWN_RESOURCE)
def test_a_create_refuses_a_second_record_of_a_kind(world: World) -> None:
    owner, sent = world.owner(), world.sent
    world.put(owner, *THEIRS, OTHER.encode())
    told = world.refused(lambda: world.create(owner, golden.SPF))
    assert f"{owner} has '{OTHER}', which this stack did not publish" in told
    assert "run pulumi up --refresh" in told
    assert world.sent == sent
    assert world.served(owner) == KEPT | {OTHER.encode(): 3600}


@case(cloudflare=OWN_RESOURCE)
def test_a_change_refuses_a_second_record_of_a_kind(world: World) -> None:
    owner = world.owner()
    made = world.create(owner, golden.SPF)
    world.put(owner, golden.SPF.encode(), OTHER.encode())
    sent = world.sent
    assert "which this stack did not publish" in world.refused(lambda: world.update(made, CHANGED))
    assert world.sent == sent
    assert world.served(owner) == {golden.SPF.encode(): 3600, OTHER.encode(): 3600}


@case()
def test_where_the_guard_is_off_a_second_record_of_a_kind_is_made(world: World) -> None:
    owner = world.owner()
    world.put(owner, OTHER.encode())
    world.create(owner, golden.SPF, guard="warn")
    assert set(world.served(owner)) == {OTHER.encode(), golden.SPF.encode()}


@case()
def test_the_guard_stops_a_second_record_of_a_kind_in_the_preview(world: World) -> None:
    owner, sent = world.owner(), world.sent
    world.put(owner, *THEIRS, OTHER.encode())
    (finding,) = world.findings(checks.foreign_spf, owner, "spf", golden.SPF)
    assert finding.level == "stop"
    assert f"{owner} has the SPF record '{OTHER}' already" in finding.text
    assert f"run: elastx-mrs adopt {APEX}, " in finding.text
    assert world.sent == sent


@case()
def test_the_guard_says_in_the_preview_how_the_record_itself_is_adopted(world: World) -> None:
    owner = world.owner()
    world.put(owner, *THEIRS, TOKEN.encode())
    (finding,) = world.findings(checks.identical, owner, "challenge", TOKEN)
    assert finding.level == "warning"
    assert f"{owner} has exactly this TXT already" in finding.text
    assert f"ELASTX_MRS_ADOPT={owner}" in finding.text or "pulumi import --file" in finding.text


@case()
def test_the_record_itself_is_adopted(world: World) -> None:
    owner = world.owner()
    world.put(owner, *THEIRS, TOKEN.encode())
    before = world.served(owner)
    made = world.adopt(owner, TOKEN)
    assert world.value(made) == TOKEN
    assert world.served(owner) == before
    world.delete(made)
    assert world.served(owner) == KEPT


@case(cloudflare="an import takes a record as it is; the next up changes it, as in the case of a change")
def test_the_one_record_of_its_kind_is_adopted_and_changed_at_once(world: World) -> None:
    owner = world.owner()
    world.put(owner, *THEIRS, b"V=SPF1 include:other.example ~ALL")
    sent = world.sent
    world.adopt(owner, golden.SPF)
    assert world.served(owner) == KEPT | {golden.SPF.encode(): 3600}
    assert world.sent == sent + 1


@case()
def test_a_look_alike_is_no_rival_and_never_ours(world: World) -> None:
    owner, alike = world.owner(), b"v=spf1-validator=123"
    world.put(owner, alike)
    made = world.create(owner, golden.SPF)
    made = world.update(made, CHANGED)
    assert set(world.served(owner)) == {alike, CHANGED.encode()}
    world.delete(made)
    assert set(world.served(owner)) == {alike}


@case()
def test_a_change_is_made_at_once_and_keeps_the_others(world: World) -> None:
    owner = world.owner()
    world.put(owner, *THEIRS)
    made, sent = world.create(owner, golden.SPF), world.sent
    made = world.update(made, CHANGED)
    assert world.served(owner) == beside(world, owner, CHANGED)
    assert world.sent == sent + 1
    assert world.value(made) == CHANGED


@case(cloudflare=f"{OWN_RECORDS}: one that is gone is an error, which says to refresh")
def test_a_change_of_what_is_gone_makes_it_again(world: World) -> None:
    owner = world.owner()
    made = world.create(owner, TOKEN)
    world.put(owner, *THEIRS)
    world.update(made, SECOND)
    assert world.served(owner) == KEPT | {SECOND.encode(): 3600}


@case(cloudflare=f"{OWN_RECORDS}: one that is gone is an error, which says to refresh")
def test_a_change_that_is_made_already_changes_nothing(world: World) -> None:
    owner = world.owner()
    made = world.create(owner, TOKEN)
    world.put(owner, *THEIRS, SECOND.encode())
    before = world.served(owner)
    world.update(made, SECOND)
    assert world.served(owner) == before


@case()
def test_a_delete_takes_ours_alone(world: World) -> None:
    owner = world.owner()
    world.put(owner, *THEIRS)
    made = world.create(owner, TOKEN)
    world.delete(made)
    assert world.served(owner) == KEPT


@case(cloudflare=f"{OWN_RECORDS}: one that is gone is an error, which says to refresh")
def test_a_delete_of_what_is_gone_is_done(world: World) -> None:
    owner = world.owner()
    made = world.create(owner, TOKEN)
    world.put(owner, *THEIRS)
    sent = world.sent
    world.delete(made)
    assert world.sent == sent
    assert world.served(owner) == KEPT


@case(cloudflare=OWN_RECORDS)
def test_strings_that_somebody_cut_anew_are_still_ours(world: World) -> None:
    owner = world.owner()
    made = world.create(owner, golden.SPF)
    world.put(owner, *THEIRS, (b"v=spf1 ", golden.SPF[7:].encode()))
    found = world.read(made)
    assert found is not None
    assert world.value(found) == golden.SPF
    world.update(made, CHANGED)
    assert world.served(owner) == KEPT | {CHANGED.encode(): 3600}
    world.put(owner, *THEIRS, (b"v=spf1 ", CHANGED[7:].encode()))
    world.delete(world.update(made, CHANGED))
    assert world.served(owner) == KEPT


@case()
def test_a_refresh_of_what_is_the_same_finds_no_drift(world: World) -> None:
    owner = world.owner()
    world.put(owner, *THEIRS)
    made = world.create(owner, golden.SPF)
    sent = world.sent
    assert world.read(made) == made
    assert world.sent == sent


@case(cloudflare="a record that somebody removes and makes anew has another id")
def test_a_refresh_finds_what_somebody_made_of_a_record(world: World) -> None:
    owner = world.owner()
    made = world.create(owner, golden.SPF)
    world.put(owner, *THEIRS, OTHER.encode())
    found = world.read(made)
    assert found is not None
    assert world.value(found) == OTHER
    world.update(found, golden.SPF)
    assert world.served(owner) == KEPT | {golden.SPF.encode(): 3600}


@case()
@pytest.mark.parametrize("theirs", [(), (b"x",), (OTHER.encode(), b"v=spf1 a -all")], ids=["gone", "others", "two"])
def test_a_refresh_finds_that_a_record_is_gone(world: World, theirs: tuple[bytes, ...]) -> None:
    """Of several that somebody made of it, none is ours."""
    owner = world.owner()
    made = world.create(owner, golden.SPF)
    world.put(owner, *theirs)
    assert world.read(made) is None


@case()
def test_a_configured_ttl(world: World) -> None:
    owner = world.owner()
    made = world.create(owner, TOKEN, ttl=300)
    assert world.served(owner) == {TOKEN.encode(): 300}
    made = world.update(made, ttl=600)
    assert world.served(owner) == {TOKEN.encode(): 600}
    found = world.read(made)
    assert found is not None
    assert found.outputs["ttl"] == 600


@case(cloudflare=OWN_RECORDS)
def test_a_configured_ttl_is_that_of_the_whole_set(world: World) -> None:
    owner = world.owner()
    world.put(owner, *THEIRS)
    world.create(owner, TOKEN, ttl=300)
    assert world.served(owner) == dict.fromkeys([*THEIRS, TOKEN.encode()], 300)


@case(cloudflare=OWN_RECORDS)
def test_a_ttl_that_others_share_is_no_drift(world: World) -> None:
    owner = world.owner()
    made = world.create(owner, TOKEN, ttl=300)
    world.put(owner, *THEIRS, TOKEN.encode(), ttl=600)
    shared = world.read(made)
    world.put(owner, TOKEN.encode(), ttl=600)
    own = world.read(made)
    assert shared is not None
    assert own is not None
    assert (shared.outputs["ttl"], own.outputs["ttl"]) == (300, 600)


ODD = {
    "empty": b"",
    "every octet": bytes(range(256)),
    "no UTF-8": b"\xff\xfe",
    "escapes": rb"\065 \" \; \\ \\101 \052",
    "quotes between": b'one" "two',
    "white space": b"  two  spaces\tand a tab\n",
    "upper case": b"V=SPF1-validator=ABC",
    "full strings": b"x" * 510,
    "long": bytes(255 - number % 256 for number in range(900)),
}


@case(cloudflare="its API takes printable ASCII alone; those are in every case")
@pytest.mark.parametrize("odd", ODD.values(), ids=ODD)
def test_a_string_of_any_octets_is_kept(world: World, odd: bytes) -> None:
    owner = world.owner()
    world.put(owner, odd, *THEIRS)
    made = world.create(owner, golden.SPF)
    assert world.existing(owner).txt.count(odd) == 1
    world.delete(world.update(made, CHANGED))
    assert world.served(owner) == KEPT | {odd: 3600}


@case()
def test_sixty_strings_at_a_name(world: World) -> None:
    owner, many = world.owner(), [f"number {number}".encode() for number in range(60)]
    world.put(owner, *many)
    made = world.create(owner, TOKEN)
    made = world.update(made, SECOND)
    assert set(world.served(owner)) == {*many, SECOND.encode()}
    assert set(world.existing(owner).txt) == {*many, SECOND.encode()}
    world.delete(made)
    assert world.served(owner) == dict.fromkeys(many, 3600)


VALUES = pytest.mark.parametrize(("value", "new"), [(TOKEN, SECOND), (golden.SPF, CHANGED)], ids=["challenge", "spf"])


@case()
@VALUES
def test_an_answer_that_gets_lost_before_the_work(world: World, value: str, new: str) -> None:
    assert life_with_losses(world, "before", value, new) == 6


@case(cloudflare="its plugin sends what was made again; a create is then told with its import, as in the next case")
@VALUES
def test_an_answer_that_gets_lost_after_the_work(world: World, value: str, new: str) -> None:
    """What was done is not sent again."""
    assert life_with_losses(world, "after", value, new) == 3


def life_with_losses(world: World, when: Lost, value: str, new: str) -> int:
    """Create, change and withdraw a record, each with an answer that gets lost; return how many changes were sent."""
    owner, sent = world.owner(), world.sent
    world.put(owner, *THEIRS)
    world.lose(when)
    made = world.create(owner, value)
    assert world.served(owner) == beside(world, owner, value)
    world.lose(when)
    made = world.update(made, new)
    assert world.served(owner) == beside(world, owner, new)
    world.lose(when)
    world.delete(made)
    assert world.served(owner) == KEPT
    return world.sent - sent


@case()
def test_a_create_whose_answer_got_lost_is_taken_over_as_the_message_says(world: World) -> None:
    """As after a run that was killed."""
    owner = world.owner()
    world.put(owner, *THEIRS)
    world.create(owner, TOKEN)
    assert "already" in world.refused(lambda: world.create(owner, TOKEN))
    world.delete(world.adopt(owner, TOKEN))
    assert world.served(owner) == KEPT


@case(cloudflare="its plugin sends a change again eleven times, and the engine says what came of it")
def test_a_change_that_never_arrives_is_given_up(world: World) -> None:
    owner, sent = world.owner(), world.sent
    world.put(owner, *THEIRS)
    world.lose("before", 3)
    world.refused(lambda: world.create(owner, TOKEN))
    assert world.sent == sent + 3
    assert world.served(owner) == KEPT


@case()
def test_a_question_whose_answer_gets_lost_is_asked_again(world: World) -> None:
    owner = world.owner()
    world.put(owner, *THEIRS)
    made = world.create(owner, TOKEN)
    world.interrupt()
    assert world.read(made) == made
    world.interrupt()
    assert TOKEN.encode() in world.existing(owner).txt


@case(cloudflare=OWN_RESOURCE)
def test_a_change_whose_question_gets_no_answer_asks_again(world: World) -> None:
    owner = world.owner()
    world.interrupt()
    made = world.create(owner, TOKEN)
    world.interrupt()
    made = world.update(made, SECOND)
    assert world.served(owner) == {SECOND.encode(): 1800}
    world.interrupt()
    world.delete(made)
    assert world.served(owner) == {}


@case()
def test_where_nobody_answers_nothing_is_taken_for_gone(world: World) -> None:
    owner = world.owner()
    made = world.create(owner, TOKEN)
    world.silence()
    for work in (
        lambda: world.read(made),
        lambda: world.create(owner, SECOND),
        lambda: world.update(made, SECOND),
        lambda: world.delete(made),
    ):
        world.refused(work)
    with pytest.raises((CannotAskError, pulumi.RunError)):
        world.existing(owner)
    world.reset()
    assert world.read(made) == made


@case()
def test_what_others_write_in_between_is_kept(world: World) -> None:
    owner = world.owner()
    world.put(owner, *THEIRS)
    world.meanwhile(lambda: world.put(owner, b"theirs", *THEIRS))
    made = world.create(owner, golden.SPF)
    assert set(world.served(owner)) == {b"theirs", *THEIRS, golden.SPF.encode()}
    world.meanwhile(lambda: world.put(owner, b"anew", golden.SPF.encode()) if world.shares_ttl else None)
    made = world.update(made, CHANGED)
    assert CHANGED.encode() in world.served(owner)
    assert golden.SPF.encode() not in world.served(owner)
    assert not world.shares_ttl or set(world.served(owner)) == {b"anew", CHANGED.encode()}
    world.meanwhile(lambda: world.put(owner, *THEIRS, CHANGED.encode()) if world.shares_ttl else None)
    world.delete(made)
    assert CHANGED.encode() not in world.served(owner)
    assert not world.shares_ttl or world.served(owner) == KEPT


@case(cloudflare=OWN_RESOURCE)
def test_a_rival_that_somebody_publishes_in_between_is_refused(world: World) -> None:
    owner = world.owner()
    world.put(owner, *THEIRS)
    world.meanwhile(lambda: world.put(owner, *THEIRS, OTHER.encode()))
    assert f"has '{OTHER}'" in world.refused(lambda: world.create(owner, golden.SPF))
    assert world.served(owner) == KEPT | {OTHER.encode(): 3600}


@case(
    octodns="octoDNS has no condition; a writer may then lose its own record, which the next refresh finds",
    cloudflare=OWN_RESOURCE,
)
def test_of_two_writers_of_a_kind_one_is_refused(world: World) -> None:
    owner, told = world.owner(), []
    world.put(owner, *THEIRS)

    def create(number: int) -> None:
        try:
            world.create(owner, f"v=spf1 ip4:192.0.2.{number} -all")
        except Refused as refused:
            told.append(str(refused))

    at_once(*(lambda number=number: create(number) for number in range(3)))
    assert len(world.served(owner)) == len(THEIRS) + 1
    assert len(told) == 2
    assert all("which this stack did not publish" in one for one in told)


@case(octodns="octoDNS has no condition, so two writers of one set lose strings: docs/octodns.md says so")
def test_two_writers_at_once(world: World) -> None:
    owner = world.owner()
    world.put(owner, *THEIRS)
    values = [f"elastx-mrs={number:064}" for number in range(8)]
    at_once(*(lambda value=value: world.create(owner, value) for value in values))
    assert set(world.served(owner)) == {*THEIRS, *map(str.encode, values)}


def at_once(*works: Callable[[], Any]) -> None:
    """Run several things at the same time; the first that fails is raised."""
    failed: list[Exception] = []

    def run(work: Callable[[], Any]) -> None:
        try:
            work()
        except Exception as error:
            failed.append(error)

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        raise failed[0]


@case(rfc2136="DNS has no answer that means later")
def test_a_rate_limit_is_waited_for(world: World) -> None:
    owner, sent = world.owner(), world.sent
    world.put(owner, *THEIRS)
    world.throttle(2)
    world.create(owner, TOKEN)
    assert world.served(owner) == beside(world, owner, TOKEN)
    assert world.sent - sent == 3


@case()
def test_credentials_that_may_not_change_anything(world: World) -> None:
    owner = world.owner()
    world.put(owner, *THEIRS)
    world.forbid()
    told = world.refused(lambda: world.create(owner, TOKEN))
    assert ";" in told, told
    assert world.served(owner) == KEPT


@case()
def test_credentials_that_nobody_knows(world: World) -> None:
    owner = world.owner()
    made = world.create(owner, TOKEN)
    before = world.served(owner)
    world.unknown()
    for work in (
        lambda: world.create(owner, SECOND),
        lambda: world.read(made),
        lambda: world.update(made, SECOND),
        lambda: world.delete(made),
    ):
        told = world.refused(work)
        assert ";" in told, told
    assert world.served(owner) == before


@case()
def test_a_zone_that_is_missing_is_never_made(world: World) -> None:
    zone = world.nowhere()
    told = world.refused(lambda: world.create(f"x.{zone.rpartition('/')[2]}", TOKEN, zone=zone))
    assert zone.rpartition("/")[2] in told
    assert ";" in told, told
    assert world.refused(lambda: world.create(f"x.{zone.rpartition('/')[2]}", TOKEN, zone=zone)) == told


@case(
    rfc2136="a server that does not have a zone refuses, and does not say why",
    cloudflare="its API answers for a zone that is missing as for a missing permission",
)
def test_a_zone_that_was_deleted_since(world: World) -> None:
    """A destroy cannot withdraw its records, and says what to do."""
    made = world.create(world.owner(), TOKEN)
    gone = Made(made.id, {**made.outputs, "zone": world.nowhere()})
    for work in (lambda: world.read(gone), lambda: world.delete(gone)):
        assert "If the zone was deleted, remove its records from the state: pulumi state delete" in world.refused(work)


@case(octodns="PowerDNS takes whatever fits into an answer")
def test_a_set_at_its_limit(world: World) -> None:
    owner = world.owner()
    largest = world.largest()
    world.put(owner, *largest)
    made, sent = world.create(owner, TOKEN), world.sent
    assert len(world.served(owner)) == len(largest) + 1
    told = world.refused(lambda: world.create(owner, f"elastx-mrs={'3' * 200}"))
    assert ";" in told, told
    assert len(world.served(owner)) == len(largest) + 1
    assert world.sent - sent <= 1
    world.delete(made)
    assert len(world.served(owner)) == len(largest)


@case()
def test_a_name_that_is_a_cname(world: World) -> None:
    owner = world.owner()
    world.alias(owner)
    assert [one.removesuffix(".") for one in world.existing(owner).others["CNAME"]] == [f"mail.{APEX}"]
    told = world.refused(lambda: world.create(owner, TOKEN))
    assert "CNAME" in told
    assert ";" in told, told
    assert world.served(owner) == {}


@case(cloudflare=OWN_RESOURCE)
def test_a_record_whose_name_became_a_cname(world: World) -> None:
    owner = world.owner()
    made, sent = world.create(owner, TOKEN), world.sent
    world.put(owner)
    world.alias(owner)
    for work in (lambda: world.create(owner, SECOND), lambda: world.update(made, SECOND)):
        assert f"{owner} is a CNAME to mail.{APEX}" in world.refused(work)
    assert world.read(made) is None
    world.delete(made)
    assert world.sent - sent <= 1, "an update may withdraw what cannot be seen"


@case()
def test_the_guard_is_told_of_a_delegation(world: World) -> None:
    owner = world.owner()
    world.delegate(owner)
    assert world.existing(owner).child == owner
    assert world.existing(f"below.{owner}").child == owner


@case(cloudflare=OWN_RESOURCE)
def test_a_record_at_a_name_that_was_delegated_since(world: World) -> None:
    """It is served no more, and can be withdrawn."""
    owner = world.owner()
    made, sent = world.create(owner, TOKEN), world.sent
    world.delegate(owner)
    for work in (lambda: world.create(owner, SECOND), lambda: world.update(made, SECOND)):
        assert "ns1.other.example" in world.refused(work)
    assert world.sent == sent
    world.delete(made)
    assert world.sent == sent + 1


@case(cloudflare=OWN_RESOURCE, route53="it reads one name for a change; only the guard reads the whole zone")
def test_a_record_below_a_name_that_is_delegated(world: World) -> None:
    owner, sent = world.owner(), world.sent
    world.delegate(owner)
    told = world.refused(lambda: world.create(f"below.{owner}", TOKEN))
    assert owner in told
    assert "ns1.other.example" in told
    assert world.sent == sent


@case()
def test_what_the_guard_is_told_of_a_name(world: World) -> None:
    owner = world.owner()
    found = world.existing(owner)
    assert (found.empty, found.zone, found.problem) == (True, APEX, "")
    world.put(owner, *THEIRS, golden.SPF.encode())
    found = world.existing(owner)
    assert set(found.txt) == {*THEIRS, golden.SPF.encode()}
    assert found.ttl == (3600 if world.shares_ttl else None)
    assert not found.empty


@pytest.mark.parametrize("publisher", PUBLISHERS)
def test_every_publisher_has_its_cases(publisher: str) -> None:
    """What is left out has a reason, and names a publisher that there is."""
    assert sum(publisher not in without for without in CASES.values()) >= LEAST
    assert {one for without in CASES.values() for one in without} <= set(PUBLISHERS)
    assert all(len(reason) > 20 for without in CASES.values() for reason in without.values())
