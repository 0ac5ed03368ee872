"""Dynamic update on the real engine: several servers, shared RRsets, and states of before.

Each on one server: ``tests/publish/rfc2136`` tries what is published on all of them, without the engine.
"""

import copy
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import golden, secrecy
from tests.engine.rfc2136.test_rfc2136 import CONFIG, DMARC, FIRST_TOKEN, SECOND_TOKEN, SPF
from tests.engine.stack import ROOT, Stack
from tests.publish.rfc2136.updates import nsupdate, served
from tests.servers import Key, NameServer, Setup, require, start
from tests.servers.zones import FOREIGN, ZONES

pytestmark = pytest.mark.engine

ACCOUNT = "smtp-prod@acme.example"
ONE: dict[str, Any] = {
    "accounts": [ACCOUNT],
    "dkim": golden.DKIM,
    "domains": ["example.se"],
    "rfc2136": {"zones": ["example.com", "example.se"]},
}
NEXT = Key("next.", "hmac-sha512", "b3RoZXIgc2l4dGVlbiBvY3RldHMgYW5kIG1vcmUgb2YgdGhlbQ==")


@pytest.fixture(params=["lab"])
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[NameServer]:
    with start(request.param, tmp_path / "server") as running:
        yield running


@pytest.fixture
def stack(server: NameServer, tmp_path: Path) -> Stack:
    return Stack.create(tmp_path, server.environment(), copy.deepcopy(ONE))


def said(result: subprocess.CompletedProcess[str]) -> str:
    assert "Traceback" not in result.stdout + result.stderr
    return result.stdout + result.stderr


def test_two_servers_and_a_key_that_is_rotated(tmp_path: Path) -> None:
    both = Setup(keys=(Key(), NEXT))
    with (
        start("bind", tmp_path / "first", {"example.com": ZONES["example.com"]}, both) as outer,
        start("powerdns", tmp_path / "second", {name: ZONES[name] for name in ("example.se", "elastx.email")}) as inner,
    ):
        stack = Stack.create(
            tmp_path, {"ELASTX_MRS_NAMESERVERS": f"{outer.address},{inner.address}"}, copy.deepcopy(ONE)
        )
        stack.config["domains"] = ["example.com", "example.se"]
        stack.config["rfc2136"] = {
            "server": outer.address,
            "keyName": outer.key_name,
            "zones": ["example.com"],
            "profiles": {"in-house": {"server": inner.address, "keyName": inner.key_name, "zones": ["example.se"]}},
        }
        for arguments in (("elastx-mrs:tsigKey", outer.key), ("--path", "elastx-mrs:tsigKeys.in-house", inner.key)):
            stack.pulumi("config", "set", "--secret", "--stack", "test", *arguments)
            for key in ("tsigKey", "tsigKeys"):
                if f"elastx-mrs:{key}" in stack.written():
                    stack.config[key] = stack.written()[f"elastx-mrs:{key}"]
        stack.up()
        assert served(outer, "_dmarc.example.com") == {b"v=DMARC1; p=none;": 1800}
        assert served(inner, "_dmarc.example.se") == {b"v=DMARC1; p=none;": 1800}
        inputs = stack.resources()["mail-example.se-dmarc"]["inputs"]
        assert {key: value for key, value in inputs.items() if key != "__provider"} == {
            "profile": "in-house", "zone": "example.se", "owner": "_dmarc.example.se", "value": "v=DMARC1; p=none;",
        }  # fmt: skip
        exported = stack.state()
        records = [
            item for item in json.loads(exported)["checkpoint"]["latest"]["resources"] if "dynamic" in item["type"]
        ]
        assert not any(text in repr(records) for text in (outer.address, inner.address, "test-key"))
        stack.config["rfc2136"] |= {"keyName": NEXT.name, "algorithm": NEXT.algorithm}
        stack.pulumi("config", "set", "--secret", "--stack", "test", "elastx-mrs:tsigKey", NEXT.secret)
        stack.config["tsigKey"] = stack.written()["elastx-mrs:tsigKey"]
        stack.pulumi("refresh", "--yes", "--stack", "test", "--expect-no-changes")

        # As docs/security.md recommends it: no key is in the stack's config, which the engine writes into its log.
        key_file, temporary = tmp_path / "key" / "in-house.key", tmp_path / "temporary"
        key_file.parent.mkdir()
        key_file.write_text(f'key "{inner.key_name}" {{ algorithm hmac-sha256; secret "{inner.key}"; }};')
        temporary.mkdir()
        stack.config = {key: value for key, value in stack.config.items() if key not in ("tsigKey", "tsigKeys")}
        stack.config["rfc2136"]["profiles"]["in-house"]["keyFile"] = str(key_file)
        stack.environment |= {"ELASTX_MRS_RFC2136_KEY": NEXT.secret, "TMPDIR": str(temporary)}
        stack.up("--expect-no-changes")  # a destroy has the config of the last up, with its keys
        with secrecy.watched(str(tmp_path)) as processes:
            log = stack.pulumi("destroy", "--yes", "--stack", "test", *secrecy.EVERYTHING)
        keys = (outer.key, inner.key, NEXT.secret)
        assert '"v":9' in log.stderr
        assert secrecy.shown(log.stdout + log.stderr, keys) == []
        assert secrecy.shown_below(tmp_path, keys, tmp_path / "first", tmp_path / "second", key_file.parent) == []
        assert secrecy.shown(b"\n".join(processes.commands), keys) == []
        assert secrecy.shown(b"\n".join(processes.environments), (outer.key, inner.key)) == [], "that of a file"
        assert served(outer, "example.com") == FOREIGN["example.com"]
        assert served(inner, "example.se") == FOREIGN["example.se"]


