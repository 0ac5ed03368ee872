"""``elastx-mrs rfc2136 policy``: on each real server the rules let the stack's key do its work, and nothing else."""

import json
import re
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dns.message
import dns.name
import dns.query
import dns.tsig
import dns.update
import pytest
import yaml
from click.testing import CliRunner, Result

from elastx_mrs.cli.main import main
from elastx_mrs.config.parse import parse_stack
from elastx_mrs.publish.rfc2136 import update as dns_update
from elastx_mrs.publish.rfc2136.policy import Rights, knot
from elastx_mrs.publish.rfc2136.primary import Primary, UpdateError
from elastx_mrs.publish.rfc2136.profiles import Profiles
from elastx_mrs.publish.rfc2136.tsig import key_from
from elastx_mrs.records import TxtRecord
from tests import golden
from tests.servers import KEY, Key, NameServer, Setup, require, start
from tests.servers.zones import HEAD

SERVERS = ("bind", "knot", "powerdns")
OURS = Key()
OTHER = Key("other-key.", secret="YW5vdGhlciBrZXkgdGhhdCB0aGUgc2VydmVyIGtub3dzIGFzIHdlbGw=")
ZONES = {name: HEAD.format(name=name) for name in ("example.org", "example.com", "example.net", "example.se")}
STACK: dict[str, Any] = {
    "accounts": [golden.ACCOUNT],
    "dkim": golden.DKIM,
    "domains": [
        {"name": "example.com", "dmarc": "v=DMARC1; p=none; rua=mailto:dmarc@example.org"},
        "news.example.com",
        "example.org",
        "example.se",
        "example.net",
    ],
    "rfc2136": {"zones": list(ZONES), "keyName": "test-key."},
}
NAMES = {
    "example.org": [
        "example.org",
        "_dmarc.example.org",
        "example.com._report._dmarc.example.org",
        "elastx._domainkey.example.org",
    ],
    "example.com": [
        "example.com",
        "_dmarc.example.com",
        "elastx._domainkey.example.com",
        "news.example.com",
        "_dmarc.news.example.com",
        "elastx._domainkey.news.example.com",
    ],
    "example.net": ["example.net", "_dmarc.example.net", "elastx._domainkey.example.net"],
    "example.se": ["example.se", "_dmarc.example.se", "elastx._domainkey.example.se"],
}
"""By zone, where the stack's records are: of a report, at who takes it (RFC 9990 §4)."""


def run(
    directory: Path, *arguments: str, config: Mapping[str, Any] = STACK, environment: Mapping[str, str | None] = {}
) -> Result:
    path = directory / "Pulumi.test.yaml"
    values = {f"elastx-mrs:{key}": value for key, value in config.items()}
    path.write_text(yaml.safe_dump({"config": values}, sort_keys=False))
    result = CliRunner().invoke(
        main, ["rfc2136", "policy", "--stack-config", str(path), *arguments], env=dict(environment)
    )
    assert isinstance(result.exception, SystemExit | None), result.exc_info
    return result


def printed(directory: Path, *arguments: str, config: Mapping[str, Any] = STACK) -> str:
    result = run(directory, *arguments, config=config)
    assert result.exit_code == 0, result.stderr
    assert result.stderr == ""
    return result.stdout


def setup_of(kind: str, text: str, keys: tuple[Key, ...] = (OURS, OTHER)) -> Setup:
    """Put the printed rules where their comments say; a zone that is not in them allows nothing."""
    if kind == "bind":
        zones = dict(re.findall(r"^// zone (\S+)\n(update-policy \{\n.*?^\};\n)", text, re.MULTILINE | re.DOTALL))
        return Setup(keys=keys, zones=zones)
    if kind == "knot":
        return Setup(keys=keys, zones=dict(re.findall(r"^# zone (\S+): (acl: .*)$", text, re.MULTILINE)), extra=text)
    return Setup(keys=keys, script=text)


@dataclass(frozen=True)
class Ruled:
    """A server with the printed rules, and two keys that it knows."""

    server: NameServer

    def primary(self, key: Key = OURS) -> Primary:
        return Primary(self.server.host, self.server.port, key_from(key.name, key.secret))

    def send(self, update: dns.update.UpdateMessage) -> None:
        """Send it past our own client; whatever it is answered, what is served counts."""
        with suppress(dns.tsig.PeerError):  # Knot's refusal
            dns.query.tcp(update, self.server.host, timeout=5, port=self.server.port)

    def served(self, name: str, kind: str) -> set[str]:
        query = dns.message.make_query(name, kind)
        answer = dns.query.udp(query, self.server.host, timeout=5, port=self.server.port)
        return {str(rdata) for rrset in answer.answer for rdata in rrset}


