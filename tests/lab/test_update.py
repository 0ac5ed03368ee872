"""RFC 2136 as the lab does it, corner by corner."""

from pathlib import Path

import dns.flags
import dns.message
import dns.name
import dns.query
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.update
import pytest

from elastx_mrs.lab.session import Lab, open_lab
from tests.lab.client import ZONES, ask, key_of, send, strings, update, where

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
