"""DMARC records compared with checkdmarc 6.0.4's reading of the same ones, on a corpus and on generated ones.

checkdmarc refuses a record with any syntax error, as one does who checks it. A receiver discards these in favour of
defaults (RFC 9989 §4.8). Each difference is named with its section; where both read a record, they agree.
"""

import checkdmarc.dmarc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from elastx_mrs.records.dmarc_policy import Policy, Void, is_dmarc, read

CHECKED = ("p", "sp", "np", "adkim", "aspf", "fo", "t", "psd")


def by_checkdmarc(text: str) -> dict[str, str] | None:
    """Return the tags as they hold, or None where it refuses the record."""
    try:
        found = checkdmarc.dmarc.parse_dmarc_record(text, "example.com")
    except checkdmarc.dmarc.DMARCError:
        return None
    return {tag: found["tags"][tag]["value"] for tag in CHECKED}


def by_us(text: str) -> dict[str, str] | None:
    policy = read(text)
    if not isinstance(policy, Policy):
        return None
    inherited = {tag: policy.effective(tag) for tag in ("sp", "np")}
    return {tag: inherited.get(tag) or getattr(policy, tag) for tag in CHECKED}


# What both take, and what it says; those without an address, as checkdmarc asks DNS about these.
TAKEN = [
    "v=DMARC1",
    "v=DMARC1;",
    "v=DMARC1; p=none",
    "V=DMARC1;P=Reject;SP=None;NP=QUARANTINE",
    "v\t=\tDMARC1 ; p = reject ; adkim = s ; aspf = S ;",
    "v=DMARC1; sp=reject",
    "v=DMARC1; np=reject; t=Y; psd=N",
    "v=DMARC1; p=quarantine; pct=50; rf=afrf; ri=86400",
    "v=DMARC1; adkim=r; p=reject",
    "v=DMARC1; p=reject; fo=1:d:s",
    "v=DMARC1; p=reject; fo=0:1",
    "v=DMARC1; p=reject; fo=d:d",
    "v=DMARC1; p=reject; adkim=x; aspf=relaxed",
    "v=DMARC1; p=reject; unknown=a b, c=d",
    'v=DMARC1; p=none; n="a b"',
]

# What checkdmarc refuses, what a receiver makes of it, and the section by which it does.
REFUSED = [
    ("v=DMARC1; p=none;; rua=mailto:a@x.example", Policy(rua=("mailto:a@x.example",)), "§4.8: errors are ignored"),
    ("v=DMARC1; p=reject; foo", Policy(p="reject"), "§4.8"),
    ("v=DMARC1; p=reject; a:b; =x", Policy(p="reject"), "§4.8"),
    ("v=DMARC1; p=reject; x_1=2", Policy(p="reject", ignored=("x_1",)), "RFC 6376 §3.2: a tag's name"),
    ("v=DMARC1; p=reject; t=x; psd=x", Policy(p="reject", ignored=("t", "psd")), "§4.8: defaults"),
    ("v=DMARC1; p=reject; fo=9", Policy(p="reject", ignored=("fo",)), "§4.8: defaults"),
    ("v=DMARC1; p=reject; rua=nobody", Policy(p="reject", ignored=("rua",)), "§4.8: ignored"),
    ("v=DMARC1; p=rejct; rua=mailto:a@x.example", Policy(rua=("mailto:a@x.example",), ignored=("p",)), "§4.10.1"),
    ("v=DMARC1; p=rejct", "no policy", "§4.10.1"),
    ("v=DMARC1; p=", "no policy", "§4.10.1"),
    ("v=DMARC1; p:reject", "no policy", "§4.7, §4.10.1: no p in a record that is not otherwise valid"),
    ("v=DMARC1; p=reject; sp=x", "no policy", "§4.10.1"),
    ("v=DMARC1; p=reject; np=x; rua=mailto:", "no policy", "§4.10.1"),
    ("v=DMARC1; p=none; p=none", "no policy", "RFC 6376 §3.2"),
]


@pytest.mark.parametrize("text", TAKEN)
def test_checkdmarc_reads_the_same_policy(text: str) -> None:
    found = by_checkdmarc(text)
    assert found is not None
    assert by_us(text) == found


@pytest.mark.parametrize(("text", "policy", "section"), REFUSED)
def test_receivers_read_records_that_checkdmarc_refuses(text: str, policy: Policy | str, section: str) -> None:
    assert by_checkdmarc(text) is None
    assert is_dmarc(text)
    assert read(text) == policy if isinstance(policy, Policy) else isinstance(read(text), Void), section


def test_an_unknown_tag_twice_is_the_one_thing_that_checkdmarc_takes_and_we_do_not() -> None:
    # RFC 6376 §3.2, on which RFC 9989 §4.7 builds: then "the entire tag-list is invalid".
    text = "v=DMARC1; p=reject; foo=1; foo=2"
    assert by_checkdmarc(text) is not None
    assert isinstance(read(text), Void)


GOOD = {
    "p": ["none", "quarantine", "reject", "Reject"],
    "sp": ["none", "REJECT"],
    "np": ["quarantine", "none"],
    "adkim": ["r", "s"],
    "aspf": ["S", "r"],
    "fo": ["0", "1", "1:d:s", "s:d"],
    "t": ["y", "N"],
    "psd": ["y", "n", "u"],
    "pct": ["50", "x"],
    "unknown": ["x", "a=b"],
}
SPACE = st.sampled_from(["", " ", "\t", "  "])
TAGS = st.lists(st.sampled_from([(tag, value) for tag, values in GOOD.items() for value in values]), max_size=5)


@st.composite
def records(draw: st.DrawFn) -> str:
    """Records of RFC 9989 §4.8's grammar, in any case, with white space wherever it may stand."""
    pieces = [f"{draw(st.sampled_from('vV'))}{draw(SPACE)}={draw(SPACE)}DMARC1"]
    for tag, value in draw(
        st.lists(st.sampled_from(sorted(GOOD)), unique=True).map(lambda t: [(n, GOOD[n]) for n in t])
    ):
        name = draw(st.sampled_from([tag, tag.upper(), tag.title()]))
        pieces.append(f"{name}{draw(SPACE)}={draw(SPACE)}{draw(st.sampled_from(value))}")
    return f"{draw(SPACE)};{draw(SPACE)}".join(pieces) + draw(st.sampled_from(["", ";", " ; "]))


@given(records())
def test_every_record_of_the_grammar_is_read_by_both_in_the_same_way(text: str) -> None:
    found = by_checkdmarc(text)
    assert found is not None, text
    assert by_us(text) == found


@given(
    records(),
    st.lists(st.sampled_from(["", " ", "foo", "p:reject", "=x", "a-b=c"]), min_size=1, max_size=3),
    st.randoms(),
)
def test_parts_without_a_tag_change_nothing_if_there_is_a_policy(text: str, junk: list[str], random: object) -> None:
    head, *rest = text.split(";")
    place = random.randint(0, len(rest))  # type: ignore[attr-defined]
    broken = ";".join([head, *rest[:place], *junk, *rest[place:], "x"])
    assert by_checkdmarc(broken) is None
    has_policy = any(part.strip().lower().startswith("p") and part.strip()[1:].strip()[:1] == "=" for part in rest)
    assert by_us(broken) == (by_checkdmarc(text) if has_policy else None)


@given(st.text(alphabet="vV=DMARCdmarc1; \t,p") | records().map(lambda text: text[1:]) | records())
def test_both_know_the_same_strings_for_records(text: str) -> None:
    assert is_dmarc(text) is checkdmarc.dmarc._is_dmarc_record(text)
