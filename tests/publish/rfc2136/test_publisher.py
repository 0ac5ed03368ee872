"""What is published by dynamic update, on each server: what the state says is what anybody is served."""

import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import replace
from pathlib import Path

import dns.message
import dns.name
import dns.query
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rrset
import dns.tsig
import dns.update
import pytest

from elastx_mrs.publish.rfc2136 import connection
from elastx_mrs.publish.rfc2136 import update as dns_update
from elastx_mrs.publish.rfc2136.connection import POOL
from elastx_mrs.publish.rfc2136.primary import RefusedError, UnreachableError, UpdateError
from tests.publish.rfc2136.updates import nsupdate, primary, provider, record, served
from tests.servers import KEY, KINDS, Key, NameServer, Setup, start
from tests.servers.proxy import Cut, proxy
from tests.servers.zones import FOREIGN, ZONES

FOUR = [Key(f"key-{bits}.", f"hmac-sha{bits}") for bits in (224, 256, 384, 512)]
SERVED = ZONES | {
    "example.com": ZONES["example.com"]
    + 'dn DNAME example.se.\n*.wild TXT "v=spf1 -all"\nown.wild TXT "other"\n'
    + 'two TXT "v=spf1 a -all"\ntwo TXT "x"\n',
    "inner.example.com": ZONES["example.se"].replace("example.se", "inner.example.com"),
}


@pytest.fixture(scope="module", params=KINDS)
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[NameServer]:
    setup = Setup(keys=FOUR[1:2] + FOUR[:1] + FOUR[2:])
    with start(request.param, tmp_path_factory.mktemp(request.param), SERVED, setup) as running:
        yield running
    POOL.close()


def test_the_life_of_a_record(server: NameServer) -> None:
    ours = provider(server)
    made = ours.create(record("example.com", "v=spf1 -all"))
    assert served(server, "example.com") == FOREIGN["example.com"] | {b"v=spf1 -all": 3600}
    assert made.outs is not None
    assert ours.read(made.id, made.outs).outs == made.outs
    changed = ours.update(made.id, made.outs, record("example.com", "v=spf1 mx -all"))
    assert served(server, "example.com") == FOREIGN["example.com"] | {b"v=spf1 mx -all": 3600}
    assert changed.outs is not None
    ours.delete(made.id, changed.outs)
    assert served(server, "example.com") == FOREIGN["example.com"]


def test_a_key_of_every_algorithm(server: NameServer) -> None:
    for key in FOUR:
        ours = provider(replace(server, key_name=key.name.upper()), algorithm=key.algorithm.upper())
        made = ours.create(record(f"{key.algorithm}.example.com", "x"))
        assert served(server, f"{key.algorithm}.example.com") == {b"x": 1800}
        ours.delete(made.id, record(f"{key.algorithm}.example.com", "x"))
        wrong = provider(replace(server, key_name=key.name), algorithm="hmac-sha512-256")
        with pytest.raises(UpdateError, match=r"BADKEY|does not accept the signature"):
            wrong.create(record("wrong.example.com", "x"))


def test_truncated_algorithms_where_a_server_has_them(tmp_path: Path) -> None:
    """None of BIND, Knot and PowerDNS has these names (RFC 8945 §6) today."""
    names = ("hmac-sha256-128", "hmac-sha384-192", "hmac-sha512-256")
    setup = Setup(keys=[Key(f"{name}.", name) for name in names])
    with start("lab", tmp_path, SERVED, setup) as lab:
        for name in names:
            provider(replace(lab, key_name=name), algorithm=name).create(record(f"{name}.example.com", "x"))
            assert lab.txt(f"{name}.example.com") == {b"x": 1800}


