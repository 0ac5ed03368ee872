"""Reviews of previews of the real engine: one stack, each kind of change, against files that were written first.

What is folded away at the end, notices, depends on what the guard finds; it is left out here and read elsewhere.
"""

import copy
import hashlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from elastx_mrs.lab.session import open_lab
from tests import golden
from tests.engine.cloudflare.stacks import trial
from tests.engine.stack import ROOT, Stack
from tests.publish.rfc2136.updates import nsupdate
from tests.servers import NameServer, start

pytestmark = pytest.mark.engine

GOLDEN = Path(__file__).resolve().parents[1] / "review" / "golden"
HEAD = "$TTL 3600\n$ORIGIN {name}.\n@ SOA ns1 hostmaster 1 3600 900 604800 300\n@ NS ns1\nns1 A 127.0.0.1\n"
ZONES = {name: HEAD.format(name=name) for name in ("example.com", "example.se")} | {
    "elastx.email": HEAD.format(name="elastx.email") + '@ TXT "v=spf1 ip4:192.0.2.0/24 -all"\n',
    "example.net": HEAD.format(name="example.net") + '_spf TXT "v=spf1 a:ns1.example.net -all"\n',
}
A, B = "a@acme.example", "b@acme.example"
CONFIG: dict[str, Any] = {
    "accounts": [A, B],
    "dkim": golden.DKIM,
    "dmarc": "v=DMARC1; p=quarantine; rua=mailto:dmarc@example.com",
    "domains": [
        {"name": "example.com", "dmarc": "v=DMARC1; p=reject; sp=quarantine; adkim=s; rua=mailto:dmarc@example.com"},
        {"name": "news.example.com", "accounts": [B]},
    ],
    "rfc2136": {"zones": ["example.com", "example.se"]},
}
SALT = "v1:sByau21ZAP4=:v1:bVcxwQLtrpNZ3jWr:2y7CsNgXjR3WoBjho6aY7eNdbMvCDA=="
"""That ``pulumi stack init`` made of the passphrase ``test``."""

