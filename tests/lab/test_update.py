"""RFC 2136 as the lab does it, corner by corner."""

import hashlib
import hmac
import logging
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import dns.flags
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

from elastx_mrs.lab.session import Lab, open_lab
from tests.lab.client import ZONES, ask, key_of, send, strings, update, where
from tests.servers import Key, NameServer, Setup, each, start

ALPHABET = b'a"\\; \x00\xff\xc3\xa9\t\n'


def served(lab: Lab, name: str) -> list[bytes]:
    return sorted(b"".join(rdata.strings) for rrset in ask(lab, name).answer for rdata in rrset)


def quoted(value: bytes) -> str:
    pieces = [value[start : start + 255] for start in range(0, len(value), 255)]
    return " ".join('"' + "".join(f"\\{octet:03d}" for octet in piece) + '"' for piece in pieces)


def serial(lab: Lab) -> int:
    return int(strings(ask(lab, "example.com", "SOA"))[0].split()[2])


def test_values_of_every_length_and_octet_come_back_the_same_and_stay_in_the_file(tmp_path: Path) -> None:
    values = [bytes(ALPHABET[i % len(ALPHABET)] for i in range(n)) for n in (1, 254, 255, 256, 510, 511, 765, 766)]
    values.append(bytes(range(256)))
    with open_lab(tmp_path, ZONES) as lab:
        change = update()
        for value in values:
            change.add("long", 300, "TXT", quoted(value))
        assert send(lab, change).rcode() == dns.rcode.NOERROR
        assert served(lab, "long.example.com") == sorted(values)
    with open_lab(tmp_path, ZONES) as lab:
        assert served(lab, "long.example.com") == sorted(values)


def test_a_prerequisite_names_the_whole_rrset_with_its_records_one_by_one(lab: Lab) -> None:
    change = update()
    change.add("@", 3600, "TXT", '"two"')
    send(lab, change)
    for wanted, rcode in [
        (['"one"', '"two"'], dns.rcode.NOERROR),
        (['"one"'], dns.rcode.NXRRSET),
        (['"one"', '"two"', '"three"'], dns.rcode.NXRRSET),
    ]:
        change = update()
        change.present("@", "TXT", *wanted)
        assert send(lab, change).rcode() == rcode


def test_of_the_apex_name_servers_one_stays(lab: Lab) -> None:
    change = update()
    change.add("@", 3600, "NS", "ns2.example.com.")
    change.delete("@", "NS", "ns1.example.com.")
    send(lab, change)
    assert strings(ask(lab, "example.com", "NS")) == ["ns2.example.com."]
    change = update()
    change.delete("@", "NS", "ns2.example.com.")
    change.delete("@", "NS")
    change.delete("@", "SOA")
    send(lab, change)
    assert strings(ask(lab, "example.com", "NS")) == ["ns2.example.com."]
    assert strings(ask(lab, "example.com", "SOA"))


def test_deleting_a_name_leaves_the_apex_its_soa_and_ns(lab: Lab) -> None:
    change = update()
    change.delete("@")
    change.delete("alias")
    assert send(lab, change).rcode() == dns.rcode.NOERROR
    assert strings(ask(lab, "example.com")) == []
    assert strings(ask(lab, "example.com", "NS"))
    assert ask(lab, "alias.example.com").rcode() == dns.rcode.NXDOMAIN


@pytest.mark.parametrize(("theirs", "after"), [(0, 1), (100, 100), (1, 2)])
def test_an_soa_with_a_lower_serial_is_dropped_and_a_higher_one_taken(lab: Lab, theirs: int, after: int) -> None:
    change = update()
    change.add("@", 3600, "SOA", f"ns1 new {theirs} 3600 900 604800 300")
    assert send(lab, change).rcode() == dns.rcode.NOERROR
    assert serial(lab) == after
    assert ("new.example.com." in strings(ask(lab, "example.com", "SOA"))[0]) is (theirs >= 1)