@pytest.mark.parametrize(("off", "said"), [(3630, "1 h 0 min behind"), (-3630, "1 h 0 min ahead of")])
def test_a_clock_an_hour_off(server: NameServer, monkeypatch: pytest.MonkeyPatch, off: int, said: str) -> None:
    now, here = time.time, threading.current_thread()
    monkeypatch.setattr(time, "time", lambda: now() + (off if threading.current_thread() is here else 0))
    with pytest.raises(UpdateError, match=r"query of clock\.example\.com") as error:
        provider(server).create(record("clock.example.com", "x"))
    if server.kind == "powerdns":  # it says no more than NOTAUTH
        assert "and both clocks" in str(error.value)
    else:
        assert f"its clock is {said} this machine's (BADTIME); set the clocks" in str(error.value)


@pytest.mark.parametrize(
    ("owner", "said"),
    [
        ("alias.example.com", r"is a CNAME to mail\.example\.com.* remove the CNAME from example\.com on 127"),
        ("x.child.example.com", r"lies in the zone child\.example\.com, which example\.com delegates to ns\.child"),
        (
            "inner.example.com",
            r"lies in the zone inner\.example\.com, which 127.* serves too.* add inner\.example\.com",
        ),
        ("new.inner.example.com", r"lies in the zone inner\.example\.com"),
        ("x.dn.example.com", r"lies below the DNAME dn\.example\.com to example\.se"),
    ],
)
def test_what_is_in_the_way_is_named_and_nothing_is_sent(server: NameServer, owner: str, said: str) -> None:
    with proxy(server) as (through, passed):
        with pytest.raises(UpdateError, match=said):
            provider(through).create(record(owner, "x"))
        assert passed.updates == 0
        # What cannot be seen is not there, and can be withdrawn.
        assert provider(through).read("id", record(owner, "x")).id == ""
        provider(through).delete("id", record(owner, "x"))
    POOL.close()


def test_a_wildcard_s_records_are_not_the_name_s(server: NameServer) -> None:
    ours, owner = provider(server), "new.wild.example.com"
    assert server.txt(owner) == {b"v=spf1 -all": 3600}, "it answers for the name"
    assert ours.read("id", record(owner, "v=spf1 a -all")).id == ""
    made = ours.create(record(owner, "v=spf1 mx -all"))
    assert served(server, owner) == {b"v=spf1 mx -all": 1800}
    ours.delete(made.id, record(owner, "v=spf1 mx -all"))
    made = ours.create(record("own.wild.example.com", "v=spf1 -all"))
    assert served(server, "own.wild.example.com") == {b"other": 3600, b"v=spf1 -all": 3600}
    ours.delete(made.id, record("own.wild.example.com", "v=spf1 -all"))


def test_a_look_alike_is_no_rival_and_is_never_ours(server: NameServer) -> None:
    ours, owner, foreign = provider(server, adopt=["alike.example.com"]), "alike.example.com", b"v=spf1-validator=123"
    nsupdate(server, f'zone example.com\nupdate add {owner} 300 TXT "{foreign.decode()}"')
    made = ours.create(record(owner, "v=spf1 -all"))
    assert served(server, owner).keys() == {foreign, b"v=spf1 -all"}
    nsupdate(server, f'zone example.com\nupdate delete {owner} TXT "v=spf1 -all"')
    assert ours.read(made.id, record(owner, "v=spf1 -all")).id == ""
    ours.create(record(owner, "v=spf1 -all"))
    ours.update(made.id, record(owner, "v=spf1 -all"), record(owner, "v=spf1 mx -all"))
    assert served(server, owner).keys() == {foreign, b"v=spf1 mx -all"}
    ours.delete(made.id, record(owner, "v=spf1 mx -all"))
    assert served(server, owner).keys() == {foreign}


def test_another_spelling_is_adopted(server: NameServer) -> None:
    owner = "spelled.example.com"
    nsupdate(server, f'zone example.com\nupdate add {owner} 300 TXT "V=SPF1 mx ~ALL"')
    provider(server, adopt=[owner]).create(record(owner, "v=spf1 include:elastx.email mx ~all"))
    assert served(server, owner).keys() == {b"v=spf1 include:elastx.email mx ~all"}


