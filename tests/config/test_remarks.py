"""The remarks on a valid config: each once, at its place."""

from typing import Any

import pytest

from elastx_mrs.config.parse import parse_stack
from elastx_mrs.config.remarks import remarks
from tests import golden

OTHER_KEY = "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
STRICT = {"p": "reject", "rua": ["mailto:dmarc@example.com"]}


def said(**values: Any) -> list[str]:
    given: dict[str, Any] = {
        "accounts": ["a@b.se"],
        "dkim": golden.DKIM,
        "dmarc": STRICT,
        "domains": ["example.com"],
        "rfc2136": {"zones": ["example.com", "example.se"]},
    }
    arguments = parse_stack({f"elastx-mrs:{key}": value for key, value in (given | values).items()})
    return [f"{one.remark.level}: {one}" for one in remarks(arguments)]


def test_a_config_without_fault_has_none() -> None:
    assert said() == []


def test_the_default_policy_is_remarked_on_once_however_many_domains_use_it() -> None:
    keys = [{"name": f"d{number}.example.com", "dkim": {"external": True}} for number in range(20)]
    found = said(domains=keys, dmarc={})
    assert len(found) == 1
    assert found[0].startswith("notice: dmarc: says p=none")
    assert "quarantine" in found[0]


def test_a_domain_s_own_policy_is_named_by_its_place() -> None:
    domain = {"name": "example.com", "spf": "v=spf1 ptr -all", "dmarc": {**STRICT, "t": "y"}}
    found = said(domains=[domain], dmarc={})
    assert [line.split()[:2] for line in found] == [["warning:", "domains[0].spf:"], ["warning:", "domains[0].dmarc:"]]


def test_an_unused_default_is_not_remarked_on() -> None:
    own = {"name": "example.com", "dmarc": STRICT, "spf": {"external": True}}
    assert said(domains=[own], dmarc={}, spf="v=spf1 ptr -all") == []


def test_sp_below_a_domain_of_the_config_is_ignored_by_receivers() -> None:
    policy = {**STRICT, "sp": "none"}
    found = said(domains=[{"name": "example.com", "dmarc": policy}, {"name": "news.example.com", "dmarc": policy}])
    found = [line for line in found if "sp=" in line]
    assert len(found) == 1
    assert found[0].startswith("warning: domains[1].dmarc: has sp=, which receivers ignore on news.example.com")
    assert "RFC 9989" in found[0]


def test_one_key_for_several_domains() -> None:
    found = said(domains=["example.com", "example.se"])
    assert [line.partition(":")[0] for line in found] == ["notice"]
    assert "one key for 2 domains (example.com, example.se)" in found[0]
    wrapped = {"name": "example.se", "dkim": golden.DKIM_PAGE}
    assert "one key" in said(domains=["example.com", wrapped])[0], "the same key, pasted in another form"
    assert said(domains=["example.com", {"name": "example.se", "dkim": OTHER_KEY}]) == []


@pytest.mark.parametrize(
    ("key", "line", "ours"),
    [
        ("spf", 'other.com. IN TXT "v=spf1 include:elastx.email -all"', "example.com"),
        ("dmarc", '_dmarc.other.com. IN TXT "v=DMARC1; p=reject; rua=mailto:d@example.com"', "_dmarc.example.com"),
        ("dkim", f"elastx._domainkey.other.com. IN TXT {golden.DKIM_PAGE}", "elastx._domainkey.example.com"),
    ],
)
def test_a_pasted_line_of_another_domain_is_a_warning_that_names_both(key: str, line: str, ours: str) -> None:
    owner = line.partition(". ")[0]
    for values, path in (({key: line}, key), ({"domains": [{"name": "example.com", key: line}]}, f"domains[0].{key}")):
        (found,) = said(**values)
        assert found.startswith(f"warning: {path}: was pasted as the record of {owner}, but is published at {ours};")
    assert said(**{key: line.replace("other.com", "example.com")}) == []
    assert said(**{key: line.replace("other.com", "EXAMPLE.com")}) == []


def test_a_line_of_one_of_several_domains_is_that_of_them_all() -> None:
    line = 'example.se. IN TXT "v=spf1 include:elastx.email -all"'
    keys = [{"name": name, "dkim": {"external": True}} for name in ("example.com", "example.se", "news.example.se")]
    assert said(domains=keys, spf=line) == []
    (found,) = said(domains=keys[::2], spf=line)
    assert "record of example.se, but is published at example.com and 1 more" in found


def test_unused_parts_of_a_pasted_text_are_noticed() -> None:
    line = 'example.com. 300 IN TXT "v=spf1 include:elastx.email -all"'
    assert said(spf=line) == [
        "notice: spf: was pasted with its TTL, and only the value is used; set ttl if it matters [pasted-too]"
    ]
    assert "its TTL and other records" in said(spf=f'{line}\nexample.com. 300 IN TXT "x"')[0]


@pytest.mark.parametrize(
    ("accounts", "path", "message"),
    [
        (["a@b.se", "A@b.se"], "accounts[1]", "looks like accounts[0], and differs at position 1 in case"),
        (["é@b.se", "e\u0301@b.se"], "accounts[1]", "looks like accounts[0], and differs at position 1"),
        (["e\u0301@b.se"], "accounts[0]", "has a letter and its accent as two characters at position 1"),
        (["smtp@\u0430cme.example"], "accounts[0]", "has '\u0430' (U+0430) at position 6, a Cyrillic letter"),
    ],
)
def test_an_account_that_looks_like_another(accounts: list[str], path: str, message: str) -> None:
    found = said(accounts=accounts)
    assert any(line.startswith(f"warning: {path}: {message}") for line in found)
    assert not any(account in line for line in found for account in accounts), "an address may be a secret"


def test_a_name_with_letters_of_several_scripts() -> None:
    found = said(domains=["\u0430cme.example"], rfc2136={"zones": ["\u0430cme.example"]})
    assert found == [
        "warning: domains[0]: has a look-alike in the name \u0430cme.example: '\u0430' (U+0430) at position 1, a "
        "Cyrillic letter in a word with Latin ones; check that you mean it"
    ]
    (found_,) = said(spf={"include": ["_spf.g\u043egle.example"]})
    assert found_.startswith(
        "warning: spf: has a look-alike in the name _spf.xn--ggle-55d.example (_spf.g\u043egle.example): '\u043e'"
    )
    assert said(domains=["bücher.example"], rfc2136={"zones": ["bücher.example"]}) == []