def update_of(zone: str, key: Key | None = OURS) -> dns.update.UpdateMessage:
    signed = None if key is None else key_from(key.name, key.secret)
    return dns.update.UpdateMessage(zone, keyring=signed)


@pytest.fixture(scope="module", params=SERVERS)
def ruled(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ruled]:
    directory = tmp_path_factory.mktemp(f"policy-{request.param}")
    setup = setup_of(request.param, printed(directory, "--for", request.param))
    with start(request.param, directory, ZONES, setup) as server:
        yield Ruled(server)


def records() -> list[TxtRecord]:
    return parse_stack({f"elastx-mrs:{key}": value for key, value in STACK.items()}).records()


def zone_of(name: str) -> str:
    return next(zone for zone in ZONES if name == zone or name.endswith(f".{zone}"))


@pytest.mark.parametrize("record", records(), ids=lambda record: f"{record.domain}-{record.kind}")
def test_each_of_the_stack_s_records_can_be_added_replaced_and_removed(ruled: Ruled, record: TxtRecord) -> None:
    to, zone, changed = ruled.primary(), zone_of(record.name), f"{record.value} changed"
    dns_update.add(to, zone, record.name, record.value, 300, adopt=False)
    assert ruled.server.txt(record.name) == {record.value.encode(): 300}
    dns_update.replace(to, zone, record.name, record.value, changed, 600)
    assert ruled.server.txt(record.name) == {changed.encode(): 600}
    dns_update.remove(to, zone, record.name, changed)
    assert ruled.server.txt(record.name) == {}


@pytest.mark.parametrize(
    "name",
    [
        "x.example.com",
        "www.example.com",
        "_dmarc.x.example.com",
        "x._dmarc.example.com",
        "_domainkey.example.com",
        "other._domainkey.example.com",
        "elastx._domainkey.mail.example.com",
        "news.example.se",
        "_dmarc.news.example.se",
        "*.example.se",
    ],
)
def test_txt_at_any_other_name_is_refused(ruled: Ruled, name: str) -> None:
    update = update_of(zone_of(name))
    update.add(dns.name.from_text(name), 300, "TXT", '"x"')
    ruled.send(update)
    assert ruled.server.txt(name) == {}


def test_what_is_refused_elsewhere_is_taken_at_a_name_of_the_stack(ruled: Ruled) -> None:
    update = update_of("example.com")
    update.add("_dmarc", 300, "TXT", '"x"')
    ruled.send(update)
    assert ruled.server.txt("_dmarc.example.com") == {b"x": 300}
    update = update_of("example.com")
    update.delete("_dmarc", "TXT")
    ruled.send(update)
    assert ruled.server.txt("_dmarc.example.com") == {}


def test_the_client_says_that_a_name_is_refused(ruled: Ruled) -> None:
    with pytest.raises(UpdateError, match=r"example\.com"):
        dns_update.add(ruled.primary(), "example.com", "x.example.com", "x", 300, adopt=False)


@pytest.mark.parametrize("name", ["example.com", "_dmarc.example.com", "news.example.com"])
@pytest.mark.parametrize(("kind", "value"), [("A", "192.0.2.1"), ("CNAME", "mail.example.com."), ("SPF", '"x"')])
def test_another_type_at_the_same_name_is_refused(ruled: Ruled, name: str, kind: str, value: str) -> None:
    update = update_of("example.com")
    update.add(dns.name.from_text(name), 300, kind, value)
    ruled.send(update)
    assert ruled.served(name, kind) == set()


@pytest.mark.parametrize("kind", ["MX", "ANY"])
def test_other_types_at_the_same_name_cannot_be_removed(ruled: Ruled, kind: str) -> None:
    update = update_of("example.com")
    if kind == "ANY":
        update.delete("@")
    else:
        update.delete("@", kind)
    ruled.send(update)
    assert ruled.served("example.com", "MX") == {"10 mail.example.com."}


@pytest.mark.parametrize("name", ["example.com", "_dmarc.example.se"])
def test_another_key_is_refused(ruled: Ruled, name: str) -> None:
    with pytest.raises(UpdateError):
        dns_update.add(ruled.primary(OTHER), zone_of(name), name, "other", 300, adopt=False)
    assert ruled.server.txt(name) == {}