def test_an_update_that_changes_nothing_keeps_the_serial(lab: Lab) -> None:
    change = update()
    change.add("@", 3600, "TXT", '"one"')
    change.delete("gone")
    change.delete("@", "AAAA")
    change.delete("@", "TXT", '"absent"')
    change.add("below", 300, "SOA", "ns1 hostmaster 9 1 1 1 1")  # only an apex has one
    change.add("@", 300, "CNAME", "ns1")  # beside other data
    assert send(lab, change).rcode() == dns.rcode.NOERROR
    assert serial(lab) == 1


def test_a_cname_replaces_a_cname(lab: Lab) -> None:
    change = update()
    change.add("alias", 300, "CNAME", "new")
    send(lab, change)
    assert strings(ask(lab, "alias.example.com", "CNAME")) == ["new.example.com."]


def test_a_delete_and_an_add_in_one_message_replace_a_string_and_keep_its_neighbours(lab: Lab) -> None:
    change = update()
    change.add("@", 3600, "TXT", '"two"')
    send(lab, change)
    change = update()
    change.delete("@", "TXT", '"two"')
    change.add("@", 3600, "TXT", '"three"')
    send(lab, change)
    assert strings(ask(lab, "example.com")) == ['"one"', '"three"']
    assert serial(lab) == 3


def test_nothing_is_changed_by_a_failed_prerequisite_or_a_type_that_is_no_data(lab: Lab) -> None:
    failing = update()
    failing.add("new", 300, "TXT", "x")
    failing.absent("@", "TXT")
    assert send(lab, failing).rcode() == dns.rcode.YXRRSET
    meta = update()
    meta.add("new", 300, "TXT", "x")
    meta.add("new", 300, "TYPE255", r"\# 1 00")
    assert send(lab, meta).rcode() == dns.rcode.FORMERR
    assert ask(lab, "new.example.com").rcode() == dns.rcode.NXDOMAIN
    assert serial(lab) == 1


def test_zones_and_records_of_other_classes_are_turned_away(lab: Lab) -> None:
    chaos = dns.update.UpdateMessage("example.com", rdclass=dns.rdataclass.CH)
    chaos.add("new", 300, "TXT", "x")
    assert send(lab, chaos).rcode() == dns.rcode.NOTAUTH
    assert send(lab, update("www.example.com")).rcode() == dns.rcode.NOTAUTH
    mixed = update()
    mixed.find_rrset(
        mixed.update, dns.name.from_text("x.example.com."), dns.rdataclass.CH, dns.rdatatype.TXT, create=True
    ).add(dns.rdata.from_text("CH", "TXT", "x"), 300)
    assert send(lab, mixed).rcode() == dns.rcode.FORMERR
    required = update()
    required.prerequisite.append(dns.rrset.from_text("example.com.", 0, "CH", "TXT", '"one"'))
    assert send(lab, required).rcode() == dns.rcode.FORMERR
    nowhere = update()
    nowhere.zone = []
    assert send(lab, nowhere).rcode() == dns.rcode.FORMERR
    outside = update()
    outside.present(dns.name.from_text("example.org."), "TXT")
    assert send(lab, outside).rcode() == dns.rcode.NOTZONE


def test_a_zone_that_cannot_be_written_is_served_as_it_was(lab: Lab, caplog: pytest.LogCaptureFixture) -> None:
    in_the_way = lab.directory / "zones" / "example.com.unfinished"
    in_the_way.mkdir()  # stops root too, unlike a file's mode
    change = update()
    change.add("new", 300, "TXT", "x")
    host, port = where(lab)
    change.use_tsig(key_of(lab))
    with caplog.at_level(logging.ERROR, "elastx_mrs.lab.server"):  # whatever another test's library set for all
        answer = dns.message.from_wire(_raw(change.to_wire(), host, port), keyring=False)
    assert answer.rcode() == dns.rcode.SERVFAIL
    assert ask(lab, "new.example.com").rcode() == dns.rcode.NXDOMAIN
    assert "could not answer" in caplog.text
    in_the_way.rmdir()
    assert send(lab, change).rcode() == dns.rcode.NOERROR
    assert strings(ask(lab, "new.example.com")) == ['"x"']


