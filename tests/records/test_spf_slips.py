"""Common mistakes in SPF are refused, with their position and what to write. Receivers' grammar may allow it."""

import pytest

from elastx_mrs.records import RecordError, spf
from elastx_mrs.records.spf_slips import slips, target


@pytest.mark.parametrize(
    ("terms", "position", "message"),
    [
        ("include=_spf.google.com -all", 8, "did you mean include:_spf.google.com?"),
        ("mx a=x.example -all", 11, "did you mean a:x.example?"),
        ("mx=x.example -all", 8, "did you mean mx:x.example?"),
        ("ip4=192.0.2.1 -all", 8, "did you mean ip4:192.0.2.1?"),
        ("mx all=fail", 11, "did you mean -all?"),
        ("inlcude=x.example -all", 8, "did you mean include:x.example?"),
        ("inlcude:x.example -all", 8, "did you mean include:x.example?"),
        ("ipv4:192.0.2.1 -all", 8, "did you mean ip4:192.0.2.1?"),
        ("ip:192.0.2.1 -all", 8, "did you mean ip4:192.0.2.1?"),
        ("+include:https://x.example/y -all", 8, "is a URL; write its domain alone: x.example"),
        ("include:https://[::1 -all", 8, "is a URL; write its domain alone"),
        ("redirect=https://x.example", 8, "is a URL; write its domain alone: x.example"),
        ("include:a@x.example -all", 8, "is an e-mail address; write its domain alone: x.example"),
        ("include:*.x.example -all", 8, "is a wildcard"),
        ("include: _spf.x.example -all", 8, "with a space after it; write include:_spf.x.example"),
        ("include:x.example, mx -all", 8, "with a comma in it; separate terms by spaces"),
        ("ip4:192.0.2.1,192.0.2.2 -all", 8, "with a comma in it"),
        ("mx include:x.example; -all", 11, "with a semicolon in it"),
        ("include:x!y.example -all", 8, "has '!' (U+0021) in it"),
    ],
)
def test_a_slip_is_refused_with_its_position(terms: str, position: int, message: str) -> None:
    with pytest.raises(RecordError) as error:
        spf.whole_record(f"v=spf1 {terms}")
    (problem,) = error.value.problems
    assert f" at position {position}, " in problem
    assert message in problem


@pytest.mark.parametrize(
    "terms",
    [
        "include:_spf.example.com -all",
        "a mx ptr ?all",
        "a:x.example/24 mx/24//64 -all",
        "a:%{d}/24 -all",
        "exists:%{ir}.%{l1r+-,}._spf.%{d2} -all",
        "include:%{d}%%%_%-.x.example -all",
        "exp=%{d}.x.example -all",
        "ra=postmaster rp=100 rr=e -all",
        "redirect=_spf.x.example",
        "ip6:2001:db8::/32 ip4:192.0.2.0/24 -all",
        "moo=x -all",
    ],
)
def test_a_valid_record_has_no_slips(terms: str) -> None:
    assert list(slips(f"v=spf1 {terms}")) == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("https://example.net", "is a URL; write its domain alone: example.net"),
        ("*.example.net", "is a wildcard"),
        ("user@example.net", "is an e-mail address; write its domain alone: example.net"),
        ("+include:example.net", "is a whole term; write the name alone: example.net"),
        ("192.0.2.1", "is an address; write it under ip4"),
        ("2001:db8::1", "is an address; write it under ip6"),
        ("a.example,b.example", "has ',' (U+002C) in it"),
        ("exa\u200bmple.net", "U+200B at position 4"),
    ],
)
def test_an_invalid_target_is_refused(text: str, message: str) -> None:
    for refuses in (target, spf.include_target, spf.host):
        with pytest.raises(RecordError) as error:
            refuses(text)
        assert message in str(error.value)


def test_internationalised_names_are_accepted() -> None:
    assert spf.include_target("_spf.bücher.example") == "_spf.xn--bcher-kva.example"
    assert spf.host("bücher.example/24//64") == "xn--bcher-kva.example/24//64"
    assert spf.include_target("_SPF.Example.com") == "_SPF.Example.com"
    with pytest.raises(RecordError, match=r"position 22.* so write _spf\.xn--bcher-kva\.example for '_spf\.bücher"):
        spf.whole_record("v=spf1 include:_spf.bücher.example -all")
    with pytest.raises(RecordError, match=r"position 17; only printable ASCII can be published$"):
        spf.whole_record("v=spf1 include:g\u043egle.example -all")
