"""The client against each real server: what it publishes is what anybody is then served."""

import base64
import random
import socket
import subprocess
import threading
from collections.abc import Iterator

import dns.message
import dns.query
import dns.update
import pytest

from elastx_mrs.publish.rfc2136 import update
from elastx_mrs.publish.rfc2136.primary import UnreachableError, UpdateError
from elastx_mrs.records.kinds import current_value
from tests import golden
from tests.publish.rfc2136.updates import primary
from tests.servers import KINDS, NameServer, require, start
from tests.servers.zones import FOREIGN

LENGTHS = (1, 254, 255, 256, 510, 511, 765, 766)


@pytest.fixture(scope="module", params=KINDS)
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[NameServer]:
    with start(request.param, tmp_path_factory.mktemp(request.param)) as running:
        yield running


def value_of(length: int) -> str:
    rest = random.Random(length).choices('ab0"\\; =', k=length)  # noqa: S311  the same every time
    return "".join(rest)


@pytest.mark.parametrize("length", LENGTHS)
def test_a_value_of_any_length_comes_back_the_same(server: NameServer, length: int) -> None:
    to, owner, value = primary(server), f"l{length}.example.com", value_of(length)
    update.add(to, "example.com", owner, value, 300, adopt=False)
    assert server.txt(owner) == {value.encode(): 300}
    assert update.read(to, "example.com", owner) == ([value.encode()], 300)
    assert dig(server, owner) == value
    update.remove(to, "example.com", owner, value)
    assert server.txt(owner) == {}


def dig(server: NameServer, owner: str) -> str:
    """Return the value as dig shows it, unescaped by dig's own rules: a backslash before a quote or a backslash."""
    command = [require("dig"), f"@{server.host}", "-p", str(server.port), "+short", owner, "TXT"]
    shown = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    joined = shown[1:-1].replace('" "', "") if '\\" "' not in shown else None
    if joined is None:  # a quote just before a cut: take the strings one by one
        strings, text = [], shown
        while text:
            end = next(i for i in range(1, len(text)) if text[i] == '"' and not odd_backslashes(text, i))
            strings.append(text[1:end])
            text = text[end + 1 :].lstrip()
        joined = "".join(strings)
    result, escaped = "", False
    for character in joined:
        if character == "\\" and not escaped:
            escaped = True
            continue
        result, escaped = result + character, False
    return result


def odd_backslashes(text: str, end: int) -> bool:
    return (end - len(text[:end].rstrip("\\"))) % 2 == 1


def test_other_strings_and_their_ttl_stay(server: NameServer) -> None:
    to = primary(server)
    update.add(to, "example.com", "example.com", "v=spf1 -all", None, adopt=False)
    assert server.txt("example.com") == FOREIGN["example.com"] | {b"v=spf1 -all": 3600}
    update.replace(to, "example.com", "example.com", "v=spf1 -all", "v=spf1 mx -all", None)
    assert server.txt("example.com") == FOREIGN["example.com"] | {b"v=spf1 mx -all": 3600}
    update.remove(to, "example.com", "example.com", "v=spf1 mx -all")
    assert server.txt("example.com") == FOREIGN["example.com"]


def test_a_new_name_has_the_default_ttl_and_a_configured_one_is_changed(server: NameServer) -> None:
    to, owner = primary(server), "ttl.example.com"
    update.add(to, "example.com", owner, "a", None, adopt=False)
    assert server.txt(owner) == {b"a": 1800}
    update.replace(to, "example.com", owner, "a", "a", 600)
    assert server.txt(owner) == {b"a": 600}
    update.remove(to, "example.com", owner, "a")


def test_a_record_that_is_cut_differently_is_still_ours(server: NameServer) -> None:
    to = primary(server)
    update.replace(to, "example.com", "example.com", "two strings of one record", "changed", None)
    assert b"two strings of one record" not in server.txt("example.com")
    update.remove(to, "example.com", "example.com", "changed")
    update.add(to, "example.com", "example.com", "two strings of one record", None, adopt=False)
    assert server.txt("example.com") == FOREIGN["example.com"]


def test_a_record_that_somebody_filled_with_other_octets_is_replaced_too(server: NameServer) -> None:
    to, owner = primary(server), "_dmarc.example.se"
    foreign = dns.update.UpdateMessage("example.se", keyring=to.key)
    foreign.add("_dmarc", 300, "TXT", '"v=DMARC1; p=none; n=\\255"')
    dns.query.tcp(foreign, server.host, timeout=5, port=server.port)
    shown = current_value(update.read(to, "example.se", owner)[0], golden.DMARC)
    assert shown == "v=DMARC1; p=none; n=\\255"
    with pytest.raises(UpdateError, match=r"has 'v=DMARC1; p=none; n=\\255', which this stack did not publish"):
        update.add(to, "example.se", owner, golden.DMARC, None, adopt=False)
    update.replace(to, "example.se", owner, shown, golden.DMARC, None)
    assert server.txt(owner) == {golden.DMARC.encode(): 300}
    update.remove(to, "example.se", owner, golden.DMARC)