OTHER_KEY = "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
"""Of RFC 8463 appendix A.2."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NameServer]:
    with start("lab", tmp_path_factory.mktemp("server"), ZONES) as running:
        yield running


@pytest.fixture(scope="module")
def first(server: NameServer, tmp_path_factory: pytest.TempPathFactory) -> tuple[Stack, str]:
    """A stack that is up, and what the preview of its first ``up`` printed."""
    stack = Stack.create(tmp_path_factory.mktemp("stack"), server.environment(), copy.deepcopy(CONFIG))
    printed = stack.preview("--json").stdout
    stack.up()
    return stack, printed


@pytest.fixture
def stack(first: tuple[Stack, str]) -> Stack:
    first[0].config = copy.deepcopy(CONFIG)
    return first[0]


def review(printed: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from elastx_mrs.cli.main import main; main(prog_name='elastx-mrs')", "review"]
    return subprocess.run(
        [*command, *arguments], input=printed, capture_output=True, text=True, check=False, timeout=60
    )


def reviewed(printed: str) -> str:
    result = review(printed)
    assert result.returncode == 0, result.stderr
    return result.stdout.partition("\n<details>")[0].rstrip("\n") + "\n"


def wanted(name: str) -> str:
    return (GOLDEN / f"{name}.md").read_text(encoding="utf-8")


def previewed(stack: Stack) -> str:
    result = stack.preview("--json", check=False)
    assert result.stdout, result.stderr
    return result.stdout


def test_the_first_up(first: tuple[Stack, str]) -> None:
    assert reviewed(first[1]) == wanted("first")


def test_nothing_changes_and_a_notice_is_acknowledged(stack: Stack) -> None:
    stack.config["acknowledged"] = ["one-key"]
    printed = previewed(stack)
    assert reviewed(printed) == wanted("same")
    assert "is one key" not in printed
    assert "<details><summary>1 acknowledged notice</summary>" in review(printed).stdout


def test_an_account_gains_domains(stack: Stack) -> None:
    del stack.config["domains"][1]["accounts"]
    stack.config["domains"].append({"name": "example.se", "accounts": [B]})
    assert reviewed(previewed(stack)) == wanted("gained")


def test_spf_and_dmarc_are_loosened(stack: Stack, server: NameServer) -> None:
    domain = stack.config["domains"][0]
    domain["spf"] = {"include": ["_spf.example.net"], "ip4": ["198.51.100.0/24"], "all": "softfail"}
    domain["dmarc"] = "v=DMARC1; p=none; sp=quarantine; rua=mailto:other@example.com"
    printed = previewed(stack)
    assert reviewed(printed) == wanted("loosened")

    asked = review(printed, "--dns", "--nameserver", server.address)
    assert asked.returncode == 0, asked.stderr
    assert "1 → 3 of 10 lookups, 2 of them in the record itself" in asked.stdout, "an include in it has an a"


def test_records_are_removed(stack: Stack) -> None:
    stack.config["domains"] = [stack.config["domains"][0] | {"accounts": [B]}]
    assert reviewed(previewed(stack)) == wanted("removed")


def test_a_key_becomes_another_one(stack: Stack) -> None:
    stack.config["domains"][1]["dkim"] = OTHER_KEY
    assert reviewed(previewed(stack)) == wanted("key")


def test_a_fault_of_the_config(stack: Stack) -> None:
    stack.config["domains"][1]["name"] = "nowhere"
    printed = previewed(stack)
    assert reviewed(printed) == wanted("config").replace("domains[1]", "domains[1].name")
    assert review(printed, "--fail-on", "failed").returncode == 1


def test_the_guard_stops_a_second_spf(stack: Stack, server: NameServer) -> None:
    nsupdate(server, 'zone example.se\nupdate add example.se 3600 TXT "v=spf1 -all"')
    stack.config["domains"].append({"name": "example.se", "accounts": [B]})
    try:
        assert reviewed(previewed(stack)) == wanted("guard")
    finally:
        nsupdate(server, 'zone example.se\nupdate delete example.se TXT "v=spf1 -all"')


def test_what_somebody_changed_is_told_as_it_is_put_right(stack: Stack, server: NameServer) -> None:
    owner, ours = "_dmarc.news.example.com", "v=DMARC1; p=quarantine; rua=mailto:dmarc@example.com"
    head = f"zone example.com\nupdate delete {owner} TXT\nupdate add {owner} 1800 TXT"
    nsupdate(server, f'{head} "v=DMARC1; p=reject"')
    try:
        drift = stack.preview("--refresh", "--json", "--expect-no-changes", check=False)
        assert drift.returncode != 0
        said = reviewed(drift.stdout)
    finally:
        nsupdate(server, f'{head} "{ours}"')
    assert "**1 domain: 1 record will be changed.**" in said
    row = "`p=reject` → `p=quarantine` (looser)<br>rua + `mailto:dmarc@example.com`"
    assert f"| ~&nbsp;change | DMARC at `{owner}` | {row} |" in said


def test_secret_accounts_are_told_by_their_hash(stack: Stack) -> None:
    secret = "c@acme.example"
    stack.pulumi("config", "set", "--secret", "--stack", "test", "--path", "elastx-mrs:accounts[2]", secret)
    stack.config["accounts"] = stack.written()["elastx-mrs:accounts"]
    printed = previewed(stack)
    said = reviewed(printed)
    assert secret not in printed + said
    beginning = hashlib.sha256(secret.encode()).hexdigest()[:12]
    assert f"account `{beginning}…` will be able to send as any address of `example.com`" in said
    named = review(printed, "--known-account", secret).stdout
    assert f"account `{secret}` will be able to send as any address of `example.com`" in named


def test_a_preview_that_does_not_begin(tmp_path: Path) -> None:
    stack = Stack.create(tmp_path, {}, {})
    (stack.directory / "stacks" / "Pulumi.test.yaml").write_text(f"encryptionsalt: {SALT}\n")
    result = stack.preview("--json", check=False, PULUMI_CONFIG_PASSPHRASE="wrong")
    log = tmp_path / "preview.log"
    log.write_text(result.stderr)
    plain = review(result.stdout)
    assert (plain.returncode, plain.stdout) == (2, "")
    assert "standard input: is empty: pulumi preview failed before it began" in plain.stderr
    told = review(result.stdout, "--log", str(log), "--stack", "elastx-mrs/test", "--fail-on", "failed")
    assert told.returncode == 1
    assert told.stdout.startswith(wanted("config").partition("**Error**")[0])
    assert "incorrect passphrase" in told.stdout


def test_records_in_cloudflare_are_read_too(tmp_path: Path) -> None:
    with trial(tmp_path) as run:
        stack = run.stack(ttl=300)
        first = reviewed(previewed(stack))
        stack.up()
        stack.config |= {"ttl": 600, "cloudflare": {"comment": "{project}"}, "domains": ["example.com", "example.se"]}
        changed = reviewed(previewed(stack))
    assert "**1 domain: 4 records will be added.**" in first
    assert (
        "| +&nbsp;add | DKIM at `elastx._domainkey.example.com` | key: RSA 2048 bits, SHA-256 d956ddb968b0747c… |"
        in first
    )
    assert "**2 domains: 4 records will be added, 4 changed; look at 1 first.**" in changed
    assert "| ~&nbsp;change | SPF | TTL 300 s → 600 s<br>`comment`: `nothing` → `elastx-mrs` |" in changed


def test_the_page_shows_the_review_of_the_lab_s_first_up(tmp_path: Path) -> None:
    with open_lab(tmp_path / "lab") as lab:
        server = {key: value for key, value in lab.environment().items() if key.startswith("ELASTX_")}
        config = yaml.safe_load((ROOT / "stacks" / "Pulumi.lab.yaml").read_text())["config"]
        stack = Stack.create(tmp_path, server, {key.partition(":")[2]: value for key, value in config.items()})
        said = review(previewed(stack)).stdout.replace("elastx-mrs/test", "elastx-mrs/lab")
    _, _, comment = said.partition("\n\n")
    quoted = "".join(f"> {line}".rstrip() + "\n" for line in comment.splitlines())
    assert quoted in (ROOT / "docs" / "gitops.md").read_text(encoding="utf-8")