def test_an_update_without_a_key_is_refused(ruled: Ruled) -> None:
    update = update_of("example.com", None)
    update.add("_dmarc", 300, "TXT", '"x"')
    ruled.send(update)
    assert ruled.server.txt("_dmarc.example.com") == {}


TWO = STACK | {
    "domains": ["example.com", "example.se"],
    "rfc2136": {
        "zones": ["example.com"],
        "keyName": "test-key",
        "profiles": {"internal": {"zones": ["example.se"], "keyName": "other-key."}},
    },
}


@pytest.mark.parametrize("kind", ["bind", "knot"])
def test_the_keys_of_two_profiles_reach_each_its_own_zones(kind: str, tmp_path: Path) -> None:
    text = printed(tmp_path, "--for", kind, config=TWO)
    with start(kind, tmp_path, ZONES, setup_of(kind, text)) as server:
        ruled = Ruled(server)
        for key, zone, not_its in ((OURS, "example.com", "example.se"), (OTHER, "example.se", "example.com")):
            dns_update.add(ruled.primary(key), zone, f"_dmarc.{zone}", "x", 300, adopt=False)
            with pytest.raises(UpdateError):
                dns_update.add(ruled.primary(key), not_its, f"_dmarc.{not_its}", "y", 300, adopt=False)


def test_bind_has_one_grant_for_each_name(tmp_path: Path) -> None:
    # update-policy { ( deny | grant ) <string> ( … | name | … ) [ <string> ] <rrtypelist>; … };  (named.conf(5))
    grants = {
        zone: "".join(f"    grant test-key name {name}. TXT;\n" for name in names) for zone, names in NAMES.items()
    }
    policies = [f"\n// zone {zone}\nupdate-policy {{\n{listed}}};\n" for zone, listed in grants.items()]
    head = "// In each zone of named.conf, in place of allow-update.\n"
    in_order = [policies[list(NAMES).index(zone)] for zone in ZONES]
    assert printed(tmp_path) == printed(tmp_path, "--for", "bind") == head + "".join(in_order)


def test_knot_s_zones_with_the_same_relative_names_share_an_acl(tmp_path: Path) -> None:
    # update-owner-name: "Every listed owner name which is not FQDN is considered as if it was appended with the target
    # zone name"; update-owner-match is sub-or-equal unless it is set (knot.conf(5)).
    text = printed(tmp_path, "--for", "knot")
    common = {"key": "test-key", "action": "update", "update-type": ["TXT"], "update-owner-match": "equal"}
    shared = ["_dmarc", "elastx._domainkey"]
    news = ["news", "_dmarc.news", "elastx._domainkey.news"]
    report = ["_dmarc", "example.com._report._dmarc", "elastx._domainkey"]
    assert yaml.safe_load(text) == {
        "acl": [
            common | {"id": "test-key-apex", "update-owner": "zone"},
            common | {"id": "test-key-1", "update-owner": "name", "update-owner-name": report},
            common | {"id": "test-key-2", "update-owner": "name", "update-owner-name": shared + news},
            common | {"id": "test-key-3", "update-owner": "name", "update-owner-name": shared},
        ]
    }
    assert re.findall(r"^# zone (.*)$", text, re.MULTILINE) == [
        "example.org: acl: [test-key-apex, test-key-1]",
        "example.com: acl: [test-key-apex, test-key-2]",
        "example.net: acl: [test-key-apex, test-key-3]",
        "example.se: acl: [test-key-apex, test-key-3]",
    ]


def test_knot_without_records_at_the_zone_s_own_name_or_below_it(tmp_path: Path) -> None:
    below = STACK | {"domains": ["news.example.com"], "rfc2136": {"zones": ["example.com"], "keyName": "k"}}
    assert "apex" not in printed(tmp_path, "--for", "knot", config=below)
    here = below | {"domains": ["example.com"], "dkim": {"external": True}, "dmarc": {"external": True}}
    text = printed(tmp_path, "--for", "knot", config=here)
    assert "# zone example.com: acl: [k-apex]\n" in text
    assert [acl["id"] for acl in yaml.safe_load(text)["acl"]] == ["k-apex"]


