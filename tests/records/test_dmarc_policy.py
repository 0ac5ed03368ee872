"""What a published DMARC record says: no record, a void one, or a policy (RFC 9989 §4.7, §4.8, §4.10.1)."""

import checkdmarc.dmarc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from elastx_mrs.records.dmarc_policy import Policy, Void, is_dmarc, read, skipped, strength, tags

# RFC 9989 §4.7, §4.8: unknown tags, faulty values and parts that are no tag are passed over, and what then holds.
POLICIES = [
    ("v=DMARC1; p=reject", Policy(p="reject")),
    ("v = DMARC1; p=reject", Policy(p="reject")),
    ("V=DMARC1; P=reject; SP=none", Policy(p="reject", sp="none")),
    ("v\t=\tDMARC1\t;\tp = reject", Policy(p="reject")),
    ("v=DMARC1;p=reject;;", Policy(p="reject")),
    ("v=DMARC1; p=reject;; adkim=s", Policy(p="reject", adkim="s")),
    ("v=DMARC1; p=reject; foo; adkim=s", Policy(p="reject", adkim="s")),
    ("v=DMARC1; p=none;; rua=mailto:a@x.example", Policy(rua=("mailto:a@x.example",))),
    ("v=DMARC1;; p=reject;;;", Policy(p="reject")),
    # §4.7: a missing p is p=none in "an otherwise syntactically valid" record; in another one §4.10.1 decides.
    ("v=DMARC1; p:reject; sp=reject; rua=mailto:a@b.se", Policy(rua=("mailto:a@b.se",))),
    ("v=DMARC1; np=reject; fo=1:D; t=Y; psd=y", Policy(np="reject", fo="1:d", t="y", psd="y")),
    ("v=DMARC1; t=n; psd=u; fo=0", Policy()),
    ("v=DMARC1; t=x; psd=x; fo=2", Policy(ignored=("t", "psd", "fo"))),
    # RFC 6376 §3.2: a tag's name is a letter, then letters, digits and "_".
    ("v=DMARC1; p=none; x_19=y; 1x=y; x-1=y; x@y=z; =y", Policy(ignored=("x_19",))),
    # §4.8: addresses are parted by commas, with or without white space around them.
    (
        "v=DMARC1; rua=mailto:a@b.se , mailto:c@d.se?subject=x=y,mailto:e@f.se; ruf=mailto:g@h.se",
        Policy(rua=("mailto:a@b.se", "mailto:c@d.se?subject=x=y", "mailto:e@f.se"), ruf=("mailto:g@h.se",)),
    ),
    ("v=DMARC1; ruf=nobody,mailto:a@b.se", Policy(ruf=("mailto:a@b.se",), ignored=("ruf",))),
    ("v=DMARC1", Policy(p="none")),
    ("v=DMARC1; sp=reject", Policy(p="none", sp="reject")),
    ("v=DMARC1; p=REJECT; adkim=S", Policy(p="reject", adkim="s")),
    ("v=DMARC1; p=reject; adkim=x; foo=bar", Policy(p="reject", ignored=("adkim", "foo"))),
    ("v=DMARC1; p=x; rua=mailto:a@b.se", Policy(rua=("mailto:a@b.se",), ignored=("p",))),
    ("v=DMARC1; p=reject; sp=x; rua=mailto:a@b.se", Policy(rua=("mailto:a@b.se",), ignored=("sp",))),
    # §4.10.1: at least one valid address is enough.
    ("v=DMARC1; p=x; rua=nobody, mailto:a@b.se", Policy(rua=("mailto:a@b.se",), ignored=("p", "rua"))),
]
VOID = [
    ("v=DMARC1; p=x", "p="),
    ("v=DMARC1; p=", "p="),
    ("v=DMARC1; p:reject", "has no p= ('p:reject' is not a tag=value) and no valid rua="),
    ("v=DMARC1;; sp=reject", "has no p= (an empty part is not a tag=value) and no valid rua="),
    ("v=DMARC1; p:reject; rua=dmarc@b.se", "no valid rua="),
    ("v=DMARC1; p=none; np=x; rua=nobody", "np="),
    ("v=DMARC1; p=none; p=none", "'p' twice"),
    ("v=DMARC1; p=none; P=none", "'p' twice"),
    ("v=DMARC1; p=none; V=DMARC1", "'v' twice"),
]
OTHERS = [
    "v=dmarc1; p=none",  # "DMARC1" has case
    "V=dmarc1; p=none",
    "v=DMARC10; p=none",
    "v=DMARC1 p=none",
    "v==DMARC1; p=none",
    "v=DMARC1-validator=12",
    " v=DMARC1; p=none",
    ";v=DMARC1; p=none",
    "p=none; v=DMARC1",
    "v=spf1 -all",
    "v=",
    "",
]