def test_a_second_record_of_a_kind_is_refused_whatever_the_guard_has_seen(server: NameServer) -> None:
    ours, before = provider(server), server.txt("two.example.com")
    with pytest.raises(UpdateError, match=r"two\.example\.com has 'v=spf1 a -all', which this stack did not publish"):
        ours.create(record("two.example.com", "v=spf1 mx -all"))
    with pytest.raises(UpdateError, match=r"run pulumi up --refresh"):
        ours.update("id", record("two.example.com", "v=spf1 b -all"), record("two.example.com", "v=spf1 c -all"))
    assert served(server, "two.example.com") == before
    ours.create(record("two.example.com", "v=spf1 mx -all", guard="warn"))  # whoever says so
    assert served(server, "two.example.com") == before | {b"v=spf1 mx -all": 3600}
    ours.delete("id", record("two.example.com", "v=spf1 mx -all"))


def test_a_ttl_that_others_share_is_not_read(server: NameServer) -> None:
    ours, owner = provider(server), "ttl.example.com"
    made = ours.create(record(owner, "ours", ttl=300.0))  # as Pulumi hands on numbers
    assert made.outs is not None
    assert served(server, owner) == {b"ours": 300}
    nsupdate(server, f"zone example.com\nupdate add {owner} 600 TXT other")
    assert served(server, owner) == {b"ours": 600, b"other": 600}
    assert (ours.read(made.id, made.outs).outs or {})["ttl"] == 300
    nsupdate(server, f"zone example.com\nupdate delete {owner} TXT other")
    assert (ours.read(made.id, made.outs).outs or {})["ttl"] == 600
    ours.delete(made.id, made.outs)


def test_strings_cut_by_somebody_else_are_deleted_as_they_are_stored(server: NameServer) -> None:
    ours, owner = provider(server), "cut.example.com"
    nsupdate(server, f'zone example.com\nupdate add {owner} 600 TXT "v=spf1" " mx " "-all"')
    read = ours.read("id", record(owner, "v=spf1 mx -all"))
    assert (read.outs or {})["value"] == "v=spf1 mx -all"
    ours.update("id", record(owner, "v=spf1 mx -all"), record(owner, "v=spf1 a -all"))
    assert served(server, owner) == {b"v=spf1 a -all": 600}
    ours.delete("id", record(owner, "v=spf1 a -all"))
    assert served(server, owner) == {}


@pytest.mark.parametrize("cut", ["before", "in", "after"])
@pytest.mark.parametrize("value", ["plain", "v=spf1 -all"])
def test_after_a_lost_answer_only_what_is_served_counts(server: NameServer, cut: Cut, value: str) -> None:
    owner = f"{cut}-{len(value)}.example.com"
    with proxy(server) as (through, passed):
        ours = provider(through)
        passed.cuts = [cut]
        ours.create(record(owner, value))
        assert served(server, owner) == {value.encode(): 1800}
        sent = 2 if cut == "before" else 1
        assert passed.updates == sent, "it is not sent again where it was worked on"
        passed.cuts = [cut]
        ours.update("id", record(owner, value), record(owner, f"{value} new"))
        assert served(server, owner) == {f"{value} new".encode(): 1800}
        passed.cuts = [cut]
        ours.delete("id", record(owner, f"{value} new"))
        assert served(server, owner) == {}
        assert passed.updates == 3 * sent
        passed.cuts = ["before"] * 3
        with pytest.raises(UnreachableError, match=r"does not answer over TCP \(it closed the connection\)"):
            ours.create(record(owner, value))
        assert served(server, owner) == {}
    POOL.close()


