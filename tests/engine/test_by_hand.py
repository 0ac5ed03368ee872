"""A DNS team publishes by hand, on the real engine: nothing is created, and no up is green before it is done."""

import json
from pathlib import Path
from typing import Any

import dns.query
import dns.tsigkeyring
import dns.update
import pytest

from elastx_mrs.records.text import presentation
from tests import golden
from tests.cli.commands import completed
from tests.engine.stack import Stack
from tests.engine.test_verification import SERVED
from tests.servers import NameServer, start

pytestmark = pytest.mark.engine

ACCOUNT = "smtp-prod@acme.example"
CONFIG: dict[str, Any] = {
    "accounts": [ACCOUNT],
    "dkim": golden.DKIM,
    "dmarc": golden.DMARC,
    "domains": ["example.com"],
    "external": True,
    "verification": {"timeout": 0},
}


def publish(server: NameServer, rows: list[dict[str, Any]]) -> None:
    """Enter the records of a ticket."""
    change = dns.update.UpdateMessage("example.com")
    for row in rows:
        change.add(f"{row['name']}.", row["ttl"], "TXT", presentation(row["value"]))
    change.use_tsig(dns.tsigkeyring.from_text({server.key_name: server.key}), algorithm="hmac-sha256")
    assert dns.query.tcp(change, server.host, timeout=5, port=server.port).rcode() == 0


def test_a_stack_without_a_publisher_and_then_with_one_for_another_domain(tmp_path: Path) -> None:
    with start("bind", tmp_path / "server", SERVED) as server:
        stack = Stack.create(tmp_path, server.environment() | {"ELASTX_MRS_VERIFICATION": ""}, dict(CONFIG))
        preview = stack.preview("--json").stdout
        review = completed("review", "-", "--format", "text", stdin=preview)
        assert review.returncode == 0, review.stderr
        said = " ".join(review.stdout.split())
        assert "creates nothing for 1 domain (example.com): somebody else publishes their 4 records by hand" in said

        failed = stack.up(check=False)
        assert failed.returncode != 0
        assert "Traceback" not in failed.stdout + failed.stderr
        said = " ".join(failed.stdout.split())
        assert "example.com is not verified:" in said
        assert "Nothing was created; the next pulumi up verifies again." in said
        assert (
            "Somebody else publishes the records of example.com. To print them: elastx-mrs records --format ticket"
            in said
        )

        printed = completed("records", "-s", str(stack.directory / "stacks" / "Pulumi.test.yaml"), "--format", "json")
        publish(server, json.loads(printed.stdout))
        assert "verification: 1 of 1 domain verified" in stack.up().stdout
        assert [name for name in stack.resources() if name.startswith("mail")] == ["mail"]

        stack.config.update(
            domains=[{"name": "example.com", "external": True}, "example.se"],
            external=False,
            rfc2136={"zones": ["example.se"]},
        )
        assert "verification: 2 of 2 domains verified" in stack.up().stdout
        kinds = {name.rpartition("-")[2] for name in stack.resources() if name.startswith("mail-example.se-")}
        assert {"spf", "dkim", "dmarc"} < kinds
        assert not [name for name in stack.resources() if name.startswith("mail-example.com")]
