"""The grammar of RFC 7208 §12, case by case. Expected values are read off the standard."""

import time
from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from elastx_mrs.records import RecordError
from elastx_mrs.records.spf_terms import LOOKUPS, Mechanism, Modifier, Record, is_spf, parse, read_terms
from tests.records.spf_strategies import mutated, records


def one(term: str) -> Mechanism | Modifier:
    (parsed,) = parse(f"v=spf1 {term}").terms
    return parsed


def problems(text: str) -> tuple[str, ...]:
    with pytest.raises(RecordError) as error:
        parse(text)
    return error.value.problems


def outcome(text: str) -> Record | tuple[str, ...]:
    try:
        return parse(text)
    except RecordError as error:
        return error.problems


@pytest.mark.parametrize(
    ("term", "expected"),
    [
        ("all", Mechanism("all")),
        ("-all", Mechanism("all", "-")),
        ("~ALL", Mechanism("all", "~")),
        ("?All", Mechanism("all", "?")),
        ("+all", Mechanism("all", "+")),
        ("include:_spf.example.com", Mechanism("include", domain="_spf.example.com")),
        ("?include:%{d}._spf.example.com.", Mechanism("include", "?", "%{d}._spf.example.com.")),
        ("a", Mechanism("a")),
        ("a/24", Mechanism("a", ip4_length=24)),
        ("a//64", Mechanism("a", ip6_length=64)),
        ("a/24//64", Mechanism("a", ip4_length=24, ip6_length=64)),
        ("a/0//0", Mechanism("a", ip4_length=0, ip6_length=0)),
        ("a:mail.example.com/32//128", Mechanism("a", domain="mail.example.com")),
        ("a:mail.example.com//48", Mechanism("a", domain="mail.example.com", ip6_length=48)),
        ("mx", Mechanism("mx")),
        ("-MX:example.com/8", Mechanism("mx", "-", "example.com", ip4_length=8)),
        ("ptr", Mechanism("ptr")),
        ("ptr:example.com", Mechanism("ptr", domain="example.com")),
        ("ip4:192.0.2.1", Mechanism("ip4", address="192.0.2.1")),
        ("ip4:192.0.2.1/24", Mechanism("ip4", address="192.0.2.1", ip4_length=24)),
        ("ip4:0.0.0.0/0", Mechanism("ip4", address="0.0.0.0", ip4_length=0)),  # noqa: S104  an address, nothing bound
        ("ip6:2001:db8::1", Mechanism("ip6", address="2001:db8::1")),
        ("ip6:::/0", Mechanism("ip6", address="::", ip6_length=0)),
        ("ip6:::ffff:192.0.2.1/128", Mechanism("ip6", address="::ffff:192.0.2.1")),
        ("exists:%{ir}.%{l1r+-}._spf.%{d}", Mechanism("exists", domain="%{ir}.%{l1r+-}._spf.%{d}")),
        ("redirect=_spf.example.com", Modifier("redirect", "_spf.example.com")),
        ("Redirect=%{d}", Modifier("redirect", "%{d}")),
        ("EXP=explain._spf.%{d}", Modifier("exp", "explain._spf.%{d}")),
        ("match.sub-domains_9=yes", Modifier("match.sub-domains_9", "yes")),
        ("z5=", Modifier("z5", "")),
        ("moo=%%%_%-%{s}!?/:", Modifier("moo", "%%%_%-%{s}!?/:")),
        ("all=x", Modifier("all", "x")),
        # a domain-spec is a macro-string that ends in a top-level label or a macro (§7.1), not only a host name
        ("a:abc.123-4", Mechanism("a", domain="abc.123-4")),
        ("a:a!b&c.example", Mechanism("a", domain="a!b&c.example")),
        ("exists:%{i}.100/86400.rate.example", Mechanism("exists", domain="%{i}.100/86400.rate.example")),
        ("mx:%%%_/.example.com/27", Mechanism("mx", domain="%%%_/.example.com", ip4_length=27)),
        ("a:.com", Mechanism("a", domain=".com")),
        ("a:%{S12R.-+,/_=}", Mechanism("a", domain="%{S12R.-+,/_=}")),
        ("a:x%-", Mechanism("a", domain="x%-")),
    ],
)
def test_every_kind_of_term_is_understood(term: str, expected: Mechanism | Modifier) -> None:
    assert one(term) == expected