def test_connections_are_kept_and_one_that_the_server_has_ended_is_no_fault(server: NameServer) -> None:
    with proxy(server) as (through, passed):
        ours = provider(through)
        for number in range(20):
            ours.create(record(f"kept{number}.example.com", "x"))
        assert passed.connections == 1
        passed.hang_up()
        for number in range(20):
            ours.delete("id", record(f"kept{number}.example.com", "x"))
        assert passed.connections == 2
        assert served(server, "kept7.example.com") == {}
    POOL.close()


def test_all_kept_connections_that_the_server_has_ended_are_no_fault(server: NameServer) -> None:
    """More of them than a query is tried: a server that ends idle connections ends all of them."""
    with proxy(server) as (through, passed):
        to = primary(through)
        with ExitStack() as stack:
            asks = [stack.enter_context(to.connected()) for _ in range(6)]
            for ask in asks:
                ask(to.query("example.com", dns.rdatatype.SOA))
        passed.hang_up()
        provider(through).create(record("after.example.com", "x"))
        assert passed.connections == 7
        assert served(server, "after.example.com") == {b"x": 1800}
    POOL.close()


PREREQUISITES: dict[str, Callable[[dns.update.UpdateMessage], None]] = {
    "NXDOMAIN": lambda update: update.present("nobody"),
    "YXDOMAIN": lambda update: update.absent("mail"),
    "NXRRSET": lambda update: update.present("mail", "TXT"),
    "YXRRSET": lambda update: update.absent("mail", "A"),
    "NOTZONE": lambda update: update.add(dns.name.from_text("a.example.org."), 60, "A", "192.0.2.1"),
}


@pytest.mark.parametrize("rcode", PREREQUISITES)
def test_what_servers_themselves_answer(server: NameServer, rcode: str) -> None:
    to = primary(server)
    update = dns.update.UpdateMessage("example.com", keyring=to.key)
    PREREQUISITES[rcode](update)
    if rcode != "NOTZONE":
        update.add("refused", 60, "TXT", "x")
    with (
        pytest.raises(RefusedError, match=rf"^127\S+ answered {rcode} to the update of example\.com; ") as error,
        to.connected() as ask,
    ):
        ask(update)
    assert error.value.rcode == dns.rcode.from_text(rcode)


def test_an_update_that_cannot_be_read_and_one_for_another_s_zone(server: NameServer) -> None:
    to = primary(server)
    for zone, spoil, rcode in (("example.com", True, "FORMERR"), ("example.org", False, "NOTAUTH")):
        update = dns.update.UpdateMessage(zone, keyring=to.key)
        update.add("x", 60, "TXT", "x")
        if spoil:
            update.zone[0].rdtype = dns.rdatatype.A  # RFC 2136 §3.1.1 wants SOA
        with pytest.raises(RefusedError, match=rf"answered {rcode} to the update of {zone}"), to.connected() as ask:
            ask(update)


@pytest.mark.parametrize(
    ("rcode", "said"),
    [
        ("FORMERR", "could not read the message"),
        ("SERVFAIL", "check its log"),
        ("NXDOMAIN", "run again"),
        ("NOTIMP", "does not accept dynamic updates; name the zone's primary as rfc2136.server"),
        ("REFUSED", "allow the key key-256 to update these names"),
        ("YXDOMAIN", "run again"),
        ("NOTAUTH", "not the primary of example.com; name the primary as rfc2136.server, or correct rfc2136.zones"),
        ("NOTZONE", "the name is not in example.com; correct rfc2136.zones"),
    ],
)
def test_every_refusal_names_the_server_the_zone_and_the_next_step(rcode: str, said: str) -> None:
    with answering(dns.rcode.from_text(rcode)) as odd, pytest.raises(RefusedError) as error:
        provider(odd).create(record("x.example.com", "v=spf1 -all"))
    assert str(error.value).startswith(f"{odd.address} answered {rcode} to the update of example.com; ")
    assert said in str(error.value)
    assert (
        "Its SOA says that ns1.example.com is the primary; if this is a secondary, name that one as rfc2136.server"
        in str(error.value)
        or rcode
        not in (
            "REFUSED",
            "NOTAUTH",
        )
    )