def test_more_names_than_one_list_of_knot_holds_are_in_several(tmp_path: Path) -> None:
    names = [f"elastx._domainkey.customer-{number:05}.{'x' * 63}.example.com" for number in range(1500)]
    text = knot(Rights("test-key", {"example.com": names}))
    acls = yaml.safe_load(text)["acl"]
    assert [f"{name}.example.com" for acl in acls for name in acl["update-owner-name"]] == names
    assert len(acls) == 3
    zones = dict(re.findall(r"^# zone (\S+): (acl: .*)$", text, re.MULTILINE))
    key = f"key:\n  - id: test-key\n    algorithm: hmac-sha256\n    secret: {KEY}\n"
    path = tmp_path / "knot.conf"
    path.write_text(f"{key}{text}zone:\n  - domain: example.com\n    {zones['example.com']}\n")
    done = subprocess.run(
        [require("knotc"), "-c", str(path), "conf-check"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_powerdns_names_each_name_once(tmp_path: Path) -> None:
    # "updatepolicy … accepts one parameter. … To permit change, return true, otherwise return false"; it has
    # getTsigName(), getQType() and getQName() (PowerDNS Authoritative Server, Dynamic DNS Update, "Update policy").
    text = printed(tmp_path, "--for", "powerdns")
    listed = re.findall(r'^  \["(.*)\."\] = true,$', text, re.MULTILINE)
    assert listed == [name for zone in ZONES for name in NAMES[zone]]
    assert "function updatepolicy(input)\n" in text
    assert 'input:getTsigName() == newDN("test-key.")' in text


def test_an_account_more_changes_nothing(tmp_path: Path) -> None:
    more = STACK | {"accounts": [golden.ACCOUNT, "another@domain.com"]}
    assert printed(tmp_path, config=more) == printed(tmp_path)


def test_what_is_published_by_others_needs_no_right(tmp_path: Path) -> None:
    text = printed(tmp_path, config=STACK | {"dkim": {"external": True}})
    assert "_domainkey" not in text
    assert "name _dmarc.example.com. TXT" in text


def test_what_another_publisher_has_needs_no_right_either(tmp_path: Path) -> None:
    both = {"route53": {}, "rfc2136": {"zones": ["example.com"], "keyName": "k"}}
    other = {"name": "b.example.com", "publish": ["route53"]}
    text = printed(tmp_path, config=STACK | both | {"domains": ["example.com", "elsewhere.net", other]})
    assert text == printed(tmp_path, config=STACK | {"rfc2136": both["rfc2136"]} | {"domains": ["example.com"]})
    assert "b.example.com" not in text


def test_a_zone_without_records_has_no_rules(tmp_path: Path) -> None:
    text = printed(tmp_path, config=STACK | {"domains": ["example.se"]})
    assert re.findall("^// zone (.*)$", text, re.MULTILINE) == ["example.se"]


def test_a_name_is_in_the_longest_zone_it_ends_in(tmp_path: Path) -> None:
    zones = ["example.com", "news.example.com"]
    config = STACK | {"domains": zones, "rfc2136": {"zones": zones, "keyName": "k"}}
    above, below = printed(tmp_path, config=config).split("// zone news.example.com\n")
    assert "news.example.com" not in above
    assert below.count("news.example.com. TXT;") == 3


def test_a_profile_can_be_chosen_and_has_a_heading_among_several(tmp_path: Path) -> None:
    both = printed(tmp_path, config=TWO)
    assert re.findall("^// profile (.*)$", both, re.MULTILINE) == ["default", "internal"]
    for profile, key, zone in (("default", "test-key", "example.com"), ("internal", "other-key", "example.se")):
        text = printed(tmp_path, "--profile", profile, config=TWO)
        assert text in both
        assert "profile" not in text
        assert set(re.findall(r"grant (\S+) name \S*?(example\.\w+)\. TXT;", text)) == {(key, zone)}
        assert f'newDN("{key}.")' in printed(tmp_path, "--profile", profile, "--for", "powerdns", config=TWO)


def test_the_same_is_read_from_pulumi_s_json(tmp_path: Path) -> None:
    shown = {f"elastx-mrs:{key}": {"value": json.dumps(value), "objectValue": value} for key, value in STACK.items()}
    shown["elastx-mrs:tsigKey"] = {"value": "c2VjcmV0", "secret": True}
    shown["elastx-mrs:dkim"] = {"value": golden.DKIM, "secret": True}
    result = CliRunner().invoke(main, ["rfc2136", "policy", "--config", "-"], input=json.dumps(shown))
    assert result.exit_code == 0, result.stderr
    assert result.stdout == printed(tmp_path)


@pytest.mark.parametrize("profile", ["default", "internal-2"])
def test_the_key_is_the_one_that_the_updates_are_signed_with(profile: str, tmp_path: Path) -> None:
    described = {"zones": ["example.se"], "keyName": "of-config.", "server": "192.0.2.1"}
    rfc2136 = described if profile == "default" else {"profiles": {profile: described}}
    config = STACK | {"domains": ["example.se"], "rfc2136": rfc2136}
    own = "" if profile == "default" else "_INTERNAL_2"
    environment = {f"ELASTX_MRS_RFC2136{own}_KEY_NAME": "of-environment"}
    values = {"elastx-mrs:rfc2136": json.dumps(rfc2136), "elastx-mrs:tsigKey": KEY}
    values["elastx-mrs:tsigKeys"] = json.dumps({profile: KEY})
    for given, options, key in (
        ({}, [], "of-config"),
        (environment, [], "of-environment"),
        (environment, ["--key-name", "of-option."], "of-option"),
    ):
        result = run(tmp_path, *options, config=config, environment=given)
        assert set(re.findall(r"grant (\S+) name", result.stdout)) == {key}, result.stderr
        if not options:
            signs = Profiles(values.get, given).primary(profile, "example.se").key.name
            assert signs == dns.name.from_text(key)


NO_KEY = {"zones": list(ZONES)}
NO_KEYS = {"profiles": {"public": {"zones": list(ZONES)[:2]}, "internal": {"zones": list(ZONES)[2:]}}}


@pytest.mark.parametrize(
    ("changes", "options", "says"),
    [
        ({"rfc2136": NO_KEY}, [], ["rfc2136.keyName: is missing", "set ELASTX_MRS_RFC2136_KEY_NAME", "--key-name"]),
        (
            {"rfc2136": NO_KEYS},
            [],
            [
                "rfc2136.profiles.public.keyName: is missing",
                "set ELASTX_MRS_RFC2136_PUBLIC_KEY_NAME",
                "rfc2136.profiles.internal.keyName: is missing",
                "set ELASTX_MRS_RFC2136_INTERNAL_KEY_NAME",
            ],
        ),
        ({"rfc2136": NO_KEYS}, ["--profile", "other"], ["--profile: ", "has no 'other'", "public, internal"]),
        (
            {"rfc2136": NO_KEYS},
            ["--for", "powerdns"],
            ["--profile: is missing", "serves one server", "public, internal"],
        ),
        ({"rfc2136": {}}, [], ["rfc2136: is missing", "write elastx-mrs:rfc2136 with server, zones and keyName"]),
        ({"rfc2136": {}, "cloudflare": {}}, [], ["rfc2136: is missing", "publishes through Cloudflare"]),
        ({}, ["--key-name", "a b; }; zone"], ["--key-name: 'a b; }; zone' is not a key name", "such as mail-relay"]),
        ({}, ["--key-name", "a..b"], ["--key-name: 'a..b' is not a key name"]),
        ({}, ["--key-name", 'x")'], ["is not a key name"]),
        ({"rfc2136": STACK["rfc2136"] | {"keyName": "å"}}, [], ["rfc2136.keyName: 'å' is not a key name"]),
        ({"rfc2136": {"zones": ["example.org"]}}, [], ["example.com is in none of rfc2136.zones"]),
        ({"domains": []}, [], ["domains"]),
        ({}, ["--for", "nsd"], ["nsd", "bind"]),
        ({}, ["--config", "-"], ["in one way"]),
    ],
)
def test_bad_input_has_exit_code_2(
    changes: dict[str, Any], options: list[str], says: list[str], tmp_path: Path
) -> None:
    result = run(tmp_path, *options, config=STACK | changes)
    assert result.exit_code == 2
    assert result.stdout == ""
    for words in says:
        assert words in result.stderr


def test_a_stack_without_records_of_its_own_needs_no_rules(tmp_path: Path) -> None:
    config = TWO | {"domains": ["example.com"]}
    result = run(tmp_path, "--profile", "internal", config=config)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "publishes nothing in example.se" in result.stderr


@pytest.mark.parametrize("arguments", [[], ["--config", "missing.json"]])
def test_without_a_stack_it_says_what_to_name(arguments: list[str]) -> None:
    result = CliRunner().invoke(main, ["rfc2136", "policy", *arguments])
    assert result.exit_code == 2
    assert "--stack-config FILE" in result.stderr or "missing.json: No such file" in result.stderr


def test_the_help_has_an_example() -> None:
    assert "elastx-mrs rfc2136 policy --stack-config" in CliRunner().invoke(main, ["rfc2136", "--help"]).output
    text = CliRunner().invoke(main, ["rfc2136", "policy", "--help"]).output
    assert "grant mail-relay name _dmarc.example.com. TXT;" in text
