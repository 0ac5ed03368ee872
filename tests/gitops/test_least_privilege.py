"""What a preview may do without: of Cloudflare, of a name server, of Pulumi's state it only reads."""

from pathlib import Path

import dns.query
import dns.rcode
import dns.tsigkeyring
import dns.update
import pytest

from elastx_mrs.lab.cloudflare.zone import Permission, Token
from tests import golden
from tests.engine.cloudflare.stacks import trial
from tests.engine.stack import Stack
from tests.servers import Key, Setup, start

pytestmark = pytest.mark.engine

READS = "r" * 40
PREVIEWS = Key("preview.", "hmac-sha256", "b2YgYSBrZXkgdGhhdCBtYXkgb25seSByZWFkIGl0Li4=")


def test_cloudflares_token_may_only_read(tmp_path: Path) -> None:
    with trial(tmp_path) as made:
        made.api.tokens[READS] = Token(permissions=frozenset({Permission.ZONE_READ, Permission.DNS_READ}))
        stack = made.stack()
        made.asked()
        said = stack.preview(CLOUDFLARE_API_TOKEN=READS).stdout
        assert "6 to create" in " ".join(said.split())
        asked = made.asked()
        assert {(method, status) for method, _, status in asked} == {("GET", 200)}
        assert any("dns_records" in path for _, path, _ in asked)


def test_the_tsig_key_may_update_nothing_and_the_state_is_left_alone(tmp_path: Path) -> None:
    setup = Setup(keys=(Key(), PREVIEWS), zones={"example.com": f"allow-update {{ key {Key().name}; }};"})
    with start("bind", tmp_path / "server", setup=setup) as server:
        directory = tmp_path / "stack"
        directory.mkdir()
        config = {
            "accounts": [golden.ACCOUNT],
            "dkim": golden.DKIM,
            "domains": ["example.com"],
            "rfc2136": {"zones": ["example.com"]},
        }
        key = {"ELASTX_MRS_RFC2136_KEY_NAME": PREVIEWS.name, "ELASTX_MRS_RFC2136_KEY": PREVIEWS.secret}
        stack = Stack.create(directory, server.environment() | key, config)
        before = written(directory / "state")
        said = stack.preview().stdout
        assert "6 to create" in " ".join(said.split())
        assert written(directory / "state") == before
        (directory / "state" / ".pulumi" / "lock").touch()
        (directory / "state" / ".pulumi" / "lock").unlink()
        assert written(directory / "state") != before, "what is written and removed would be seen"
        update = dns.update.UpdateMessage("example.com")
        update.add("elastx._domainkey", 60, "TXT", "x")
        update.use_tsig(dns.tsigkeyring.from_text({PREVIEWS.name: PREVIEWS.secret}), algorithm=PREVIEWS.algorithm)
        answer = dns.query.tcp(update, server.host, timeout=5, port=server.port)
        assert answer.rcode() == dns.rcode.REFUSED, "the server knows the key"


def written(folder: Path) -> dict[Path, int]:
    """When each file and folder was last written to; a lock that came and went shows in its folder's time."""
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
