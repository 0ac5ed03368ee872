"""Each language's example on the real engine: the same records, names and outputs, and the same refusals."""

import hashlib
import subprocess
from collections.abc import Iterator
from pathlib import Path

import dns.query
import dns.tsigkeyring
import dns.update
import pytest

from tests import golden
from tests.languages.programs import LANGUAGES, Example, Workspace
from tests.servers import NameServer, start
from tests.servers.zones import FOREIGN, HEAD, ZONES

pytestmark = pytest.mark.engine

FIRST, SECOND = "smtp-prod@acme.example", "newsletter@acme.example"
SERVED = ZONES | {
    "elastx.email": HEAD.format(name="elastx.email") + '@ TXT "v=spf1 ip4:203.0.113.0/24 -all"\n',
    "google.com": HEAD.format(name="google.com") + '_spf TXT "v=spf1 ip4:198.51.100.0/24 -all"\n',
}
COMMON = b"v=spf1 include:elastx.email -all"
SPF = b"v=spf1 include:elastx.email include:_spf.google.com ~all"
OUTPUTS = {
    "smtp": {"host": "smtp.elastx.email", "port": 587, "starttls": True},
    "verification": {"require": ["example.com", "news.example.com", "example.se"], "warn": [], "off": []},
}


def token(account: str) -> bytes:
    return b"elastx-mrs=" + hashlib.sha256(account.encode()).hexdigest().encode()


def kinds(domain: str, *accounts: str) -> set[str]:
    own = [f"challenge-{hashlib.sha256(account.encode()).hexdigest()[:12]}" for account in accounts]
    return {f"mail-{domain}-{kind}" for kind in (*own, "spf", "dkim", "dmarc")}


NAMES = kinds("example.com", FIRST, SECOND) | kinds("news.example.com", SECOND) | kinds("example.se", FIRST, SECOND)


SERVERS = {"yaml": "bind"}
"""The others have the lab: ``tests/publish`` has every server, and the records are the plugin's in all of them."""


@pytest.fixture(params=LANGUAGES)
def language(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def server(language: str, tmp_path: Path) -> Iterator[NameServer]:
    with start(SERVERS.get(language, "lab"), tmp_path / "server", SERVED) as running:
        yield running


@pytest.fixture
def stack(language: str, server: NameServer, tmp_path: Path, workspace: Workspace) -> Example:
    return workspace.example(language, tmp_path, server.environment() | {"ELASTX_MRS_VERIFICATION": ""})


def add(server: NameServer, zone: str, owner: str, text: str, *, remove: bool = False) -> None:
    """Somebody else changes a TXT record."""
    change = dns.update.UpdateMessage(zone)
    change.delete(owner, "TXT", text) if remove else change.add(owner, 3600, "TXT", text)
    change.use_tsig(dns.tsigkeyring.from_text({server.key_name: server.key}), algorithm="hmac-sha256")
    assert dns.query.tcp(change, server.host, timeout=5, port=server.port).rcode() == 0


def test_an_example_publishes_and_refuses(server: NameServer, stack: Example) -> None:
    """The rest of its life, no changes and ``destroy``, is in its README, which ``tests/examples`` run."""
    add(server, "example.com", "news", '"v=spf1 -all"')
    stopped = stack.preview(check=False)
    assert "news.example.com has the SPF record 'v=spf1 -all' already" in refused(stopped)
    add(server, "example.com", "news", '"v=spf1 -all"', remove=True)

    assert "verification: 3 of 3 domains verified" in stack.up().stdout
    assert set(server.txt("example.com")) == {*FOREIGN["example.com"], token(FIRST), token(SECOND), SPF}
    assert set(server.txt("news.example.com")) == {token(SECOND), COMMON}
    assert set(server.txt("example.se")) == {*FOREIGN["example.se"], token(FIRST), token(SECOND), COMMON}
    for domain in ("example.com", "news.example.com", "example.se"):
        assert set(server.txt(f"elastx._domainkey.{domain}")) == {golden.DKIM.encode()}
        assert set(server.txt(f"_dmarc.{domain}")) == {golden.DMARC.encode()}
    assert {name for name in stack.resources() if name.startswith("mail-")} == NAMES
    assert stack.resources()["acme-mail-test"]["outputs"] == OUTPUTS

    add(server, "example.se", "@", '"v=spf1 -all"')
    assert "example.se is not verified:" in refused(stack.up(check=False))


def refused(result: subprocess.CompletedProcess[str]) -> str:
    """What a run said that failed: to the user, and nothing of the plugin's inside."""
    said = " ".join((result.stdout + result.stderr).split())
    assert result.returncode != 0, said
    assert "Unexpected <class" not in said
    assert "elastx_mrs/plugin" not in said
    return said
