"""Answers that no ordinary server gives: each ends in one message that names the server and the next step."""

import asyncio
import json
import re
import socket
import struct
import time
from contextlib import suppress

import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset
import dns.tsig
import pytest

from elastx_mrs.publish.existing import CannotAskError
from elastx_mrs.publish.rfc2136 import update
from elastx_mrs.publish.rfc2136.connection import POOL, LostError
from elastx_mrs.publish.rfc2136.primary import UnreachableError, UpdateError
from elastx_mrs.publish.rfc2136.publisher import Rfc2136
from tests.publish.rfc2136.odd import SOA, answer, is_update, saying, zone
from tests.publish.rfc2136.updates import primary
from tests.servers import NameServer

OWNER = "x.example.com"
OTHER = dns.tsig.Key("key-256.", "YW5vdGhlciBzZWNyZXQgb2YgMzIgb2N0ZXRzLCBvciBzbw==")


def txt(value: str) -> str:
    return f'{OWNER}. 60 IN TXT "{value}"'


def another_question(asked: dns.message.Message) -> dns.message.Message:
    made = answer(asked)
    made.question = [dns.rrset.RRset(asked.question[0].name, asked.question[0].rdclass, dns.rdatatype.MX)]
    return made


def forged(asked: dns.message.Message) -> dns.message.Message:
    made = answer(asked, SOA)
    made.use_tsig(OTHER)
    return made


def refused(asked: dns.message.Message, error: dns.rcode.Rcode, other: bytes = b"") -> dns.message.Message:
    """NOTAUTH with a TSIG error (RFC 8945 §5.2)."""
    made = answer(asked, rcode="NOTAUTH")
    made.use_tsig(asked.keyring, asked.keyname, tsig_error=error, other_data=other)
    return made


def clock(asked: dns.message.Message, off: int) -> dns.message.Message:
    return refused(asked, dns.rcode.BADTIME, struct.pack("!HI", 0, int(time.time()) + off))


SAID = [
    (lambda asked: answer(asked, authoritative=False),
     "is not authoritative for the zone example.com; name the primary that serves it, or correct rfc2136.zones"),
    (another_question, "sent an answer to another question; is it a DNS server?"),
    (lambda _: b"\x12\x34\x80\x00", "sent an answer that cannot be read: "),
    (lambda _: b"\x12", "sent an answer that cannot be read: "),
    (forged, "its answer is signed wrongly (.*): somebody may have changed it on the way"),
    (lambda asked: refused(asked, dns.rcode.BADTRUNC),
     r"it requires a longer signature than hmac-sha256 has \(BADTRUNC\); use hmac-sha256"),
    (lambda asked: refused(asked, dns.rcode.BADTIME),
     r"its clock and this machine's are too far apart \(BADTIME\); set the clocks, by NTP, and run again"),
    (lambda asked: clock(asked, 90), r"its clock is (89|90) s ahead of this machine's \(BADTIME\)"),
    (lambda asked: clock(asked, -630), r"its clock is 10 min behind this machine's \(BADTIME\)"),
]  # fmt: skip


@pytest.mark.parametrize(("respond", "said"), SAID)
def test_an_answer_that_is_none(respond: object, said: str) -> None:
    with saying(respond) as odd, pytest.raises(UpdateError) as error:  # type: ignore[arg-type]
        primary(odd).check_zone("example.com")
    assert str(error.value).startswith(odd.address)
    assert re.search(said, str(error.value)), error.value


def test_a_connection_that_is_reset_is_tried_again_for_a_query() -> None:
    asked: list[dns.message.Message] = []
    with saying(asked.append) as odd:
        with pytest.raises(UnreachableError, match=r"does not answer over TCP \(Connection reset by peer\)"):
            primary(odd).check_zone("example.com")
        assert len(asked) == 3
        with POOL.to(odd.host, odd.port) as conversation, suppress(LostError):
            conversation.exchange(b"\x00" * 12)  # it is lost, and is not given back


