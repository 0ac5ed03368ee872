"""The rules for an SPF record that we publish, and the remarks on it."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from elastx_mrs.records import RecordError
from elastx_mrs.records.spf import from_terms, host, include_target, ip4_network, ip6_network, remarks, whole_record
from elastx_mrs.records.spf_terms import parse
from tests import golden
from tests.records.spf_strategies import mutated, records


def test_without_terms_it_is_the_page_s_basic_value() -> None:
    assert from_terms() == golden.SPF


def test_further_terms_stand_between_elastx_and_all() -> None:
    value = from_terms(
        ["_spf.google.com"], ["192.0.2.0/24"], ["2001:db8::/32"], ["@", "a.example.com/24"], ["@//64"], "softfail"
    )
    assert value == (
        "v=spf1 include:elastx.email ip4:192.0.2.0/24 ip6:2001:db8::/32 a a:a.example.com/24 mx//64 "
        "include:_spf.google.com ~all"
    )


def test_elastx_among_the_includes_is_not_written_twice() -> None:
    assert from_terms(["elastx.email", "_spf.google.com"]) == "v=spf1 include:elastx.email include:_spf.google.com -all"


@pytest.mark.parametrize(
    ("given", "value"),
    [
        ("v=spf1 include:elastx.email -all", "v=spf1 include:elastx.email -all"),
        ("v=spf1 mx include:elastx.email ~all", "v=spf1 mx include:elastx.email ~all"),
        ("v=spf1 -ip4:192.0.2.1 mx -all", "v=spf1 include:elastx.email -ip4:192.0.2.1 mx -all"),
        ("v=spf1", "v=spf1 include:elastx.email"),
    ],
)
def test_elastx_is_put_first_in_a_record_that_lacks_it(given: str, value: str) -> None:
    assert whole_record(given) == value


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("v=spf2 -all", "not an SPF record"),
        ("v=spf1-all", "not an SPF record"),
        ("v=DMARC1; p=none", "not an SPF record"),
        ("v=spf1 ~include:elastx.email -all", "qualifier"),
        ("v=spf1 +include:elastx.email -all", "qualifier"),
        ("v=spf1 -all include:elastx.email", "after 'all'"),
        ("v=spf1 include:elastx.email +all", "every server"),
        ("v=spf1 include:elastx.email all", "every server"),
        ("v=spf1 include:elastx.email include:Elastx.email. -all", "twice"),
        ("v=spf1 -all v=spf1 mx -all", "two SPF records"),
        ("v=spf1 include:å -all", "position 16"),
    ],
)
def test_a_record_that_would_not_pass_elastx_is_refused(text: str, message: str) -> None:
    with pytest.raises(RecordError) as error:
        whole_record(text)
    assert message in str(error.value)


def test_terms_are_checked() -> None:
    assert include_target("_spf.google.com") == "_spf.google.com"
    assert ip4_network("192.0.2.1") == "192.0.2.1"
    assert ip6_network("2001:db8::/32") == "2001:db8::/32"
    for check, text in [
        (include_target, "include:x.example"),
        (include_target, "a b.example"),
        (include_target, "localhost"),
        (ip4_network, "192.0.2.0/33"),
        (ip4_network, "2001:db8::"),
        (ip4_network, "192.0.2.0/255.255.255.0"),
        (ip6_network, "192.0.2.1"),
        (host, "a.example.com/33"),
        (host, "@//129"),
        (host, "nodots"),
    ]:
        with pytest.raises(RecordError):
            check(text)


def refused(text: str) -> tuple[str, ...]:
    with pytest.raises(RecordError) as error:
        whole_record(text)
    return error.value.problems


@pytest.mark.parametrize(
    "term",
    ["+all", "all", "ALL", "ip4:0.0.0.0/0", "ip4:192.0.2.1/0", "ip6:::/0", "a/0", "mx//0", "a:%{d}.example/0"],
)
def test_a_term_that_lets_everybody_send_is_refused_with_its_position(term: str) -> None:
    (problem,) = refused(f"v=spf1 include:elastx.email {term} -all")
    assert "every server" in problem
    assert "at position 29" in problem


@pytest.mark.parametrize("term", ["-ip4:0.0.0.0/0", "?ip6:::/0", "~a/0", "?all", "ip4:128.0.0.0/1"])
def test_a_term_that_matches_everybody_without_a_pass_is_allowed(term: str) -> None:
    assert whole_record(f"v=spf1 include:elastx.email {term}")


def test_all_faults_are_reported_together() -> None:
    found = refused("v=spf1 ?include:elastx.email include:elastx.email ip4:0.0.0.0/0 a:b..example.com +all")
    assert [
        next(word for word in ("qualifier", "twice", "/0", "+all", "a label") if word in text) for text in found
    ] == [
        "qualifier",
        "twice",
        "/0",
        "+all",
        "a label",
    ]
    assert len(refused("v=spf1 a/33 moo mx")) == 2


def test_ten_own_lookups_are_allowed_and_eleven_are_not() -> None:
    nine = " ".join(f"include:_spf{number}.example.com" for number in range(9))
    assert whole_record(f"v=spf1 include:elastx.email {nine} -all")
    (problem,) = refused(f"v=spf1 include:elastx.email {nine} mx -all")
    assert "has 11 terms" in problem
    (problem,) = refused(f"v=spf1 include:elastx.email {nine} redirect=_spf.example.com")
    assert "has 11 terms" in problem
    assert whole_record(f"v=spf1 include:elastx.email {nine} -all mx a exp=x.example.com redirect=_spf.example.com")


def test_elastx_s_own_include_is_counted_if_it_is_added() -> None:
    nine = " ".join(f"include:_spf{number}.example.com" for number in range(9))
    assert whole_record(f"v=spf1 {nine} -all").startswith("v=spf1 include:elastx.email include:_spf0")
    (problem,) = refused(f"v=spf1 {nine} a -all")
    assert "has 11 terms" in problem


@pytest.mark.parametrize(
    ("name", "allowed"),
    [
        ("a" * 63 + ".example.com", True),
        ("a" * 64 + ".example.com", False),
        ("a..example.com", False),
        (".example.com", False),
        (".".join(["a" * 49] * 5) + ".aa", True),
        (".".join(["a" * 49] * 5) + ".aaaaa", False),
        ("%{d}" * 100 + ".example.com", True),
    ],
)
def test_names_that_dns_cannot_hold_are_refused(name: str, allowed: bool) -> None:
    text = f"v=spf1 include:elastx.email include:{name} -all"
    if allowed:
        assert whole_record(text) == text
    else:
        assert "not valid in DNS" in refused(text)[0]


def said(record: str) -> list[tuple[str, str]]:
    return [(remark.level, remark.text) for remark in remarks(record)]


@pytest.mark.parametrize(
    ("terms", "level", "message"),
    [
        ("include:elastx.email -all mx", "warning", "has mx after 'all'"),
        ("include:elastx.email -all redirect=x.example", "warning", "so receivers ignore the redirect"),
        ("include:elastx.email mx", "warning", "has no 'all'"),
        ("-mx include:elastx.email -all", "warning", "has -mx before include:elastx.email"),
        ("include:elastx.email mx MX -all", "notice", "has mx twice"),
        ("include:elastx.email redirct=x.example -all", "warning", "did you mean redirect=?"),
        ("include:elastx.email moo=x -all", "warning", "unknown modifier moo=, which receivers ignore"),
        ("include:elastx.email ptr -all", "warning", "has ptr, which is slow"),
        ("include:elastx.email exists:%{p}.example.com -all", "warning", "macro %{p}"),
        ("include:elastx.email include:elastx.emial -all", "warning", "is it misspelt?"),
        ("include:elastx.email ip4:10.0.0.0/7 -all", "warning", "2^25 addresses"),
        ("include:elastx.email ip6:2001::/15 -all", "warning", "2^113 addresses"),
    ],
)
def test_an_unusual_record_gets_a_remark(terms: str, level: str, message: str) -> None:
    ((found, text),) = said(f"v=spf1 {terms}")
    assert found == level
    assert message in text
    assert "RFC 7208 §" in text or "misspelt" in text


@pytest.mark.parametrize(
    "terms",
    [
        "include:elastx.email -all",
        "include:elastx.email ip4:10.0.0.0/8 ip6:2001::/16 ~all exp=explain.example.com",
        "include:elastx.email redirect=_spf.example.com",
        "ip4:192.0.2.1 mx include:elastx.email include:_spf.google.com ?all",
        "include:elastx.email -ip4:10.0.0.0/7 -all",
    ],
)
def test_a_record_as_it_should_be_has_no_remarks(terms: str) -> None:
    assert said(f"v=spf1 {terms}") == []


def test_a_record_over_450_octets_may_not_fit_udp() -> None:
    networks = [f"ip4:192.0.2.{number}" for number in range(100, 120)]
    fits = f"v=spf1 include:elastx.email {' '.join(networks)}"
    fits += " exp=" + "x" * (450 - len(fits) - len(" exp=.example -all")) + ".example -all"
    assert len(fits) == 450
    assert said(fits) == []
    longer = fits.replace("exp=", "exp=x")
    assert [level for level, _ in said(longer)] == ["notice"]
    assert "has 451 octets" in said(longer)[0][1]


@given(st.one_of(st.text(), mutated(), records()))
def test_no_text_raises_anything_but_the_one_error(text: str) -> None:
    for check in (whole_record, include_target, ip4_network, ip6_network, host):
        try:
            value = check(text)
        except RecordError as error:
            shown = error.problems
        else:
            shown = tuple(remark.text for remark in remarks(value)) if check is whole_record else ()
        assert all(text.isprintable() for text in shown)


@given(records())
def test_every_record_has_elastx_once_and_is_valid(text: str) -> None:
    try:
        value = whole_record(text)
    except RecordError:
        return
    terms = [str(term) for term in parse(value).evaluated()]
    assert [term.lower().removesuffix(".") for term in terms].count("include:elastx.email") == 1
    assert whole_record(value) == value


@pytest.mark.parametrize(("network", "text"), [(ip4_network, "ip4:192.0.2.0/24"), (ip6_network, "IP6:2001:db8::/32")])
def test_a_network_key_has_only_the_network(network: Callable[[str], str], text: str) -> None:
    with pytest.raises(RecordError, match=f"is a whole term; write the network alone: {text[4:]}"):
        network(text)


TERMS = [
    (include_target, "include:"),
    (ip4_network, "ip4:"),
    (ip6_network, "ip6:"),
    (host, "a:"),
]


@given(st.sampled_from(TERMS), mutated())
def test_a_checked_argument_makes_one_valid_term(kind: tuple[Callable[[str], str], str], text: str) -> None:
    check, prefix = kind
    argument = text.split(" ")[-1].partition(":")[2]
    try:
        value = check(argument)
    except RecordError:
        return
    record = f"v=spf1 {prefix}{value}" if value[:1] != "@" else f"v=spf1 a{value[1:]}"
    assert len(parse(record).terms) == 1
