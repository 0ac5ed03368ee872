"""Bad input: every fault is named by its place in the user's config, and all are reported in one run."""

import copy
from typing import Any

import pytest

from elastx_mrs.config.base import snake
from elastx_mrs.config.parse import ConfigError, parse, parse_stack
from elastx_mrs.publish.cloudflare.settings import Cloudflare
from tests import golden

PUBLISHERS = "cloudflare, rfc2136, route53, octodns"


def stack(**changes: Any) -> dict[str, Any]:
    values: dict[str, Any] = {
        "accounts": ["smtp-prod@acme.example", "newsletter@acme.example"],
        "dkim": golden.DKIM,
        "domains": ["example.com", {"name": "example.se"}],
        "rfc2136": {"zones": ["example.com", "example.se"]},
    }
    values |= changes
    return {f"elastx-mrs:{key}": value for key, value in values.items() if value is not None}


def faults(values: dict[str, Any]) -> dict[str, str]:
    with pytest.raises(ConfigError) as error:
        parse_stack(values)
    return {fault.path: fault.problem for fault in error.value.faults}


def domain_with(**fields: Any) -> dict[str, Any]:
    return stack(domains=["example.com", {"name": "example.se", **fields}])


def test_defaults_for_all_domains_and_overrides_per_domain() -> None:
    arguments = parse_stack(
        stack(
            domains=[
                {"name": "example.com", "accounts": ["newsletter@acme.example"], "spf": {"external": True}, "ttl": 300},
                {"name": "example.se", "dkim": {"selector": "other", "record": golden.DKIM}, "dmarc": {"p": "reject"}},
            ],
            spf={"include": ["_spf.google.com"], "all": "softfail"},
            dmarc=golden.DMARC,
            ttl=600,
        )
    )
    rows = [(r.kind, r.name, r.ttl) for r in arguments.records()]
    assert rows == [
        ("challenge", "example.com", 300),
        ("dkim", "elastx._domainkey.example.com", 300),
        ("dmarc", "_dmarc.example.com", 300),
        ("challenge", "example.se", 600),
        ("challenge", "example.se", 600),
        ("spf", "example.se", 600),
        ("dkim", "other._domainkey.example.se", 600),
        ("dmarc", "_dmarc.example.se", 600),
    ]
    values = {(r.domain, r.kind): r.value for r in arguments.records()}
    assert values["example.com", "dmarc"] == golden.DMARC
    assert values["example.se", "dmarc"] == "v=DMARC1; p=reject;"
    assert values["example.se", "spf"] == "v=spf1 include:elastx.email include:_spf.google.com ~all"


def test_pulumi_s_json_text_equals_yaml() -> None:
    as_yaml = parse_stack(stack(ttl=300))
    as_text = parse_stack(
        {
            "elastx-mrs:accounts": '["smtp-prod@acme.example", "newsletter@acme.example"]',
            "elastx-mrs:dkim": golden.DKIM,
            "elastx-mrs:domains": '["example.com", {"name": "example.se"}]',
            "elastx-mrs:rfc2136": '{"zones": ["example.com", "example.se"]}',
            "elastx-mrs:ttl": "300",
            "elastx-mrs:spf": "{}",  # the default that Pulumi.yaml gives an optional key
            "elastx-mrs:tsigKey": "",
            "other-project:domains": "[]",
        }
    )
    assert as_text == as_yaml


def test_reordering_changes_no_record() -> None:
    one = parse_stack(stack()).records()
    other = parse_stack(stack(domains=["example.se", "example.com"])).records()
    assert sorted(one, key=repr) == sorted(other, key=repr)


def test_a_missing_ttl_differs_from_a_configured_one() -> None:
    assert {record.configured_ttl for record in parse_stack(stack()).records()} == {None}
    assert {record.configured_ttl for record in parse_stack(stack(ttl=1800)).records()} == {1800}


