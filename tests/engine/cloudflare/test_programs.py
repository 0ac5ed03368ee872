"""Users' own programs with the component: explicit providers, several accounts, options that reach every record."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from elastx_mrs.lab.cloudflare.zone import Account, Token
from tests.engine.cloudflare.stacks import Trial, trial
from tests.engine.programs import (
    EXPLICIT,
    PROVIDERS,
    RECORD,
    SDK,
    hand_over,
    program,
    records_of,
    rewrite,
    without_default,
)

pytestmark = pytest.mark.engine

FIRST, SECOND = "first-" + "1" * 34, "second-" + "2" * 33
"""Tokens; the plugin takes from 40 characters."""

KINDS = 4
"""Records of a domain: challenge, SPF, DKIM, DMARC."""


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Trial]:
    with trial(tmp_path) as running:
        yield running


def test_look_ups_records_and_guard_use_the_explicit_provider(run: Trial) -> None:
    run.api.tokens = {FIRST: Token()}
    relay = """
MailRelay("mail", args("example.com"), pulumi.ResourceOptions(provider=provider("own", os.environ["FIRST"])))
"""
    stack = without_default(program(run, SDK, relay, FIRST=FIRST))
    stack.preview(*EXPLICIT)
    asked = {path for _, path, status in run.asked() if status == 200}
    assert asked == {"/zones", "/zones?page=2", "/zones/{id}/dns_records", "/zones/{id}/dns_records?page=2"}
    stack.up(*EXPLICIT)
    assert run.changes() == ["POST"] * KINDS
    run.api.zone("example.se").book.add({"name": "example.se", "type": "TXT", "content": '"v=spf1 -all"', "ttl": 300})
    rewrite(stack, SDK, relay.replace('"example.com"', '"example.com", "example.se"'))
    said = stack.preview(*EXPLICIT, check=False)
    assert said.returncode != 0
    assert "example.se has the SPF record 'v=spf1 -all' already" in said.stdout, "the guard asks it too"
    destroyed = stack.pulumi("destroy", "--yes", "--stack", "test", *EXPLICIT)
    assert FIRST not in destroyed.stdout + said.stdout


def test_two_accounts_in_one_program_touch_only_their_own_zones(run: Trial) -> None:
    ours, theirs = run.api.zone("example.com"), hand_over(run.api, "example.se", Account("theirs"))
    run.api.tokens = {
        FIRST: Token("first", zones=frozenset({ours.id})), SECOND: Token("second", zones=frozenset({theirs.id})),
    }  # fmt: skip
    relays = """
for name, domain, token, account in json.loads(os.environ["RELAYS"]):
    opts = pulumi.ResourceOptions(provider=provider(name, token))
    MailRelay(name, args(domain, cloudflare={"account_id": account}), opts)
"""
    wanted = [["ours", "example.com", FIRST, ours.account.id], ["theirs", "example.se", SECOND, theirs.account.id]]
    stack = without_default(program(run, PROVIDERS, relays, RELAYS=json.dumps(wanted)))
    stack.preview(*EXPLICIT)
    listed = [one.path for one in run.api.log if one.path.startswith("/zones?")]
    assert sorted(listed) == sorted(
        f"/zones?account.id={zone.account.id}{page}" for zone in (ours, theirs) for page in ("", "&page=2")
    )
    stack.up(*EXPLICIT)
    assert all(one.status == 200 for one in run.api.log), "nobody asked for what the token does not see"
    for name, zone in (("ours", ours), ("theirs", theirs)):
        declared = [one["outputs"]["zoneId"] for key, one in records_of(stack).items() if key.startswith(f"{name}-")]
        assert declared == [zone.id] * KINDS
        assert len([one for one in zone.book.all() if one.fields.type == "TXT"]) == KINDS


def test_a_preview_works_while_the_provider_s_token_is_not_known(run: Trial) -> None:
    run.api.tokens = {FIRST: Token()}
    late = """
from pulumi import dynamic

class Vault(dynamic.ResourceProvider):
    def create(self, props):
        return dynamic.CreateResult("vault", {"token": os.environ["FIRST"]})

class Secret(dynamic.Resource):
    token: pulumi.Output[str]

    def __init__(self):
        opts = pulumi.ResourceOptions(additional_secret_outputs=["token"])
        super().__init__(Vault(), "secret", {"token": None}, opts)

MailRelay("mail", args("example.com"), pulumi.ResourceOptions(provider=provider("late", Secret().token)))
"""
    stack = without_default(program(run, PROVIDERS, late, FIRST=FIRST))
    said = stack.preview()
    assert run.asked() == [], "nobody is asked with a token that is not there"
    assert "the zone of example.com is known only after it, or its provider, is created" in said.stdout
    stack.up()
    assert run.changes() == ["POST"] * KINDS
    stack.preview("--expect-no-changes")
    assert len(records_of(stack)) == KINDS


def test_options_of_the_component_reach_every_record(run: Trial) -> None:
    relay = f"""
def commented(args):
    if args.type_ == {RECORD!r}:
        return pulumi.ResourceTransformResult({{**args.props, "comment": "by a transform"}}, args.opts)

def slower(args):
    if args.type_ == {RECORD!r}:
        return pulumi.ResourceTransformationResult({{**args.props, "ttl": 600}}, args.opts)

MailRelay("mail", args("example.com"), pulumi.ResourceOptions(
    protect=True, retain_on_delete=True, transforms=[commented], transformations=[slower],
))
"""
    stack = program(run, relay)
    stack.up()
    records = records_of(stack).values()
    assert len(records) == KINDS
    assert all(one["protect"] and one["retainOnDelete"] for one in records)
    declared = [one.fields for one in run.records() if one.fields.type == "TXT"]
    assert [(one.comment, one.ttl) for one in declared] == [("by a transform", 600)] * KINDS
    stack.preview("--expect-no-changes")
    said = stack.pulumi("destroy", "--yes", "--stack", "test", check=False)
    assert said.returncode != 0, "protect"
    stack.pulumi("state", "unprotect", "--all", "--yes", "--stack", "test")
    run.asked()
    stack.pulumi("destroy", "--yes", "--stack", "test")
    assert run.changes() == [], "retained"