@pytest.mark.parametrize(
    ("term", "shortest"),
    [
        ("+a", "a"),
        ("A:example.com/32//128", "a:example.com"),
        ("mx/24//128", "mx/24"),
        ("mx/32//64", "mx//64"),
        ("~mx:example.com/24//64", "~mx:example.com/24//64"),
        ("ip4:192.0.2.1/32", "ip4:192.0.2.1"),
        ("ip6:2001:DB8::/128", "ip6:2001:DB8::"),
        ("-IP4:192.0.2.0/24", "-ip4:192.0.2.0/24"),
        ("?IP6:2001:db8::/32", "?ip6:2001:db8::/32"),
        ("Exp=%{D}.example", "exp=%{D}.example"),
    ],
)
def test_a_term_is_rendered_in_its_shortest_form(term: str, shortest: str) -> None:
    assert str(one(term)) == shortest
    assert str(parse(f"V=SPF1  {term} ")) == f"v=spf1 {shortest}"


@pytest.mark.parametrize(
    ("term", "offset", "message"),
    [
        # offset: of what is wrong, from the term's first character, counted from 0
        ("all.", 0, "is not a mechanism"),
        ("-all.", 1, "is not a mechanism"),
        ("spf", 0, "is not a mechanism; write all, include, a, mx, ptr, ip4, ip6 or exists; a modifier is written"),
        ("ipv4:192.0.2.1", 0, "is not a mechanism; write all, include, a, mx, ptr, ip4, ip6 or exists (RFC 7208 §5)"),
        ("redirect:example.com", 0, "write redirect=<domain>"),
        ("-exp", 1, "write exp=<domain>"),
        ("192.0.2.1", 0, "does not begin with a letter"),
        ("_a:example.com", 0, "does not begin with a letter"),
        ("=x", 0, "has no name"),
        ("-", 1, "has no name"),
        ("++a", 1, "has no name"),
        ("~,a", 1, "has no name"),
        ("?1a", 1, "does not begin with a letter"),
        ("a,mx", 1, "',' after its name"),
        ("a;", 1, "';' after its name"),
        ("a!", 1, "'!' after its name"),
        ("-a-b_c.1~", 8, "'~' after its name"),
        ("a\x7f", 1, "U+007F"),
        ("mx\tall", 2, "U+0009"),
        ("a:exämple.com", 4, "'ä' (U+00E4)"),
        ("a\u202e", 1, "U+202E"),
        ("a/24\n", 4, "U+000A"),
        ("all:example.com", 3, "takes no argument"),
        ("-all/24", 4, "takes no argument"),
        ("include", 7, "names no domain; write include:<domain>"),
        ("include:", 7, "names no domain"),
        ("exists", 6, "names no domain"),
        ("a:", 1, "names no domain"),
        ("a:/24", 1, "names no domain"),
        ("ptr:", 3, "names no domain"),
        ("redirect=", 9, "names no domain; write redirect=<domain>"),
        ("exp=", 4, "names no domain"),
        ("ptr/24", 3, "only :<domain> may follow"),
        ("include/24", 7, "only :<domain> may follow"),
        ("a/", 1, "has '/' where a prefix length such as /24 or /24//64 may follow"),
        ("a/24/64", 5, "at most /32"),
        ("a/24/32", 1, "such as /24 or /24//64"),
        ("mx/", 2, "such as /24 or /24//64"),
        ("exists/24", 6, "only :<domain> may follow"),
        ("a//64/24", 1, "such as /24 or /24//64"),
        ("a/24//", 1, "such as /24 or /24//64"),
        ("a/33", 2, "has the prefix length /33; at most /32"),
        ("a/024", 2, "has the prefix length /024 with a zero in front"),
        ("a/00", 2, "zero in front"),
        ("a//129", 3, "at most /128"),
        ("a//064", 3, "zero in front"),
        ("mx:example.com/24//999", 19, "at most /128"),
        ("a:example.com/9999999999999999999999", 14, "at most /32"),
        ("ip4", 3, "names no address; write ip4:<address>"),
        ("ip4/24", 4, "names no address"),
        ("ip4:", 4, "has no ip4 address; write one such as ip4:192.0.2.0/24"),
        ("ip4:192.0.2", 4, "has no ip4 address"),
        ("ip4:192.0.2.256", 4, "has no ip4 address"),
        ("ip4:192.0.02.1", 4, "has no ip4 address"),
        ("ip4:2001:db8::", 4, "has no ip4 address"),
        ("ip4:%{i}", 4, "has no ip4 address"),
        ("ip4:192.0.2.0/", 14, "no number after '/'; write /0 to /32"),
        ("ip6:2001:db8::/", 15, "no number after '/'; write /0 to /128"),
        ("ip4:192.0.2.0/255.255.255.0", 14, "no number after '/'"),
        ("ip4:192.0.2.0/33", 14, "at most /32"),
        ("ip4:192.0.2.0/\uff12\uff14", 14, "U+FF12"),  # a digit to Python, none of the grammar's
        ("ip4:192.0.2.0/024", 14, "zero in front"),
        ("ip4:192.0.2.0//24", 14, "no number after '/'"),
        ("ip6", 3, "names no address"),
        ("ip6:192.0.2.1", 4, "has no ip6 address; write one such as ip6:2001:db8::/32"),
        ("ip6:2001:db8::g", 4, "has no ip6 address"),
        ("ip6:fe80::1%eth0", 4, "has no ip6 address"),
        ("ip6:[2001:db8::1]", 4, "has no ip6 address"),
        ("ip6:2001:db8::/129", 15, "at most /128"),
        ("a:localhost", 2, "not a whole domain name"),
        ("a:example.com/24.", 10, "not a top-level domain"),
        ("a:192.0.2.1", 10, "ends in '1', which is not a top-level domain"),
        ("a:example.c_m", 10, "not a top-level domain"),
        ("a:example.-com", 10, "not a top-level domain"),
        ("a:example.com-", 10, "not a top-level domain"),
        ("a:example.com..", 14, "not a top-level domain"),
        ("a:example.com}", 10, "not a top-level domain"),
        ("a:example.x%%_", 10, "not a top-level domain"),
        ("a:example.com:8080", 10, "not a top-level domain"),
        ("a:%{d}.", 2, "not a whole domain name"),
        ("include:example.com/24", 16, "not a top-level domain"),
        ("a:%d.example.com", 2, "does not begin a macro"),
        ("a:%{d.example.com", 2, "does not begin a macro"),
        ("a:%{}.example.com", 2, "does not begin a macro"),
        ("a:%{d@}.example.com", 2, "does not begin a macro"),
        ("a:%{rd}.example.com", 2, "does not begin a macro"),
        ("a:x.%{z}.example.com", 4, "unknown macro %{z}"),
        ("a:%{d0}.example.com", 2, "keeps 0 labels"),
        ("a:%{d00r}.example.com", 2, "keeps 0 labels"),
        ("exists:%{c}.example.com", 7, "only in an explanation"),
        ("exists:%{R}.example.com", 7, "only in an explanation"),
        ("moo=%{t}", 4, "only in an explanation"),
        ("moo=%x", 4, "does not begin a macro"),
        ("moo=ab%x", 6, "does not begin a macro"),
        ("-redirect=example.com", 0, "has the qualifier '-', but a modifier takes none"),
        ("?exp=example.com", 0, "a modifier takes none"),
        ("+moo=x", 0, "a modifier takes none"),
    ],
)
def test_a_syntax_error_is_refused_with_its_position(term: str, offset: int, message: str) -> None:
    (problem,) = problems(f"v=spf1  {term}")
    assert message in problem
    assert problem.startswith(f"has a syntax error at position {9 + offset}: ")
    assert problem.isprintable()
    assert "RFC 7208 §" in problem


