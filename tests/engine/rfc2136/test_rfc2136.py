"""The whole of it: real engine, real program, against the lab and against BIND and Knot from Debian."""

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dns.query
import dns.tsigkeyring
import dns.update
import pytest

from tests import golden
from tests.engine.stack import Stack
from tests.servers import KINDS, NameServer, start
from tests.servers.zones import FOREIGN

pytestmark = pytest.mark.engine

FIRST, SECOND = "smtp-prod@acme.example", "newsletter@acme.example"
CONFIG: dict[str, Any] = {
    "accounts": [FIRST, SECOND],
    "dkim": golden.DKIM_PAGE,
    "domains": [
        {"name": "example.com", "dmarc": golden.DMARC},
        {"name": "news.example.com", "accounts": [SECOND], "dmarc": golden.DMARC},
    ],
    "rfc2136": {"zones": ["example.com", "example.se"]},
}
# Computed with sha256sum, as the service's page says: echo -n smtp-prod@acme.example | sha256sum
FIRST_TOKEN = b"elastx-mrs=d96aab757c15c45fc8f91040a0f325adc891b7abd1e87690c85f8502c8ffd06d"
SECOND_TOKEN = b"elastx-mrs=2c77290c4634fb34d12ea310c2a8f2e0fa8dfbea2ab8abaaeb9753c18d9373fd"
SPF, DKIM, DMARC = golden.SPF.encode(), golden.DKIM.encode(), golden.DMARC.encode()


@pytest.fixture(params=KINDS)
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[NameServer]:
    with start(request.param, tmp_path / "server") as running:
        yield running


@pytest.fixture
def stack(server: NameServer, tmp_path: Path) -> Stack:
    return Stack.create(tmp_path, server.environment(), copy.deepcopy(CONFIG))


def ours_and(foreign: str, *values: bytes, ttl: int = 3600) -> dict[bytes, int]:
    return FOREIGN[foreign] | dict.fromkeys(values, ttl)


def send(server: NameServer, change: dns.update.UpdateMessage) -> None:
    change.use_tsig(dns.tsigkeyring.from_text({server.key_name: server.key}), algorithm="hmac-sha256")
    assert dns.query.tcp(change, server.host, timeout=5, port=server.port).rcode() == 0


def test_the_life_of_a_stack(server: NameServer, stack: Stack) -> None:
    stack.preview()
    assert server.txt("example.com") == FOREIGN["example.com"], "a preview changes nothing"

    stack.up()
    apex = ours_and("example.com", FIRST_TOKEN, SECOND_TOKEN, SPF)
    assert server.txt("example.com") == apex
    assert server.txt("elastx._domainkey.example.com") == {DKIM: 1800}
    assert server.txt("_dmarc.example.com") == {DMARC: 1800}
    assert server.txt("news.example.com") == {SECOND_TOKEN: 1800, SPF: 1800}
    keeps_no_secret_and_no_account(server, stack)

    stack.config["domains"].reverse()  # names do not depend on an order
    stack.config["accounts"].reverse()
    stack.preview("--expect-no-changes")
    stack.pulumi("refresh", "--yes", "--stack", "test", "--expect-no-changes")

    change = dns.update.UpdateMessage("example.com")  # somebody changes one record and removes another
    change.delete("@", "TXT", f'"{golden.SPF}"')
    change.add("@", 3600, "TXT", '"v=spf1 include:elastx.email ?all"')
    change.delete("_dmarc", "TXT")
    send(server, change)
    stack.pulumi("refresh", "--yes", "--stack", "test")
    assert stack.resources()["mail-example.com-spf"]["outputs"]["value"] == "v=spf1 include:elastx.email ?all"
    assert "mail-example.com-dmarc" not in stack.resources()

    stack.config["domains"].append("example.se")  # a domain added
    logged = stack.up("-v=9", "--logtostderr")
    assert server.key not in logged.stdout + logged.stderr, "the environment's is in no log"
    assert server.txt("example.com") == apex
    assert server.txt("_dmarc.example.com") == {DMARC: 1800}
    assert server.txt("example.se") == ours_and("example.se", FIRST_TOKEN, SECOND_TOKEN, SPF)
    assert server.txt("_dmarc.example.se") == {b"v=DMARC1; p=none;": 1800}

    stack.config["spf"] = {"include": ["_spf.google.com"], "all": "softfail"}  # a value changed
    stack.config["accounts"] = [SECOND]  # an account removed
    stack.up()
    changed = b"v=spf1 include:elastx.email include:_spf.google.com ~all"
    assert server.txt("example.com") == ours_and("example.com", SECOND_TOKEN, changed)
    assert server.txt("news.example.com") == {SECOND_TOKEN: 1800, changed: 1800}
    assert server.txt("example.se") == ours_and("example.se", SECOND_TOKEN, changed)

    stack.pulumi("destroy", "--yes", "--stack", "test")
    assert {name: server.txt(name) for name in FOREIGN} == FOREIGN
    for owner in ("news.example.com", "_dmarc.example.com", "elastx._domainkey.example.se"):
        assert server.txt(owner) == {}


