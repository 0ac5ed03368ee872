"""Records that receivers accept and the relay may refuse, on the real engine: preview, review and up."""

from pathlib import Path
from typing import Any

import pytest

from tests import golden
from tests.cli.commands import completed
from tests.engine.stack import Stack
from tests.servers import NameServer, start
from tests.servers.zones import HEAD

pytestmark = pytest.mark.engine

FLAT = "v=spf1 ip4:203.0.113.0/24 -all"
ZONES = {
    "example.com": HEAD.format(name="example.com") + f'@ TXT "{FLAT}"\n',
    "elastx.email": HEAD.format(name="elastx.email") + f'@ TXT "{FLAT}"\n',
}
CONFIG: dict[str, Any] = {
    "accounts": [golden.ACCOUNT],
    "dkim": golden.DKIM,
    "dmarc": golden.DMARC,
    "domains": [{"name": "example.com", "spf": {"external": True}}],
    "rfc2136": {"zones": ["example.com"]},
    "verification": {"timeout": 0},
}
STAGE = "the application gets an SMTP error, at MAIL FROM, at RCPT TO or after DATA"


@pytest.fixture
def server(tmp_path: Path) -> Any:
    with start("bind", tmp_path / "server", ZONES) as running:
        yield running


def test_a_flattened_record_is_a_warning_in_preview_review_and_up(server: NameServer, tmp_path: Path) -> None:
    stack = Stack.create(tmp_path, server.environment() | {"ELASTX_MRS_VERIFICATION": ""}, dict(CONFIG))
    preview = stack.preview("--json").stdout
    found = completed("review", "-", "--format", "text", stdin=preview)
    said = " ".join(found.stdout.split())
    assert "warning: guard: SPF of example.com, which is not created here: no record has include:elastx.email," in said
    assert f"Elastx may refuse mail from example.com: {STAGE}" in said

    said = " ".join(stack.up().stdout.split())
    assert "verification: example.com: no record has include:elastx.email, and listed addresses" in said
    assert "(documentation of January 2024, github.com/elastx/elx-docs/commit/13f1178)" in said
    assert "verification: 1 of 1 domain verified, 1 with a warning" in said

    # Another spelling in a record of the stack's own passes at receivers, too.
    stack.config["domains"] = [{"name": "example.com", "spf": "v=spf1 ip4:203.0.113.0/24 include:ELASTX.email. -all"}]
    stack.config["rfc2136"] = {"zones": ["example.com"]}
    stack.config["adopt"] = ["example.com"]
    shown = stack.preview("--json").stdout
    found = completed("review", "-", "--format", "text", stdin=shown)
    said = " ".join(found.stdout.split())
    assert "it is reached by include:ELASTX.email.: another spelling may not count" in said


def test_a_challenge_that_is_missing_says_what_an_application_meets(server: NameServer, tmp_path: Path) -> None:
    config = dict(CONFIG) | {"domains": ["example.com"], "external": True}
    del config["rfc2136"]
    stack = Stack.create(tmp_path, server.environment() | {"ELASTX_MRS_VERIFICATION": ""}, config)
    failed = stack.up(check=False)
    assert failed.returncode != 0
    said = " ".join(failed.stdout.split())
    assert f"Elastx refuses mail from example.com by this account: {STAGE}" in said
    assert "Elastx rejects mail from domains without DKIM (announcement of 2025-01-08" in said
    assert "receivers: wrong, relay: wrong" in said