def test_a_number_of_an_ip4_address_is_0_to_255_without_a_zero_in_front() -> None:
    numbers = [*map(str, range(1000)), *(f"0{number}" for number in range(10))]
    for place in ("ip4:{}.0.2.1", "ip4:192.0.2.{}"):
        taken = [number for number in numbers if isinstance(outcome(f"v=spf1 {place.format(number)}"), Record)]
        assert taken == numbers[:256]


@pytest.mark.parametrize(
    ("term", "network"),
    [
        ("ip4:192.0.2.9/24", "192.0.2.0/24"),  # §5.6: the highest bits are compared, whatever the others are
        ("ip4:192.0.2.9", "192.0.2.9/32"),
        ("ip6:2001:DB8::1/32", "2001:db8::/32"),
        ("ip6:2001:db8::1", "2001:db8::1/128"),
        ("a/24", None),
        ("all", None),
    ],
)
def test_the_network_of_an_address(term: str, network: str | None) -> None:
    parsed = one(term)
    assert isinstance(parsed, Mechanism)
    assert parsed.network == (ip_network(network) if network else None)


def test_the_terms_that_count_as_lookups() -> None:  # §4.6.4
    assert {"include", "a", "mx", "ptr", "exists", "redirect"} == LOOKUPS


def test_the_readable_terms_of_a_record_with_errors() -> None:
    record, unreadable = read_terms("V=SPF1  MX/24 all:x moo=y a\tmx -all ")
    assert str(record) == "v=spf1 mx/24 moo=y -all"
    assert unreadable == ("all:x", "a\tmx")  # a space alone parts terms (§12)


