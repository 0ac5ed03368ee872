"""check_host(), case by case. Expected results are read off RFC 7208; each has its section."""

import asyncio

import pytest

from elastx_mrs.receiver.spf import Result, check_host
from tests.lookup.fakes import Dns, Records

RECORDS = {
    "mail.example": ["A 192.0.2.1", "AAAA 2001:db8::1"],
    "pass.example": ["TXT v=spf1 ip4:192.0.2.1 ip6:2001:db8::1 -all"],
    "softfail.example": ["TXT v=spf1 ~all"],
    "neutral.example": ["TXT v=spf1"],
    "broken.example": ["TXT v=spf1 a/33"],
    "slow.example": ["TXT !", "A !", "AAAA !", "MX !"],
    "alias.example": ["CNAME mail.example"],
    "null.example": ["MX 0 ."],
    "wide.example": ["A 192.0.2.77", "AAAA 2001:db8:0:0:77::"],
    "1.2.0.192.in-addr.arpa": ["PTR mail.example", "PTR mx.in.example", "PTR forged.example"],
    "mx.in.example": ["A 192.0.2.1"],
    "forged.example": ["A 203.0.113.1"],
    "user.192.0.2.1.list.example": ["A 127.0.0.2"],
}


def check(terms: str, address: str = "192.0.2.1", records: Records | None = None, **options: str) -> Result:
    zone = Dns({**RECORDS, **(records or {}), "example.com": [f"TXT v=spf1 {terms}", *(records or {}).get("com", [])]})
    return asyncio.run(check_host(zone.ask, address, "example.com", **options))


@pytest.mark.parametrize(
    ("terms", "result"),
    [
        ("all", "pass"),  # §5.1
        ("-all", "fail"),
        ("~all", "softfail"),
        ("?all", "neutral"),
        ("", "neutral"),  # §4.7
        ("ip4:192.0.2.0/24 -all", "pass"),  # §5.6
        ("ip4:192.0.2.77/24 -all", "pass"),
        ("ip4:192.0.2.0/32 -all", "fail"),
        ("ip6:::/0 -all", "fail"),
        ("?ip4:192.0.2.1 -all", "neutral"),  # §4.6.2: the first match counts
        ("a:mail.example -all", "pass"),  # §5.3
        ("a:wide.example -all", "fail"),
        ("a:wide.example/24 -all", "pass"),
        ("a:wide.example//24 -all", "fail"),
        ("a:alias.example -all", "pass"),
        ("a:none.example -all", "fail"),
        ("a:slow.example -all", "temperror"),
        ("a:%{l}..example -all", "fail"),  # §4.8: no such name can be
        ("mx:null.example -all", "fail"),  # RFC 7505
        ("mx:slow.example -all", "temperror"),  # §5.4
        ("include:pass.example -all", "pass"),  # §5.2
        ("-include:pass.example +all", "fail"),
        ("include:softfail.example ?all", "neutral"),
        ("include:neutral.example -all", "fail"),
        ("include:none.example ?all", "permerror"),
        ("include:mail.example ?all", "permerror"),
        ("include:broken.example ?all", "permerror"),
        ("include:slow.example ?all", "temperror"),
        ("ip4:192.0.2.1 include:broken.example", "pass"),  # §4.6.2: not come to
        ("all moo", "permerror"),  # §4.6: a syntax error anywhere
        ("redirect=pass.example", "pass"),  # §6.1
        ("redirect=softfail.example", "softfail"),
        ("redirect=none.example", "permerror"),
        ("redirect=slow.example", "temperror"),
        ("redirect=pass.example -all", "fail"),
        ("exists:mail.example -all", "pass"),  # §5.7
        ("exists:none.example -all", "fail"),
        ("exists:slow.example -all", "temperror"),
        ("exists:%{l}.%{i}.list.example -all", "pass"),  # §7.3
        ("exists:%{i}.list.example -all", "fail"),
        ("ptr:mail.example -all", "pass"),  # §5.5
        ("ptr:in.example -all", "pass"),
        ("ptr:forged.example -all", "fail"),
        ("ptr:l.example -all", "fail"),
        ("exp=slow.example -all", "fail"),  # §6.2: what goes wrong with it changes no result
        ("exp=none.example moo=%{i} -all", "fail"),
    ],
)
def test_an_ipv4_sender_gets(terms: str, result: str) -> None:
    found = check(terms, sender="user@example.com")
    assert found.result == result, found.reason
    assert found.reason.isprintable()


