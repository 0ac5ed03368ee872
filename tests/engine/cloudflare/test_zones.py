"""Zones on the engine: listed once however many there are, the longest wins, and one that moves to another account."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from elastx_mrs.lab.cloudflare.rules import FREE
from elastx_mrs.lab.cloudflare.zone import Account, Token
from tests.engine.cloudflare.stacks import Trial, diagnostics, trial
from tests.engine.programs import PROVIDERS, SKIP_CHECKS, program, rewrite, without_default

pytestmark = pytest.mark.engine

OTHER = Account("other")
OTHER_TOKEN = "o" * 40
ZONES_PER_PAGE = 20
"""As the plugin asks for them (the recordings)."""


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Trial]:
    with trial(tmp_path) as running:
        yield running


def lists(run: Trial) -> dict[str, int]:
    """How many pages of zones, and of records, were asked for since the last look."""
    asked = [path for method, path, _ in run.asked() if method == "GET"]
    return {
        "zones": sum(path.startswith("/zones?") or path == "/zones" for path in asked),
        "records": sum("/dns_records" in path for path in asked),
        "others": sum(path.startswith("/zones/") and "/dns_records" not in path for path in asked),
    }


def test_an_account_of_over_a_thousand_zones_is_listed_once_a_run(run: Trial) -> None:
    for number in range(1050):
        run.api.add_zone(f"z{number:04}.example", OTHER)
    mine = ["example.com", "z0000.example", "news.z1049.example"]  # the last is on the last page
    stack = run.stack(domains=mine)
    stack.environment |= SKIP_CHECKS
    pages = -(-len(run.api.zones) // ZONES_PER_PAGE) + 1
    stack.up()
    assert lists(run) == {"zones": pages, "records": 0, "others": 0}
    assert run.texts("news.z1049.example", "z1049.example")

    stack.config["cloudflare"] = {
        "zones": {name: run.api.zone(name.removeprefix("news.")).id for name in mine},
    }
    stack.preview("--expect-no-changes")
    assert lists(run) == {"zones": 0, "records": 0, "others": 0}, "with all zones given"


def test_the_guard_lists_each_zone_once_and_none_where_nothing_is_made(run: Trial) -> None:
    stack = run.stack(domains=["example.com", "a.example.com", "b.example.com", "example.se"])
    stack.preview()
    once = {"zones": 2, "records": 2 * 2, "others": 0}
    assert lists(run) == once, "two zones; the second page of each is empty"
    stack.up()
    assert lists(run) == once
    stack.preview("--expect-no-changes")
    assert lists(run) == {"zones": 2, "records": 0, "others": 0}


def test_the_longest_zone_wins_even_over_one_whose_id_is_given(run: Trial) -> None:
    child = run.api.add_zone("news.example.com", OTHER)
    stack = run.stack(domains=["example.com", "news.example.com", "a.news.example.com", "shop.example.com"])
    stack.environment |= SKIP_CHECKS
    stack.up()
    names = {record.fields.name for record in child.book.all()}
    assert {"news.example.com", "_dmarc.a.news.example.com"} <= names
    assert not any(name.endswith("shop.example.com") for name in names)
    assert not any("news" in record.fields.name for record in run.records())


def test_a_comment_says_whose_a_record_is_and_a_flattened_cname_is_in_nobody_s_way(run: Trial) -> None:
    apex = {"name": "example.com", "type": "CNAME", "ttl": 300, "content": "shop.example.net"}
    run.api.zone("example.com").book.add(apex)
    stack = run.stack()
    stack.up()
    assert len(run.dig("example.com")) == 2
    stack.config["cloudflare"] = {"comment": "{project}/{stack}"}
    run.asked()
    stack.up()
    assert run.changes() == ["PUT"] * 4
    ours = [record for record in run.records() if record.fields.type == "TXT"]
    assert {record.fields.comment for record in ours} == {"elastx-mrs/test"}
    stack.pulumi("refresh", "--yes", "--stack", "test", "--expect-no-changes")
    stack.config["cloudflare"] = {"comment": "{project}/" + "x" * (FREE.max_comment - 10)}
    said = stack.preview(check=False)
    assert said.returncode != 0
    assert "cloudflare.comment: becomes" in said.stdout
    assert f"room for {FREE.max_comment}" in said.stdout


def test_a_zone_moves_to_another_account_without_a_moment_that_lacks_a_record(run: Trial) -> None:
    """The recipe of ``docs/cloudflare.md``: beside the old one, then the registrar, then away with the old one."""
    old = run.api.zone("example.com")
    new = run.api.add_zone("example.com", OTHER, status="pending")
    run.api.tokens[OTHER_TOKEN] = Token(user="other", zones=frozenset({new.id}))
    token = run.lab.token
    before = f"""
old = pulumi.ResourceOptions(provider=provider("old", {token!r}))
MailRelay("mail", args("example.com", cloudflare={{"account_id": {old.account.id!r}}}), old)
"""
    beside = f"""
new = pulumi.ResourceOptions(provider=provider("new", {OTHER_TOKEN!r}))
MailRelay("moved", args("example.com", cloudflare={{"account_id": {OTHER.id!r}}}), new)
"""
    stack = without_default(program(run, PROVIDERS, before, **SKIP_CHECKS))
    stack.up()
    wanted = sorted(record.fields.content for record in old.book.all() if record.fields.type == "TXT")
    rewrite(stack, PROVIDERS, before, beside)
    assert "the zone example.com is pending" in stack.up().stdout
    for zone in (old, new):
        assert sorted(r.fields.content for r in zone.book.all() if r.fields.type == "TXT") == wanted
    new.status, old.status = "active", "moved"  # the registrar
    rewrite(stack, PROVIDERS, beside)
    stack.up()
    assert sorted(r.fields.content for r in new.book.all()) == wanted
    assert [r for r in old.book.all() if r.fields.type == "TXT"] == []


def test_another_zone_id_is_shown_as_a_replacement(run: Trial) -> None:
    new = run.api.add_zone("example.com", OTHER)
    stack = run.stack(cloudflare={"zones": {"example.com": run.api.zone("example.com").id}})
    stack.environment |= SKIP_CHECKS
    stack.up()
    stack.config["cloudflare"] = {"zones": {"example.com": new.id}}
    said = diagnostics(stack.preview())
    assert said.count("replace") >= 4, "which withdraws before it publishes"
