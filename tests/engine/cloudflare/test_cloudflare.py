"""Publishing through Cloudflare on the real engine: what is declared is served, does not drift, and is put right."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from elastx_mrs.records.text import presentation
from tests import golden, secrecy
from tests.engine.cloudflare.stacks import Trial, trial

pytestmark = pytest.mark.engine

ALL = "".join(map(chr, range(0x20, 0x7F)))
"""Every printable character of ASCII."""

LENGTHS = (254, 255, 256, 509, 510, 511, 765, 1021, 3900)
"""Octets: around one, two, three and four character-strings, and near the 4,096 octets that a record may have."""


def dmarc(filler: str) -> str:
    """A DMARC record that carries text in a tag that receivers ignore (RFC 9989 §4.7)."""
    return f"v=DMARC1; p=none; x={filler}"


def of_length(octets: int) -> str:
    return dmarc("y" * (octets - len(dmarc(""))))


def sha256(account: str) -> str:
    """What stands after ``elastx-mrs=`` (the service's page)."""
    return hashlib.sha256(account.encode()).hexdigest()


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Trial]:
    with trial(tmp_path) as running:
        yield running


def test_every_length_and_character_is_served_and_never_drifts(run: Trial) -> None:
    values = [dmarc(ALL.replace(";", "").replace(" ", "")), *map(of_length, LENGTHS)]
    names = [f"d{index}.example.com" for index in range(len(values))]
    # As a zone file has them: a bare value may not have both quotes and backslashes in it.
    records = [presentation(value) for value in values]
    domains = [{"name": name, "dmarc": {"record": record}} for name, record in zip(names, records, strict=True)]
    stack = run.stack(domains=domains)
    stack.up()
    for name, value in zip(names, values, strict=True):
        assert run.dig(f"_dmarc.{name}") == {presentation(value)}
        assert run.dig(name) == {f'"elastx-mrs={sha256("a@acme.example")}"', f'"{golden.SPF}"'}
        assert run.dig(f"elastx._domainkey.{name}") == {f'"{golden.DKIM_FIRST}" "{golden.DKIM_REST}"'}
    run.asked()
    stack.pulumi("refresh", "--yes", "--stack", "test", "--expect-no-changes")
    stack.up("--expect-no-changes")
    assert run.changes() == []


def test_what_is_changed_by_hand_is_seen_and_put_right(run: Trial) -> None:
    stack = run.stack(verification={"timeout": 0})
    stack.up()
    book = run.api.zone("example.com").book
    (spf,) = [record for record in run.records() if "v=spf1" in record.fields.content]
    (policy,) = [record for record in run.records() if "v=DMARC1" in record.fields.content]
    declared = {record.fields.content for record in run.records() if record.fields.type == "TXT"}

    book.patch(spf.id, {"content": '"v=spf1 -all"'})
    book.remove(policy.id)
    said = stack.up(check=False, ELASTX_MRS_VERIFICATION="require")
    assert said.returncode != 0
    assert "wrong: spf at" in said.stdout
    assert "absent: dmarc (_dmarc.example.com)" in said.stdout, "up alone sees no difference"
    assert "publish the DMARC record (pulumi up --refresh" in said.stdout
    refreshed = stack.pulumi("refresh", "--yes", "--stack", "test")
    assert "~ 1 updated" in refreshed.stdout
    assert "- 1 deleted" in refreshed.stdout
    run.asked()
    stack.up()
    assert run.changes() == ["POST", "PUT"]
    assert {record.fields.content for record in run.records() if record.fields.type == "TXT"} == declared

    book.add({"name": "example.com", "type": "TXT", "ttl": 300, "content": '"v=spf1 include:elastx.email ~all"'})
    said = stack.up(check=False, ELASTX_MRS_VERIFICATION="require")
    assert said.returncode != 0, "a second SPF is permerror (RFC 7208 §4.5)"
    assert "it has 2 SPF records" in said.stdout