@pytest.mark.parametrize(
    ("terms", "result"),
    [
        ("ip6:2001:db8::/32 -all", "pass"),
        ("ip4:0.0.0.0/0 -all", "fail"),
        ("a:mail.example -all", "pass"),
        ("a:wide.example/8 -all", "fail"),
        ("a:wide.example//64 -all", "pass"),
        ("exists:mail.example -all", "pass"),
        ("exists:%{i}.list.example -all", "fail"),
        ("include:pass.example -all", "pass"),
    ],
)
def test_an_ipv6_sender_gets(terms: str, result: str) -> None:
    assert check(terms, "2001:db8::1").result == result


def test_an_ipv6_sender_s_address_is_expanded_nibble_by_nibble() -> None:
    """RFC 7208 §7.3: %{i} has a dot between all 32 of them, %{ir} has them the other way round."""
    nibbles = "2.0.0.1.0.d.b.8" + ".0" * 23 + ".1"
    there, back = f"{nibbles}.list.example", f"{nibbles[::-1]}.ip6.list.example"
    records = {there: ["A 127.0.0.2"], back: ["A 127.0.0.2"]}
    assert check("exists:%{i}.list.example -all", "2001:db8::1", records).result == "pass"
    assert check("exists:%{ir}.%{v}.list.example -all", "2001:db8::1", records).result == "pass"


def test_an_ipv4_mapped_address_counts_as_ipv4() -> None:
    assert check("ip4:192.0.2.1 -all", "::ffff:192.0.2.1").result == "pass"


@pytest.mark.parametrize(
    ("macro", "name"),
    [
        # RFC 7208 §7.4's examples, for strong-bad@email.example.com
        ("%{s}.x", "strong-bad@email.example.com.x"),
        ("%{o}", "email.example.com"),
        ("%{d}", "email.example.com"),
        ("%{d4}", "email.example.com"),
        ("%{d3}", "email.example.com"),
        ("%{d2}", "example.com"),
        ("%{dr}", "com.example.email"),
        ("%{d2r}", "example.email"),
        ("%{l}.x", "strong-bad.x"),
        ("%{l-}", "strong.bad"),
        ("%{lr}.x", "strong-bad.x"),
        ("%{lr-}", "bad.strong"),
        ("%{l1r-}.x", "strong.x"),
        ("%{ir}.%{v}._spf.%{d2}", "3.2.0.192.in-addr._spf.example.com"),
        ("%{lr-}.lp._spf.%{d2}", "bad.strong.lp._spf.example.com"),
        ("%{lr-}.lp.%{ir}.%{v}._spf.%{d2}", "bad.strong.lp.3.2.0.192.in-addr._spf.example.com"),
        ("%{ir}.%{v}.%{l1r-}.lp._spf.%{d2}", "3.2.0.192.in-addr.strong.lp._spf.example.com"),
        ("%{d2}.trusted-domains.example.net", "example.com.trusted-domains.example.net"),
        ("%{DR}.x", "com.example.email.x"),
        ("%{h}", "mx.example.org"),
    ],
)
def test_macros_expand_as_in_the_standard_s_examples(macro: str, name: str) -> None:
    zone = Dns({name: ["A 127.0.0.2"], "email.example.com": [f"TXT v=spf1 exists:{macro} -all", "A 127.0.0.2"]})
    result = asyncio.run(
        check_host(zone.ask, "192.0.2.3", "email.example.com", "strong-bad@email.example.com", "mx.example.org")
    )
    assert zone.asked[name, "A"] == 1
    assert result.result == "pass"


def test_an_upper_case_macro_is_escaped_as_in_a_url() -> None:
    """RFC 7208 §7.3: characters outside the unreserved set of RFC 3986 are percent-encoded."""
    zone = Dns({"example.com": ["TXT v=spf1 exists:%{L}.example -all"]})
    asyncio.run(check_host(zone.ask, "192.0.2.3", "example.com", "a/b~c d@example.com"))
    assert zone.asked["a%2fb~c%20d.example", "A"] == 1


def test_a_name_that_is_too_long_loses_labels_on_the_left() -> None:
    long = ".".join(["a" * 60] * 3)
    zone = Dns({f"{long}.example": ["TXT v=spf1 exists:%{d}.%{d} -all"]})
    asyncio.run(check_host(zone.ask, "192.0.2.3", f"{long}.example"))
    ((asked, _),) = [key for key in zone.asked if key[1] == "A"]
    assert asked == f"example.{long}.example"  # one label more would make 259 octets


