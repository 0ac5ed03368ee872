"""The lab's server over real sockets, and the command that runs something in it."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import dns.flags
import dns.message
import dns.name
import dns.query
import dns.rcode
import dns.rdatatype
import dns.tsig
import dns.update
import pytest

from elastx_mrs.lab.session import Lab, LabError, open_lab
from tests.lab.client import ZONES, ask, send, strings, update, where


@pytest.mark.parametrize("tcp", [True, False])
def test_answers(lab: Lab, tcp: bool) -> None:
    response = ask(lab, "example.com", tcp=tcp)
    assert strings(response) == ['"one"']
    assert response.flags & dns.flags.AA
    assert ask(lab, "nothing.example.com", tcp=tcp).rcode() == dns.rcode.NXDOMAIN
    no_data = ask(lab, "ns1.example.com", tcp=tcp)
    assert (no_data.rcode(), no_data.answer) == (dns.rcode.NOERROR, [])
    assert no_data.authority[0].rdtype == dns.rdatatype.SOA
    assert ask(lab, "example.org", tcp=tcp).rcode() == dns.rcode.REFUSED
    assert strings(ask(lab, "alias.example.com", "A", tcp=tcp)) == ["127.0.0.1", "ns1.example.com."]


def test_wildcards_and_empty_non_terminals(lab: Lab) -> None:
    assert strings(ask(lab, "x.y.wild.example.com")) == ['"from a wildcard"']
    assert strings(ask(lab, "b.wild.example.com")) == []
    assert ask(lab, "b.wild.example.com").rcode() == dns.rcode.NOERROR  # RFC 4592 §2.2.2: it exists


def test_a_delegation_is_a_referral_without_aa(lab: Lab) -> None:
    response = ask(lab, "x.child.example.com")
    assert not response.flags & dns.flags.AA
    assert response.authority[0].name == dns.name.from_text("child.example.com")


def test_truncation_and_edns(lab: Lab) -> None:
    change = update()
    for number in range(5):
        change.add("big", 300, "TXT", f'"{number}{"x" * 200}"')
    send(lab, change)
    host, port = where(lab)
    plain = dns.message.make_query("big.example.com", "TXT", use_edns=False)
    short = dns.query.udp(plain, host, timeout=5, port=port, raise_on_truncation=False)
    assert short.flags & dns.flags.TC
    assert short.answer == []
    whole = dns.query.udp(dns.message.make_query("big.example.com", "TXT", payload=1232), host, timeout=5, port=port)
    assert len(strings(whole)) == 5
    assert whole.edns == 0
    assert len(strings(dns.query.tcp(plain, host, timeout=5, port=port))) == 5


def test_a_signed_update_is_applied_answered_signed_and_kept(tmp_path: Path) -> None:
    with open_lab(tmp_path / "lab", ZONES) as lab:
        change = update()
        change.add("new", 300, "TXT", '"a\\\\b\\"c;" "\\000\\255"')
        response = send(lab, change)
        assert response.rcode() == dns.rcode.NOERROR
        assert response.had_tsig
        serial = int(strings(ask(lab, "example.com", "SOA"))[0].split()[2])
        assert serial == 2
        key = lab.key
    with open_lab(tmp_path / "lab", ZONES) as lab:
        assert strings(ask(lab, "new.example.com")) == ['"a\\\\b\\"c;" "\\000\\255"']
        assert lab.key == key
    assert (tmp_path / "lab" / "tsig.key").stat().st_mode & 0o777 == 0o600


def test_an_update_that_is_unsigned_or_signed_badly_changes_nothing(lab: Lab) -> None:
    change = update()
    change.add("new", 300, "TXT", "x")
    host, port = where(lab)
    assert dns.query.tcp(change, host, timeout=5, port=port).rcode() == dns.rcode.REFUSED
    with pytest.raises(dns.tsig.PeerBadKey):
        send(lab, change, dns.tsig.Key("other.", b"x" * 32, dns.tsig.HMAC_SHA256))
    with pytest.raises(dns.tsig.PeerBadSignature):
        send(lab, change, dns.tsig.Key(lab.key_name, b"x" * 32, dns.tsig.HMAC_SHA256))
    assert ask(lab, "new.example.com").rcode() == dns.rcode.NXDOMAIN


def test_an_update_is_applied_whole_or_not_at_all(lab: Lab) -> None:
    change = update()
    change.add("new", 300, "TXT", "x")
    change.add(dns.name.from_text("example.org"), 300, "TXT", "x")
    assert send(lab, change).rcode() == dns.rcode.NOTZONE
    assert ask(lab, "new.example.com").rcode() == dns.rcode.NXDOMAIN


def test_prerequisites(lab: Lab) -> None:
    cases: list[tuple[Callable[[dns.update.UpdateMessage], None], dns.rcode.Rcode]] = [
        (lambda u: u.present("gone"), dns.rcode.NXDOMAIN),
        (lambda u: u.absent("ns1"), dns.rcode.YXDOMAIN),
        (lambda u: u.present("ns1", "TXT"), dns.rcode.NXRRSET),
        (lambda u: u.absent("@", "TXT"), dns.rcode.YXRRSET),
        (lambda u: u.present("@", "TXT", '"two"'), dns.rcode.NXRRSET),
        (lambda u: u.present("@", "TXT", '"one"'), dns.rcode.NOERROR),
    ]
    for prerequisite, rcode in cases:
        change = update()
        prerequisite(change)
        change.add("new", 300, "TXT", "x")
        assert send(lab, change).rcode() == rcode
    assert strings(ask(lab, "new.example.com")) == ['"x"']
    assert send(lab, update("example.org")).rcode() == dns.rcode.NOTAUTH


def test_it_drops_silently_what_real_servers_drop(lab: Lab) -> None:
    change = update()
    change.add("alias", 300, "TXT", "beside a CNAME")
    change.delete("@", "NS")
    change.delete("@", "TXT", '"o" "ne"')  # cut differently
    assert send(lab, change).rcode() == dns.rcode.NOERROR
    assert ask(lab, "alias.example.com").answer[0].rdtype == dns.rdatatype.CNAME
    assert len(strings(ask(lab, "example.com", "NS"))) == 1
    assert strings(ask(lab, "example.com")) == ['"one"']


def test_an_added_string_s_ttl_becomes_its_neighbours(lab: Lab) -> None:
    change = update()
    change.add("@", 1800, "TXT", '"two"')
    send(lab, change)
    assert ask(lab, "example.com").answer[0].ttl == 1800


@pytest.mark.parametrize("wire", [b"", b"\x00" * 5, b"\x12\x34\x01\x00\x00\x01" + b"\x00" * 6, bytes(range(40))])
def test_rubbish_does_not_stop_it(lab: Lab, wire: bytes) -> None:
    import socket

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.sendto(wire, where(lab))
    assert strings(ask(lab, "example.com", tcp=False)) == ['"one"']


def test_two_labs_do_not_share_a_folder(lab: Lab) -> None:
    with pytest.raises(LabError, match="another lab is using it"), open_lab(lab.directory):
        pass


def test_a_broken_zone_file_is_named(tmp_path: Path) -> None:
    with open_lab(tmp_path, ZONES):
        pass
    (tmp_path / "zones" / "example.com.zone").write_text("@ TXT")
    with pytest.raises(LabError, match=r"example\.com\.zone: is not a zone file"), open_lab(tmp_path):
        pass


def command(directory: Path, *arguments: str) -> list[str]:
    return [
        sys.executable,
        "-c",
        "from elastx_mrs.cli.main import main; main()",
        "lab",
        "--dir",
        str(directory),
        *arguments,
    ]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["sh", "-c", "exit 3"], 3),
        (["true"], 0),
        (["no-such-command"], 127),
        (["sh", "-c", "kill -TERM $$"], 128 + signal.SIGTERM),
    ],
)
def test_the_command_s_exit_code_is_the_lab_s(tmp_path: Path, arguments: list[str], code: int) -> None:
    assert (
        subprocess.run(command(tmp_path, "--", *arguments), check=False, timeout=60, capture_output=True).returncode
        == code
    )


def test_the_command_has_what_the_stack_needs_in_its_environment(tmp_path: Path) -> None:
    script = "env | grep -E '^(ELASTX_MRS|PULUMI)_' | cut -d= -f1 | sort"
    result = subprocess.run(
        command(tmp_path, "--", "sh", "-c", script), check=True, timeout=60, capture_output=True, text=True
    )
    assert set(result.stdout.split()) >= {
        "ELASTX_MRS_LAB_DNS",
        "ELASTX_MRS_RFC2136_KEY",
        "ELASTX_MRS_RFC2136_KEY_NAME",
        "ELASTX_MRS_RFC2136_SERVER",
        "PULUMI_BACKEND_URL",
        "PULUMI_CONFIG_PASSPHRASE",
        "PULUMI_HOME",
    }


def test_without_a_command_it_prints_its_usage_and_stops_at_ctrl_c(tmp_path: Path) -> None:
    with subprocess.Popen(command(tmp_path), stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        said = ""
        end = time.monotonic() + 30
        while "Ctrl-C" not in said and time.monotonic() < end:
            said += process.stdout.readline()
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0
    assert "dig @127.0.0.1 -p " in said
    assert (tmp_path / "tsig.key").read_text().strip() not in said