@pytest.mark.parametrize(("value", "policy"), POLICIES)
def test_a_policy_as_a_receiver_reads_it(value: str, policy: Policy) -> None:
    assert read(value) == policy
    assert read(value.encode()) == policy


@pytest.mark.parametrize(("value", "why"), VOID)
def test_a_void_record_says_why(value: str, why: str) -> None:
    void = read(value)
    assert isinstance(void, Void)
    assert why in void.why
    assert is_dmarc(value)  # so that it counts among several (§4.10)


@pytest.mark.parametrize("value", OTHERS)
def test_other_strings_are_not_dmarc_records(value: str) -> None:
    assert read(value) is None
    assert not is_dmarc(value)
    assert not is_dmarc(value.encode())


@pytest.mark.parametrize("value", [value for value, _ in POLICIES[:4]])
def test_checkdmarc_takes_these_spellings_for_records_too(value: str) -> None:
    assert checkdmarc.dmarc.parse_dmarc_record(value, "example.com")["tags"]["p"]["value"] == "reject"


def test_a_void_record_still_ends_a_walk() -> None:
    # §4.10: "if a single record remains and it contains a psd=n or psd=y tag, stop", before its policy is looked at.
    assert [getattr(read(f"v=DMARC1; p=x; psd={psd}"), "psd", None) for psd in ("n", "Y", "u", "x")] == list("nyuu")


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("v=DMARC1; p=reject; rua=mailto:a@b.se; pct=100; rf=afrf; ri=86400;", []),
        ("v=DMARC1; p=reject;; foo; p:none", ["receivers skip an empty part, 'foo', 'p:none' (RFC 9989 §4.8)"]),
        ("v=DMARC1; p=none; adkim=x", ["receivers skip 'adkim=x' (RFC 9989 §4.8)"]),
        ("v=DMARC1; p=none; aspff=s", ["receivers skip the unknown tag 'aspff=s' (RFC 9989 §4.8)"]),
        (
            "v=DMARC1; sp=reject",
            ["it has no p=, which is p=none for receivers of RFC 9989 (§4.7); those of RFC 7489 ignore the record"],
        ),
        (
            "v=DMARC1; p=rejct; rua=mailto:a@b.se",
            ["it has a faulty p=: receivers act as if it said p=none (RFC 9989 §4.10.1)"],
        ),
        ("v=DMARC1; p=rejct", []),
        ("v=spf1 -all", []),
    ],
)
def test_skipped_parts_are_named(value: str, said: list[str]) -> None:
    assert skipped(value) == said


def test_skipped_parts_are_shown_short_and_visible() -> None:
    said = skipped("v=DMARC1; p=none; " + ";".join(f"\x1b{n}" + "x" * 400 for n in range(1000)))
    assert len(said) == 1
    assert said[0].isprintable()
    assert "and more" in said[0]
    assert len(said[0]) < 400


def test_strength_grows_with_the_policy_and_testing_takes_a_step_off() -> None:
    assert [strength(policy, "n") for policy in ("none", "quarantine", "reject")] == [0, 1, 2]
    assert [strength(policy, "y") for policy in ("none", "quarantine", "reject")] == [0, 0, 1]


def test_the_effective_value_of_a_missing_tag() -> None:
    policy = Policy(p="reject", sp="quarantine")
    assert [policy.effective(tag) for tag in ("p", "sp", "np", "adkim")] == ["reject", "quarantine", "quarantine", "r"]
    assert [Policy(p="reject").effective(tag) for tag in ("sp", "np")] == ["reject", "reject"]
    assert Policy(p="reject", sp="reject", np="none").effective("np") == "none"


def test_the_tags_of_a_record_are_those_that_are_tags_the_first_of_each() -> None:
    assert tags(b"v=DMARC1; foo; P=none; p=reject") == {"v": "DMARC1", "p": "none"}


@given(st.text(alphabet="vVp=DMARC1; \tno:,@é\x00"))
def test_the_reader_and_the_predicate_agree_and_raise_nothing(text: str) -> None:
    assert (read(text) is not None) is is_dmarc(text)
    assert all(said.isprintable() for said in skipped(text))
    assert all(name == name.lower() for name in tags(text))