@pytest.mark.parametrize(
    ("values", "path", "message"),
    [
        (stack(accounts=["nope", "smtp-prod@acme.example"]), "accounts[0]", "is not an e-mail address"),
        (stack(accounts=["a@b.se "]), "accounts[0]", "white space"),
        (stack(accounts=[]), "accounts", "empty list"),
        (stack(accounts=None), "accounts", "is missing"),
        (stack(accounts="a@b.se"), "accounts", "is a string; write a list"),
        (stack(accounts=["a@b.se", "a@b.se"]), "accounts[1]", "already listed at accounts[0]"),
        (stack(domains=[]), "domains", "empty list"),
        (stack(domains=None), "domains", "is missing"),
        (stack(domains=["example.com", "EXAMPLE.com."]), "domains[1]", "same domain as domains[0]"),
        (
            stack(domains=["bücher.se", {"name": "xn--bcher-kva.se"}], rfc2136={"zones": ["bücher.se"]}),
            "domains[1].name",
            "same domain as domains[0]",
        ),
        (stack(domains=["https://example.com"]), "domains[0]", "is a URL"),
        (stack(domains=[{"name": "192.0.2.1"}]), "domains[0].name", "IP address"),
        (stack(domains=["*.example.com"]), "domains[0]", "wildcard"),
        (stack(domains=["localhost"]), "domains[0]", "single label"),
        (stack(domains=["a" * 64 + ".com"]), "domains[0]", "64 octets"),
        (
            stack(domains=["example.com", 7]),
            "domains[1]",
            "is a number; write a domain such as example.com, or an object",
        ),
        (stack(domains=[{"spf": {}}]), "domains[0].name", "is missing"),
        (
            domain_with(accounts=["smtp-prd@acme.example"]),
            "domains[1].accounts[0]",
            "did you mean smtp-prod@acme.example",
        ),
        (domain_with(accounts=[]), "domains[1].accounts", "empty list"),
        (domain_with(dkim=""), "domains[1].dkim", "is empty"),
        (domain_with(dkim=golden.DKIM[:200]), "domains[1].dkim", "cut off"),
        (domain_with(dkim={"record": "-----BEGIN PRIVATE KEY-----"}), "domains[1].dkim.record", "private key"),
        (domain_with(dkim="v=DKIM1; p=***"), "domains[1].dkim", "not base64"),
        (domain_with(dkim="v=spf1 -all"), "domains[1].dkim", "another record"),
        (domain_with(dkim={"selector": "x"}), "domains[1].dkim", "no key for example.se"),
        (domain_with(spf={"inlcude": ["x.y"]}), "domains[1].spf.inlcude", "did you mean include?"),
        (domain_with(spf={"ip4": ["192.0.2.0/33"]}), "domains[1].spf.ip4[0]", "not an IPv4"),
        (domain_with(spf={"all": "pass"}), "domains[1].spf.all", "'fail', 'softfail' or 'neutral'"),
        (
            domain_with(spf={"record": "v=spf1 -all", "mx": ["@"]}),
            "domains[1].spf",
            "record, the whole value, and also mx",
        ),
        (domain_with(spf={"external": True, "mx": ["@"]}), "domains[1].spf", "has external: true"),
        (domain_with(spf="v=spf1 include:ä.se -all"), "domains[1].spf", "position 16"),
        (domain_with(dmarc={"p": "nono"}), "domains[1].dmarc.p", "none, quarantine or reject"),
        (domain_with(dmarc={"rua": ["a@b.se"]}), "domains[1].dmarc.rua[0]", "write mailto:a@b.se"),
        (domain_with(spf={True: "x"}), "domains[1].spf", "a key that is not text"),
        (domain_with(spff=1), "domains[1].spff", "did you mean spf?"),
        (domain_with(spf={"a": ["@"] * 10}), "domains[1].spf", "11 terms that need a DNS lookup"),
        (domain_with(guard="of"), "domains[1].guard", "'require', 'warn' or 'off'"),
        (stack(guard={"mod": "warn"}), "guard.mod", "did you mean mode?"),
        (stack(verification={"nameservers": ["ns1"]}), "verification.nameservers[0]", "is not a server's address"),
        (stack(verification={"nameserver": []}), "verification.nameserver", "did you mean nameservers?"),
        (stack(verification={"nameservers": []}), "verification.nameservers", "write at least one"),
        (stack(verification={"resolvers": ["ftp://x"]}), "verification.resolvers[0]", "is not a resolver"),
        (stack(verification={"resolvers": ["tls://x/path"]}), "verification.resolvers[0]", "is not a resolver"),
        (stack(verification={"resolvers": ["tls://x:port"]}), "verification.resolvers[0]", "is not a resolver"),
        (stack(verification={"resolvers": ["tls://[::1"]}), "verification.resolvers[0]", "is not a resolver"),
        (stack(verification={"timeout": -1}), "verification.timeout", "write seconds from 0"),
        (stack(verification={"timeout": 1e9}), "verification.timeout", "to 86400"),
        (stack(verification={"knownChallenges": ["x"]}), "verification.knownChallenges[0]", "is not a challenge"),
        (stack(verification={"mode": "on"}), "verification.mode", "'require', 'warn' or 'off'"),
        (stack(verification="of"), "verification", "'require', 'warn' or 'off'"),
        (stack(verification={"via": "dns"}), "verification.via", "'delegation' or 'resolvers'"),
        (domain_with(ttl="5m"), "domains[1].ttl", "is a string; write a whole number"),
        (domain_with(ttl=True), "domains[1].ttl", "is true; write a whole number"),
        (domain_with(ttl=10**5000), "domains[1].ttl", "more than 20 digits"),
        (stack(verification={"timeout": 10**5000}), "verification.timeout", "more than 20 digits"),
        (stack(verification={"timeout": "1m"}), "verification.timeout", "is a string; write a number"),
        (domain_with(dkim={"selector": 10**5000}), "domains[1].dkim.selector", "is a number; write one string"),
        (domain_with(dkim={"selector": 1.5}), "domains[1].dkim.selector", "is a number with a fraction; write one str"),
        (domain_with(dmarc={"p": False}), "domains[1].dmarc.p", "is false; write one string; a text such as no or off"),
        (domain_with(spf={"external": "true"}), "domains[1].spf.external", "write true or false, without quotes"),
        (domain_with(spf={"external": 1}), "domains[1].spf.external", "write true or false, without quotes"),
        (stack(dkim=["v=DKIM1; ", golden.DKIM]), "dkim[0]", "has no p= tag, which holds the key"),
        (domain_with(spf=["include:x.example"]), "domains[1].spf", "is a list; write the whole record as one text"),
        (domain_with(spf=["include:x.example"]), "domains[1].spf", "{include: [_spf.example.com]}"),
        (stack(dmarc=["p=none"]), "dmarc", "'v=DMARC1; p=none', or an object such as {p: none}"),
        (stack(domains=["example.com", False]), "domains[1]", "is false; write a domain such as example.com"),
        (stack(domains=["example.com", False]), "domains[1]", "such as no or off that became true or false needs quo"),
        (stack(domains=["example.com", "no"]), "domains[1]", "is a single label"),
        (domain_with(spf={"include": "_spf.google.com"}), "domains[1].spf.include", "such as ['_spf.google.com']"),
        (domain_with(dkim={"record": ["a", "b"]}), "domains[1].dkim.record", "is a list; write one string"),
        (stack(accounts={"a@b.se": None}), "accounts", "is an object; write a list, whose items begin with a dash"),
        (stack(guard=False), "guard", "is false; write require, warn or off as text, or an object"),
        (stack(guard={"mode": False}), "guard.mode", "is false; write 'require', 'warn' or 'off', in quotes"),
        (stack(rfc2136=["example.com"]), "rfc2136", "is a list; write an object such as {zones: [example.com]}"),
        (stack(rfc2136=None, cloudflare=["x"]), "cloudflare", "is a list; write {} for all zones"),
        (
            stack(rfc2136=None) | {"elastx-mrs:cloudflare": ""},
            PUBLISHERS,
            "write cloudflare: {}, rfc2136, route53: {} or octodns",
        ),
        (domain_with(ttl=0), "domains[1].ttl", "seconds from 1"),
        (stack(dkim=None), "dkim", "no key for example.com"),
        (stack(dkim={"secure": "v1:abc"}), "dkim", "is encrypted"),
        (stack(accounts={"secure": "v1:abc"}), "accounts", "is encrypted"),
        (stack(domains=["example.com", {"secure": "v1:abc"}]), "domains[1]", "is encrypted"),
        (stack(domain="x"), "domain", "did you mean domains?"),
        (stack(domains="[1"), "domains", "is not JSON"),
        (stack(rfc2136={"zones": ["example.com"]}), "domains[1]", "is in none of rfc2136.zones (example.com)"),
        (stack(rfc2136={"zones": []}), "rfc2136.zones", "empty list"),
        (
            stack(rfc2136={"zones": ["example.com", "example.se"], "key_name": "x"}),
            "rfc2136.key_name",
            "did you mean keyName?",
        ),
        (
            stack(rfc2136={"zones": ["example.com", "example.se"], "algorithm": "hmac-md5"}),
            "rfc2136.algorithm",
            "hmac-sha256",
        ),
        (stack(rfc2136=None), PUBLISHERS, "no publisher"),
        (stack(cloudflare={"accountId": "a&name=b"}, rfc2136=None), "cloudflare.accountId", "copy that from the"),
        (
            stack(cloudflare={"accountId": "\udcff"}, rfc2136=None),
            "cloudflare.accountId",
            "is not the id of an account",
        ),
        (stack(cloudflare={"accountId": "a\nb"}, rfc2136=None), "cloudflare.accountId", "is not the id of an account"),
        (stack(cloudflare={"accountId": "a"}, rfc2136=None, ttl=30), "ttl", "Cloudflare takes 60 to 86400"),
        (stack(cloudflare={"accountId": "a"}, rfc2136=None, ttl=59), "ttl", "or 1 for automatic"),
        (stack(cloudflare={"accountId": "a"}, rfc2136=None, ttl=86401), "ttl", "Cloudflare takes 60 to 86400"),
    ],
)
def test_a_fault_is_named_by_its_place(values: dict[str, Any], path: str, message: str) -> None:
    found = faults(values)
    assert list(found) == [path]
    assert message in found[path]


