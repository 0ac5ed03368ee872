"""What doctor says of RFC 2136 primaries, on real servers: key, zones, clock, and what the key may change."""

import base64
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import dns.message
import dns.query
import pytest

from elastx_mrs import limits
from elastx_mrs.check import Check
from elastx_mrs.publish.rfc2136 import connection, examine
from elastx_mrs.publish.rfc2136.connection import POOL
from elastx_mrs.publish.rfc2136.primary import UnreachableError, UpdateError
from tests import secrecy
from tests.doctor.patient import provider, stack, verdicts
from tests.publish.rfc2136.odd import SOA, answer, is_update, saying
from tests.publish.rfc2136.updates import primary
from tests.servers import KINDS, NameServer, Setup, start

WELL = [
    ("rfc2136-key", "pass"),
    ("rfc2136-zone", "pass"),
    ("rfc2136-clock", "pass"),
    ("rfc2136-update", "pass"),
]
OWNERS = ("example.com", "_dmarc.example.com", "elastx._domainkey.example.com")
OF_ALL = {"zones": ["example.com"]}


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    yield
    POOL.close()


def examined(server: NameServer, folder: Path, rfc2136: dict[str, Any] | None = None, **more: Any) -> list[Check]:
    """What is said of a stack that publishes to a server; ``environment`` and ``others`` as for ``stack``."""
    environment = server.environment() | more.pop("environment", {})
    found = provider(stack(folder, {"rfc2136": OF_ALL | (rfc2136 or {})} | more, environment))
    assert secrecy.shown(repr(found), [server.key]) == []
    return found


def content(server: NameServer) -> tuple[object, ...]:
    query = dns.message.make_query("example.com", "SOA")
    serial = dns.query.udp(query, server.host, port=server.port, timeout=10).answer[0][0].serial
    return serial, *(server.txt(owner) for owner in OWNERS)


@pytest.mark.parametrize("kind", KINDS)
def test_all_is_well_and_nothing_is_changed(kind: str, tmp_path: Path) -> None:
    with start(kind, tmp_path / "server") as server:
        before = content(server)
        found = examined(server, tmp_path)
        assert verdicts(found) == WELL, found
        assert content(server) == before
        assert found[0].seen == f"{server.key_name.rstrip('.')} (hmac-sha256), for {server.address}"
        assert "example.com" in found[1].seen
        assert "nothing was changed" in found[3].seen


ONE_NAME = {
    "bind": Setup(zones={"example.com": "update-policy { grant test-key. name _dmarc.example.com. TXT; };"}),
    "knot": Setup(
        zones={"example.com": "acl: [read, one]"},
        extra="""  - id: read
    key: test-key.
    action: transfer
  - id: one
    key: test-key.
    action: update
    update-owner: name
    update-owner-match: equal
    update-owner-name: _dmarc
""",
    ),
}


@pytest.mark.parametrize("kind", ONE_NAME)
def test_names_that_the_key_may_not_change_are_named(kind: str, tmp_path: Path) -> None:
    with start(kind, tmp_path / "server", setup=ONE_NAME[kind]) as server:
        before = content(server)
        found = examined(server, tmp_path)
        assert verdicts(found) == [*WELL[:3], ("rfc2136-update", "wrong")], found
        assert content(server) == before
    assert found[3].seen.startswith("example.com, elastx._domainkey.example.com: 127.0.0.1:")
    assert "elastx-mrs rfc2136 policy prints the rules" in found[3].cure


@pytest.mark.parametrize("kind", KINDS)
def test_another_secret_is_no_good(kind: str, tmp_path: Path) -> None:
    secret = base64.b64encode(b"another one of thirty-two octets").decode()
    with start(kind, tmp_path / "server") as server:
        found = examined(server, tmp_path, environment={"ELASTX_MRS_RFC2136_KEY": secret})
    assert verdicts(found) == [WELL[0], ("rfc2136-zone", "wrong"), *unchecked("clock", "update")]
    assert secrecy.shown(repr(found), [secret]) == []
    assert found[1].cure


def test_a_zone_that_is_not_there_is_named_and_the_others_are_examined(tmp_path: Path) -> None:
    with start("lab", tmp_path / "server") as server:
        zones = {"zones": ["example.com", "example.net"]}
        found = examined(server, tmp_path, zones, domains=["example.com", "example.net"])
    assert verdicts(found) == [WELL[0], ("rfc2136-zone", "wrong"), *WELL[1:]]
    assert "example.net" in found[1].seen


def test_a_primary_that_is_not_there_is_unreachable(tmp_path: Path) -> None:
    with start("lab", tmp_path / "server") as server:
        pass
    found = examined(server, tmp_path)
    assert verdicts(found) == [WELL[0], ("rfc2136-zone", "unreachable"), *unchecked("clock", "update")]
    assert "does not answer over TCP" in found[1].seen
    assert "is rfc2136.server right" in found[1].cure


def unchecked(*names: str) -> list[tuple[str, str]]:
    return [(f"rfc2136-{name}", "unchecked") for name in names]


@pytest.mark.parametrize(
    ("values", "environment", "verdict", "seen", "fix"),
    [
        ({}, {}, "absent", "tsigKey: is missing", "pulumi config set --secret elastx-mrs:tsigKey"),
        (
            {"elastx-mrs:tsigKey": {"secure": "v1:x"}},
            {},
            "unchecked",
            "tsigKey is encrypted in the stack's file",
            "run: pulumi config --show-secrets --json | elastx-mrs doctor --config -",
        ),
        ({}, {"ELASTX_MRS_RFC2136_KEY_FILE": "/nothing"}, "wrong", "No such file", "tsig-keygen"),
        ({}, {"ELASTX_MRS_RFC2136_KEY": "?"}, "wrong", "is not base64", "as tsig-keygen prints it"),
    ],
)
def test_a_key_that_is_not_there(
    tmp_path: Path, values: dict[str, Any], environment: dict[str, str], verdict: str, seen: str, fix: str
) -> None:
    given = {"zones": ["example.com"], "server": "127.0.0.1:9", "keyName": "mail"}
    found = provider(stack(tmp_path, {"rfc2136": given}, environment, others=values))
    assert verdicts(found) == [("rfc2136-key", verdict), *unchecked("zone", "clock", "update")]
    assert seen in found[0].seen
    assert fix in found[0].cure


