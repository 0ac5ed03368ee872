"""The same records through pyspf, which receivers run, and through checkdmarc: who takes which, and why we differ."""

import re
from typing import Any

import checkdmarc.spf
import dns.resolver
import pytest
import spf as pyspf
from hypothesis import given
from hypothesis import strategies as st

from elastx_mrs.records import RecordError
from elastx_mrs.records.spf_terms import parse
from tests.lookup.fakes import Dns
from tests.records.spf_strategies import mutated, records

CLIENT = "192.0.2.3"
FIRST = f"v=spf1 ip4:{CLIENT} "
"""pyspf checks every term first; then this one matches, so that nothing but syntax decides."""

REVERSE = {"3.2.0.192.in-addr.arpa": ["PTR mail.example.net"], "mail.example.net": [f"A {CLIENT}"]}


def by_us(text: str) -> str:
    """Return what is wrong, or nothing."""
    try:
        parse(text)
    except RecordError as error:
        return str(error)
    return ""


def by_pyspf(text: str) -> str:
    """Return what is wrong, or nothing."""
    before, pyspf.DNSLookup = pyspf.DNSLookup, Dns(REVERSE).pyspf_lookup
    try:
        result, _, problem = pyspf.query(CLIENT, "strong-bad@example.com", "mail.example.net").check(spf=text)
    finally:
        pyspf.DNSLookup = before
    return "" if result == "pass" else str(problem)


class NoNames(dns.resolver.Resolver):
    """Says of every name that there is none."""

    def __init__(self) -> None:
        super().__init__(configure=False)
        self.nameservers = ["127.0.0.1"]

    def resolve(self, *args: Any, **options: Any) -> dns.resolver.Answer:
        raise dns.resolver.NXDOMAIN


def by_checkdmarc(text: str) -> str:
    """Return the syntax error, or nothing."""
    try:
        checkdmarc.spf.parse_spf_record(text, "example.com", resolver=NoNames())
    except checkdmarc.spf.SPFSyntaxError as error:
        return str(error)
    except checkdmarc.spf.SPFError:
        pass
    return ""


PYSPF_TAKES = ("does not begin a macro", "keeps 0 labels", "printable ASCII")
"""Ours; see the first list below."""

PYSPF_REFUSES = ("trivial recursion", "MUST appear at most once")
"""pyspf's; see the second list."""


@given(st.one_of(records(), mutated()))
def test_pyspf_and_we_take_the_same_records(text: str) -> None:
    text = FIRST + text[7:]
    ours, theirs = by_us(text), by_pyspf(text)
    known = any(part in ours for part in PYSPF_TAKES) or any(part in theirs for part in PYSPF_REFUSES)
    known = known or re.search("%%(/[0-9/]*)?( |$)", text) is not None
    assert known or bool(ours) == bool(theirs), (ours, theirs)


@pytest.mark.parametrize(
    ("term", "why"),
    [
        ("exists:%{d0}.example.com", "RFC 7208 §7.3: if transformers are present, DIGIT must be nonzero"),
        ("exists:%{d@}.example.com", "RFC 7208 §7.1: delimiters are . - + , / _ and ="),
        ("exists:%{drx}.example.com", "RFC 7208 §7.1: nothing but delimiters follows the transformers"),
        ("exists:%{d.example.com", "RFC 7208 §7.1: macro-expand ends in a brace"),
        ("exists:%%%x.example.com", "RFC 7208 §7.1: %x is no macro after %% either"),
        ("exists:a\x01b.example.com", "RFC 7208 §7.1: macro-literal is %x21-24 and %x26-7E"),
        ("moo=\x7f", "RFC 7208 §7.1: macro-literal is %x21-24 and %x26-7E"),
        ("REDIRECT=nodots", "RFC 5234 §2.3: redirect= is that in any case, so its domain-spec counts"),
        ("EXP=", "RFC 5234 §2.3: exp= is that in any case, so its domain-spec counts"),
        ("exp=a.example EXP=b.example", "RFC 7208 §6: exp= at most once, in any case"),
    ],
)
def test_pyspf_accepts_records_that_we_refuse(term: str, why: str) -> None:
    assert by_pyspf(FIRST + term) == ""
    assert by_us(FIRST + term) != ""


@pytest.mark.parametrize(
    ("term", "why"),
    [
        ("moo=a moo=b", "RFC 7208 §6: unrecognised modifiers are ignored, no matter how often they appear"),
        ("exists:a.example.%%", "RFC 7208 §7.1: a domain-spec may end in %%, as in any macro"),
        ("include:example.com", "RFC 7208 §4.6.4: a loop is found by the lookup limit, where it is come to"),
        ("include:%{d}", "RFC 7208 §4.6.4: a loop is found by the lookup limit, where it is come to"),
    ],
)
def test_pyspf_refuses_records_that_we_accept(term: str, why: str) -> None:
    assert by_pyspf(FIRST + term) != ""
    assert by_us(FIRST + term) == ""


@given(records())
def test_checkdmarc_accepts_our_records(text: str) -> None:
    # It takes the version in lower case only; RFC 5234 §2.3 has it in any.
    assert by_checkdmarc("v=spf1" + text[6:]) == ""


SYNTAX = [
    "moo",
    "ip4:192.0.2.256",
    "ip4:192.0.2.0/33",
    "ip4:192.0.2.0/024",
    "ip6:192.0.2.1",
    "ip6:2001:db8::/129",
    "a/33",
    "a//129",
    "a/024",
    "all:x",
    "include",
    "include:",
    "ptr/24",
    "a:%{z}.example.com",
    "a:%{c}.example.com",
    "a:%x.example.com",
    "redirect=",
    "-redirect=a.example.com",
    "redirect=a.example.com redirect=b.example.com -all",
    "exp=a.example.com exp=b.example.com",
]


@pytest.mark.parametrize("term", SYNTAX)
def test_all_three_refuse_the_same(term: str) -> None:
    assert by_us(FIRST + term)
    assert by_pyspf(FIRST + term)
    assert by_checkdmarc(FIRST + term)


@pytest.mark.parametrize(
    ("terms", "why"),
    [
        ("-all moo", "RFC 7208 §4.6: a syntax error anywhere in the record is permerror, after all too"),
        ("-all ip4:192.0.2.256", "RFC 7208 §4.6: a syntax error anywhere in the record is permerror, after all too"),
        ("a:localhost", "RFC 7208 §7.1: a domain-spec ends in a dot and a top-level label, or in a macro"),
        ("include:192.0.2.1", "RFC 7208 §7.1: a top-level label has a letter"),
    ],
)
def test_checkdmarc_accepts_records_that_we_and_pyspf_refuse(terms: str, why: str) -> None:
    assert by_checkdmarc(f"v=spf1 {terms}") == ""
    assert by_us(FIRST + terms)
    assert by_pyspf(FIRST + terms)