def test_a_text_of_digits_is_a_number_and_a_whole_number_a_text() -> None:
    """All that ``pulumi config set --path`` can write for a text of digits is a number, and without it only text."""
    keys = {"ttl": "600", "dkim": {"selector": 2026, "record": golden.DKIM}, "dmarc": {"fo": 1}}
    arguments = parse_stack(
        stack(domains=[{"name": "example.com", **keys}], ttl=" 300 ", verification={"timeout": "60"})
    )
    (domain,) = arguments.domains
    assert (domain.ttl, arguments.ttl, arguments.verification.timeout) == (600, 300, 60.0)
    assert domain.dkim is not None
    assert domain.dkim[0].selector == "2026"
    assert domain.dmarc is not None
    assert domain.dmarc.value() == "v=DMARC1; p=none; fo=1;"
    assert parse_stack(stack(verification={"timeout": "0.5"})).verification.timeout == 0.5
    settings = parse_stack(stack(rfc2136=None, cloudflare={"accountId": 12})).settings(Cloudflare)
    assert settings is not None
    assert settings.account_id == "12"


def test_a_program_has_the_same_rule_for_numbers_and_texts() -> None:
    given = {"accounts": ["a@b.se"], "domains": [{"name": "example.com", "dkim": {"external": True}}]}
    own = {"cloudflare": {"account_id": 12}, "ttl": "600", "verification": {"timeout": 5}}
    arguments = parse(given | own, camel_case=False)
    assert (arguments.ttl, arguments.verification.timeout) == (600, 5.0)


