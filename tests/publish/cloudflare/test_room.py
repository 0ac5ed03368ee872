"""What Cloudflare has no room for is known in the preview: half of it would be published otherwise."""

import pytest

from elastx_mrs.lab.cloudflare import rules
from elastx_mrs.publish.cloudflare import room
from elastx_mrs.records.text import presentation
from tests import golden

OWNER = "example.com"
CHALLENGES = [f"elastx-mrs={number:064}" for number in range(110)]
EACH = len(presentation(CHALLENGES[0]))


def test_the_limits_are_those_of_the_api() -> None:
    assert (room.MAX_RECORD, room.MAX_NAME) == (rules.MAX_WIRE, rules.MAX_CONTENT)


def test_as_many_accounts_as_there_is_room_for() -> None:
    most = room.MAX_NAME // EACH
    assert most == 106, "as a user finds it, at Cloudflare"
    assert room.excess(OWNER, [], CHALLENGES[:most]) == ""
    assert room.excess(OWNER, [one.encode() for one in CHALLENGES[:most]], CHALLENGES[:most]) == "", "they are ours"
    told = room.excess(OWNER, [], CHALLENGES[: most + 1])
    assert told.startswith("example.com: the TXT records there and the declared ones have 8,239 characters, and Cloud")
    assert told.endswith("; remove strings that nobody needs, or give each domain only the accounts that send from it")


@pytest.mark.parametrize(("theirs", "fits"), [("v=spf1 -all" + " " * 300, True), ("x" * 300, False)])
def test_a_record_of_its_kind_makes_room_for_another(theirs: str, fits: bool) -> None:
    declared = [*CHALLENGES[:103], golden.SPF]
    assert (room.excess(OWNER, [theirs.encode()], declared) == "") is fits


@pytest.mark.parametrize(("length", "told"), [(4_080, ""), (4_081, "a TXT record of 4,098 octets is declared")])
def test_the_longest_record(length: int, told: str) -> None:
    assert room.excess(OWNER, [], ["x" * length]).startswith(f"{OWNER}: {told}" if told else "")
    assert bool(room.excess(OWNER, [], ["x" * length])) is bool(told)