@pytest.mark.parametrize("server", ["knot"], indirect=True)
def test_a_ttl_beside_other_people_s_strings(server: NameServer, stack: Stack) -> None:
    stack.up()
    kept = FOREIGN["example.se"] | {FIRST_TOKEN: 3600, SPF: 3600}
    assert served(server, "example.se") == kept, "theirs stays"
    stack.config["ttl"] = 300
    preview = said(stack.preview())
    assert "ttl 300 becomes the TTL of all TXT records there, instead of 3600 (RFC 2181 §5.2)" in preview
    assert "also of 'MS=ms12345678'; leave ttl out to keep theirs" in preview
    assert served(server, "example.se") == kept
    stack.up()
    assert served(server, "example.se") == dict.fromkeys(kept, 300)
    stack.pulumi("refresh", "--yes", "--stack", "test", "--expect-no-changes")
    nsupdate(server, "zone example.se\nupdate add example.se 600 TXT somebody's")
    stack.pulumi("refresh", "--yes", "--stack", "test", "--expect-no-changes")
    nsupdate(server, "zone example.se\nupdate add _dmarc.example.se 600 TXT v=DMARC1;\\032p=none;")
    refreshed = said(stack.pulumi("refresh", "--yes", "--stack", "test"))
    assert "mail-example.se-dmarc" in refreshed, "alone at its name, its TTL is its own"
    stack.up()
    assert served(server, "_dmarc.example.se") == {b"v=DMARC1; p=none;": 300}


@pytest.mark.parametrize("server", ["bind"], indirect=True)
def test_the_thirteenth_account_is_verified_over_tcp(server: NameServer, stack: Stack) -> None:
    stack.config["accounts"] = [f"account{number}@acme.example" for number in range(13)]
    stack.config["verification"] = {"timeout": 20}
    preview = said(stack.preview())
    assert "Over UDP, only 1232 pass everywhere, so resolvers fetch it over TCP" in preview
    assert "let TCP port 53 through to every name server" in preview
    result = said(stack.up(ELASTX_MRS_VERIFICATION="require"))
    assert "verification: 1 of 1 domain verified" in result
    command = [
        require("dig"),
        f"@{server.host}",
        "-p",
        str(server.port),
        "example.se",
        "TXT",
        "+ignore",
        "+bufsize=1232",
    ]
    assert " tc" in subprocess.run(command, capture_output=True, text=True, check=True).stdout, "over UDP it is cut"
    assert len(served(server, "example.se")) == 15