def test_an_rrset_that_others_keep_changing_is_given_up_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dns_update, "CONTENTION", 1.0)
    for rcode in (dns.rcode.NXRRSET, dns.rcode.YXRRSET):
        with (
            answering(rcode) as odd,
            pytest.raises(UpdateError, match=r"were changed by others again and again for 1 s"),
        ):
            provider(odd).create(record("x.example.com", "v=spf1 -all"))


def test_an_unsigned_success_is_refused() -> None:
    with answering(dns.rcode.NOERROR, signed=False) as odd, pytest.raises(UpdateError) as error:
        provider(odd).create(record("x.example.com", "x"))
    assert "answered the update of example.com without a signature (RFC 8945 §5.4)" in str(error.value)


def test_a_success_that_changed_nothing_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dns_update, "READ_BACK", 0.2)
    with answering(dns.rcode.NOERROR) as odd, pytest.raises(UpdateError) as error:
        provider(odd).create(record("x.example.com", "x"))
    assert f"{odd.address} accepted the update of example.com but does not serve the TXT at x.example.com" in str(
        error.value
    )


def test_a_server_without_authority_makes_no_record_vanish() -> None:
    """A resolver, or a server that has lost the zone: a refresh must not take everything out of the state."""
    with answering(dns.rcode.NOERROR, authoritative=False) as odd:
        for act in (lambda: provider(odd).read("id", record("x.example.com", "x")),
                    lambda: provider(odd).delete("id", record("x.example.com", "x"))):  # fmt: skip
            with pytest.raises(
                UpdateError, match=rf"{odd.address} is not authoritative for x\.example\.com, .* name the"
            ):
                act()


def test_a_slow_server(server: NameServer, monkeypatch: pytest.MonkeyPatch) -> None:
    timeout = connection.TIMEOUT
    monkeypatch.setattr(connection, "TIMEOUT", 1)
    with proxy(server) as (through, passed):
        passed.cuts = ["slow"]  # it works on it, and says nothing
        # Only the update is waited for in vain; a busy machine has its time for what comes after it.
        passed.then = lambda: monkeypatch.setattr(connection, "TIMEOUT", timeout)
        provider(through).create(record("slow.example.com", "x"))
        assert (served(server, "slow.example.com"), passed.updates) == ({b"x": 1800}, 1)
        provider(through).delete("id", record("slow.example.com", "x"))
    POOL.close()
    monkeypatch.setattr(connection, "TIMEOUT", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as mute:  # it accepts, and says nothing
        nobody = replace(server, port=mute.getsockname()[1])
        with pytest.raises(UnreachableError, match=rf"{nobody.address} does not answer over TCP \(no answer in"):
            provider(nobody).create(record("x.example.com", "x"))


class answering:  # noqa: N801  reads as a function
    """A server for example.com that has nothing but its SOA, and answers every update with one code."""

    def __init__(self, rcode: dns.rcode.Rcode, *, signed: bool = True, authoritative: bool = True) -> None:
        self._rcode, self._signed, self._authoritative = rcode, signed, authoritative
        self._key = dns.tsig.Key(dns.name.from_text("key-256."), KEY)

    def __enter__(self) -> NameServer:
        self._listening = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._accept, daemon=True).start()
        return NameServer("odd", "127.0.0.1", self._listening.getsockname()[1], "key-256.", KEY)

    def __exit__(self, *_: object) -> None:
        self._listening.close()
        POOL.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=self._serve, args=(self._listening.accept()[0],), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client, suppress(OSError, EOFError):
            while True:
                asked, _ = dns.query.receive_tcp(client, keyring={self._key.name: self._key})
                update = isinstance(asked, dns.update.UpdateMessage)
                answer = dns.message.make_response(asked)
                if not self._signed and update:
                    answer.tsig = None
                    answer.keyring = None
                answer.flags |= dns.flags.AA if self._authoritative else 0
                if update:
                    answer.set_rcode(self._rcode)
                elif asked.question[0].rdtype == dns.rdatatype.SOA:
                    answer.answer.append(
                        dns.rrset.from_text("example.com.", 60, "IN", "SOA", "ns1.example.com. h. 1 2 3 4 5")
                    )
                dns.query.send_tcp(client, answer)


