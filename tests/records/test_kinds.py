"""Which kind a TXT value is, and which value at a name is ours: no foreign string is ever taken for one of ours."""

from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from elastx_mrs.records.kinds import UniqueKind, current_value, replaces, rivals, unique_kind
from tests import golden
from tests.records.foreign import NOT_DKIM, NOT_DMARC, NOT_OURS, NOT_SPF

OURS: dict[Literal["spf", "dmarc", "report", "dkim"], str] = {
    "spf": golden.SPF,
    "dmarc": golden.DMARC,
    "report": "v=DMARC1;",
    "dkim": golden.DKIM,
}


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (golden.SPF, "spf"),
        ("V=SPF1 include:elastx.email ~ALL", "spf"),
        ("v=spf1", "spf"),
        (golden.DMARC, "dmarc"),
        ("v = DMARC1; p=reject", "dmarc"),
        ("V=DMARC1; P=reject", "dmarc"),
        ("v=DMARC1; p=x", "dmarc"),
        (golden.DKIM, "dkim"),
        ("v = DKIM1 ; p=", "dkim"),
        ("v=DKIM1; k=rsa; p=damaged!", "dkim"),
        ("k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=", "dkim"),  # v= may be left out
        (golden.TOKEN, None),
        ("v=spf1-validator=1234567890", None),
        ("v=BIMI1; l=", None),
        ("v=STSv1; id=1", None),
        ("MS=ms12345678", None),
        ("", None),
    ],
)
def test_the_kind_of_a_value(value: str, kind: UniqueKind | None) -> None:
    assert unique_kind(value) == kind
    assert unique_kind(value.encode()) == kind


@given(NOT_SPF, NOT_DMARC, NOT_DKIM)
def test_strings_that_only_look_like_one_have_no_such_kind(not_spf: str, not_dmarc: str, not_dkim: str) -> None:
    assert unique_kind(not_spf) != "spf"
    assert unique_kind(not_dmarc) != "dmarc"
    assert unique_kind(not_dkim) != "dkim"


@pytest.mark.parametrize("kind", OURS)
@given(st.data())
def test_a_foreign_string_is_never_mistaken_for_ours(
    kind: Literal["spf", "dmarc", "report", "dkim"], data: st.DataObject
) -> None:
    ours = OURS[kind]
    foreign = [text.encode() for text in data.draw(st.lists(NOT_OURS[kind], min_size=1, max_size=4))]
    assert current_value(foreign, ours) is None
    assert rivals(foreign, ours) == []
    assert not any(replaces(kind, ours, text) for text in foreign)
    assert current_value([*foreign, ours.encode()], ours) == ours


def test_one_changed_record_is_ours_and_of_several_none() -> None:
    changed, other = b"V=SPF1 include:elastx.email ~ALL", b"v=spf1 -all"
    assert current_value([b"MS=1", changed], golden.SPF) == changed.decode()
    assert current_value([changed, other], golden.SPF) is None
    assert current_value([b"v=spf1 \xa7"], golden.SPF) == r"v=spf1 \167"  # as people read it
    assert rivals([changed, other, b"MS=1"], golden.SPF) == [changed.decode(), other.decode()]
    assert rivals([changed, other], golden.SPF, changed.decode()) == [other.decode()]


def test_a_backslash_makes_no_rival_of_ours() -> None:
    ours = r"v=DKIM1; n=a\b; p="
    assert rivals([ours.encode()], ours) == []
    assert rivals([ours.encode()], "v=DKIM1; p=", ours) == []
    assert rivals([b"v=spf1 \xa7"], "v=spf1 -all", r"v=spf1 \167") == []  # as a refresh put it into the state


def test_a_challenge_replaces_only_itself() -> None:
    other = golden.TOKEN[:-1] + "0"
    assert current_value([other.encode()], golden.TOKEN) is None
    assert rivals([other.encode()], golden.TOKEN) == []
    assert replaces("challenge", golden.TOKEN, golden.TOKEN.encode())
    assert not replaces("challenge", golden.TOKEN, other.encode())
