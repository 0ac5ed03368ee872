"""DMARC records, compared with checkdmarc's reading of the same ones."""

import checkdmarc.dmarc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from elastx_mrs.records import RecordError
from elastx_mrs.records.dmarc import dmarc, from_tags, remarks, whole_record
from elastx_mrs.records.dmarc_policy import Policy, read, report_uri, tag_value
from tests import golden


def test_the_owner_name_and_the_default() -> None:
    record = dmarc("example.com", from_tags({}), 300)
    assert (record.kind, record.name, record.ttl) == ("dmarc", "_dmarc.example.com", 300)
    assert record.value == "v=DMARC1; p=none;"


def test_v_and_p_come_first_as_in_the_page_s_value() -> None:
    assert from_tags({"adkim": "r", "p": "quarantine", "aspf": "r"}) == golden.DMARC


def test_the_page_s_value_stays_unchanged() -> None:
    assert whole_record(golden.DMARC) == golden.DMARC
    assert whole_record("v=DMARC1;p=none") == "v=DMARC1;p=none"


@pytest.mark.parametrize(
    "text", ["v = DMARC1; p=reject", "V=DMARC1; P=Reject;", "v=DMARC1 ;p= none", "v=DMARC1; p=none; "]
)
def test_a_valid_record_in_another_spelling_stays_unchanged(text: str) -> None:
    assert whole_record(text) == text


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("p=none; v=DMARC1", "must begin with 'v=DMARC1;'"),
        ("v=dmarc1; p=none", "must begin with"),
        ("v=DMARC1; sp=none; p=none", "p= right after"),
        ("v=DMARC1", "p= right after"),
        ("v=DMARC1; p=none; p=reject", "twice"),
        ("v=DMARC1; p=nono", "the tag p, which is 'nono'; write none, quarantine or reject"),
        ("v=DMARC1; p=none; adkim", "has 'adkim' where a tag=value"),
        ("v=DMARC1; p=none; 1a=x", "has '1a=x' where a tag=value"),
        ("v=DMARC1; p=none; aspf=x", "r or s"),
        ("v=DMARC1; p=none;\n", "U+000A at position 18"),
        ("v=spf1 -all", "must begin with"),
        (" v=DMARC1; p=reject", "must begin with"),  # RFC 9989 §4.8: nothing stands before v
        ("v=DMARC1x; p=reject", "must begin with"),
        ("v=DMARC1; p=none; P=reject", "twice"),  # tag names have no case
        ("v=DMARC1; p=none;; adkim=s", "tag=value"),
    ],
)
def test_an_invalid_record_is_refused(text: str, message: str) -> None:
    with pytest.raises(RecordError) as error:
        whole_record(text)
    assert message in str(error.value)


def test_report_addresses_are_uris() -> None:
    # RFC 3986 §3.1: letters, digits, "+", "-" and "." in a scheme, in either case; RFC 6068 §2: a query after "?".
    for text in ("mailto:d+x@example.com", "MailTo:a%2Cb@c.d.se?subject=a@b", "a5+b-c.Z:x", "x:y", "https://b.se/c"):
        assert report_uri(text) == text
    with pytest.raises(RecordError, match=r"^'d@b\.se' is a bare address; write mailto:d@b\.se "):
        report_uri("d@b.se")
    for text in ("mailto:a@b.se,mailto:c@d.se", "mailto:a@b.se; p=none", "x", "1x:y", "-x:y", ":y"):
        with pytest.raises(RecordError, match=f"^'{text}' is not a URI"):
            report_uri(text)
    # RFC 5321 §4.1.2: a mailbox has a local part, and a domain without a dot at its ends.
    for text in ("mailto:a", "MAILTO:@b.se", "mailto:a@b", "mailto:a@.se", "mailto:a@b.se.", "mailto:a@b.se@c"):
        with pytest.raises(RecordError, match=f"^'{text}' names no mailbox"):
            report_uri(text)


@pytest.mark.parametrize("value", ["2", "", "0:1", "d:d", "1:", "1,d"])
def test_fo_that_the_standard_does_not_allow(value: str) -> None:
    with pytest.raises(RecordError, match=f"^is '{value}'; write 0 or 1, d, s, "):
        tag_value("fo", value)