@pytest.mark.parametrize("server", ["powerdns"], indirect=True)
def test_a_state_of_an_older_version_is_refreshed_and_destroyed(server: NameServer, stack: Stack) -> None:
    """The provider's class is in it by its module's path; that of 0.1, before servers had profiles."""
    path = ROOT / "tests" / "engine" / "states" / "rfc2136-0.1.json"
    state = json.loads(path.read_text())
    stack.config = copy.deepcopy(CONFIG)
    for item in state["deployment"]["resources"]:
        if "TxtRecord" in item["type"]:
            owner, value = item["outputs"]["owner"], item["outputs"]["value"]
            cut = " ".join(f'"{value[at : at + 255]}"' for at in range(0, len(value), 255))
            ttl = 3600 if owner == "example.com" else 1800
            nsupdate(server, f"zone example.com\nupdate add {owner} {ttl} TXT {cut}")
    stack.pulumi("stack", "import", "--stack", "test", "--file", str(path))
    stack.pulumi("refresh", "--yes", "--stack", "test", "--expect-no-changes")
    stack.preview("--expect-no-changes")
    assert served(server, "_dmarc.example.com") == {DMARC: 1800}
    assert SECOND_TOKEN in served(server, "news.example.com")
    stack.pulumi("destroy", "--yes", "--stack", "test")
    assert served(server, "example.com") == FOREIGN["example.com"]
    assert served(server, "_dmarc.example.com") == served(server, "news.example.com") == {}


EXPLICIT = """
import pulumi
from elastx_mrs import MailRelay, stack_config

provider = pulumi.ProviderResource("pulumi-python", "dns", {})
MailRelay("mail", stack_config(), pulumi.ResourceOptions(providers={"pulumi-python": provider}))
"""


def test_default_providers_disabled_and_an_explicit_one(server: NameServer, stack: Stack) -> None:
    stack.others = {"pulumi:disable-default-providers": ["*"]}
    refused = stack.preview(check=False)
    assert refused.returncode != 0
    assert "Default provider for 'pulumi-python' disabled" in said(refused)
    (stack.directory / "__main__.py").write_text(EXPLICIT)
    stack.up()
    stack.preview("--expect-no-changes")
    stack.pulumi("refresh", "--yes", "--stack", "test", "--expect-no-changes")
    assert served(server, "_dmarc.example.se") == {b"v=DMARC1; p=none;": 1800}
    assert server.key not in stack.state()
    stack.pulumi("destroy", "--yes", "--stack", "test")
    assert served(server, "example.se") == FOREIGN["example.se"]


KEPT = 50
"""Strings that the human leaves: BIND takes 100 records of one type at a name."""


@pytest.mark.parametrize("server", ["knot"], indirect=True)
def test_two_stacks_and_a_human_at_once(server: NameServer, stack: Stack, tmp_path: Path) -> None:
    other = Stack.create(tmp_path / "other", server.environment(), copy.deepcopy(ONE))
    other.config |= {"accounts": ["newsletter@acme.example"], "dkim": {"external": True}, "dmarc": {"external": True}}
    other.config["spf"] = {"external": True}
    arguments = ("up", "--yes", "--skip-preview", "--stack", "test")
    runs = [stack.start(*arguments), other.start(*arguments)]
    human: list[str] = []
    while any(run.poll() is None for run in runs):
        human.append(f"human-{len(human)}")
        nsupdate(server, f"zone example.se\nupdate add example.se 3600 TXT {human[-1]}")
        if len(human) > KEPT:
            nsupdate(server, f"zone example.se\nupdate delete example.se TXT {human[-KEPT - 1]}")
    assert [run.returncode for run in runs] == [0, 0]
    ours = {FIRST_TOKEN: 3600, SECOND_TOKEN: 3600, SPF: 3600}
    kept = {text.encode(): 3600 for text in human[-KEPT:]}
    assert served(server, "example.se") == FOREIGN["example.se"] | kept | ours
    stack.preview("--expect-no-changes")
    other.preview("--expect-no-changes")