def test_the_longest_names_of_terms_are_cut_in_errors() -> None:
    (problem,) = problems("v=spf1 " + "x" * 5000)
    assert len(problem) < 250


@pytest.mark.parametrize(
    "text",
    ["", "v=spf", "v=spf10 -all", "v=spf1-all", "v=spf1\t-all", " v=spf1 -all", "spf1 -all", "v=DMARC1", "\x1b["],
)
def test_the_message_about_another_string_has_the_right_beginning(text: str) -> None:
    (problem,) = problems(text)
    assert "must begin with 'v=spf1 ' (RFC 7208 §4.5), not '" in problem
    assert problem.isprintable()


def test_a_syntax_error_after_all_is_one_too() -> None:
    (problem,) = problems("v=spf1 -all moo")
    assert problem == (
        "has a syntax error at position 13: the term 'moo' is not a mechanism; write all, include, a, mx, ptr, ip4, "
        "ip6 or exists; a modifier is written name=value (RFC 7208 §5)"
    )


def test_several_errors_are_reported_together_in_order() -> None:
    found = problems("v=spf1 a/33 redirect=a.example mx ip4:1.2.3 redirect=b.example exp=c.example EXP=d.example")
    assert [problem.partition(":")[0].partition(";")[0] for problem in found] == [
        "has a syntax error at position 10",
        "has a syntax error at position 39",
        "has a second redirect= at position 45",
        "has a second exp= at position 78",
    ]


def test_unknown_modifiers_may_be_repeated() -> None:
    assert [str(term) for term in parse("v=spf1 moo=a moo=b").terms] == ["moo=a", "moo=b"]


def test_positions_are_those_of_the_text() -> None:
    record = parse("v=spf1   a  -all ")
    assert record.positions == (10, 13)
    assert [str(term) for term in record.terms] == ["a", "-all"]