@pytest.mark.parametrize("kind", ["no such name", "no name at all"])
def test_a_host_that_has_no_address(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def none(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    host, said = f"{'a' * 64}.example.com", "its name has no address: .*label"
    if kind == "no such name":
        monkeypatch.setattr(socket, "getaddrinfo", none)  # the machine's own resolver asks others than loopback
        host, said = "ns1.example.com", "its name has no address: Name or service not known"
    with pytest.raises(UnreachableError, match=rf"^{host}:53 does not answer over TCP \({said}"):
        primary(NameServer("none", host, 53)).check_zone("example.com")


def publisher(odd: NameServer) -> Rfc2136:
    settings = {"server": odd.address, "keyName": odd.key_name, "zones": ["example.com"]}
    values = {"elastx-mrs:rfc2136": json.dumps(settings), "elastx-mrs:tsigKey": odd.key}
    return Rfc2136({"example.com": "default"}, values.get)


def test_what_exists_cannot_be_asked_for() -> None:
    with saying(lambda asked: answer(asked, authoritative=False)) as odd:
        with pytest.raises(CannotAskError, match=rf"^{odd.address} does not serve x\.example\.com; name the primary"):
            asyncio.run(publisher(odd).existing(OWNER))
        with pytest.raises(CannotAskError, match=r"example\.se is in none of rfc2136\.zones \(example\.com\); add"):
            asyncio.run(publisher(odd).existing("example.se"))


def test_a_name_that_the_server_has_in_a_zone_above() -> None:
    above = SOA.replace("example.com. 60", "com. 60")
    with (
        saying(lambda asked: answer(asked, authority=above)) as odd,
        pytest.raises(UpdateError, match=r"has x\.example\.com in the zone com, not in example\.com; correct rfc"),
    ):
        update.add(primary(odd), "example.com", OWNER, "x", None, adopt=False)


def test_an_old_value_that_stays_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(update, "READ_BACK", 0.1)
    with (
        saying(lambda asked: zone(asked, txt("old"), txt("new"))) as odd,
        pytest.raises(UpdateError, match=r"still has the old TXT at x\.example\.com after the update; look at its log"),
    ):
        update.replace(primary(odd), "example.com", OWNER, "old", "new", None)


def test_a_cname_that_comes_between_is_named() -> None:
    updates = []

    def respond(asked: dns.message.Message) -> dns.message.Message:
        updates.extend([asked] if is_update(asked) else [])
        return zone(asked, *([f"{OWNER}. 60 IN CNAME www.example.com."] if updates else []))

    with saying(respond) as odd, pytest.raises(UpdateError, match=r"x\.example\.com is a CNAME to www\.example\.com"):
        update.add(primary(odd), "example.com", OWNER, "x", None, adopt=False)


def test_a_replacement_that_somebody_crosses_is_sent_again() -> None:
    """Where the guard is off, beside a record that would make both void."""
    served, updates = {"v=spf1 a -all", "v=spf1 b -all"}, []

    def respond(asked: dns.message.Message) -> dns.message.Message:
        if is_update(asked):
            updates.append(asked)
            if len(updates) == 1:
                return answer(asked, rcode="NXRRSET")
            served.symmetric_difference_update({"v=spf1 b -all", "v=spf1 mx -all"})
        return zone(asked, *map(txt, served))

    with saying(respond) as odd:
        update.replace(primary(odd), "example.com", OWNER, "v=spf1 b -all", "v=spf1 mx -all", None, only=False)
    assert served == {"v=spf1 a -all", "v=spf1 mx -all"}
    assert len(updates) == 2


def test_a_replacement_that_others_cross_for_ever_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(update, "CONTENTION", 0.2)

    def respond(asked: dns.message.Message) -> dns.message.Message:
        return answer(asked, rcode="NXRRSET") if is_update(asked) else zone(asked, txt("v=spf1 -all"))

    with saying(respond) as odd, pytest.raises(UpdateError, match="were changed by others again and again for 0 s"):
        update.replace(primary(odd), "example.com", OWNER, "v=spf1 -all", "v=spf1 mx -all", None)


def test_an_update_that_was_lost_and_is_worked_on_late_is_done() -> None:
    """The second one finds the first one's record, which is ours and no rival."""
    served: list[str] = []
    updates = []

    def respond(asked: dns.message.Message) -> dns.message.Message | None:
        if is_update(asked):
            updates.append(asked)
            if len(updates) == 1:
                return None
            served.append(txt("v=spf1 -all"))
            return answer(asked, rcode="YXRRSET")
        return zone(asked, *served)

    with saying(respond) as odd:
        update.add(primary(odd), "example.com", OWNER, "v=spf1 -all", None, adopt=False)
    assert len(updates) == 2


def test_a_refusal_of_a_server_that_says_nothing_else() -> None:
    def respond(asked: dns.message.Message) -> dns.message.Message:
        answered = not is_update(asked) and asked.question[0].rdtype == dns.rdatatype.TXT
        return zone(asked) if answered else answer(asked, rcode="REFUSED")

    with saying(respond) as odd, pytest.raises(UpdateError) as error:
        update.add(primary(odd), "example.com", OWNER, "x", None, adopt=False)
    assert str(error.value).startswith(f"{odd.address} answered REFUSED to the update of example.com; ")
    assert "Its SOA says" not in str(error.value)