def _raw(wire: bytes, host: str, port: int) -> bytes:
    import socket

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.settimeout(5)
        udp.sendto(wire, (host, port))
        return udp.recv(65535)


def _with_ttl(rdclass: str, rdtype: str, ttl: int, data: bytes = b"", name: str = "example.com.") -> dns.rrset.RRset:
    """One record as it is to be sent; dnspython's own way of deleting and requiring has no TTL."""
    kind = dns.rdatatype.from_text(rdtype)
    return dns.rrset.from_rdata(name, ttl, dns.rdata.GenericRdata(dns.rdataclass.from_text(rdclass), kind, data))


RECORDS: dict[str, tuple[str, Callable[[int], dns.rrset.RRset]]] = {
    "the name is in use": ("prerequisite", lambda ttl: _with_ttl("ANY", "ANY", ttl)),
    "the RRset exists": ("prerequisite", lambda ttl: _with_ttl("ANY", "TXT", ttl)),
    "the name is not in use": ("prerequisite", lambda ttl: _with_ttl("NONE", "ANY", ttl, name="no.example.com.")),
    "the RRset does not exist": ("prerequisite", lambda ttl: _with_ttl("NONE", "AAAA", ttl)),
    "the RRset is this": ("prerequisite", lambda ttl: _with_ttl("IN", "TXT", ttl, b"\x03one")),
    "delete a name": ("update", lambda ttl: _with_ttl("ANY", "ANY", ttl, name="ns1.example.com.")),
    "delete an RRset": ("update", lambda ttl: _with_ttl("ANY", "TXT", ttl)),
    "delete a record": ("update", lambda ttl: _with_ttl("NONE", "TXT", ttl, b"\x03one")),
}


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, NameServer]]:
    with each(tmp_path_factory, ZONES, "lab", "bind", "knot") as running:
        yield running


def _rcode(server: NameServer, change: dns.update.UpdateMessage, key: dns.tsig.Key | None = None) -> dns.rcode.Rcode:
    change.use_tsig(key or dns.tsig.Key(server.key_name, server.key, dns.tsig.HMAC_SHA256))
    return dns.query.tcp(change, server.host, timeout=5, port=server.port).rcode()


@pytest.mark.parametrize("ttl", [1, 0x80000000])
@pytest.mark.parametrize("record", RECORDS)
def test_what_requires_or_deletes_has_no_ttl(servers: Mapping[str, NameServer], record: str, ttl: int) -> None:
    """RFC 2136 §3.2.1 to §3.2.4 and §3.4.1.3."""
    section, made = RECORDS[record]
    for kind, server in servers.items():
        if kind == "knot" and record in ("delete a name", "delete an RRset"):
            continue  # it deletes them
        change = update()
        change.add("never", 300, "TXT", "x")
        getattr(change, section).append(made(ttl))
        assert (kind, _rcode(server, change)) == (kind, dns.rcode.FORMERR)
        assert server.txt("never.example.com") == {}


@pytest.mark.parametrize("record", [record for record, (section, _) in RECORDS.items() if section == "prerequisite"])
def test_the_same_prerequisite_without_a_ttl_holds(servers: Mapping[str, NameServer], record: str) -> None:
    for server in servers.values():
        change = update()
        change.prerequisite.append(RECORDS[record][1](0))
        assert _rcode(server, change) == dns.rcode.NOERROR


