"""Every row of the service's pages is a check, a command or a documented fact, each with its source."""

import re
from pathlib import Path

import click

from elastx_mrs.cli.main import main
from elastx_mrs.records.challenge import challenge
from elastx_mrs.service import ELASTX
from elastx_mrs.verify.checks import dmarc, spf
from tests import golden

PAGE = (Path(__file__).parents[2] / "docs" / "smtp.md").read_text(encoding="utf-8")
SECTION = PAGE.partition("\n## What the relay requires\n")[2].partition("\n## ")[0]
ROWS = [line.strip("| ").split(" | ") for line in SECTION.splitlines() if line.startswith("| ")][1:]
CHALLENGE = challenge("example.com", golden.ACCOUNT).suffix
COMMANDS = main.list_commands(click.Context(main))
CHECKS = (CHALLENGE, "challenges", "dkim", "dkim-s1", "dmarc", spf.POLICY, spf.RELAY, dmarc.POLICY)


def test_every_row_has_a_source_and_says_what_it_is() -> None:
    assert len(ROWS) == 13
    for _, source, place in ROWS:
        keys = re.findall(r"\]\[(\w+)\]", source)
        assert keys, source
        assert all(f"\n[{key}]: https://" in PAGE for key in keys)
        checks = re.findall(r"`([a-z-]+…?)`", place) if "check" in place else []
        assert all(
            any(re.fullmatch(one.replace("…", ".+"), name) for name in CHECKS) for one in checks if one != "dkim"
        )
        assert checks or place.startswith(("documented", "every check", "`elastx-mrs ", "[`own: true`]")), place
        assert all(command in COMMANDS for command in re.findall(r"`elastx-mrs (\w+)", place))


def test_the_facts_are_those_of_the_service() -> None:
    for fact in (
        ELASTX.include,
        ELASTX.challenge_prefix,
        f"`{ELASTX.dkim_selector}._domainkey`",
        ELASTX.smtp_host,
        f"port {ELASTX.smtp_port}",
        f"At most {ELASTX.max_emails_per_second} e-mails a second",
        "2025-04-01",
        "13f1178",
    ):
        assert fact in SECTION, fact
    assert "2025-04-01" in ELASTX.dkim_source
    assert "13f1178" in ELASTX.spf_source
    assert "or a record that it includes, has the exact string" in SECTION
    assert ELASTX.spf_levels == 1
