"""The server's own part: transports, signatures, and what it does with rubbish."""

import asyncio
import random
import socket
import struct
import subprocess
import time
from contextlib import ExitStack
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import dns.edns
import dns.flags
import dns.message
import dns.name
import dns.query
import dns.rcode
import dns.rdatatype
import dns.tsig
import pytest

from elastx_mrs import limits
from elastx_mrs.lab import server
from elastx_mrs.lab.server import LabServer
from elastx_mrs.lab.session import Lab
from elastx_mrs.lab.zones import ZoneStore
from tests.fuzz.clock import Loop
from tests.lab.client import ZONES, ask, key_of, send, strings, update, where
from tests.servers import require


def framed(wire: bytes) -> bytes:
    return struct.pack("!H", len(wire)) + wire


def exchange(lab: Lab, wire: bytes) -> bytes:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.settimeout(5)
        udp.sendto(wire, where(lab))
        return udp.recv(65535)


def test_one_connection_takes_several_messages_at_once_and_in_pieces(lab: Lab) -> None:
    queries = [dns.message.make_query("example.com", "TXT") for _ in range(5)]
    stream = b"".join(framed(query.to_wire()) for query in queries)
    with socket.create_connection(where(lab), timeout=5) as tcp:
        tcp.sendall(stream[:7])
        time.sleep(0.05)
        tcp.sendall(stream[7:])
        for query in queries:
            response, _ = dns.query.receive_tcp(tcp, time.time() + 5)
            assert response.id == query.id
            assert strings(response) == ['"one"']


def test_an_idle_connection_is_closed(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "IDLE_SECONDS", 0.1)
    with socket.create_connection(where(lab), timeout=5) as tcp:
        assert tcp.recv(1) == b""


@pytest.mark.limit("LAB_IDLE_SECONDS")
def test_how_long_a_connection_may_be_idle(loop: Loop) -> None:
    most = limits.LAB_IDLE_SECONDS.most
    heard: list[bytes] = []
    this: Any = SimpleNamespace(respond=lambda octets, _: heard.append(octets), _used=lambda: None)

    async def idle(seconds: float) -> None:
        reader = asyncio.StreamReader()
        asyncio.get_running_loop().call_later(seconds, reader.feed_data, b"\0\1x")
        with pytest.raises(TimeoutError):
            await LabServer._answer_all(this, reader, this)

    loop.run_until_complete(idle(most - 0.1))
    assert heard == [b"x"]
    loop.run_until_complete(idle(most + 0.1))
    assert heard == [b"x"]


@pytest.mark.limit("LAB_CONNECTIONS")
@pytest.mark.parametrize("over", [0, 1])
def test_connections_are_bounded_and_the_longest_unused_is_closed(
    over: int, lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "LAB_CONNECTIONS", limits.LAB_CONNECTIONS._replace(most=3))
    query = dns.message.make_query("example.com", "TXT")

    def answered(tcp: socket.socket) -> bool:
        try:
            tcp.sendall(framed(query.to_wire()))
            dns.query.receive_tcp(tcp, time.time() + 5)
        except (OSError, EOFError):
            return False
        return True

    with ExitStack() as stack:
        opened = [stack.enter_context(socket.create_connection(where(lab), timeout=5)) for _ in range(3)]
        assert all(answered(tcp) for tcp in (opened[1], opened[2], opened[0]))
        opened += [stack.enter_context(socket.create_connection(where(lab), timeout=5)) for _ in range(over)]
        assert all(answered(tcp) for tcp in opened[3:])
        assert [answered(tcp) for tcp in opened[:3]] == [True, over == 0, True]


def test_it_stops_while_a_client_is_connected(tmp_path: Path) -> None:
    from elastx_mrs.lab.session import open_lab

    with open_lab(tmp_path, ZONES) as lab:
        tcp = socket.create_connection(where(lab), timeout=5)
        tcp.sendall(b"\x00")
        assert strings(ask(lab, "example.com")) == ['"one"']
    with tcp, pytest.raises(OSError, match="refused"):
        socket.create_connection(where(lab), timeout=5)


def test_signed_queries_are_answered_signed_and_plain_ones_are_not(lab: Lab) -> None:
    host, port = where(lab)
    query = dns.message.make_query("example.com", "TXT")
    assert not dns.query.udp(query, host, timeout=5, port=port).had_tsig
    query.use_tsig(key_of(lab))
    assert dns.query.udp(query, host, timeout=5, port=port).had_tsig