def test_a_ttl_is_a_fault_before_the_zone_is_looked_at_and_after_what_fails_earlier(
    servers: Mapping[str, NameServer],
) -> None:
    outside = update()
    outside.prerequisite.append(_with_ttl("ANY", "TXT", 1, name="example.org."))
    later = update()
    later.present("absent", "TXT")
    later.prerequisite.append(_with_ttl("ANY", "TXT", 1))
    for kind in ("lab", "bind"):
        assert _rcode(servers[kind], outside) == dns.rcode.FORMERR
        assert _rcode(servers[kind], later) == dns.rcode.NXRRSET


def test_an_added_dname_replaces_the_one_before_and_is_dropped_beside_a_cname(
    servers: Mapping[str, NameServer],
) -> None:
    """RFC 6672 §5.2; Knot 3.2 dies of the second DNAME."""
    for server in (servers["lab"], servers["bind"]):
        for name, rdtype, target in [
            ("dn", "DNAME", "one"),
            ("dn", "DNAME", "two"),
            ("dn", "CNAME", "ns1"),
            ("alias", "DNAME", "one"),
        ]:
            change = update()
            change.add(name, 300, rdtype, target)
            assert _rcode(server, change) == dns.rcode.NOERROR
        rows = {}
        for name in ("dn", "alias", "x.dn"):
            query = dns.message.make_query(f"{name}.example.com", "ANY")
            answer = dns.query.tcp(query, server.host, timeout=5, port=server.port).answer
            rows[name] = [rrset.to_text() for rrset in answer]
        assert rows["dn"] == ["dn.example.com. 300 IN DNAME two.example.com."]
        assert rows["alias"] == ["alias.example.com. 3600 IN CNAME ns1.example.com."]
        assert rows["x.dn"] == [*rows["dn"], "x.dn.example.com. 300 IN CNAME x.two.example.com."]


TRUNCATED = {"hmac-sha256-128": ("sha256", 16), "hmac-sha384-192": ("sha384", 24), "hmac-sha512-256": ("sha512", 32)}


@pytest.mark.parametrize("algorithm", TRUNCATED)
def test_truncated_signatures_are_the_first_octets_of_the_whole_ones(tmp_path: Path, algorithm: str) -> None:
    """RFC 8945 §6; what is expected is computed as §4.3 says, without dnspython."""
    digest, octets = TRUNCATED[algorithm]
    secret = hashlib.sha512(b"a secret of this test").digest()
    setup = Setup(keys=[Key("short-key.", algorithm)])
    with start("lab", tmp_path, ZONES, setup) as server:
        key = dns.tsig.Key(server.key_name, server.key, algorithm)
        change = update()
        change.add("new", 300, "TXT", "x")
        change.use_tsig(key)
        answer = dns.query.tcp(change, server.host, timeout=5, port=server.port)
        assert answer.rcode() == dns.rcode.NOERROR
        assert server.txt("new.example.com") == {b"x": 300}
        assert change.mac is not None
        assert answer.wire is not None
        assert answer.tsig is not None
        (theirs,) = answer.tsig
        owner = dns.name.from_text("short-key.").to_digestable()
        before = answer.wire[: answer.wire.rindex(owner)]  # the TSIG is the last record, and not counted
        signed = (
            octets.to_bytes(2, "big")
            + change.mac
            + before[:10]
            + b"\x00\x00"
            + before[12:]
            + owner
            + bytes((0, dns.rdataclass.ANY, 0, 0, 0, 0))
            + dns.name.from_text(algorithm).to_digestable()
            + theirs.time_signed.to_bytes(6, "big")
            + theirs.fudge.to_bytes(2, "big")
            + b"\x00\x00\x00\x00"
        )
        assert theirs.mac == hmac.digest(key.secret, signed, digest)[:octets]
        wrong = dns.tsig.Key(server.key_name, secret, algorithm)
        with pytest.raises(dns.tsig.PeerBadSignature):
            _rcode(server, update(), wrong)
        with pytest.raises(dns.tsig.PeerBadKey):  # the same secret, whole
            _rcode(server, update(), dns.tsig.Key(server.key_name, server.key, f"hmac-{digest}"))