@pytest.mark.parametrize("value", ["0", "1", "0:d:s", "1:S:D", "d"])
def test_fo_that_the_standard_allows(value: str) -> None:
    assert tag_value("fo", value) == value


def test_several_faults_are_reported_together() -> None:
    with pytest.raises(RecordError) as error:
        whole_record("v=DMARC1; sp=x; p=y; p=none; rua=dmarc@example.com")
    text = "\n".join(error.value.problems)
    assert len(error.value.problems) == 5
    for part in ("p= right after", "'p' twice", "tag sp, which", "tag p, which", "mailto:dmarc@example.com"):
        assert part in text


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ("v=DMARC1; p=none;; adkim=s", "has an empty part, between two semicolons, where a tag=value is expected"),
        ("v=DMARC1; p=none; foo", "has 'foo' where a tag=value is expected (RFC 9989 §4.8)"),
        ("v=DMARC1; p:reject", "has 'p:reject' where a tag=value is expected"),
        (" v=DMARC1; p=reject", "is not a DMARC record: it must begin with 'v=DMARC1;'"),
        ("v=dmarc1; p=reject", "is not a DMARC record: it must begin with 'v=DMARC1;'"),
    ],
)
def test_an_unknown_value_is_refused(value: str, says: str) -> None:
    with pytest.raises(RecordError) as error:
        whole_record(value)
    assert says in str(error.value)


def levels(value: str) -> dict[str, str]:
    """The remarks' levels, by the word after ``has`` or ``says``."""
    return {remark.text.split()[1].strip(",="): remark.level for remark in remarks(value)}


@pytest.mark.parametrize(
    ("value", "word", "level", "cure"),
    [
        ("v=DMARC1; p=none; rua=mailto:a@b.se; pct=50", "pct", "warning", "t=y"),
        ("v=DMARC1; p=reject; rua=mailto:a@b.se; rf=afrf", "rf", "warning", "RFC 9991"),
        ("v=DMARC1; p=reject; rua=mailto:a@b.se; ri=3600", "ri", "warning", "RFC 9990"),
        ("v=DMARC1; p=reject; rua=mailto:a@b.se!10m", "a", "warning", "obsolete"),
        ("v=DMARC1; p=reject; rua=mailto:a@b.se; zzz=x", "the", "warning", "unknown tag zzz=, which receivers ignore"),
        ("v=DMARC1; p=reject; rua=mailto:a@b.se; zzz=x", "the", "warning", "remove it"),
        ("v=DMARC1; p=reject; rua=mailto:a@b.se; aspff=x", "the", "warning", "did you mean aspf=?"),
        ("v=DMARC1; p=reject; rua=mailto:a@b.se; t=y", "t=y:", "warning", "RFC 7489 ignore t"),
        ("v=DMARC1; p=reject; rua=mailto:a@b.se; t=Y", "t=y:", "warning", "a weaker policy than p=reject"),
        ("v=DMARC1; p=reject; rua=mailto:a@b.se; np=none", "np", "notice", "RFC 7489 ignore"),
        ("v=DMARC1; p=reject; rua=mailto:a@b.se; psd=n", "psd=n", "warning", "§4.10"),
        ("v=DMARC1; p=reject", "p=reject", "notice", "rua=mailto:"),
        ("v=DMARC1; p=none; rua=mailto:a@b.se", "p=none:", "notice", "set p=quarantine, and later p=reject"),
        ("v=DMARC1; p=None; rua=mailto:a@b.se", "p=none:", "notice", "; set p=quarantine"),
        ("v=DMARC1; p=none", "p=none:", "notice", "; set rua=mailto:… to get reports. When"),
        ("v=DMARC1; p=reject; rua=mailto:a@b.se; fo=1", "fo", "notice", "ruf="),
        ("v=DMARC1; p=none; rua=https://b.se/x", "rua=https://b.se/x", "warning", "write mailto:…"),
        ("v=DMARC1; p=none; rua=mailto:a@b.se; ruf=tel:1", "ruf=tel:1", "warning", "RFC 9991"),
    ],
)
def test_an_unusual_record_gets_a_remark(value: str, word: str, level: str, cure: str) -> None:
    whole_record(value)
    assert levels(value)[word] == level
    assert any(cure in remark.text for remark in remarks(value))


