"""Records that come to the component under other names: DNS is left as it is."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from elastx_mrs.records.text import presentation
from tests import golden
from tests.engine.cloudflare.stacks import Trial, trial
from tests.engine.cloudflare.test_cloudflare import sha256
from tests.engine.programs import DMARC, RECORD, SDK, program, records_of, rewrite, steps

pytestmark = pytest.mark.engine

CHALLENGE = f"elastx-mrs={sha256('a@acme.example')}"
OLD_NAMES = {
    f"mail-example.com-challenge-{sha256('a@acme.example')[:12]}": "token",
    "mail-example.com-spf": "spf",
    "mail-example.com-dkim": "dkim",
    "mail-example.com-dmarc": "dmarc",
}
HAND_WRITTEN = """
zone = cloudflare.get_zones_output().results.apply(lambda zones: next(z.id for z in zones if z.name == "example.com"))
for name, (owner, ttl, content) in {records!r}.items():
    cloudflare.DnsRecord(name, zone_id=zone, name=owner, type="TXT", ttl=ttl, content=content)
"""


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Trial]:
    with trial(tmp_path) as running:
        yield running


def test_a_renamed_component_with_an_alias_changes_nothing(run: Trial) -> None:
    stack = program(run, 'MailRelay("old", args("example.com"))')
    stack.up()
    before = {one["id"] for one in records_of(stack).values()}
    alias = 'pulumi.ResourceOptions(aliases=[pulumi.Alias(name="old")])'
    rewrite(stack, f'MailRelay("new", args("example.com"), {alias})')
    run.asked()
    stack.up("--expect-no-changes")
    assert run.changes() == []
    assert {one["id"] for one in records_of(stack).values()} == before
    assert all(name.startswith("new-") for name in records_of(stack))
    rewrite(stack, 'MailRelay("new", args("example.com"))')  # an alias is needed for one run
    assert steps(stack) == {}


def test_hand_written_records_are_taken_over_with_a_change_only_where_they_differ(run: Trial) -> None:
    by_hand = {
        "token": ("example.com", 1800, presentation(CHALLENGE)),
        "spf": ("example.com", 1800, golden.SPF),  # without quotes
        "dkim": ("elastx._domainkey.example.com", 1800, presentation(golden.DKIM)),
        "dmarc": ("_dmarc.example.com", 300, presentation(DMARC)),  # another TTL
        "other": ("other.example.com", 300, '"not ours"'),
    }
    stack = program(run, SDK, HAND_WRITTEN.format(records=by_hand))
    stack.up()
    before = {record.id: record.fields for record in run.records()}
    served = run.dig("example.com")

    recipe = f"""
OLD_NAMES = {OLD_NAMES!r}

def taken_over(args):
    old = OLD_NAMES.get(args.name) if args.type_ == {RECORD!r} else None
    if old is None:
        return None
    alias = pulumi.Alias(name=old, parent=pulumi.ROOT_STACK_RESOURCE)
    return pulumi.ResourceTransformResult(
        args.props, pulumi.ResourceOptions.merge(args.opts, pulumi.ResourceOptions(aliases=[alias]))
    )

MailRelay("mail", args("example.com"), pulumi.ResourceOptions(transforms=[taken_over]))
"""
    rest = HAND_WRITTEN.format(records={"other": by_hand["other"]})
    rewrite(stack, SDK, rest, recipe)
    run.asked()
    told = stack.up().stdout
    assert "+ 1 created" in told, "the component itself"
    assert "~ 2 updated" in told, "the two that differ"
    assert run.changes() == ["PUT", "PUT"]
    after = {record.id: record.fields for record in run.records()}
    changed = {number: after[number] for number in after if after[number] != before[number]}
    assert before.keys() == after.keys()
    assert {(one.name, one.ttl, one.content) for one in changed.values()} == {
        ("example.com", 1800, presentation(golden.SPF)), ("_dmarc.example.com", 1800, presentation(DMARC)),
    }  # fmt: skip
    assert run.dig("example.com") == served, "quotes are Cloudflare's, not DNS's"