@pytest.mark.parametrize("seconds", [-4000, 4000])
def test_a_clock_that_is_wrong_is_told_so_in_a_signed_answer(
    lab: Lab, seconds: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    change = update()
    change.add("new", 300, "TXT", "x")
    change.use_tsig(key_of(lab))
    now = time.time()
    with monkeypatch.context() as patch:
        patch.setattr(time, "time", lambda: now + seconds)
        wire = change.to_wire()
    answer = exchange(lab, wire)
    said = dns.message.from_wire(answer, keyring=False)
    assert said.rcode() == dns.rcode.NOTAUTH
    assert said.tsig is not None
    (signature,) = said.tsig
    assert signature.error == dns.rcode.BADTIME
    assert abs(int.from_bytes(signature.other, "big") - now) < 60
    assert change.mac is not None
    start = answer.rindex(said.tsig.name.to_digestable() + struct.pack("!HH", dns.rdatatype.TSIG, 255))
    dns.tsig._digest(  # type: ignore[no-untyped-call]  # validate() stops at the error, before the signature
        answer[:10] + b"\x00\x00" + answer[12:start], key_of(lab), signature, None, change.mac
    ).verify(signature.mac)
    assert ask(lab, "new.example.com").rcode() == dns.rcode.NXDOMAIN


def test_a_key_with_another_algorithm_is_an_unknown_one(lab: Lab) -> None:
    with pytest.raises(dns.tsig.PeerBadKey):
        send(lab, update(), dns.tsig.Key(lab.key_name, lab.key, dns.tsig.HMAC_SHA512))


def test_edns_of_the_future_is_badvers_and_a_transfer_is_refused(lab: Lab) -> None:
    host, port = where(lab)
    future = dns.query.tcp(dns.message.make_query("example.com", "TXT", use_edns=1), host, timeout=5, port=port)
    assert (future.rcode(), future.edns) == (dns.rcode.BADVERS, 0)
    assert ask(lab, "example.com", "AXFR").rcode() == dns.rcode.REFUSED


@pytest.mark.parametrize(("payload", "fits"), [(100, False), (512, False), (1232, True), (4096, True)])
def test_an_answer_over_the_client_s_size_is_cut_off(lab: Lab, payload: int, fits: bool) -> None:
    change = update()
    change.add("big", 300, "TXT", " ".join([f'"{"x" * 255}"'] * 3))
    send(lab, change)
    host, port = where(lab)
    query = dns.message.make_query("big.example.com", "TXT", use_edns=0, payload=payload)
    response = dns.query.udp(query, host, timeout=5, port=port)
    assert response.payload == 1232
    assert bool(response.flags & dns.flags.TC) is not fits
    assert bool(response.answer) is fits


def test_no_answer_by_udp_is_over_1232_octets(lab: Lab) -> None:
    change = update()
    for number in range(6):
        change.add("big", 300, "TXT", f'"{number}{"x" * 254}"')
    send(lab, change)
    query = dns.message.make_query("big.example.com", "TXT", use_edns=0, payload=4096)
    assert len(exchange(lab, query.to_wire())) <= 1232
    assert len(strings(ask(lab, "big.example.com"))) == 6


def test_malformed_messages_get_formerr_and_answers_get_none(lab: Lab) -> None:
    unknown = dns.message.make_query("example.com", "TXT")
    unknown.use_tsig(dns.tsig.Key("other.", b"x" * 32, dns.tsig.HMAC_SHA256))
    for wire in (unknown.to_wire() + b"junk", dns.message.make_query("example.com", "TXT").to_wire()[:-3]):
        answer = exchange(lab, wire)
        assert answer[:2] == wire[:2]
        assert answer[3] & 0xF == dns.rcode.FORMERR
    query = dns.message.make_query("example.com", "TXT")
    answer = dns.message.make_response(query).to_wire()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.settimeout(0.2)
        udp.sendto(answer, where(lab))
        with pytest.raises(TimeoutError):
            udp.recv(512)
    with socket.create_connection(where(lab), timeout=5) as tcp:  # the next message on the connection is still read
        tcp.sendall(framed(answer) + framed(query.to_wire()))
        assert strings(dns.query.receive_tcp(tcp, time.time() + 5)[0]) == ['"one"']


@pytest.mark.parametrize("questions", [0, 2])
def test_there_is_one_question(lab: Lab, questions: int) -> None:
    """RFC 9619 §4 for more than one."""
    query = dns.message.make_query("example.com", "TXT")
    query.question = [*query.question, *dns.message.make_query("ns1.example.com", "A").question] if questions else []
    answer = dns.message.from_wire(exchange(lab, query.to_wire()))
    assert (answer.rcode(), answer.answer) == (dns.rcode.FORMERR, [])


def test_ten_thousand_damaged_messages_are_each_answered_or_ignored(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    key = dns.tsig.Key("key.", b"x" * 32, dns.tsig.HMAC_SHA256)
    lab = LabServer(ZoneStore(tmp_path / "zones", ZONES), {key.name: key})
    change = update()
    change.present("@", "TXT", '"one"')
    change.add("new", 300, "TXT", "x")
    unsigned = change.to_wire()
    change.use_tsig(key)
    whole = [unsigned, change.to_wire(), dns.message.make_query("example.com", "TXT", use_edns=0).to_wire()]
    dice = random.Random(1)  # noqa: S311  the same damage every time
    for _ in range(10_000):
        wire = bytearray(dice.choice(whole))
        for _ in range(dice.randint(1, 6)):
            wire[dice.randrange(len(wire))] = dice.randrange(256)
        answer = lab.respond(bytes(wire), 512)
        assert answer is None or answer[:2] == wire[:2]
    assert "could not answer" not in caplog.text


def test_a_port_that_is_taken_is_an_error_that_names_it(tmp_path: Path, lab: Lab) -> None:
    import asyncio

    _, port = where(lab)

    async def start() -> None:
        async with LabServer(ZoneStore(tmp_path / "other", ZONES), {}, port=port):
            pass

    with pytest.raises(OSError, match=f"port {port} "):
        asyncio.run(start())


def test_dig_and_nsupdate_understand_it(lab: Lab) -> None:
    host, port = where(lab)
    # The key is a throw-away of this test's own folder.
    key = f"hmac-sha256:{lab.key_name}:{lab.key}"
    script = f'server {host} {port}\nzone example.com\nupdate add new.example.com 300 TXT "x;y"\nsend\n'
    subprocess.run([require("nsupdate"), "-y", key], input=script, text=True, check=True, timeout=30)
    dig = subprocess.run(
        [require("dig"), "-y", key, f"@{host}", "-p", str(port), "new.example.com", "TXT"],
        check=True,
        timeout=30,
        capture_output=True,
        text=True,
    ).stdout
    assert '"x;y"' in dig
    assert "status: NOERROR" in dig
    assert "flags: qr aa" in dig
    assert "verify" not in dig.lower()
    assert dns.name.from_text(lab.key_name).to_text() in dig