def test_a_key_of_a_profile_that_is_encrypted_is_unchecked_and_the_others_are_not(tmp_path: Path) -> None:
    with start("lab", tmp_path / "server") as server:
        profiles = {
            "out": {"zones": ["example.com"], "server": server.address, "keyName": server.key_name},
            "in": {"zones": ["example.se"], "server": server.address, "keyName": server.key_name},
        }
        config = {"rfc2136": {"profiles": profiles}, "domains": ["example.com", "example.se"]}
        environment = {"ELASTX_MRS_RFC2136_IN_KEY": server.key}
        hidden = {"elastx-mrs:tsigKeys": {"out": {"secure": "v1:x"}}}
        found = provider(stack(tmp_path, config, environment, others=hidden))
    assert verdicts(found)[0] == ("rfc2136-key", "unchecked")
    assert verdicts(found)[4:] == WELL


def test_the_key_of_the_config_is_used(tmp_path: Path) -> None:
    with start("lab", tmp_path / "server") as server:
        given = {"zones": ["example.com"], "server": server.address, "keyName": server.key_name}
        found = provider(stack(tmp_path, {"rfc2136": given}, others={"elastx-mrs:tsigKey": server.key}))
    assert verdicts(found) == WELL


@pytest.fixture
def off(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Sets this thread's clock, and no server's."""
    now, here = time.time, threading.current_thread()

    def by(seconds: int) -> None:
        monkeypatch.setattr(time, "time", lambda: now() + (seconds if threading.current_thread() is here else 0))

    return by


@pytest.mark.parametrize("kind", ["bind", "knot", "lab"])
def test_a_clock_that_is_too_far_away_is_told_from_the_servers_time(
    kind: str, tmp_path: Path, off: Callable[[int], None]
) -> None:
    with start(kind, tmp_path / "server") as server:
        off(-3630)
        found = examined(server, tmp_path)
    assert verdicts(found) == [WELL[0], *unchecked("zone"), ("rfc2136-clock", "wrong"), *unchecked("update")]
    assert "its clock is 1 h 0 min ahead of this machine's (BADTIME)" in found[2].seen
    assert "NTP" in found[2].cure


@pytest.mark.parametrize(("seconds", "said"), [(-90, "ahead of"), (120, "behind")])
def test_a_clock_that_is_a_little_away_is_a_notice(
    tmp_path: Path, off: Callable[[int], None], seconds: int, said: str
) -> None:
    with start("bind", tmp_path / "server") as server:
        off(seconds)
        found = examined(server, tmp_path)
    assert verdicts(found) == WELL
    assert said in found[2].seen
    assert found[2].notices == ("TSIG allows 300 s; set the clocks by NTP",)


def test_a_silent_primary_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "TIMEOUT", 0.2)

    def silent(asked: dns.message.Message) -> None:
        time.sleep(1)

    with saying(silent) as server:
        found = examined(server, tmp_path)
    assert verdicts(found)[1] == ("rfc2136-zone", "unreachable")
    assert "no answer" in found[1].seen or "closed" in found[1].seen or "reset" in found[1].seen


@pytest.mark.limit("DOCTOR_UPDATE")
@pytest.mark.parametrize("beyond", [0, 1])
def test_one_update_has_so_many_names(tmp_path: Path, beyond: int, monkeypatch: pytest.MonkeyPatch) -> None:
    most = limits.DOCTOR_UPDATE.most

    seen: list[int] = []

    def count(asked: dns.message.Message) -> dns.message.Message:
        if is_update(asked):
            seen.append(len(asked.sections[2]))
        return answer(asked) if is_update(asked) else answer(asked, SOA)

    with saying(count) as server:
        examine._try(primary(server), "example.com", [f"n{number}.example.com" for number in range(most + beyond)])
    assert seen == ([most, 1] if beyond else [most])


@pytest.mark.limit("DOCTOR_NAMES")
@pytest.mark.parametrize("beyond", [0, 1])
def test_so_many_names_are_asked_for_one_by_one(tmp_path: Path, beyond: int) -> None:

    most = limits.DOCTOR_NAMES.most
    with saying(lambda asked: answer(asked, rcode="REFUSED")) as server:
        names = [f"n{number}.example.com" for number in range(most + beyond)]
        assert examine._refused(primary(server), "example.com", names) == names[:most]


def test_the_longest_names_fit_into_one_update() -> None:
    """A DNS message has at most 65,535 octets (RFC 1035 §4.2.2)."""
    name = ".".join(["a" * 63, "b" * 63, "c" * 63, "d" * 61])
    value = len("elastx-mrs doctor ") + 32 + 1
    assert limits.DOCTOR_UPDATE.most * (len(name) + 2 + 10 + value) < 65_535 - 1_000


def test_a_name_that_gets_no_answer_is_not_said_to_be_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    refused = {"one.example.com": UpdateError("refused"), "two.example.com": UnreachableError("silent", sent=True)}

    def tried(primary: object, zone: str, owners: list[str]) -> None:
        raise refused[owners[0]]

    monkeypatch.setattr(examine, "_try", tried)
    assert examine._refused(cast(Any, None), "example.com", [*refused, "three.example.com"]) == ["one.example.com"]