def test_faults_of_all_kinds_are_reported_together() -> None:
    found = faults(
        stack(
            accounts=["nope"],
            domain=1,
            dkim=None,
            domains=["example.com", "Example.com", "https://x.se", {"name": "a.se", "spf": {"alll": "fail"}}],
            rfc2136={"zones": ["example.org"]},
        )
    )
    assert set(found) == {
        "accounts[0]",
        "domain",
        "dkim",
        "domains[0]",  # in none of the zones
        "domains[1]",  # the same domain
        "domains[2]",
        "domains[3].spf.alll",
    }


def test_several_faults_of_one_value_are_each_named() -> None:
    with pytest.raises(ConfigError) as error:
        parse_stack(domain_with(spf="v=spf1 ip4:1.2.3 foo -all", dmarc="v=DMARC1; p=x; sp=y"))
    assert [fault.path for fault in error.value.faults] == ["domains[1].spf"] * 2 + ["domains[1].dmarc"] * 2
    assert "position 12" in str(error.value)
    assert "position 18" in str(error.value)


def test_guard_modes_and_name_servers() -> None:
    arguments = parse_stack(
        domain_with(guard="off") | stack(guard={"mode": "warn"}, verification={"nameservers": ["127.0.0.1:5353"]})
    )
    assert arguments.guard.mode == "warn"
    assert arguments.verification.nameservers == ["127.0.0.1:5353"]


def test_a_program_s_keys_are_snake_case_and_its_input_stays_unchanged() -> None:
    given = {
        "accounts": ["a@b.se"],
        "dkim": {"record": golden.DKIM},
        "domains": [{"name": "example.com"}],
        "cloudflare": {"account_id": "abc"},
    }
    before = copy.deepcopy(given)
    settings = parse(given, camel_case=False).settings(Cloudflare)
    assert settings is not None
    assert settings.account_id == "abc"
    assert given == before
    with pytest.raises(ConfigError, match=r"cloudflare\.accountId: is not a key here; did you mean account_id\?"):
        parse(given | {"cloudflare": {"accountId": "abc"}}, camel_case=False)


def test_a_domains_verification_is_over_the_stacks() -> None:
    own = {"name": "example.com", "verification": {"timeout": 0, "knownChallenges": [f"elastx-mrs={'0' * 64}"]}}
    whole = {"mode": "warn", "timeout": 60, "resolvers": ["tls://dns.example"]}
    (domain,) = (arguments := parse_stack(stack(domains=[own], verification=whole))).domains
    assert domain.verification is not None
    over = domain.verification.over(arguments.verification)
    assert (over.mode, over.timeout, over.resolvers) == ("warn", 0, ["tls://dns.example"])
    assert over.known_challenges == [f"elastx-mrs={'0' * 64}"]


def test_a_key_in_snake_case_keeps_its_digits() -> None:
    assert [snake(key) for key in ("rfc2136.keyName", "accountId", "ttl")] == ["rfc2136.key_name", "account_id", "ttl"]