def test_two_stacks_in_one_zone_touch_only_their_own(run: Trial) -> None:
    theirs = run.stack(accounts=["b@acme.example"])
    theirs.up()
    before = {record.id for record in run.records()}
    external = {"external": True}
    ours = run.stack(domains=[{"name": "example.com", "spf": external, "dkim": external, "dmarc": external}])
    run.asked()
    ours.config["verification"] = {"knownChallenges": [f"elastx-mrs={sha256('b@acme.example')}"]}
    said = ours.up(ELASTX_MRS_VERIFICATION="require")
    assert run.changes() == ["POST"], "one challenge"
    assert before < {record.id for record in run.records()}
    assert "not declared" not in said.stdout, "the other stack's challenge is known"
    with secrecy.watched(str(ours.directory.parent)) as processes:
        log = ours.pulumi("destroy", "--yes", "--stack", "test", *secrecy.EVERYTHING)
    assert '"v":9' in log.stderr
    assert secrecy.shown(log.stdout + log.stderr, [run.lab.token]) == []
    assert secrecy.shown(b"\n".join(processes.commands), [run.lab.token]) == []
    assert secrecy.shown_below(run.directory, [run.lab.token], run.lab.directory) == []
    assert {record.id for record in run.records()} == before
    theirs.pulumi("refresh", "--yes", "--stack", "test", "--expect-no-changes")


def test_secret_accounts_stand_nowhere_in_plain_text(run: Trial) -> None:
    account = "very-secret-account@acme.example"
    stack = run.stack()
    del stack.config["accounts"]
    stack.pulumi("config", "set", "--secret", "--path", "elastx-mrs:accounts[0]", account, "--stack", "test")
    stack.config["accounts"] = stack.written()["elastx-mrs:accounts"]
    said = [stack.preview(), stack.up(), stack.pulumi("refresh", "--yes", "--stack", "test")]
    exported = stack.state()
    assert sha256(account) in exported, "the challenge itself is public"
    assert any(sha256(account)[:12] in name for name in stack.resources())
    for text in (exported, *(one.stdout + one.stderr for one in said), json.dumps([r.answer() for r in run.records()])):
        assert account not in text
        assert account.partition("@")[0] not in text


def test_a_project_of_init_is_verified_on_name_servers_that_are_behind(run: Trial) -> None:
    run.api.delay = 2.0
    options = ["--domain", "example.com", "--account", "a@acme.example", "--dkim", golden.DKIM]
    stack = run.begun(*options, "--publisher", "cloudflare", "--nameserver", run.lab.address)
    said = stack.up(ELASTX_MRS_VERIFICATION="require")
    assert "verification: 1 of 1 domain verified" in said.stdout
    assert run.dig("_dmarc.example.com") == {'"v=DMARC1; p=none;"'}


def test_what_is_there_already_is_named_in_the_preview(run: Trial) -> None:
    """As warnings, so that one preview has them all; that a preview fails is in test_adopt.py."""
    there = {
        "RFC 7208 §4.5": ("a", {"type": "TXT", "content": '"v=spf1 include:_spf.example.net -all"'}),
        "RFC 9989 §4.10": ("_dmarc.b", {"type": "TXT", "content": '"v=DMARC1; p=reject"'}),
        "RFC 6376 §3.6.2.2": ("elastx._domainkey.c", {"type": "TXT", "content": f'"{golden.DKIM[:200]}"'}),
        "_dmarc.d.example.com is a CNAME": ("_dmarc.d", {"type": "CNAME", "content": "dmarc.example.net"}),
        "elastx._domainkey.e.example.com is a CNAME": (
            "elastx._domainkey.e",
            {"type": "CNAME", "content": "key.example.net"},
        ),
    }
    for name, record in there.values():
        run.api.zone("example.com").book.add({"name": f"{name}.example.com", "ttl": 300, **record})
    stack = run.stack(domains=[f"{label}.example.com" for label in "abcde"])
    said = stack.preview(ELASTX_MRS_GUARD="warn").stdout
    assert [reason for reason in there if reason not in said] == []
    for name in ("a.example.com", "b.example.com", "c.example.com"):
        assert f"elastx-mrs adopt {name}" in said
    assert "elastx-mrs adopt --import" in said, "how it is taken over"
    assert run.changes() == []