def test_what_is_there_already_is_not_taken_over_by_accident(server: NameServer) -> None:
    to = primary(server)
    told = r"example\.se has this TXT already.*ELASTX_MRS_ADOPT=example\.se .*pulumi up --continue-on-error names all"
    with pytest.raises(UpdateError, match=told):
        update.add(to, "example.se", "example.se", "MS=ms12345678", None, adopt=False)
    update.add(to, "example.se", "example.se", "MS=ms12345678", None, adopt=True)
    assert server.txt("example.se") == FOREIGN["example.se"]


def test_what_is_taken_over_unchanged_is_not_written_again(server: NameServer) -> None:
    """Neither are its strings, which somebody has cut in another way; a configured TTL is."""
    to, cut = primary(server), "two strings of one record"
    before = serial(server)
    update.add(to, "example.com", "example.com", cut, None, adopt=True)
    update.add(to, "example.com", "example.com", cut, 3600, adopt=True)
    assert (serial(server), server.txt("example.com")) == (before, FOREIGN["example.com"])
    update.add(to, "example.com", "example.com", cut, 600, adopt=True)
    assert set(server.txt("example.com").values()) == {600}
    update.replace(to, "example.com", "example.com", cut, cut, 3600)
    assert server.txt("example.com") == FOREIGN["example.com"]


def serial(server: NameServer) -> int:
    answer = dns.query.tcp(dns.message.make_query("example.com", "SOA"), server.host, timeout=5, port=server.port)
    found: int = answer.answer[0][0].serial
    return found


def test_removing_what_is_gone_is_no_fault(server: NameServer) -> None:
    update.remove(primary(server), "example.se", "gone.example.se", "x")
    assert server.txt("example.se") == FOREIGN["example.se"]


def test_a_cname_or_a_delegation_in_the_way_is_named(server: NameServer) -> None:
    with pytest.raises(UpdateError, match=r"alias\.example\.com is a CNAME to mail\.example\.com"):
        update.add(primary(server), "example.com", "alias.example.com", "x", None, adopt=False)
    with pytest.raises(UpdateError, match=r"a\.child\.example\.com lies in the zone child\.example\.com"):
        update.add(primary(server), "example.com", "a.child.example.com", "x", None, adopt=False)


@pytest.mark.parametrize(
    ("changes", "message"),
    [({"name": "unknown-key."}, "BADKEY"), ({"secret": base64.b64encode(b"x" * 32).decode()}, "BADSIG")],
)
def test_a_wrong_key_is_told_from_a_wrong_secret(server: NameServer, changes: dict[str, str], message: str) -> None:
    if server.kind == "powerdns":  # it says no more than NOTAUTH
        message = (
            r"NOTAUTH to the query of example\.com; it does not accept the signature of the key .*does not say why"
        )
    with pytest.raises(UpdateError, match=message) as error:
        primary(server, **changes).check_zone("example.com")
    assert server.key not in str(error.value)


def test_a_zone_that_the_server_does_not_have(server: NameServer) -> None:
    primary(server).check_zone("example.com")
    with pytest.raises(UpdateError, match=r"REFUSED|not authoritative"):
        primary(server).check_zone("example.org")


def test_a_name_within_a_zone_is_no_zone(server: NameServer) -> None:
    with pytest.raises(UpdateError, match=r"no zone mail\.example\.com.* write example\.com into rfc2136\.zones"):
        primary(server).check_zone("mail.example.com")


def test_a_server_that_is_not_there() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, not listening: nobody else gets the port
        nobody = NameServer("none", "127.0.0.1", taken.getsockname()[1])
        with pytest.raises(UnreachableError, match=r"does not answer over TCP .*is rfc2136\.server right"):
            primary(nobody).check_zone("example.com")


def test_a_server_that_hangs_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=lambda: listening.accept()[0].close())
        thread.start()
        nobody = NameServer("none", "127.0.0.1", listening.getsockname()[1])
        with pytest.raises(UnreachableError, match="does not answer over TCP"):
            primary(nobody).check_zone("example.com")
        thread.join()


@pytest.mark.parametrize(
    ("values", "published", "now"),
    [
        ([b"v=spf1 -all"], "v=spf1 -all", "v=spf1 -all"),
        ([b"x", b"v=spf1 mx -all"], "v=spf1 -all", "v=spf1 mx -all"),
        ([b"v=spf1 mx -all", b"v=spf1 a -all"], "v=spf1 -all", None),
        ([b"x"], "v=spf1 -all", None),
        ([b"elastx-mrs=1"], "elastx-mrs=2", None),
        ([b"v=DMARC1;p=none\xff"], "v=DMARC1; p=none;", "v=DMARC1;p=none\\255"),
        ([], "v=DKIM1; p=x", None),
    ],
)
def test_a_changed_record_is_recognised_by_its_kind(values: list[bytes], published: str, now: str | None) -> None:
    assert current_value(values, published) == now


@pytest.mark.parametrize("server", ["lab"], indirect=True)
@pytest.mark.parametrize("length", [65_260, 65_500])
def test_an_update_that_no_message_can_hold(server: NameServer, length: int) -> None:
    """A DNS message has 65,535 octets; an SPF record's update has the other strings of its name in it, too."""
    value = f"v=spf1 {'a' * length}"
    with pytest.raises(UpdateError, match=r"^the update of example\.com, with the name's .* \(65,535 octets\); remove"):
        update.add(primary(server), "example.com", "big.example.com", value, 300, adopt=False)
    assert server.txt("big.example.com") == {}
