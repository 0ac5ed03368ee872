"""``elastx-mrs records --format ticket``: what a DNS team needs, and nothing that the stack publishes itself."""

import json
import subprocess
from pathlib import Path
from typing import Any

import dns.rdata
import pytest
import yaml

from tests import golden
from tests.cli.commands import completed

TWO: list[Any] = [{"name": "domain.com", "external": True}, "bücher.example"]


def stack(path: Path, **keys: object) -> str:
    given = {"accounts": [golden.ACCOUNT], "dkim": golden.DKIM, "domains": TWO} | keys
    file = path / "Pulumi.test.yaml"
    file.write_text(yaml.safe_dump({"config": {f"elastx-mrs:{key}": value for key, value in given.items()}}))
    return str(file)


def ticket(*arguments: str) -> subprocess.CompletedProcess[str]:
    return completed("records", "--format", "ticket", *arguments)


def test_a_ticket_has_all_that_a_form_asks_for(tmp_path: Path) -> None:
    result = ticket("--stack-config", stack(tmp_path, external=True))
    assert result.returncode == 0, result.stderr
    parts = result.stdout.split("\n\n")
    assert parts[0] == "Please publish these TXT records. Mail that is sent through Elastx Mail Relay needs them."
    assert parts[4] == (
        "Record 2\n"
        "  Name:   domain.com\n"
        "  Type:   TXT\n"
        "  TTL:    1800 seconds\n"
        f"  Value:  {golden.SPF}\n"
        "  Change: if the name has a TXT record that begins with v=spf1, replace that record; only one is allowed\n"
        "  Check:  dig +short domain.com TXT"
    )
    assert "\nTo check everything for domain.com: elastx-mrs verify domain.com\n" in result.stdout
    heading = "xn--bcher-kva.example (bücher.example)"
    assert f"\n{heading}\n{'=' * len(heading)}\n" in result.stdout
    assert result.stdout.count("\nRecord ") == 8


def test_the_strings_of_a_long_value_join_to_it(tmp_path: Path) -> None:
    lines = ticket("--stack-config", stack(tmp_path, external=True, domains=["domain.com"])).stdout.splitlines()
    assert f"  Value:  {golden.DKIM}" in lines
    at = lines.index("  If the form takes at most 255 characters in a string, enter these 2 strings, in this order:")
    strings = " ".join(line.strip() for line in lines[at + 1 : at + 3])
    read: Any = dns.rdata.from_text("IN", "TXT", strings)
    assert [len(string) for string in read.strings] == [255, len(golden.DKIM) - 255]
    assert b"".join(read.strings).decode() == golden.DKIM


def test_what_the_stack_publishes_is_not_in_it(tmp_path: Path) -> None:
    """Somebody who enters it too makes a second SPF record, which breaks the domain's mail."""
    result = ticket("--stack-config", stack(tmp_path, rfc2136={"zones": ["bücher.example"]}))
    assert result.stdout.count("\nRecord ") == 4
    assert "bcher" not in result.stdout
    every = completed("records", "--stack-config", stack(tmp_path), "--format", "json")
    assert [row["external"] for row in json.loads(every.stdout)] == [True] * 4 + [False] * 4


def test_where_the_stack_publishes_all_there_is_no_ticket(tmp_path: Path) -> None:
    file = stack(tmp_path, domains=["domain.com"], cloudflare={})
    result = ticket("--stack-config", file)
    assert result.returncode == 2
    assert result.stdout == ""
    assert result.stderr.splitlines()[-1] == (
        f"Error: {file}: publishes every record through cloudflare, so there is nothing to publish by hand; "
        "write external: true for a domain that somebody else publishes"
    )


@pytest.mark.parametrize("given", ["options", "a config without a publisher"])
def test_without_a_publisher_it_has_all(given: str, tmp_path: Path) -> None:
    options = ["--account", golden.ACCOUNT, "--domain", "domain.com", "--dkim", golden.DKIM]
    found = ticket(*options) if given == "options" else ticket("-s", stack(tmp_path, domains=["domain.com"]))
    assert found.stdout.count("\nRecord ") == 4


def test_no_account_is_in_it(tmp_path: Path) -> None:
    result = ticket("--stack-config", stack(tmp_path, external=True))
    assert golden.ACCOUNT not in result.stdout + result.stderr


def test_the_rows_can_be_verified_as_a_program_exports_them(tmp_path: Path) -> None:
    rows = completed("records", "-s", stack(tmp_path, external=True), "--format", "json").stdout
    again = completed("verify", "--records", "-", "--nameserver", "127.0.0.1:9", "--timeout", "0", stdin=rows)
    assert again.returncode == 3, again.stderr