@pytest.mark.parametrize(("voids", "result"), [(2, "fail"), (3, "permerror")])
def test_a_third_void_lookup_is_permerror(voids: int, result: str) -> None:
    found = check(" ".join(f"a:n{index}.example" for index in range(voids)) + " -all")
    assert found.result == result
    assert found.voids == voids


@pytest.mark.parametrize(("hosts", "result"), [(10, "fail"), (11, "permerror")])
def test_an_eleventh_mx_is_permerror(hosts: int, result: str) -> None:
    records = {f"mx{index}.example": ["A 203.0.113.1"] for index in range(hosts)}
    found = check("mx -all", records={**records, "com": [f"MX 1 {name}" for name in records]})
    assert found.result == result
    assert found.lookups == 1


def test_an_eleventh_ptr_name_is_ignored() -> None:
    names = {f"p{index}.example": ["A 192.0.2.9"] for index in range(11)}
    records = names | {"9.2.0.192.in-addr.arpa": [f"PTR {name}" for name in names]}
    assert check("ptr:p9.example -all", "192.0.2.9", records).result == "pass"
    assert check("ptr:p10.example -all", "192.0.2.9", records).result == "fail"


def test_a_failed_lookup_for_ptr_does_not_match() -> None:
    """RFC 7208 §5.5: a DNS error in the PTR lookup fails to match, one in an address lookup skips that name."""
    assert check("ptr -all", "192.0.2.9", {"9.2.0.192.in-addr.arpa": ["PTR !"]}).result == "fail"
    records = {
        "9.2.0.192.in-addr.arpa": ["PTR slow.example", "PTR mail9.example.com"],
        "mail9.example.com": ["A 192.0.2.9"],
    }
    assert check("ptr -all", "192.0.2.9", records).result == "pass"


@pytest.mark.parametrize(
    ("names", "best"),
    [
        (["other.example", "a.example.com", "example.com"], "example.com"),
        (["other.example", "a.example.com"], "a.example.com"),
        (["other.example"], "other.example"),
        ([], "unknown"),
    ],
)
def test_the_sender_s_name_is_the_one_nearest_to_the_domain(names: list[str], best: str) -> None:
    records = {name: ["A 192.0.2.9"] for name in names if name != "example.com"}
    records |= {"9.2.0.192.in-addr.arpa": [f"PTR {name}" for name in names], f"{best}.list.example": ["A 127.0.0.2"]}
    found = check("exists:%{p}.list.example -all", "192.0.2.9", records={**records, "com": ["A 192.0.2.9"]})
    assert found.result == "pass", found.reason


@pytest.mark.parametrize("domain", ["localhost", "a..example", "x" * 64 + ".example", ""])
def test_an_invalid_domain_has_no_policy(domain: str) -> None:
    zone = Dns({})
    assert asyncio.run(check_host(zone.ask, "192.0.2.1", domain)).result == "none"
    assert not zone.asked


@pytest.mark.parametrize(
    ("lines", "result"),
    [
        ([], "none"),
        (["TXT hello"], "none"),
        (["TXT v=spf10 -all"], "none"),
        (["TXT v=spf1 -all", "TXT v=spf10 ?all"], "fail"),
        (["TXT v=spf1 -all", "TXT V=SPF1 ?all"], "permerror"),
        (["TXT v=spf1 -all\xff"], "permerror"),
        (["TXT !"], "temperror"),
        (["CNAME pass.example"], "pass"),
        ([f"TXT v=spf1{' ip4:198.51.100.1' * 40} ip4:192.0.2.1 -all"], "pass"),  # several character-strings (§3.3)
    ],
)
def test_which_record_is_the_domain_s(lines: list[str], result: str) -> None:
    zone = Dns({**RECORDS, "example.com": lines} if lines else RECORDS)
    assert asyncio.run(check_host(zone.ask, "192.0.2.1", "example.com")).result == result


def test_without_a_sender_it_is_postmaster_at_the_domain() -> None:
    """RFC 7208 §2.4, §4.3."""
    for sender in (None, "@example.com"):
        zone = Dns({"example.com": ["TXT v=spf1 exists:%{l}.%{o}.x.example -all"]})
        asyncio.run(check_host(zone.ask, "192.0.2.1", "example.com", sender))
        assert zone.asked["postmaster.example.com.x.example", "A"] == 1


def test_a_planned_record_stands_for_the_published_one() -> None:
    assert check("-all", record="v=spf1 a:mail.example -all").result == "pass"
    assert check("-all", record="v=spf1 a/33").result == "permerror"


def test_an_invalid_address_is_an_error() -> None:
    with pytest.raises(ValueError, match="does not appear to be"):
        check("-all", "192.0.2")