@pytest.mark.parametrize("tags", ["sp=reject; adkim=s", "psd=U", "t=n", "fo=1; ruf=mailto:a@b.se"])
def test_a_policy_that_needs_no_remark_has_none(tags: str) -> None:
    assert remarks(f"v=DMARC1; p=reject; rua=mailto:dmarc@example.com; {tags}") == []


def test_the_size_limits_of_older_report_addresses_are_remarked() -> None:
    # RFC 7489 §6.4: "!", digits, and perhaps a unit, at the end.
    limited = [f"mailto:a@b.se!{size}" for size in ("5", "10k", "2M", "3g", "1t")]
    others = ["mailto:a!10m@b.se", "mailto:a@b.se!", "mailto:a@b.se!m", "mailto:a@b.se?subject=2"]
    found = remarks(f"v=DMARC1; p=reject; rua={','.join(limited + others)}; ruf=mailto:c@d.se!9k")
    assert [remark.text.split(",")[0] for remark in found] == [
        f"has a size limit on {uri}" for uri in [*limited, "mailto:c@d.se!9k"]
    ]


TAGS = {
    "p": ["none", "quarantine", "reject", "Reject", "nono", ""],
    "sp": ["none", "reject", "x"],
    "np": ["quarantine", "x"],
    "adkim": ["r", "s"],
    "aspf": ["s", "R"],
    "fo": ["0", "1", "1:d:s", "0:1", "d:d", "2"],
    "t": ["y", "n", "x"],
    "psd": ["y", "n", "u", "x"],
    "pct": ["50"],
    "unknown": ["x"],
}


def refusal(text: str) -> str:
    try:
        whole_record(text)
    except RecordError as error:
        return str(error)
    return ""


@given(st.lists(st.sampled_from([(tag, value) for tag, values in TAGS.items() for value in values]), max_size=5))
def test_checkdmarc_takes_and_refuses_the_same(tags: list[tuple[str, str]]) -> None:
    text = "; ".join(["v=DMARC1", *(f"{tag}={value}" for tag, value in tags)])
    try:
        found = checkdmarc.dmarc.parse_dmarc_record(text, "example.com")
    except checkdmarc.dmarc.DMARCError:
        found = None
    refused = refusal(text)
    if refused:
        # On purpose: a value that the standard lets fall back to its default (RFC 9989 §4.8) is not declared, nor is a
        # record that older receivers refuse for the place of p (RFC 7489 §6.4), nor a tag twice, known or not
        # (RFC 6376 §3.2).
        twice = len({tag for tag, _ in tags}) < len(tags)
        assert found is None or twice or "p= right after" in refused or "which is" in refused
        return
    assert found is not None, text
    policy = read(text)
    assert isinstance(policy, Policy)
    for tag in ("p", "adkim", "aspf", "fo", "t", "psd"):
        assert getattr(policy, tag) == found["tags"][tag]["value"]
    for tag in ("sp", "np"):
        inherited = policy.sp if tag == "np" and policy.sp else policy.p
        assert (getattr(policy, tag) or inherited) == found["tags"][tag]["value"]
    dropped = {tag for tag, _ in tags if tag in ("pct", "unknown")}
    assert {tag for tag in dropped if any(f"{tag}" in warning for warning in found["warnings"])} == dropped
    assert {word for word in ("pct", "unknown") if any(f"{word}=" in r.text for r in remarks(text))} == dropped


@given(st.text() | st.text(alphabet="v=DMARC1; pnoerjctqua:@!,ï\n\x1b").map(lambda text: f"v=DMARC1; {text}"))
def test_no_text_raises_anything_else(text: str) -> None:
    refused = refusal(text)
    assert refused.isprintable()
    if not refused:
        assert all(remark.text.isprintable() for remark in remarks(text))
    read(text.encode(errors="replace"))


@pytest.mark.parametrize("tag", ["rua", "ruf"])
def test_an_address_of_the_web_gets_no_reports(tag: str) -> None:
    """RFC 9990 §4.1, RFC 9991 §4: reports are sent to mailto: alone."""
    found = [remark.text for remark in remarks(f"v=DMARC1; p=reject; {tag}=https://example.com/")]
    assert any(text.startswith(f"has {tag}=https://example.com/, which gets no reports") for text in found)