def test_of_two_spf_records_at_once_one_is_published(server: NameServer) -> None:
    """Both have seen that there is none; the prerequisite lets one through (RFC 2136 §2.4.3)."""
    for number in range(50):
        owner = f"race{number}.example.com"
        refused: list[str] = []
        meeting = threading.Barrier(2)

        def stack(value: str, owner: str = owner, refused: list[str] = refused) -> None:
            ours = provider(server)
            meeting.wait()  # noqa: B023  both are joined before there is another
            try:
                ours.create(record(owner, value))
            except UpdateError as error:
                refused.append(str(error))

        threads = [threading.Thread(target=stack, args=(f"v=spf1 {term} -all",)) for term in ("a", "mx")]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(served(server, owner) if number == 0 else server.txt(owner)) == 1
        assert len(refused) == 1
        assert "which this stack did not publish" in refused[0]


ROUNDS = 50

STACK = """
import sys
sys.path.insert(0, {root!r})
from tests.publish.rfc2136.updates import provider, record
from tests.servers import NameServer
server = NameServer("", {host!r}, {port}, {name!r}, {key!r})
ours = provider(server)
for number in range({rounds}):
    value = f"elastx-mrs={tag}-{{number}}"
    ours.create(record("busy.example.com", value))
    if number % 2:
        ours.update("id", record("busy.example.com", value), record("busy.example.com", value + "-changed"))
    if number % 10 == 0:
        ours.create(record("busy.example.com", "v=spf1 ip4:192.0.2.{tag} -all", guard="off"))
        ours.delete("id", record("busy.example.com", "v=spf1 ip4:192.0.2.{tag} -all"))
    if number >= 5:
        old = number - 5
        ours.delete("id", record("busy.example.com", f"elastx-mrs={tag}-{{old}}" + ("-changed" if old % 2 else "")))
"""


@pytest.mark.engine
def test_two_stacks_and_a_human_at_once_lose_nothing(server: NameServer) -> None:
    """As many rounds of each on one RRset, from three processes."""
    started = time.monotonic()
    root = str(Path(__file__).resolve().parents[3])
    fill = {"root": root, "host": server.host, "port": server.port, "name": server.key_name, "key": server.key}
    stacks = [
        subprocess.Popen(
            [sys.executable, "-c", STACK.format(**fill, rounds=ROUNDS, tag=tag)],
            stderr=subprocess.PIPE,
            text=True,
        )
        for tag in (1, 2)
    ]
    zone = "zone example.com\nupdate"
    for number in range(ROUNDS):
        nsupdate(server, f"{zone} add busy.example.com 1800 TXT human-{number}")
        if number >= 5:
            nsupdate(server, f"{zone} delete busy.example.com TXT human-{number - 5}")
    for stack in stacks:
        _, said = stack.communicate(timeout=120)
        assert stack.returncode == 0, said
    last = range(ROUNDS - 5, ROUNDS)
    human = {f"human-{number}" for number in last}
    both = {f"elastx-mrs={tag}-{number}{'-changed' if number % 2 else ''}" for tag in (1, 2) for number in last}
    assert {value.decode() for value in served(server, "busy.example.com")} == human | both
    print(f"{server.kind}: {time.monotonic() - started:.1f} s")
    for value in human | both:
        dns_update.remove(primary(server), "example.com", "busy.example.com", value)