def keeps_no_secret_and_no_account(server: NameServer, stack: Stack) -> None:
    """Check the names of the resources, and what the state has of each."""
    resources = stack.resources()
    assert {name for name in resources if name.startswith("mail-")} == {
        "mail-example.com-challenge-d96aab757c15",
        "mail-example.com-challenge-2c77290c4634",
        "mail-example.com-spf",
        "mail-example.com-dkim",
        "mail-example.com-dmarc",
        "mail-news.example.com-challenge-2c77290c4634",
        "mail-news.example.com-spf",
        "mail-news.example.com-dkim",
        "mail-news.example.com-dmarc",
    }
    spf = resources["mail-news.example.com-spf"]
    inputs = {key: value for key, value in spf["inputs"].items() if key != "__provider"}
    assert inputs == {
        "profile": "default", "zone": "example.com", "owner": "news.example.com", "value": golden.SPF,
    }  # fmt: skip
    # The engine keeps the whole stack config as the dynamic provider's inputs, secrets encrypted; ours hold none of it.
    text = repr([item for item in resources.values() if not item["type"].startswith("pulumi:providers:")])
    assert server.key not in text
    assert server.address not in text
    assert FIRST not in text


@pytest.mark.parametrize("server", ["lab"], indirect=True)
class TestBadInput:
    """Said before anything is sent, in lines that need no traceback."""

    def fails(self, result: Any, *messages: str) -> None:
        said = result.stdout + result.stderr
        assert result.returncode != 0
        assert all(message in said for message in messages), said
        assert "Traceback" not in said

    def test_config(self, server: NameServer, stack: Stack) -> None:
        stack.config |= {"domain": ["x"], "accounts": ["nope"]}
        self.fails(stack.preview(check=False), "accounts[0]: 'nope' is not", "domain: is not a key here; did you mean")

    def test_zones_that_the_primary_does_not_have(self, server: NameServer, stack: Stack) -> None:
        stack.config["rfc2136"]["zones"] += ["mail.example.com", "example.org"]
        self.fails(
            stack.preview(check=False),
            f"{server.address} has no zone mail.example.com: the name is in its zone example.com; write example.com",
            f"{server.address} answered REFUSED to the query of example.org",
        )

    def test_a_wrong_key(self, server: NameServer, stack: Stack) -> None:
        result = stack.preview(check=False, ELASTX_MRS_RFC2136_KEY="not base64!")
        self.fails(result, "tsigKey: is not base64")
        assert "not base64!" not in result.stdout + result.stderr
        self.fails(stack.up(check=False, ELASTX_MRS_RFC2136_KEY_NAME="other."), "BADKEY")
        assert server.txt("example.com") == FOREIGN["example.com"]

    def test_no_answer_is_a_warning_in_a_preview_and_an_error_in_up(self, server: NameServer, stack: Stack) -> None:
        stack.environment["ELASTX_MRS_RFC2136_SERVER"] = "127.0.0.1:1"
        stack.config["tsigKey"] = server.key
        preview = stack.preview()
        assert "warning: 127.0.0.1:1 does not answer over TCP" in preview.stdout + preview.stderr
        assert "warning: tsigKey: is in plain text, and Git keeps it forever" in preview.stdout + preview.stderr
        del stack.config["tsigKey"]
        told = "127.0.0.1:1 does not answer over TCP (Connection refused); is rfc2136.server right"
        self.fails(stack.up(check=False), told)
