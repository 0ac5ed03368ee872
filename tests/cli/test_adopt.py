"""``elastx-mrs adopt``: what a domain publishes, as config that keeps it; asked of real servers."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result

from elastx_mrs.cli.main import main
from elastx_mrs.config.parse import parse_stack
from elastx_mrs.records import dmarc
from tests import golden
from tests.servers import NameServer, start
from tests.servers.zones import HEAD, ZONES

KEY = "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
OWN_KEY = "v=DKIM1; k=ed25519; p=sV4/Ki/xdmLYTDrTRzOm0wDIJQMWE96aT6hzf5zvlZQ="
SERVED = ZONES | {
    "example.com": HEAD.format(name="example.com")
    + rf"""@ TXT "v=spf1 ip4:203.0.113.0/24 include:_spf.google.com ~all"
@ TXT "{golden.TOKEN}"
_dmarc TXT "v=DMARC1; p=reject; rua=mailto:d@example.com"
elastx._domainkey TXT "{KEY}"
elastx._domainkey.other TXT "{KEY}"
s1._domainkey.other TXT "{OWN_KEY}"
s2._domainkey.gone TXT "v=DKIM1; p="
two TXT "v=spf1 -all"
two TXT "v=spf1 a -all"
broken TXT "v=spf1 inc:x -all"
open TXT "v=spf1 +all"
evil TXT "v=spf1 \027[31m\010elastx-mrs:adopt:\010- x\013 -all"
_dmarc.evil TXT "v=DMARC1; p=none; x=\010elastx-mrs:accounts: [evil@example.com]"
_dmarc.yaml TXT "v=DMARC1; p=none; x=': #\"| &a *b !!python/object"
_dmarc.slash TXT "v=DMARC1; p=none; x=a\\b"
_dmarc.alias CNAME _dmarc
_dmarc.dead CNAME nothing.example.com.
""",
}

INHERITED = "v=DMARC1; p=reject; rua=mailto:d@example.com;"


@pytest.fixture(scope="module", params=["bind", "knot", "lab"])
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[NameServer]:
    with start(request.param, tmp_path_factory.mktemp(request.param), SERVED) as running:
        yield running


def adopt(server: NameServer, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["adopt", "--nameserver", server.address, *arguments])


def config(result: Result) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(result.stdout)
    return loaded


def test_it_prints_config_that_keeps_everything_and_what_will_change(server: NameServer) -> None:
    result = adopt(server, "example.com")
    assert result.exit_code == 0, result.output
    spf = "v=spf1 include:elastx.email ip4:203.0.113.0/24 include:_spf.google.com ~all"
    printed = config(result)
    assert printed == {
        "elastx-mrs:domains": [
            {
                "name": "example.com",
                "spf": {"record": spf},
                "dmarc": {"record": "v=DMARC1; p=reject; rua=mailto:d@example.com"},
                "dkim": {"selector": "elastx", "record": KEY},
            }
        ],
        "elastx-mrs:adopt": ["example.com", "_dmarc.example.com", "elastx._domainkey.example.com"],
    }
    assert "lookups 1 -> 2 of 10" in result.stdout
    rest = {"elastx-mrs:accounts": [golden.ACCOUNT], "elastx-mrs:rfc2136": {"zones": ["example.com"]}}
    values = {record.kind: record.value for record in parse_stack(printed | rest).records()}
    assert values["spf"] == spf
    assert values["challenge"] == golden.TOKEN


def test_a_domain_without_policy_is_a_bare_name(server: NameServer) -> None:
    result = adopt(server, "example.se")
    assert result.exit_code == 0
    assert config(result) == {"elastx-mrs:domains": ["example.se"]}


def test_a_policy_from_above_is_taken_along(server: NameServer) -> None:
    result = adopt(server, "new.example.com")
    assert result.exit_code == 0
    (kept,) = config(result)["elastx-mrs:domains"]
    assert kept == {"name": "new.example.com", "dmarc": {"record": INHERITED}}
    assert "new.example.com inherits p=reject from _dmarc.example.com" in result.stdout


def test_a_policy_behind_a_cname_stays_where_it_is(server: NameServer) -> None:
    result = adopt(server, "alias.example.com", "dead.example.com")
    assert result.exit_code == 0
    for kept in config(result)["elastx-mrs:domains"]:
        assert kept["dmarc"] == {"external": True}
    assert "_dmarc.alias.example.com is a CNAME to _dmarc.example.com: its policy stays there" in result.stdout
    assert "_dmarc.dead.example.com is a CNAME to nothing.example.com: its policy stays there" in result.stdout


def test_only_keys_at_the_selectors(server: NameServer) -> None:
    owners = ["elastx._domainkey.other.example.com"]
    assert config(adopt(server, "other.example.com"))["elastx-mrs:adopt"] == owners
    more = ("--selector", "s1", "--selector", "elastx", "--selector", "s2")
    both = config(adopt(server, *more, "other.example.com"))
    assert both["elastx-mrs:adopt"] == [*owners, "s1._domainkey.other.example.com"]
    (kept,) = both["elastx-mrs:domains"]
    assert kept["dkim"] == [{"selector": "elastx", "record": KEY}, {"selector": "s1", "record": OWN_KEY, "own": True}]
    rest = {"elastx-mrs:accounts": [golden.ACCOUNT], "elastx-mrs:rfc2136": {"zones": ["example.com"]}}
    records = parse_stack(both | rest).records()
    assert [one.name for one in records if one.kind == "dkim"] == both["elastx-mrs:adopt"]


def test_a_revoked_key_at_another_selector_cannot_be_kept(server: NameServer) -> None:
    result = adopt(server, "--selector", "s2", "gone.example.com")
    assert result.exit_code == 1
    assert "s2._domainkey.gone.example.com has 'v=DKIM1; p=', which receivers cannot use" in result.stdout
    assert "Remove it, or leave its selector out" in result.stdout


@pytest.mark.parametrize(
    ("domain", "message"),
    [
        ("two.example.com", "has 2 SPF records, which is permerror (RFC 7208 §4.5)"),
        ("broken.example.com", "has a syntax error at position 8"),
        ("open.example.com", "has +all at position 8, which lets every server send"),
    ],
)
def test_what_cannot_be_kept_is_said(server: NameServer, domain: str, message: str) -> None:
    result = adopt(server, domain)
    assert result.exit_code == 1
    assert any(line.startswith("# CANNOT BE KEPT: ") and message in line for line in result.stdout.splitlines())
    assert config(result) == {"elastx-mrs:domains": [{"name": domain, "dmarc": {"record": INHERITED}}]}


def test_hostile_text_stays_inside_its_string(server: NameServer) -> None:
    for domain in ("evil.example.com", "yaml.example.com"):
        result = adopt(server, domain)
        assert set(config(result)) <= {"elastx-mrs:domains", "elastx-mrs:adopt"}
        assert all(character.isprintable() or character == "\n" for character in result.stdout)
        assert all(owner.endswith(domain) for owner in config(result).get("elastx-mrs:adopt", []))
    (kept,) = config(adopt(server, "yaml.example.com"))["elastx-mrs:domains"]
    assert dmarc.from_paste(kept["dmarc"]["record"]) == """v=DMARC1; p=none; x=': #"| &a *b !!python/object"""


def test_a_backslash_is_kept_as_it_is(server: NameServer) -> None:
    (kept,) = config(adopt(server, "slash.example.com"))["elastx-mrs:domains"]
    assert kept["dmarc"]["record"] == "v=DMARC1; p=none; x=a\\b"


def test_what_could_not_be_asked_is_said_and_has_its_own_exit_code(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["adopt", "--nameserver", "127.0.0.1:1", "example.com"])
    assert result.exit_code == 3
    assert "# NOT ASKED: SPF of example.com could not be looked up: 127.0.0.1:1" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["https://example.com"], "DOMAIN 'https://example.com': is a URL"),
        (["example.com", "--selector", "a b"], "--selector 'a b': is not a selector"),
        (
            ["example.com", "--nameserver", "ns1.example.com"],
            "--nameserver: 'ns1.example.com' is not a server's address",
        ),
        ([], "Missing argument"),
    ],
)
def test_bad_input_is_named_by_its_option(arguments: list[str], message: str) -> None:
    result = CliRunner().invoke(main, ["adopt", *arguments])
    assert result.exit_code == 2
    assert message in result.output