@pytest.mark.parametrize(
    ("text", "evaluated"),
    [
        ("v=spf1", ""),
        ("v=spf1 a -all mx", "a -all"),
        ("v=spf1 redirect=x.example a", "a redirect=x.example"),
        ("v=spf1 redirect=x.example a ?all", "a ?all"),
        ("v=spf1 exp=y.example moo=z a", "a"),
    ],
)
def test_only_terms_that_a_receiver_reaches_are_evaluated(text: str, evaluated: str) -> None:
    assert " ".join(map(str, parse(text).evaluated())) == evaluated


@pytest.mark.parametrize(
    ("term", "everybody"),
    [
        ("all", True),
        ("-all", False),
        ("ip4:192.0.2.1/0", True),
        ("?ip4:192.0.2.1/0", False),
        ("ip6:::/0", True),
        ("a/0", True),
        ("mx//0", True),
        ("ip4:192.0.2.1/1", False),
        ("a", False),
    ],
)
def test_terms_that_let_everybody_pass_are_recognised(term: str, everybody: bool) -> None:
    parsed = one(term)
    assert isinstance(parsed, Mechanism)
    assert parsed.everybody is everybody


@pytest.mark.parametrize(
    ("value", "whether"),
    [
        (b"v=spf1", True),
        (b"V=SPF1", True),
        (b"v=spf1 ", True),
        (b"v=spf1 \xff", True),
        (b"v=spf10", False),
        (b"v=spf", False),
        (b"v=spf1\t", False),
        (b" v=spf1", False),
        (b"", False),
        (b"v=spf1\xa0", False),
    ],
)
def test_which_txt_records_are_spf(value: bytes, whether: bool) -> None:
    assert is_spf(value) is whether


@given(records())
def test_every_record_of_the_grammar_is_parsed_and_its_text_means_the_same(text: str) -> None:
    record = parse(text)
    assert parse(str(record)) == record
    assert str(parse(str(record))) == str(record)
    terms = [word for word in text.split(" ")[1:] if word]
    assert [text[at - 1 :].split(" ")[0] for at in record.positions] == terms


@given(
    st.one_of(st.text(), st.text().map("v=spf1 ".__add__), mutated(), st.binary().map(lambda o: o.decode("latin-1")))
)
def test_no_text_raises_anything_but_the_one_error(text: str) -> None:
    found = outcome(text)
    if isinstance(found, Record):
        assert parse(str(found)) == found
    else:
        assert found
        assert all(problem.isprintable() for problem in found)


HOSTILE = [
    "a/" + "1" * 60_000,
    "a:" + "/1" * 30_000,
    "a:" + "/" * 60_000,
    "a:" + "%{d}" * 15_000,
    "a:" + "%{" * 30_000,
    "a:" + "." * 60_000,
    "exists:" + "a." * 30_000,
    "moo=" + "%" * 60_000,
    "a:%{d" + "1" * 60_000,
    "a:%{d" + "." * 60_000,
    "ip6:" + ":" * 60_000,
    "ip4:" + "1." * 30_000,
    "ip4:192.0.2.0/" + "1" * 60_000,
    "x" * 60_000,
    "a" * 30_000 + ":" * 30_000,
]


@pytest.mark.parametrize("term", HOSTILE, ids=lambda term: term[:8])
def test_the_largest_hostile_record_is_done_in_no_time(term: str) -> None:
    """65,535 octets is what one TXT record holds; quadratic time would be many seconds."""
    started = time.process_time()
    found = outcome(f"v=spf1 {term}")
    assert isinstance(found, Record) or sum(map(len, found)) < 1000
    assert time.process_time() - started < 1
    started = time.process_time()
    with pytest.raises(RecordError):
        parse("v=spf1" + " =" * 32_000)
    assert time.process_time() - started < 2
